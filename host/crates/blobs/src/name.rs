//! Names of files: what uploaders call them, and how they are told to who downloads them.

/// Bytes of a name: what file systems take.
const NAME_BYTES_MAX: usize = 255;

/// The name of a file whose uploader gave none that could be used.
const NAMELESS: &str = "file";

/// What is left of an uploader's name: no folders, nothing that can't be seen or that turns the text around.
pub fn clean(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut plain: String = last.chars().filter(|c| !is_hidden(*c)).collect();
    plain.truncate(plain.floor_char_boundary(NAME_BYTES_MAX));
    let plain = plain.trim().trim_end_matches('.');
    if plain.trim_matches('.').is_empty() {
        NAMELESS.into()
    } else {
        plain.into()
    }
}

/// Whether a name needs no cleaning.
pub fn is_plain(name: &str) -> bool {
    clean(name) == name
}

/// What is no letter of a name: controls, and the marks that change the direction of the text around them, by which
/// `exe.gpj` looks like `jpg.exe`.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// `Content-Disposition` (RFC 6266): the name in ASCII for old clients, and as it is (RFC 8187).
pub fn disposition(kind: &str, name: &str) -> String {
    let ascii: String = name
        .chars()
        .map(|c| match c {
            '"' | '\\' | '%' => '_',
            ' '..='~' => c,
            _ => '_',
        })
        .collect();
    let mut exact = String::with_capacity(name.len());
    for byte in name.bytes() {
        // attr-char of RFC 8187.
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            exact.push(char::from(byte));
        } else {
            exact.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("{kind}; filename=\"{ascii}\"; filename*=UTF-8''{exact}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_plain_one_whatever_the_client_says() {
        for (said, kept) in [
            ("picture.png", "picture.png"),
            ("../../etc/passwd", "passwd"),
            ("C:\\fakepath\\a b.pdf", "a b.pdf"),
            ("..", "file"),
            ("", "file"),
            ("/", "file"),
            ("a/", "file"),
            ("x\r\nSet-Cookie: y", "xSet-Cookie: y"),
            ("a\u{202e}gpj.exe", "agpj.exe"),
            (" ünï.txt. ", "ünï.txt"),
            (".htaccess", ".htaccess"),
        ] {
            assert_eq!(clean(said), kept, "{said:?}");
            assert!(is_plain(kept), "{kept:?}");
        }
        assert!(clean(&"ä".repeat(1_000)).len() <= NAME_BYTES_MAX);
        assert!(!is_plain("a/b") && !is_plain(""));
    }

    #[test]
    fn a_name_never_ends_its_header() {
        assert_eq!(
            disposition("attachment", "Größe \"1\" 50%.pdf"),
            "attachment; filename=\"Gr__e _1_ 50_.pdf\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%221%22%2050%25.pdf"
        );
    }
}
