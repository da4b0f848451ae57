//! Asks for people, sends them letters, changes plans, and keeps what people leave; the host's tests drive it.

use serde::Deserialize;
use serde_json::{Value, json};
use stoa_guest::directory::Person;
use stoa_guest::mail::Recipient;
use stoa_guest::plans::Plan;
use stoa_guest::prelude::*;

stoa_guest::plugin!("plugin.toml");

const KEPT: Collection<Value> = Collection::new("kept");

fn shown(person: &Person) -> Value {
    json!({
        "id": person.id, "email": person.email, "name": person.name, "role": person.role,
        "verified": person.email_verified, "joinedAt": person.joined_at_ms,
    })
}

fn person(Path(id): Path<String>) -> Result<Json<Value>> {
    let found = directory::get(&id)?;
    let found = found.ok_or_else(|| Problem::not_found("person"))?;
    Ok(Json(shown(&found)))
}

fn some(Json(ids): Json<Vec<String>>) -> Result<Json<Value>> {
    match directory::get_many(&ids) {
        Ok(people) => Ok(Json(people.iter().map(shown).collect())),
        Err(error) => Ok(Json(json!({ "error": format!("{error:?}") }))),
    }
}

/// Which people are wanted.
#[derive(Deserialize, Schema)]
pub struct Wanted {
    /// Of this role.
    #[serde(default)]
    pub role: Option<String>,
    /// To skip.
    #[serde(default)]
    pub offset: u32,
    /// Of a page.
    #[serde(default)]
    pub limit: u32,
}

fn all(Query(wanted): Query<Wanted>) -> Json<Value> {
    match directory::list(wanted.role.as_deref(), wanted.offset, wanted.limit) {
        Ok(page) => {
            let people: Vec<Value> = page.people.iter().map(shown).collect();
            Json(json!({ "people": people, "total": page.total }))
        }
        Err(error) => Json(json!({ "error": format!("{error:?}") })),
    }
}

/// Letters to be sent.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    account: Option<String>,
    address: Option<String>,
    subject: String,
    text: String,
    #[serde(default = "one")]
    times: u32,
    /// Ends in a problem after the letters were sent.
    #[serde(default)]
    regret: bool,
}

const fn one() -> u32 {
    1
}

fn write(Json(order): Json<Order>) -> Result<Json<Value>> {
    for sent in 0..order.times {
        let to = match (&order.account, &order.address) {
            (Some(id), _) => Recipient::Account(id.clone()),
            (None, address) => Recipient::Address(address.clone().unwrap_or_default()),
        };
        if let Err(error) = mail::send(to, &order.subject, &order.text) {
            return Ok(Json(json!({ "sent": sent, "error": format!("{error:?}") })));
        }
    }
    if order.regret {
        return Err(Problem::conflict("regret", "On second thoughts, no."));
    }
    Ok(Json(json!({ "sent": order.times })))
}

fn of_plan(plan: &Plan) -> Value {
    let limits = plan
        .limits
        .iter()
        .map(|(name, max)| (name.clone(), json!(max)));
    json!({ "id": plan.id, "name": plan.name, "limits": limits.collect::<serde_json::Map<_, _>>() })
}

fn plan() -> Result<Json<Value>> {
    Ok(Json(of_plan(&plans::current()?)))
}

fn all_plans() -> Json<Value> {
    Json(plans::list().iter().map(of_plan).collect())
}

fn change_plan(Path(id): Path<String>) -> Result<NoContent> {
    plans::change(&id)?;
    Ok(NoContent)
}

fn let_sell(Path((id, selling)): Path<(String, bool)>) -> Result<NoContent> {
    roles::set_selling(&id, selling)?;
    Ok(NoContent)
}

fn keep(caller: Caller, Json(value): Json<Value>) -> Result<NoContent> {
    KEPT.put(caller.user()?, &value)?;
    Ok(NoContent)
}

/// All that is kept about somebody; what is `broken` can't be told.
fn personal_data(account: &str) -> Result<Value> {
    match KEPT.get(account)? {
        Some(kept) if kept.get("broken").is_some() => {
            Err(Problem::internal("what was kept is broken"))
        }
        kept => Ok(kept.unwrap_or_else(|| json!({}))),
    }
}

/// What the host tells of somebody whose account ends.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Erased {
    user_id: String,
}

fn forget(event: Event<Erased>) -> Result<()> {
    KEPT.delete(&event.payload.user_id)?;
    Ok(())
}
