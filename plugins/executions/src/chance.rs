//! Chance, so that workers who ask at the same moment do not all reach for the same thing.

use stoa_guest::prelude::*;

/// The elements from one at random on, each once.
pub fn shuffled<T>(items: &[T]) -> Vec<&T> {
    let start = match u32::try_from(items.len()) {
        Ok(len) if len > 1 => below(len) as usize,
        _ => 0,
    };
    let (before, from) = items.split_at(start.min(items.len()));
    from.iter().chain(before).collect()
}

/// A number below this one, which is not 0. That some are likelier by a billionth does not matter here.
fn below(bound: u32) -> u32 {
    let bytes = random::bytes(4);
    let number = bytes
        .iter()
        .fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    number % bound
}
