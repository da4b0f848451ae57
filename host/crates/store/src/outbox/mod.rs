//! Events: rows that are written with what they tell of, and removed when everybody has handled them.
//!
//! An event waits in one of two tables: in the outbox, in the order of ids, or, before its time, in the order of
//! times. A mark says that one subscriber has handled an event; the commit that sets it checks that the
//! event still waits, so that an event that has been settled can't be handled again by whoever read it before.

mod ids;
mod moves;
mod news;
mod read;
mod row;

pub(crate) use ids::EventIds;
pub(crate) use news::{Listening, News};
pub(crate) use row::{insert, is_mark, mark, record};
