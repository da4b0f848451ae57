//! Stories of a plugin's author, played on a whole host in memory: its own store, clock, randomness and services
//! elsewhere for each story. See `docs/plugins/testing.md`.

mod expecting;
mod fakes;
mod figures;
mod listeners;
mod matching;
mod play;
mod stage;
mod story;

pub use figures::Figures;
pub use play::{Outcome, play};
pub use stage::Plugin;
pub use story::Story;
