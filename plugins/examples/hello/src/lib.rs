//! The smallest plugin there is.

use stoa_guest::prelude::*;

stoa_guest::plugin!("plugin.toml");

fn hello() -> Text {
    Text("Hello from the stoa.".into())
}
