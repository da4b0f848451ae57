//! The API's front: who asks, and for what.

use std::collections::BTreeMap;

use super::Account;
use super::fault::Fault;
use crate::call::{Call, Reply};
use crate::desk::Desk;
use crate::mishap::Mishap;

const FORM: &str = "application/x-www-form-urlencoded";

pub fn serve(desk: &Desk<Account>, call: &Call, mishap: Option<Mishap>) -> Reply {
    let mut inside = desk.inside();
    inside.books.asked += usize::from(call.changes());
    let done = desk.change(&mut inside, |books| {
        admit(&desk.account, call, mishap)?;
        let sid = desk.account.sid.as_str();
        match (call.method.as_str(), call.segments().as_slice()) {
            ("POST", ["2010-04-01", "Accounts", account, "Messages.json"]) if *account == sid => {
                books.send(sid, &form(call)?)
            }
            _ => Err(Fault::new(
                404,
                20_404,
                format!("The requested resource {} was not found", call.path),
            )),
        }
    });
    match done {
        // It is done, and nobody is told so.
        Ok(_) if mishap == Some(Mishap::Broken) => {
            Fault::new(500, 20_500, "An internal server error has occurred").reply()
        }
        Ok(message) => Reply::new(201, message),
        Err(fault) => fault.reply(),
    }
}

/// Refuses strangers, and those who come at a bad time.
fn admit(account: &Account, call: &Call, mishap: Option<Mishap>) -> Result<(), Fault> {
    let known = (account.sid.clone(), account.token.clone());
    if call.basic() != Some(known) {
        return Err(Fault::new(401, 20_003, "Authenticate"));
    }
    match mishap {
        Some(Mishap::Down) => Err(Fault::new(503, 20_503, "Service unavailable")),
        Some(Mishap::Busy) => Err(Fault::new(429, 20_429, "Too Many Requests")),
        _ => Ok(()),
    }
}

fn form(call: &Call) -> Result<BTreeMap<String, String>, Fault> {
    if call.header("content-type") != Some(FORM) {
        return Err(Fault::new(415, 20_415, "Unsupported Media Type"));
    }
    Ok(form_urlencoded::parse(&call.body).into_owned().collect())
}
