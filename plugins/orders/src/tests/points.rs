//! Extension points that a test fills, or leaves to nobody.

use std::cell::RefCell;

/// A module like the one that an extension point is in a component, answered by the test's function.
macro_rules! point {
    ($name:ident, $function:ident, $answer:ty) => {
        pub mod $name {
            use super::RefCell;
            pub use crate::$name::*;

            type Answers = Box<dyn Fn(&Question) -> Result<$answer, Error>>;

            thread_local! {
                static ANSWERS: RefCell<Option<Answers>> = const { RefCell::new(None) };
            }

            /// Fills it.
            pub fn fill(answers: impl Fn(&Question) -> Result<$answer, Error> + 'static) {
                ANSWERS.set(Some(Box::new(answers)));
            }

            pub fn $function(question: &Question) -> Result<$answer, Error> {
                ANSWERS.with_borrow(|answers| match answers {
                    Some(answers) => answers(question),
                    None => Err(Error::Unavailable("no-provider".into())),
                })
            }
        }
    };
}

point!(tax, tax, i64);
point!(discount, discount, Answer);
point!(shipping, shipping, Answer);
