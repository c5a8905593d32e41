//! What is markup and what isn't.

use proptest::prelude::*;

use super::*;

/// The marked pieces of a text with a letter for each: `b`old, `i`talic, `s`truck, and the kind.
fn told(text: &str) -> String {
    let piece = |span: &Span| {
        let Look { kind, bold, italic, struck } = span.look;
        let letters: String =
            [(bold, 'b'), (italic, 'i'), (struck, 's')].into_iter().filter(|(on, _)| *on).map(|(_, c)| c).collect();
        let kind = if kind == Kind::Plain { String::new() } else { format!("{kind:?}") };
        format!("{letters}{kind}[{}]", &text[span.range.clone()])
    };
    read(text).spans.iter().map(piece).collect::<Vec<_>>().join(" ")
}

#[test]
fn emphasis_stands_between_words() {
    for (text, expected) in [
        ("a **bold** word", "Sign[**] b[bold] Sign[**]"),
        ("*italic*, _too_.", "Sign[*] i[italic] Sign[*] Sign[_] i[too] Sign[_]"),
        ("***both***", "Sign[***] bi[both] Sign[***]"),
        ("~~gone~~!", "Sign[~~] s[gone] Sign[~~]"),
        ("**bold *and italic***", "Sign[**] b[bold ] bSign[*] bi[and italic] bSign[*] Sign[**]"),
        ("(*in brackets*)", "Sign[*] i[in brackets] Sign[*]"),
        ("**日本**", "Sign[**] b[日本] Sign[**]"),
        ("**see `*code*` there**", "Sign[**] b[see ] bSign[`] bCode[*code*] bSign[`] b[ there] Sign[**]"),
    ] {
        assert_eq!(told(text), expected, "{text}");
    }
}

#[test]
fn what_is_not_markup_is_words() {
    for text in [
        "2*3*4 = 24",
        "2 * 3 * 4",
        "snake_case_name and another_one_",
        "__init__ and __main__.py",
        "*.rs and *.toml",
        "**/*.rs",
        "a ** b ** c",
        "/* c comment */",
        "~/bin ~5 ~6~",
        "`unclosed",
        "``",
        "**not closed",
        "not * at * all",
        "a_b_c x_ _",
        "#general is a room, #1 a number",
        "#",
        "->x -5 - ",
        "3 > 2",
        ">_<",
        "a:b::c http:// https://. mailto: file:///etc/passwd javascript:alert(1)",
        "xhttp://a.example",
        "****",
        "_____",
        "**\nbold over lines**",
    ] {
        assert_eq!(told(text), "", "{text:?}");
    }
}

#[test]
fn lines_begin_with_quotes_bullets_and_headings() {
    for (text, expected) in [
        ("> said *so*", "Sign[>] Quote[ said ] Sign[*] iQuote[so] Sign[*]"),
        (">", "Sign[>]"),
        ("- one\n  * two", "Sign[-] Sign[*]"),
        ("# Title", "Sign[#] Heading[ Title]"),
        ("text\n### Third", "Sign[###] Heading[ Third]"),
    ] {
        assert_eq!(told(text), expected, "{text}");
    }
    assert_eq!(told("####### seven"), "");
}

#[test]
fn links_are_whole_and_nothing_but_the_link() {
    for (text, expected) in [
        ("see https://a.example/x_y_z?q=*1*2 now", "Link[https://a.example/x_y_z?q=*1*2]"),
        ("(http://a.example/a_(b))", "Link[http://a.example/a_(b)]"),
        ("<https://a.example>.", "Link[https://a.example]"),
        ("mailto:me@a.example, chat://a.example/dev!", "Link[mailto:me@a.example] Link[chat://a.example/dev]"),
        ("**https://a.example**", "Sign[**] bLink[https://a.example] Sign[**]"),
        ("HTTPS://A.example/日本?", "Link[HTTPS://A.example/日本]"),
        ("`https://a.example`", "Sign[`] Code[https://a.example] Sign[`]"),
        ("https://[::1]:80/", "Link[https://[::1]:80/]"),
        ("https://a.example␛[2J", "Link[https://a.example]"),
    ] {
        assert_eq!(told(text), expected, "{text}");
    }
    let text = "a https://a.example, mailto:b@c";
    let found: Vec<&str> = links(text).map(|range| &text[range]).collect();
    assert_eq!(found, ["https://a.example", "mailto:b@c"]);
    assert_eq!(told(&format!("https://a.example/{}", "x".repeat(LINK_BYTES_MAX))), "");
}

#[test]
fn fenced_code_is_kept_and_coloured_by_its_language() {
    let text = "so:\n```rust\nfn main() { // *go*\n    let x = \"1\\\" 2\" + 4.5;\n}\n```\n*done*";
    let expected = "Sign[```rust] Keyword[fn] Code[ main() { ] Comment[// *go*] Code[    ] Keyword[let] Code[ x = ] \
                    Literal[\"1\\\" 2\"] Code[ + ] Number[4.5] Code[;] Code[}] Sign[```] Sign[*] i[done] Sign[*]";
    assert_eq!(told(text), expected);
    let kept: Vec<&str> = read(text).kept.into_iter().map(|range| &text[range]).collect();
    assert_eq!(kept, ["fn main() { // *go*", "    let x = \"1\\\" 2\" + 4.5;", "}"]);
    assert_eq!(told("```\n**x**"), "Sign[```] Code[**x**]");
    assert_eq!(told("``` not a fence"), "");
    assert_eq!(told("```py\n\"\"\"a\nb\"\"\"\n```"), "Sign[```py] Literal[\"\"\"a] Literal[b\"\"\"] Sign[```]");
    assert_eq!(told("```rs\n&'a str\n```"), "Sign[```rs] Code[&'a str] Sign[```]");
    assert_eq!(
        told("```c\n/* a\nb */ int\n```"),
        "Sign[```c] Comment[/* a] Comment[b */] Code[ ] Keyword[int] Sign[```]"
    );
}

proptest! {
    #[test]
    fn spans_are_in_order_inside_the_text_and_on_characters(
        text in "([a-z日 *_~`>#.\n-]|https://|mailto:|```rust\n|\"|/\\*|//|\\PC){0,60}",
    ) {
        let text = crate::clean::text(&text).into_string();
        let marked = read(&text);
        let mut end = 0;
        for span in &marked.spans {
            prop_assert!(span.range.start >= end && span.range.start < span.range.end);
            prop_assert!(!text[span.range.clone()].contains('\n'));
            end = span.range.end;
        }
        for kept in marked.kept {
            prop_assert!(!text[kept].contains('\n'));
        }
    }

    #[test]
    fn words_alone_are_never_marked(text in "[a-zA-Z0-9_日é .,()=/\n]{0,60}") {
        let innocent = !text.contains(" _") && !text.starts_with('_') && !text.contains("\n_") && !text.contains("(_");
        prop_assert!(!innocent || told(&text).is_empty(), "{}", told(&text));
    }
}
