//! What it costs to know who calls, and what signing in costs everybody else.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::json;

use super::host::Host;
use super::load::{Load, Measure, Target};
use super::scenarios::{HELLO_FRESH, Shop};
use crate::client;

/// Whoever signs in here.
const EMAIL: &str = "bench@example.com";
const PASSWORD: &str = "correct horse battery";
/// Connections that do nothing but sign in.
const FLOOD_CONNECTIONS: u32 = 8;

/// What came of it.
#[derive(Debug, Serialize)]
pub struct SignIns {
    /// A hello that nobody in particular asks for, and one by a session.
    pub anonymous: Measure,
    pub signed_in: Measure,
    /// Signing in and nothing else.
    pub sign_ins: Measure,
    /// A product by its id while nobody signs in, and under a flood of sign-ins.
    pub quiet: Measure,
    pub flooded: Measure,
}

/// Measures on a host without limits.
pub fn run(load: &Load, host: &Host, shop: &Shop, folder: &Path) -> Result<SignIns> {
    println!("sign-ins, and what they cost others");
    let address = host.address();
    let account = json!({ "email": EMAIL, "password": PASSWORD, "name": "Bench" });
    let registered = client::post(address, "/api/auth/register", None, &account)?.json()?;
    let token = registered
        .get("accessToken")
        .and_then(|token| token.as_str());
    let token = token.context("a registration without a token")?;

    let hello = Target::plain(address, HELLO_FRESH);
    let own_hello = Target::plain(address, HELLO_FRESH).with_token(token);
    let product = Target::plain(address, &shop.product_path());
    let login = json!({ "email": EMAIL, "password": PASSWORD });
    let login = Target::posting(address, "/api/auth/login", &login, folder)?;
    let flood = Load {
        connections: FLOOD_CONNECTIONS,
        ..load.clone()
    };
    load.warm_up().run(&hello)?;
    let anonymous = load.run(&hello)?;
    let signed_in = load.run(&own_hello)?;
    let sign_ins = flood.run(&login)?;
    let quiet = load.run(&product)?;
    let (flooded, flooding) = std::thread::scope(|scope| {
        let flooding = scope.spawn(|| flood.run(&login));
        (load.run(&product), flooding.join())
    });
    let Ok(flooding) = flooding else {
        bail!("the flood ended in a panic")
    };
    flooding?;
    Ok(SignIns {
        anonymous,
        signed_in,
        sign_ins,
        quiet,
        flooded: flooded?,
    })
}
