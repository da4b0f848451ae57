//! Every template with sample values, and with values that somebody chose to do harm.

use super::*;
use serde_json::json;

const HOSTILE: &str = "<script>alert(1)</script>\"'&";

fn filled(source: &Source, value: &str) -> Letter {
    let values = source
        .values
        .iter()
        .map(|name| ((*name).to_owned(), json!(value)));
    Letter {
        to: "a@b.example".into(),
        template: source.name.into(),
        values: Json::Object(values.collect()),
    }
}

#[test]
fn every_template_shows_each_of_its_values_in_text_and_html() {
    let templates = Templates::load().unwrap();
    for source in SOURCES {
        let mut letter = filled(source, "");
        let names = source.values.iter().enumerate();
        let samples = names.map(|(n, name)| ((*name).to_owned(), json!(format!("sample{n}"))));
        letter.values = Json::Object(samples.collect());
        let content = templates.render(&letter).unwrap();
        assert!(!content.subject.is_empty() && !content.subject.contains('\n'));
        for n in 0..source.values.len() {
            let sample = format!("sample{n}");
            let words = format!("{}\n{}", content.subject, content.text);
            assert!(words.contains(&sample), "{} {sample}", source.name);
            assert!(content.html.contains(&sample), "{} {sample}", source.name);
        }
        assert!(
            content.html.starts_with("<!doctype html>"),
            "{}",
            source.name
        );
        assert!(
            !content.html.contains("&lt;p&gt;"),
            "{} is escaped twice",
            source.name
        );
    }
}

#[test]
fn html_escapes_what_people_chose_and_text_leaves_it() {
    let templates = Templates::load().unwrap();
    for source in SOURCES {
        let content = templates.render(&filled(source, HOSTILE)).unwrap();
        assert!(!content.html.contains("<script"), "{}", source.name);
        assert!(content.html.contains("&lt;script&gt;"), "{}", source.name);
        assert!(!content.html.contains("\"'&"), "{}", source.name);
        assert!(content.text.contains(HOSTILE), "{}", source.name);
    }
}

#[test]
fn no_value_brings_line_breaks() {
    let templates = Templates::load().unwrap();
    for source in SOURCES {
        let lines = |value: &str| {
            let mut letter = filled(source, value);
            if let Some(prose) = letter.values.get_mut(PROSE) {
                *prose = json!("x");
            }
            let content = templates.render(&letter).unwrap();
            assert_eq!(content.subject.lines().count(), 1, "{}", source.name);
            (content.text.lines().count(), content.html.lines().count())
        };
        let hostile = "x\r\nBcc: c@d.example\n\n\u{2028}y\rz\u{0}";
        assert_eq!(lines(hostile), lines("x"), "{}", source.name);
    }
}

#[test]
fn the_words_of_others_keep_their_lines_and_are_escaped() {
    let letter = Letter {
        to: "a@b.example".into(),
        template: "plain".into(),
        values: json!({"subject": "Your <order>", "text": "Hello,\r\n\n<b>thanks</b> & bye\u{1b}."}),
    };
    let content = Templates::load().unwrap().render(&letter).unwrap();
    assert_eq!(content.subject, "Your <order>");
    assert_eq!(content.text, "Hello,\n\n<b>thanks</b> & bye .");
    let html = "<p>Hello,<br>\n<br>\n&lt;b&gt;thanks&lt;&#x2f;b&gt; &amp; bye .</p>";
    assert!(content.html.contains(html), "{}", content.html);
}

#[test]
fn a_missing_value_is_an_error_that_shows_no_other() {
    let templates = Templates::load().unwrap();
    for source in SOURCES {
        for missing in source.values {
            for instead in [None, Some(json!(null)), Some(json!(["x"])), Some(json!({}))] {
                let mut letter = filled(source, "secret");
                let values = letter.values.as_object_mut().unwrap();
                values.remove(*missing);
                values.extend(instead.map(|value| ((*missing).to_owned(), value)));
                let error = templates.render(&letter).unwrap_err();
                assert!(matches!(error, TemplateError::Value(name) if name == *missing));
                assert!(Templates::check(&letter).is_err());
                assert!(!format!("{error} {error:?}").contains("secret"));
            }
        }
    }
}

#[test]
fn a_number_is_a_value() {
    let letter = Letter {
        to: "a@b.example".into(),
        template: "one-time-code".into(),
        values: json!({"code": "012345", "minutes": 10}),
    };
    let content = Templates::load().unwrap().render(&letter).unwrap();
    assert!(content.text.contains("012345") && content.text.contains("10 minutes"));
}

#[test]
fn an_unknown_template_is_an_error() {
    let letter = Letter {
        to: "a@b.example".into(),
        template: "newsletter".into(),
        values: json!({}),
    };
    assert!(matches!(
        Templates::load().unwrap().render(&letter),
        Err(TemplateError::Unknown)
    ));
}
