//! What turns source into a plugin, in whatever language it is written, and says what a host would think of it.
//!
//! Developer tools build on it: the commands `stoa plugin …` of authors, and `cargo xtask`. No host needs it to run.

pub mod pack;
pub mod prerequisites;
pub mod process;
pub mod rust;
pub mod sections;
