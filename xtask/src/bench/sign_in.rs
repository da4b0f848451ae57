//! What it costs to know who calls, and what signing in costs everybody else.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::{Value, json};

use super::host::Host;
use super::load::{Load, Measure, Target};
use super::reads::Reads;
use super::scenarios::{HELLO_FRESH, Shop};
use crate::client;

/// Those who sign in, in turn: so many that in all the turns nobody reaches the bound of sessions, where each new one
/// would also end an old one.
const PEOPLE: usize = 256;
/// Whoever has signed in and reads.
const READER: &str = "reader@example.com";
const PASSWORD: &str = "correct horse battery";
const LOGIN: &str = "/api/auth/login";
/// How often all of it is measured, one after the other.
const TURNS: usize = 5;
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
    pub quiet: Reads,
    pub flooded: Reads,
    /// That flood.
    pub flooding: Measure,
}

/// Measures on a host without limits.
pub fn run(load: &Load, host: &Host, shop: &Shop, folder: &Path) -> Result<SignIns> {
    println!("sign-ins, and what they cost others");
    let address = host.address();
    let people: Vec<String> = (0..PEOPLE)
        .map(|n| format!("bench-{n}@example.com"))
        .collect();
    for email in &people {
        register(address, email)?;
    }
    let token = register(address, READER)?;

    let hello = Target::plain(address, HELLO_FRESH);
    let own_hello = Target::plain(address, HELLO_FRESH).with_token(&token);
    let product = shop.product_path();
    let credentials = |email: &str| json!({ "email": email, "password": PASSWORD });
    let bodies: Vec<Value> = people.iter().map(|email| credentials(email)).collect();
    let login = Target::posting(address, LOGIN, &bodies, folder)?;
    let flood = Load {
        connections: FLOOD_CONNECTIONS,
        ..load.clone()
    };
    load.warm_up().run(&hello)?;
    let sign_ins = flood.run(&login)?;
    // In turns: what the machine does beside this changes within seconds, and would be taken for a difference.
    let turn = Load {
        seconds: load.seconds.div_ceil(2),
        ..load.clone()
    };
    let mut turns = Turns::default();
    for _ in 0..TURNS {
        turns.anonymous.push(turn.run(&hello)?);
        turns.signed_in.push(turn.run(&own_hello)?);
        turns.quiet.push(Reads::run(&turn, address, &product)?);
        let (flooded, flooding) = std::thread::scope(|scope| {
            let flood = Load {
                connections: FLOOD_CONNECTIONS,
                seconds: turn.seconds * Reads::WAYS,
            };
            let login = &login;
            let flooding = scope.spawn(move || flood.run(login));
            (Reads::run(&turn, address, &product), flooding.join())
        });
        let Ok(flooding) = flooding else {
            bail!("the flood ended in a panic")
        };
        turns.flooding.push(flooding?);
        turns.flooded.push(flooded?);
        // Passwords are hashed in turn: once this one is, none of the flood's are left.
        client::post(address, LOGIN, None, &credentials(READER))?;
    }
    Ok(SignIns {
        anonymous: Measure::of_turns(&turns.anonymous),
        signed_in: Measure::of_turns(&turns.signed_in),
        sign_ins,
        quiet: Reads::of_turns(&turns.quiet),
        flooded: Reads::of_turns(&turns.flooded),
        flooding: Measure::of_turns(&turns.flooding),
    })
}

/// Makes an account; answers the token of its first session.
fn register(address: SocketAddr, email: &str) -> Result<String> {
    let account = json!({ "email": email, "password": PASSWORD, "name": "Bench" });
    let registered = client::post(address, "/api/auth/register", None, &account)?.json()?;
    let token = registered
        .get("accessToken")
        .and_then(|token| token.as_str());
    Ok(token.context("a registration without a token")?.to_owned())
}

/// What was measured in turns.
#[derive(Default)]
struct Turns {
    anonymous: Vec<Measure>,
    signed_in: Vec<Measure>,
    quiet: Vec<Reads>,
    flooded: Vec<Reads>,
    flooding: Vec<Measure>,
}
