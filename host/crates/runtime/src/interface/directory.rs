//! `stoa:directory/directory`: the people of the request's tenant.

use stoa_kernel::directory;
use stoa_kernel::identity::Role;
use stoa_kernel::limits::{ACCOUNT_ID_BYTES_MAX, PAGE_LIMIT_MAX, PAGE_OFFSET_MAX, PEOPLE_IDS_MAX};
use stoa_kernel::store::StoreError;

use crate::bindings::stoa::directory::directory::{Error, Host, Page, Person};
use crate::grants::Capability;
use crate::state::State;

impl Host for State {
    async fn get(&mut self, id: String) -> wasmtime::Result<Result<Option<Person>, Error>> {
        let found = self.find_people(vec![id]).await?;
        Ok(found.map(|mut people| people.pop()))
    }

    async fn get_many(&mut self, ids: Vec<String>) -> wasmtime::Result<Result<Vec<Person>, Error>> {
        self.find_people(ids).await
    }

    async fn list(
        &mut self,
        role: Option<String>,
        offset: u32,
        limit: u32,
    ) -> wasmtime::Result<Result<Page, Error>> {
        let scope = self.charge(Capability::Directory, role.as_ref().map_or(0, String::len))?;
        let role = match role.as_deref().map(known_role).transpose() {
            Ok(role) => role,
            Err(error) => return Ok(Err(error)),
        };
        if offset > PAGE_OFFSET_MAX || limit == 0 {
            let reason = format!("an offset of at most {PAGE_OFFSET_MAX}, a limit of at least 1");
            return Ok(Err(Error::Invalid(reason)));
        }
        let (tenant, limit) = (&scope.request.tenant, limit.min(PAGE_LIMIT_MAX));
        // What the directory says changes with nothing that this run's answer is remembered by.
        scope.outside.open();
        let listed = scope
            .ports
            .people
            .directory
            .list(tenant, role, offset, limit);
        let listed = match listed.await {
            Ok(listed) => listed,
            Err(error) => return Ok(Err(unavailable(error))),
        };
        let total = u32::try_from(listed.total).unwrap_or(u32::MAX);
        let people = self.told(listed.people)?;
        Ok(Ok(Page { people, total }))
    }
}

impl State {
    async fn find_people(
        &mut self,
        mut ids: Vec<String>,
    ) -> wasmtime::Result<Result<Vec<Person>, Error>> {
        let scope = self.charge(Capability::Directory, ids.iter().map(String::len).sum())?;
        if ids.len() > PEOPLE_IDS_MAX {
            let reason = format!("more than {PEOPLE_IDS_MAX} ids");
            return Ok(Err(Error::Invalid(reason)));
        }
        ids.retain(|id| is_account_id(id));
        scope.outside.open();
        let directory = &scope.ports.people.directory;
        match directory.find(&scope.request.tenant, &ids).await {
            Ok(people) => Ok(Ok(self.told(people)?)),
            Err(error) => Ok(Err(unavailable(error))),
        }
    }

    fn told(&mut self, people: Vec<directory::Person>) -> wasmtime::Result<Vec<Person>> {
        let bytes =
            |person: &directory::Person| person.id.len() + person.email.len() + person.name.len();
        self.charge_bytes(people.iter().map(bytes).sum())?;
        Ok(people.into_iter().map(wire).collect())
    }
}

/// Whether a text could be an account's id; what can't be is nobody's.
pub fn is_account_id(text: &str) -> bool {
    (1..=ACCOUNT_ID_BYTES_MAX).contains(&text.len()) && !text.contains(char::is_control)
}

fn known_role(word: &str) -> Result<Role, Error> {
    let role = serde_json::from_value(word.into());
    role.map_err(|_| Error::Invalid("there is no such role".into()))
}

fn wire(person: directory::Person) -> Person {
    Person {
        id: person.id,
        email: person.email,
        name: person.name,
        role: person.role.as_str().to_owned(),
        email_verified: person.email_verified,
        joined_at_ms: person.joined_at,
    }
}

fn unavailable(error: StoreError) -> Error {
    tracing::warn!(%error, "the directory can't be read");
    Error::Unavailable("the directory can't be read right now".into())
}
