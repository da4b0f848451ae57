//! The fake host's functions beyond a plugin's own data, named and typed as the real ones.

/// `stoa:http/outbound`.
pub mod outbound {
    use super::super::{outside, state::with};
    use crate::bindings::stoa::http::outbound::{Error, Request, Response};

    /// Keeps the request and asks the test's function.
    pub fn send(request: &Request) -> Result<Response, Error> {
        let known = with(|state| {
            let manifest = state.manifest.as_ref();
            manifest.is_none_or(|manifest| manifest.outbound.contains_key(&request.service))
        });
        if !known {
            return Err(Error::Denied(request.service.clone()));
        }
        if !request.path.starts_with('/') {
            return Err(Error::Invalid(request.path.clone()));
        }
        with(|state| state.sent.push(request.clone()));
        outside::answer(request)
    }
}

/// `stoa:secrets/secrets`.
pub mod secrets {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    use sha2::Sha256;

    use super::super::state::with;
    use crate::bindings::stoa::secrets::secrets::Error;

    /// Under each value that the test has set.
    pub fn hmac_sha256(name: &str, message: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
        let (listed, values) = with(|state| {
            let manifest = state.manifest.as_ref();
            let listed = manifest.is_none_or(|manifest| manifest.secrets.contains_key(name));
            (listed, state.secrets.get(name).cloned())
        });
        if !listed {
            return Err(Error::Denied(name.into()));
        }
        let mac = |value: Vec<u8>| {
            let mut mac = Hmac::<Sha256>::new_from_slice(&value)
                .map_err(|error| Error::Invalid(error.to_string()))?;
            mac.update(message);
            Ok(mac.finalize().into_bytes().to_vec())
        };
        let values = values.ok_or_else(|| Error::Unset(name.into()))?;
        values.into_iter().map(mac).collect()
    }

    /// Whether they are the same.
    pub fn same(a: &[u8], b: &[u8]) -> bool {
        a == b
    }
}

/// `stoa:blobs/blobs`.
pub mod blobs {
    use super::super::state::with;
    use crate::bindings::stoa::blobs::blobs::{Error, Info};

    /// Of what the test or the plugin wrote.
    pub fn stat(id: &str) -> Result<Info, Error> {
        with(|state| state.data.blobs.get(id).map(|(info, _)| info.clone())).ok_or(Error::NotFound)
    }

    /// A part of the bytes.
    pub fn read(id: &str, offset: u64, length: u32) -> Result<Vec<u8>, Error> {
        let bytes = with(|state| state.data.blobs.get(id).map(|(_, bytes)| bytes.clone()));
        let bytes = bytes.ok_or(Error::NotFound)?;
        let skipped = bytes
            .into_iter()
            .skip(usize::try_from(offset).unwrap_or(usize::MAX));
        Ok(skipped.take(length as usize).collect())
    }

    /// Keeps bytes. Of all types it tells PDF and plain text apart from any bytes.
    pub fn write(name: &str, content: &[u8]) -> Result<Info, Error> {
        let info = Info {
            id: super::super::host::random::ulid(),
            name: name.into(),
            content_type: kind(content).into(),
            size_bytes: content.len() as u64,
            digest: String::new(),
            owner: None,
            created_at_ms: super::super::host::clock::now_ms(),
            public_path: None,
        };
        with(|state| {
            let kept = (info.clone(), content.to_vec());
            state.data.blobs.insert(info.id.clone(), kept)
        });
        Ok(info)
    }

    fn kind(content: &[u8]) -> &'static str {
        match std::str::from_utf8(content) {
            _ if content.starts_with(b"%PDF-") => "application/pdf",
            Ok(text) if !text.starts_with('<') && !text.contains('\0') => "text/plain",
            _ => "application/octet-stream",
        }
    }

    /// Forgets them.
    pub fn remove(id: &str) -> Result<bool, Error> {
        Ok(with(|state| state.data.blobs.remove(id)).is_some())
    }

    /// A path that tells the blob and how long it is good for.
    pub fn link(id: &str, seconds: u32) -> Result<String, Error> {
        stat(id).map(|_| format!("/files/{id}?seconds={seconds}"))
    }
}

/// `stoa:mail/mail`.
pub mod mail {
    use super::super::state::{Posted, with};
    use crate::bindings::stoa::mail::mail::{Error, Letter, Recipient};

    /// Keeps the letter.
    pub fn send(letter: &Letter) -> Result<(), Error> {
        let (Recipient::Account(to) | Recipient::Address(to)) = letter.to.clone();
        let posted = Posted {
            to,
            subject: letter.subject.clone(),
            text: letter.text.clone(),
        };
        with(|state| state.data.letters.push(posted));
        Ok(())
    }
}

/// `stoa:live/live`.
pub mod live {
    use serde_json::Value;

    use super::super::state::{Pushed, with};
    use crate::bindings::stoa::live::live::Error;

