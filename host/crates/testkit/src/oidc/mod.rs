//! Sign-in elsewhere: a real OpenID provider, and a browser that goes there.

mod browser;
mod peer;

pub use browser::{Browser, Wish};
pub use peer::{CLIENT, Peer, REDIRECT_URI};
