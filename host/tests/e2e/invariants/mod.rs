//! What holds however many ask at once, wherever the host is killed and whatever lets it down. Each story of the first kind runs over a
//! store in memory and over one on disk.

mod books;
mod buying;
mod checks;
mod codes;
mod crash;
mod faults;
mod market;
mod once;
mod refunds;
mod shares;
mod updates;
mod vendors;
mod webhooks;

use tempfile::TempDir;
use tokio::task::JoinSet;

/// Where a story's host keeps its data.
pub enum Place {
    Memory,
    /// A folder that goes with the story.
    Disk(TempDir),
}

impl Place {
    fn disk() -> Self {
        Self::Disk(tempfile::tempdir().unwrap())
    }

    fn url(&self) -> String {
        match self {
            Self::Memory => "mem://".into(),
            Self::Disk(dir) => format!("surrealkv://{}", dir.path().display()),
        }
    }
}

/// Makes two tests of each story: over a store in memory, and over one on disk.
macro_rules! on_both_stores {
    ($($story:ident),+ $(,)?) => {
        mod in_memory {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $story() {
                    Box::pin(super::$story($crate::invariants::Place::Memory)).await;
                }
            )+
        }
        mod on_disk {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $story() {
                    Box::pin(super::$story($crate::invariants::Place::disk())).await;
                }
            )+
        }
    };
}
use on_both_stores;

/// Does the same so many times at once; what came of each.
async fn at_once<T, F>(times: usize, act: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut racing = JoinSet::new();
    for number in 0..times {
        racing.spawn(act(number));
    }
    racing.join_all().await
}

/// How many of them are this.
fn count<T: PartialEq>(all: &[T], one: &T) -> usize {
    all.iter().filter(|other| *other == one).count()
}