    const MESSAGES_MAX: usize = 256;
    const PAYLOAD_BYTES_MAX: usize = 32 << 10;

    /// Keeps the message.
    pub fn push(channel: &str, event: &str, payload: &str, keep: bool) -> Result<(), Error> {
        known(channel)?;
        if payload.len() > PAYLOAD_BYTES_MAX {
            return Err(Error::Invalid("too long a payload".into()));
        }
        let payload: Value =
            serde_json::from_str(payload).map_err(|error| Error::Invalid(error.to_string()))?;
        if !stoa_wit::is_event_name(event) {
            return Err(Error::Invalid(format!("{event:?} is no name of an event")));
        }
        let pushed = Pushed {
            channel: channel.into(),
            event: event.into(),
            payload,
            kept: keep,
        };
        with(|state| {
            if state.data.pushed.len() >= MESSAGES_MAX.saturating_add(state.pushed_before) {
                return Err(Error::Limit("too many messages".into()));
            }
            state.data.pushed.push(pushed);
            Ok(())
        })
    }

    /// Keeps who has to go.
    pub fn evict(channel: &str, account: &str) -> Result<(), Error> {
        known(channel)?;
        with(|state| state.data.evicted.push((channel.into(), account.into())));
        Ok(())
    }

    fn known(channel: &str) -> Result<(), Error> {
        let known = with(|state| {
            let manifest = state.manifest.as_ref();
            manifest.is_none_or(|manifest| {
                let mut channels = manifest.channels.iter();
                channels.any(|family| family.params(channel).is_some())
            })
        });
        known
            .then_some(())
            .ok_or_else(|| Error::Denied(format!("plugin.toml has no channel {channel:?}")))
    }
}

/// `stoa:directory/directory`.
pub mod directory {
    use super::super::state::with;
    use crate::bindings::stoa::directory::directory::{Error, Page, Person};

    /// One of the test's people.
    pub fn get(id: &str) -> Result<Option<Person>, Error> {
        Ok(with(|state| {
            state.people.iter().find(|person| person.id == id).cloned()
        }))
    }

    /// Some of them.
    pub fn get_many(ids: &[String]) -> Result<Vec<Person>, Error> {
        let found = |state: &mut super::super::state::State| {
            let named = state
                .people
                .iter()
                .filter(|person| ids.contains(&person.id));
            named.cloned().collect()
        };
        Ok(with(found))
    }

    /// A page of them.
    pub fn list(role: Option<&str>, offset: u32, limit: u32) -> Result<Page, Error> {
        let mut people: Vec<Person> = with(|state| {
            let wanted = |person: &&Person| role.is_none_or(|role| person.role == role);
            state.people.iter().filter(wanted).cloned().collect()
        });
        people.sort_by_key(|person| std::cmp::Reverse(person.joined_at_ms));
        let total = u32::try_from(people.len()).unwrap_or(u32::MAX);
        let page = people
            .into_iter()
            .skip(offset as usize)
            .take(limit as usize);
        Ok(Page {
            people: page.collect(),
            total,
        })
    }
}

/// `stoa:directory/roles`.
pub mod roles {
    use super::super::state::with;
    use crate::bindings::stoa::directory::roles::Error;

    /// Changes one of the test's people; whom the test does not know may be anybody.
    pub fn set_selling(account: &str, selling: bool) -> Result<(), Error> {
        let (from, to) = if selling {
            ("user", "vendor")
        } else {
            ("vendor", "user")
        };
        with(|state| {
            let mut people = state.people.iter_mut();
            match people.find(|person| person.id == account) {
                Some(person) if person.role == from || person.role == to => {
                    person.role = to.into();
                    Ok(())
                }
                Some(person) => Err(Error::Denied(person.role.clone())),
                None => Err(Error::NotFound),
            }
        })
    }
}

/// `stoa:plans/plans`.
pub mod plans {
    use super::super::state::with;
    use crate::bindings::stoa::plans::plans::{Error, Plan};

    /// The test's plans.
    pub fn list() -> Vec<Plan> {
        with(|state| state.plans.clone())
    }

    /// The one that was changed to, else the first; without any, one that bounds nothing, as the tenant has
    /// that belongs to the operator.
    pub fn current() -> Result<Plan, Error> {
        let current = with(|state| match &state.data.plan {
            Some(id) => state.plans.iter().find(|plan| plan.id == *id).cloned(),
            None => state.plans.first().cloned(),
        });
        Ok(current.unwrap_or_else(|| Plan {
            id: "unlimited".into(),
            name: "Unlimited".into(),
            limits: Vec::new(),
        }))
    }

    /// Remembers it.
    pub fn change(id: &str) -> Result<(), Error> {
        if !list().iter().any(|plan| plan.id == id) {
            return Err(Error::NotFound);
        }
        with(|state| state.data.plan = Some(id.into()));
        Ok(())
    }
}
