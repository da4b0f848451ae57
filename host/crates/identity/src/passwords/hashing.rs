//! Making and checking hashes, away from the threads that serve requests.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use argon2::Params;
use argon2::password_hash::{Output, PasswordHash, SaltString};
use stoa_kernel::error::Problem;
use stoa_kernel::importance;
use stoa_kernel::random::Random;
use tokio::sync::{Semaphore, oneshot};

use super::Cost;
use super::leftovers::Leftovers;
use super::task::Task;

/// Bytes of a salt (RFC 9106, 3.1).
const SALT_BYTES: usize = 16;

/// How long a sign-in waits for its turn: longer, and the person has pressed the button again.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// Seconds after which a client that found no turn should come back.
const RETRY_AFTER_S: u32 = 2;

/// Salt and output of a hash that no password has: checking against it costs what any check costs.
const NOBODYS: (&str, &str) = (
    "AAAAAAAAAAAAAAAAAAAAAA",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
);

/// Hashes passwords.
pub struct Passwords {
    cost: Cost,
    turns: Arc<Semaphore>,
    leftovers: Arc<Leftovers>,
    wait_max: Duration,
}

/// What a check comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is another password, or there is none.
    Wrong,
    /// It is the password.
    Right,
    /// It is the password, and its hash costs less than it should by now.
    Outdated,
}

impl Passwords {
    /// At this cost, on all cores but one, so that a flood of sign-ins leaves room for everything else.
    #[must_use]
    pub fn new(cost: Cost) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            cost,
            turns: Arc::new(Semaphore::new(cores.saturating_sub(1).max(1))),
            leftovers: Arc::default(),
            wait_max: WAIT_MAX,
        }
    }

    /// A hash in PHC form.
    ///
    /// # Errors
    /// 503 when too many wait.
    pub async fn hash(&self, password: &str, random: &dyn Random) -> Result<String, Problem> {
        let mut salt = [0; SALT_BYTES];
        random.fill(&mut salt);
        let salt = SaltString::encode_b64(&salt).map_err(failed)?;
        let argon2 = self.cost.argon2().map_err(failed)?;
        let task = Task::new(argon2, password, salt.clone());
        let output = self.compute(task).await?;
        Ok(in_phc_form(&self.cost, &salt, output))
    }

    /// Whether this is the password of a hash. Without a hash it takes as long, and is wrong.
    ///
    /// # Errors
    /// 503 when too many wait; 500 for a hash that is none.
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> Result<Verdict, Problem> {
        let hash = hash.map_or_else(|| nobodys(&self.cost), str::to_owned);
        let hash = PasswordHash::new(&hash).map_err(failed)?;
        let found = Cost::from(&Params::try_from(&hash).map_err(failed)?);
        let output = self.compute(Task::again(&hash, password).map_err(failed)?);
        // In constant time.
        Ok(if hash.hash != Some(output.await?) {
            Verdict::Wrong
        } else if found.is_below(&self.cost) {
            Verdict::Outdated
        } else {
            Verdict::Right
        })
    }

    /// Computes away from the threads that answer, when its turn has come. The turn ends with the work, even if nobody
    /// waits for it any more.
    async fn compute(&self, task: Task) -> Result<Output, Problem> {
        let turn = Arc::clone(&self.turns).acquire_owned();
        let turn = tokio::time::timeout(self.wait_max, turn).await;
        let Ok(Ok(turn)) = turn else {
            let reason = "too many passwords wait to be hashed";
            return Err(Problem::unavailable(RETRY_AFTER_S, reason));
        };
        let (sender, done) = oneshot::channel();
        let leftovers = Arc::clone(&self.leftovers);
        let hashing = std::thread::Builder::new().name("stoa-password".into());
        let spawned = hashing.spawn(move || {
            // A flood of sign-ins takes what others leave.
            importance::give_way();
            let output = leftovers.compute(task);
            // Whoever asked may have gone away.
            let _ = sender.send(output);
            drop(turn);
        });
        spawned.map_err(|error| Problem::unavailable(RETRY_AFTER_S, error.to_string()))?;
        let output = done.await;
        output
            .map_err(|error| Problem::internal(error.to_string()))?
            .map_err(failed)
    }
}

