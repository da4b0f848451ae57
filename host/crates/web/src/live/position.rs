//! Where a client has come to in several channels, as one word: the id of a server-sent event.

use std::fmt::Write as _;

/// What stands for a channel without a number.
const NONE: &str = "-";

/// The numbers of the channels in their order, such as `12,-,7`.
pub(crate) fn write(numbers: &[Option<u64>]) -> String {
    let mut word = String::new();
    for (place, number) in numbers.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        // Writing to a text can't fail.
        let _ = match number {
            Some(number) => write!(word, "{comma}{number}"),
            None => write!(word, "{comma}{NONE}"),
        };
    }
    word
}

/// The numbers of so many channels. What is no such word says nothing about any.
pub(crate) fn read(word: &str, channels: usize) -> Vec<Option<u64>> {
    let parse = |part: &str| match part {
        NONE => Some(None),
        number => number.parse().ok().map(Some),
    };
    // No longer than asked for, whatever was sent.
    let numbers = word.split(',').take(channels.saturating_add(1)).map(parse);
    let numbers: Option<Vec<_>> = numbers.collect();
    numbers
        .filter(|numbers| numbers.len() == channels)
        .unwrap_or_else(|| vec![None; channels])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_was_written() {
        for numbers in [&[Some(12), None, Some(0)][..], &[Some(u64::MAX)], &[None]] {
            assert_eq!(read(&write(numbers), numbers.len()), numbers);
        }
    }

    #[test]
    fn what_is_none_says_nothing() {
        for word in ["", "1", "1,2,3", "1,x", "-1,2", "1,99999999999999999999"] {
            assert_eq!(read(word, 2), [None, None], "{word}");
        }
    }
}
