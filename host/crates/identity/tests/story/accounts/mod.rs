//! Accounts where the whole host is in the way: those who take part when data is exported and erased.

mod participants;
