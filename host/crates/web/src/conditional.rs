//! Who has an answer already is told so, and not the answer again (RFC 9110, 13.1.2). All that a handler does for it is
//! to set `ETag`.

use http::header::{ETAG, IF_NONE_MATCH};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};

/// Whether the client named the answer with this status and these headers among those that it has.
pub(crate) fn is_known(head: &Parts, status: StatusCode, headers: &HeaderMap) -> bool {
    let is_read = matches!(head.method, Method::GET | Method::HEAD) && status == StatusCode::OK;
    let tag = headers.get(ETAG).and_then(|tag| tag.to_str().ok());
    let Some(tag) = tag.filter(|_| is_read) else {
        return false;
    };
    let lines = head.headers.get_all(IF_NONE_MATCH).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .any(|known| known == "*" || opaque(known) == opaque(tag))
}

/// What is compared: reading needs no more than the same meaning.
fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use http::Request;

    fn known(method: Method, asked: &str, status: StatusCode, tag: &str) -> bool {
        let request = Request::builder().method(method);
        let request = request.header(IF_NONE_MATCH, asked).body(()).unwrap();
        let headers = HeaderMap::from_iter([(ETAG, tag.parse().unwrap())]);
        is_known(&request.into_parts().0, status, &headers)
    }

    #[test]
    fn an_answer_is_known_by_its_tag() {
        for (asked, tag, expected) in [
            ("W/\"a\"", "W/\"a\"", true),
            ("\"a\"", "W/\"a\"", true),
            ("\"b\", W/\"a\"", "\"a\"", true),
            ("*", "\"a\"", true),
            ("\"b\"", "\"a\"", false),
            ("a", "\"a\"", false),
            ("", "\"a\"", false),
        ] {
            let answer = known(Method::GET, asked, StatusCode::OK, tag);
            assert_eq!(answer, expected, "{asked} of {tag}");
        }
    }

    #[test]
    fn only_what_was_read_well_is_known() {
        assert!(known(Method::HEAD, "*", StatusCode::OK, "\"a\""));
        assert!(!known(Method::POST, "*", StatusCode::OK, "\"a\""));
        assert!(!known(Method::GET, "*", StatusCode::CREATED, "\"a\""));
        assert!(!known(Method::GET, "*", StatusCode::NOT_FOUND, "\"a\""));
        let request = Request::builder().header(IF_NONE_MATCH, "*");
        let head = request.body(()).unwrap().into_parts().0;
        assert!(!is_known(&head, StatusCode::OK, &HeaderMap::new()));
    }
}
