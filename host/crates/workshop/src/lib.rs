//! What turns source into a plugin, in whatever language it is written, and says what a host would think of it.
//!
//! Developer tools build on it: the commands `stoa plugin …` of authors, and `cargo xtask`. No host needs it to run.

pub mod among;
pub mod build;
pub mod client;
pub mod compare;
mod fresh;
pub mod growth;
mod javascript;
pub mod judge;
pub mod pack;
pub mod prerequisites;
pub mod process;
pub mod project;
mod python;
pub mod report;
pub mod rust;
pub mod scaffold;
mod schemas;
pub mod sdk;
pub mod sections;
#[cfg(test)]
mod testing;
mod typing;
mod world;
