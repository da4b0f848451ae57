//! How many text messages go out: each costs the shop money, and whoever gets them their rest.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;
use stoa_guest::secrets::Error;
use stoa_guest::text::hex;

use super::number::Number;
use super::service::KEY;

/// What went out of late, by what it counts for.
const SPENT: Collection<Spent> = Collection::new("texts_spent");

/// Milliseconds that a message counts.
const HOUR_MS: u64 = 3_600_000;

/// A kind of messages, with its own bound: so many an hour for one account, and as many to one number, whoever
/// caused them.
#[derive(Debug, Clone, Copy)]
pub struct Quota {
    word: &'static str,
    per_hour: usize,
}

/// Codes: a second one for who mistyped, a third for who waited too long. More are somebody else's trouble.
pub const CODES: Quota = Quota {
    word: "codes",
    per_hour: 3,
};

/// News: more orders than anybody places within an hour and wants to be woken for.
pub const NEWS: Quota = Quota {
    word: "news",
    per_hour: 20,
};

/// When messages went out, in milliseconds since 1970.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Spent {
    at: Vec<u64>,
}

impl Quota {
    /// Counts a message, unless the account or the number has had its share.
    ///
    /// # Errors
    /// 503 when the operator has not set the service's secret.
    pub fn spend(self, account: &str, number: &Number) -> Result<bool> {
        let now = clock::now_ms();
        let mut counted = Vec::new();
        for id in [self.of_account(account), self.of_number(number)?] {
            let mut spent = SPENT.get_or_default(&id)?;
            spent.at.retain(|at| at.saturating_add(HOUR_MS) > now);
            if spent.at.len() >= self.per_hour {
                return Ok(false);
            }
            spent.at.push(now);
            counted.push((id, spent));
        }
        for (id, spent) in counted {
            SPENT.put_until(&id, &spent, now.saturating_add(HOUR_MS))?;
        }
        Ok(true)
    }

    fn of_account(self, account: &str) -> String {
        format!("{}:account:{account}", self.word)
    }

    /// The number itself is nobody's to read here: it stands under a keyed hash, for an hour.
    fn of_number(self, number: &Number) -> Result<String, Error> {
        let hash = secrets::sign(KEY, format!("number:{}", number.as_str()).as_bytes())?;
        Ok(format!("{}:number:{}", self.word, hex(&hash)))
    }
}

/// Forgets what an account has caused. What counts for a number stays for its hour, lest one begins anew under another
/// account.
pub fn forget(account: &str) -> Result<()> {
    for quota in [CODES, NEWS] {
        SPENT.delete(&quota.of_account(account))?;
    }
    Ok(())
}