fn nobodys(cost: &Cost) -> String {
    let (salt, output) = NOBODYS;
    in_phc_form(cost, salt, output)
}

/// A hash as it is kept, from its salt and its output in base 64.
fn in_phc_form(cost: &Cost, salt: impl Display, output: impl Display) -> String {
    let Cost {
        memory_kib,
        passes,
        lanes,
    } = cost;
    format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${output}")
}

/// The library's words tell nothing of the password.
fn failed(error: impl Display) -> Problem {
    Problem::internal(format!("argon2: {error}"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    struct Fixed(u8);

    impl Random for Fixed {
        fn fill(&self, into: &mut [u8]) {
            into.fill(self.0);
        }
    }

    const STRONGER: Cost = Cost {
        passes: 2,
        ..Cost::FOR_TESTS
    };

    #[tokio::test]
    async fn a_password_is_told_from_others() {
        let passwords = Passwords::new(Cost::FOR_TESTS);
        let hash = passwords.hash("correct horse", &Fixed(7)).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");
        assert!(!hash.contains("horse"));
        for (password, verdict) in [
            ("correct horse", Verdict::Right),
            ("correct horse ", Verdict::Wrong),
            ("Correct horse", Verdict::Wrong),
            ("", Verdict::Wrong),
        ] {
            let found = passwords.verify(password, Some(&hash)).await.unwrap();
            assert_eq!(found, verdict, "{password:?}");
        }
        let other = passwords.hash("correct horse", &Fixed(8)).await.unwrap();
        assert_ne!(hash, other, "the salt counts");
    }

    #[tokio::test]
    async fn a_cheap_hash_is_outdated_once_more_is_wanted() {
        let cheap = Passwords::new(Cost::FOR_TESTS);
        let hash = cheap.hash("correct horse", &Fixed(7)).await.unwrap();
        let strong = Passwords::new(STRONGER);
        let verify = async |password| strong.verify(password, Some(&hash)).await.unwrap();
        assert_eq!(verify("correct horse").await, Verdict::Outdated);
        assert_eq!(verify("wrong horse").await, Verdict::Wrong);
        let hash = strong.hash("correct horse", &Fixed(7)).await.unwrap();
        let verdict = cheap.verify("correct horse", Some(&hash)).await.unwrap();
        assert_eq!(verdict, Verdict::Right, "nobody goes back");
    }

    #[tokio::test]
    async fn nobodys_hash_is_well_formed_and_nobodys() {
        for cost in [Cost::RECOMMENDED, Cost::FOR_TESTS] {
            let passwords = Passwords::new(cost);
            assert_eq!(passwords.verify("", None).await.unwrap(), Verdict::Wrong);
            let nobodys = nobodys(&cost);
            let hash = PasswordHash::new(&nobodys).unwrap();
            assert_eq!(Cost::from(&Params::try_from(&hash).unwrap()), cost);
        }
    }

    #[tokio::test]
    async fn who_gets_no_turn_is_told_to_come_back() {
        let passwords = Passwords {
            turns: Arc::new(Semaphore::new(1)),
            wait_max: Duration::from_millis(1),
            ..Passwords::new(Cost::FOR_TESTS)
        };
        let turn = Arc::clone(&passwords.turns).acquire_owned().await.unwrap();
        let problem = passwords.verify("x", None).await.unwrap_err();
        assert_eq!(
            (problem.status, problem.retry_after_s),
            (503, Some(RETRY_AFTER_S))
        );
        drop(turn);
        let patient = Passwords {
            wait_max: WAIT_MAX,
            ..passwords
        };
        assert!(patient.verify("x", None).await.is_ok());
    }

    #[tokio::test]
    async fn what_is_no_hash_is_an_error_that_does_not_show_it() {
        let passwords = Passwords::new(Cost::FOR_TESTS);
        let problem = passwords.verify("x", Some("secret")).await.unwrap_err();
        assert_eq!(problem.status, 500);
        assert!(!format!("{problem:?}").contains("secret"));
    }
}
