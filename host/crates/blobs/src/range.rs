//! Which bytes a client asks for (RFC 9110, 13 and 14).

use std::ops::Range;

/// What a request comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum Asked {
    /// 304: the client has it.
    Same,
    /// 200: all of it.
    All,
    /// 206: these bytes.
    Part(Range<u64>),
    /// 416: none of the bytes that there are.
    Beyond,
}

/// What these headers ask of a file of `size` bytes, which is at least 1, under this strong entity tag. Several
/// ranges at once, and units that nobody knows, are answered with all of it, as a server may.
pub fn asked(headers: &[(String, String)], etag: &str, size: u64) -> Asked {
    let header = |wanted: &str| {
        let mut found = headers.iter().filter(|(name, _)| name == wanted);
        found.next().map(|(_, value)| value.as_str())
    };
    if header("if-none-match").is_some_and(|tags| names(tags, etag)) {
        return Asked::Same;
    }
    let Some(range) = header("range") else {
        return Asked::All;
    };
    // A weak tag and a date prove nothing about single bytes.
    if header("if-range").is_some_and(|tag| tag.trim() != etag) {
        return Asked::All;
    }
    let Some(spec) = range.trim().strip_prefix("bytes=") else {
        return Asked::All;
    };
    part(spec.trim(), size)
}

fn part(spec: &str, size: u64) -> Asked {
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        // What is beyond 64 bits is beyond every file, too.
        is_number.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let Some((first, last)) = spec.split_once('-') else {
        return Asked::All;
    };
    match (first.is_empty(), number(first), number(last)) {
        (true, None, Some(0)) => Asked::Beyond,
        (true, None, Some(suffix)) => Asked::Part(size.saturating_sub(suffix)..size),
        (false, Some(first), _) if first >= size && (last.is_empty() || number(last).is_some()) => {
            Asked::Beyond
        }
        (false, Some(first), None) if last.is_empty() => Asked::Part(first..size),
        (false, Some(first), Some(last)) if first <= last => {
            Asked::Part(first..last.saturating_add(1).min(size))
        }
        _ => Asked::All,
    }
}

fn names(tags: &str, etag: &str) -> bool {
    tags.split(',').map(str::trim).any(|tag| {
        let strong = tag.strip_prefix("W/").unwrap_or(tag);
        tag == "*" || strong == etag
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(headers: &[(&str, &str)]) -> Asked {
        let headers = headers.iter().map(|(n, v)| ((*n).into(), (*v).into()));
        asked(&headers.collect::<Vec<_>>(), "\"t\"", 10)
    }

    #[test]
    fn single_ranges_are_understood() {
        for (range, wanted) in [
            ("bytes=0-3", Asked::Part(0..4)),
            ("bytes=3-", Asked::Part(3..10)),
            ("bytes=-4", Asked::Part(6..10)),
            ("bytes=-40", Asked::Part(0..10)),
            ("bytes=9-99999999999999999999999", Asked::Part(9..10)),
            ("bytes=10-", Asked::Beyond),
            ("bytes=99999999999999999999999-", Asked::Beyond),
            ("bytes=-0", Asked::Beyond),
            ("bytes=3-1", Asked::All),
            ("bytes=0-1,3-4", Asked::All),
            ("bytes=", Asked::All),
            ("bytes=-", Asked::All),
            ("bytes=a-b", Asked::All),
            ("bytes=+1-2", Asked::All),
            ("lines=1-2", Asked::All),
        ] {
            assert_eq!(ask(&[("range", range)]), wanted, "{range}");
        }
    }

    #[test]
    fn conditions_come_first() {
        assert_eq!(ask(&[]), Asked::All);
        for same in ["\"t\"", "W/\"t\"", "\"a\", \"t\"", "*"] {
            let headers = [("if-none-match", same), ("range", "bytes=0-1")];
            assert_eq!(ask(&headers), Asked::Same, "{same}");
        }
        assert_eq!(ask(&[("if-none-match", "\"a\"")]), Asked::All);
        let part = |tag| ask(&[("range", "bytes=0-1"), ("if-range", tag)]);
        assert_eq!(part("\"t\""), Asked::Part(0..2));
        for other in ["\"a\"", "W/\"t\"", "Sat, 01 Jan 2026 00:00:00 GMT"] {
            assert_eq!(part(other), Asked::All, "{other}");
        }
    }
}
