//! What harm a text could do to its readers.

/// Attempts to run a script, or to take a page over, by a text.
const CORPUS: &[&str] = &[
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src=\"x\" onerror=\"alert(1)\"",
    "<IMG \"\"\"><SCRIPT>alert(1)</SCRIPT>\">",
    "<img src=x:alert(1) onerror=eval(src)>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<a href=\" &#14; javascript:alert(1)\">x</a>",
    "<a href=\"jav&#x09;ascript:alert(1)\">x</a>",
    "<a href=\"JaVaScRiPt&colon;alert(1)\">x</a>",
    "<a href=\"data:text/html;base64,PHNjcmlwdD4=\">x</a>",
    "<a href=\"vbscript:msgbox(1)\">x</a>",
    "[x](javascript:alert(1))",
    "[x](JAVASCRIPT:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "<javascript:alert(1)>",
    "[x]\n\n[x]: javascript:alert(1)",
    "![x\" onerror=\"alert(1)](y)",
    "[x](y \"t\" onmouseover=\"alert(1)\")",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href=\"javascript:alert(1)\"><text>x</text></a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<math><mi xlink:href=\"data:x,<script>alert(1)</script>\">",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<style>@import 'javascript:alert(1)';</style>",
    "<p style=\"background:url(javascript:alert(1))\">x</p>",
    "<div style=\"position:fixed;inset:0\">x</div>",
    "<iframe src=\"javascript:alert(1)\"></iframe>",
    "<iframe srcdoc=\"<script>alert(1)</script>\"></iframe>",
    "<object data=\"javascript:alert(1)\"></object><embed src=\"data:x\">",
    "<form action=\"javascript:alert(1)\"><button formaction=\"javascript:alert(1)\">x</button></form>",
    "<input autofocus onfocus=alert(1)>",
    "<input type=image src=x onerror=alert(1) formaction=javascript:alert(1)>",
    "<meta http-equiv=refresh content=\"0;url=javascript:alert(1)\">",
    "<base href=\"javascript:alert(1)//\">",
    "<link rel=stylesheet href=\"//evil.example/x.css\">",
    "<video><source onerror=alert(1)></video>",
    "<template><script>alert(1)</script></template>",
    "<textarea><script>alert(1)</script></textarea>",
    "<title><img src=x onerror=alert(1)></title>",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml <script>alert(1)</script> ?>",
    "<x onclick=alert(1)>x</x>",
    "<a id=\"cookie\" name=\"location\">x</a>",
    "```html\" onload=\"alert(1)\n<script>alert(1)</script>\n```",
    "`<script>alert(1)</script>`",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
];

/// Tags of an HTML text: what stands between `<` and `>`. The sanitiser writes no `<` and no `>` but those of tags.
fn tags(html: &str) -> Vec<&str> {
    let parts = html.split('<').skip(1);
    parts.map(|part| part.split_once('>').unwrap().0).collect()
}

fn element(tag: &str) -> &str {
    tag.trim_start_matches('/')
        .split([' ', '/'])
        .next()
        .unwrap()
}

/// What the site's texts need; whatever is more has to be put here on purpose.
const HARMLESS: &[&str] = &[
    "p", "a", "img", "em", "strong", "code", "pre", "div", "span", "details", "table", "tbody",
    "input",
];

fn render(source: &str) -> String {
    crate::markdown::render("content", source).unwrap().html
}

#[test]
fn no_text_runs_a_script() {
    for source in CORPUS {
        // In the middle of a text, too, where Markdown reads it as part of a sentence.
        for source in [
            source.to_string(),
            format!("x {source} y"),
            format!("> - {source}"),
        ] {
            let html = render(&source);
            for tag in tags(&html) {
                let lower = tag.to_ascii_lowercase();
                let name = element(&lower);
                let known = HARMLESS.contains(&name) || ["blockquote", "ul", "li"].contains(&name);
                assert!(known, "{source} makes {html}");
                for attribute in attributes(&lower) {
                    let (key, value) = attribute;
                    let is_kept = [
                        "href", "src", "alt", "title", "rel", "class", "type", "disabled",
                        "checked",
                    ]
                    .contains(&key);
                    assert!(is_kept, "{source} makes {html}");
                    if ["href", "src"].contains(&key) {
                        let scheme = value.split_once(':').map(|(scheme, _)| scheme);
                        assert!(
                            scheme
                                .is_none_or(|it| ["http", "https", "mailto", "tel"].contains(&it)),
                            "{html}"
                        );
                    }
                }
            }
        }
    }
}

