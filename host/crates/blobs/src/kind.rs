//! What bytes are. The host looks at them; what a client says is at most a hint among texts.

/// Bytes at the beginning that are looked at: the mark of a tar archive is at 257, those of the others are earlier.
pub const HEAD_BYTES: usize = 8 << 10;

/// What is taken where the operator says nothing: what shops sell and show, and browsers don't run.
pub const KINDS_DEFAULT: &[&str] = &[
    "image/png",
    "image/jpeg",
    "image/webp",
    "image/gif",
    "image/avif",
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.oasis.opendocument.text",
    "application/zip",
    "application/gzip",
    "application/x-tar",
    "audio/mpeg",
    "audio/m4a",
    "audio/aac",
    "audio/ogg",
    "audio/x-flac",
    "audio/x-wav",
    "video/mp4",
    "video/webm",
    "video/quicktime",
    "video/x-matroska",
    "text/plain",
    "text/csv",
    "application/json",
];

/// Texts that can't be told from plain ones by their first bytes, so that the client or the name may say which.
const TEXTS: &[(&str, &str)] = &[("application/json", ".json"), ("text/csv", ".csv")];

/// What the bytes are that begin so; none if nobody knows. `is_all` says that nothing follows.
pub fn found(head: &[u8], is_all: bool, declared: &str, name: &str) -> Option<&'static str> {
    if let Some(kind) = infer::get(head) {
        return Some(kind.mime_type());
    }
    if !is_text(head, is_all) {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let declared = base(declared);
    let hinted = TEXTS
        .iter()
        .find(|(kind, ending)| *kind == declared || name.ends_with(ending));
    Some(hinted.map_or("text/plain", |(kind, _)| kind))
}

/// Whether a client says of something that it is a picture, or of a picture that it is something else.
pub fn is_disguised(found: &str, declared: &str) -> bool {
    let declared = base(declared);
    let says_nothing = declared.is_empty() || declared == "application/octet-stream";
    !says_nothing && is_image(&declared) != is_image(found)
}

/// Whether it is a picture.
pub fn is_image(kind: &str) -> bool {
    kind.starts_with("image/")
}

/// The media type without its parameters.
fn base(declared: &str) -> String {
    let kind = declared.split(';').next().unwrap_or_default();
    kind.trim().to_ascii_lowercase()
}

/// UTF-8 without control characters, and no markup: a page or a drawing would run scripts in a browser that takes it
/// for one.
fn is_text(head: &[u8], is_all: bool) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The last letter may be cut in two.
        Err(error) if error.error_len().is_none() && !is_all => {
            let valid = head.get(..error.valid_up_to()).unwrap_or_default();
            std::str::from_utf8(valid).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let begins = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let is_plain = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\u{c}');
    !begins.starts_with('<') && !text.is_empty() && text.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(head: &[u8], declared: &str, name: &str) -> Option<&'static str> {
        found(head, true, declared, name)
    }

    const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    const ODT: &str = "application/vnd.oasis.opendocument.text";

    /// The beginning of an archive whose first file has this name, and these bytes right behind it.
    fn zip(first: &[u8]) -> Vec<u8> {
        let mut head = b"PK\x03\x04".to_vec();
        head.resize(30, 0);
        head.extend_from_slice(first);
        head
    }

    #[test]
    fn bytes_say_what_they_are() {
        let mut tar = vec![0_u8; 512];
        tar.splice(257..262, *b"ustar");
        for (head, kind) in [
            (&b"\x89PNG\r\n\x1a\n...."[..], "image/png"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"GIF89a", "image/gif"),
            (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
            (b"%PDF-1.7", "application/pdf"),
            (b"PK\x03\x04", "application/zip"),
            (&zip(b"word/document.xml"), DOCX),
            (
                &zip(b"mimetypeapplication/vnd.oasis.opendocument.text"),
                ODT,
            ),
            (b"\x1f\x8b\x08", "application/gzip"),
            (&tar, "application/x-tar"),
            (b"ID3\x03", "audio/mpeg"),
            (b"hello", "text/plain"),
        ] {
            let found = of(head, "text/html", "x.html");
            assert_eq!(found, Some(kind), "{head:?}");
            assert!(KINDS_DEFAULT.contains(&kind), "{kind}");
        }
    }

    #[test]
    fn what_a_browser_could_run_is_never_taken_by_default() {
        for (head, name) in [
            (&b"<!DOCTYPE html><p>"[..], "a.png"),
            (b"  \n<svg xmlns='http://www.w3.org/2000/svg'>", "a.svg"),
            (b"<?xml version='1.0'?><svg>", "a.svg"),
            (b"\xef\xbb\xbf<html>", "a.txt"),
            (b"MZ\x90\0\x03\0\0\0", "a.exe"),
            (b"\x7fELF\x02\x01\x01", "a"),
            (b"#!/bin/sh\n", "a.txt"),
            (b"\0asm\x01\0\0\0", "a.wasm"),
            // Old Word documents begin like installers do.
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.doc"),
            (b"\0\x01\x02\x03", "a.txt"),
            (b"\xff\xfe\xfd", "a.txt"),
            (b"", "a.txt"),
        ] {
            let found = of(head, "text/plain", name);
            let taken = found.filter(|kind| KINDS_DEFAULT.contains(kind));
            assert_eq!(taken, None, "{name} {head:?}");
        }
    }

    #[test]
    fn a_hint_counts_among_texts_alone() {
        assert_eq!(of(b"{}", "application/json", ""), Some("application/json"));
        assert_eq!(of(b"a,b", "", "A.CSV"), Some("text/csv"));
        assert_eq!(of(b"a,b", "image/png", "a.txt"), Some("text/plain"));
        assert!(is_disguised("text/plain", "image/png; x=y"));
        assert!(is_disguised("image/png", "application/pdf"));
        assert!(!is_disguised("image/png", "application/octet-stream"));
        assert!(!is_disguised("image/jpeg", "image/png"));
        assert!(!is_disguised(
            "application/zip",
            "application/x-zip-compressed"
        ));
    }

    #[test]
    fn a_letter_may_be_cut_where_more_follows() {
        let head = [&b"abc"[..], b"\xc3"].concat();
        assert_eq!(found(&head, false, "", ""), Some("text/plain"));
        assert_eq!(found(&head, true, "", ""), None);
    }
}