/// Names and values of a tag's attributes, as the sanitiser writes them: in double quotes.
fn attributes(tag: &str) -> Vec<(&str, &str)> {
    let mut rest = tag.split_once(' ').map_or("", |(_, rest)| rest);
    let mut found = Vec::new();
    while let Some((key, after)) = rest.split_once("=\"") {
        let (value, after) = after.split_once('"').unwrap();
        found.push((key.trim(), value));
        rest = after;
    }
    assert!(rest.trim().is_empty(), "{tag}");
    found
}

/// Every tag with its attributes, whose order means nothing.
fn elements(html: &str) -> Vec<(&str, Vec<(&str, &str)>)> {
    let described = tags(html).into_iter().map(|tag| {
        let mut attributes = attributes(tag);
        attributes.sort_unstable();
        (element(tag), attributes)
    });
    described.collect()
}

/// A browser that reads it finds what the sanitiser meant: nothing is left to be cleaned by another reading.
#[test]
fn safe_is_safe_twice() {
    for source in CORPUS {
        let once = render(source);
        let again = crate::markdown::cleaned(&once);
        assert_eq!(elements(&again), elements(&once), "{source}");
        assert_eq!(again.len(), once.len(), "{source}");
    }
}

#[test]
fn what_people_write_stays() {
    for (source, html) in [
        (
            "# A\n\nb **c** ~~d~~",
            "<h1>A</h1>\n<p>b <strong>c</strong> <del>d</del></p>\n",
        ),
        (
            "[a](/b \"t\")",
            "<p><a href=\"/b\" title=\"t\" rel=\"noopener noreferrer nofollow\">a</a></p>\n",
        ),
        (
            "![a](https://x.example/i.png)",
            "<p><img src=\"https://x.example/i.png\" alt=\"a\"></p>\n",
        ),
        (
            "```rust\nfn a<T>() {}\n```",
            "<pre><code class=\"language-rust\">fn a&lt;T&gt;() {}\n</code></pre>\n",
        ),
        ("press <kbd>F1</kbd>", "<p>press <kbd>F1</kbd></p>\n"),
        ("1 < 2 & 3", "<p>1 &lt; 2 &amp; 3</p>\n"),
    ] {
        assert_eq!(render(source), html);
    }
    let table = render("| a | b |\n|--:|---|\n| 1 | 2 |");
    assert!(
        table.contains("<th>b</th>") && table.contains("2</td>"),
        "{table}"
    );
    let tasks = render("- [x] a\n- [ ] b");
    assert!(
        tasks.contains("checked=\"\"") && tasks.matches("disabled=\"\"").count() == 2,
        "{tasks}"
    );
}

#[test]
fn a_text_is_summed_up_in_words() {
    let rendered = crate::markdown::render(
        "content",
        "# Head\n\nSome **bold**\nwords, [linked](/x).\n\n```\ncode\n```\n\n<b>End</b>",
    );
    assert_eq!(
        rendered.unwrap().summary,
        "Head Some bold words, linked. End"
    );
    let scripted = "Fine <script>alert(1)</script> <STYLE>a{}</STYLE><b>and bold</b>";
    let scripted = crate::markdown::render("content", scripted).unwrap();
    assert_eq!(scripted.summary, "Fine and bold");
    let long = crate::markdown::render("content", &"word ".repeat(1_000)).unwrap();
    assert!(long.summary.ends_with("word…") && long.summary.chars().count() <= 201);
    assert_eq!(long.reading_minutes, 5);
}
