//! Text of others is shown and not obeyed: payloads, properties and what honest text keeps.
#![allow(clippy::unwrap_used)]

use std::borrow::Cow;

use chat_tui::clean::{self, JOINS_MAX, MARKS_MAX};
use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthChar;

mod corpus;

/// The promise of `clean`, checked without its own tables.
fn assert_harmless(text: &str, line_feeds: bool) {
    for c in text.chars() {
        assert!(!c.is_control() || (line_feeds && c == '\n'), "{c:?} in {text:?}");
        let hidden = matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}');
        assert!(!hidden, "{c:?} in {text:?}");
    }
    for line in text.split('\n') {
        assert!(line.chars().next().is_none_or(|c| c.width() != Some(0)), "{line:?} starts with a mark");
        let mut run = 0;
        for c in line.chars() {
            run = if c.width() == Some(0) { run + 1 } else { 0 };
            assert!(run <= MARKS_MAX + 1, "too many marks in {line:?}");
        }
        for cluster in line.graphemes(true) {
            let joins = cluster.matches('\u{200d}').count();
            assert!(joins <= JOINS_MAX, "{cluster:?}");
            assert!(!cluster.starts_with('\u{200d}') && !cluster.ends_with('\u{200d}'), "{cluster:?}");
        }
    }
}

#[test]
fn no_payload_keeps_its_teeth() {
    assert!(corpus::INJECTIONS.len() >= 100);
    for (name, payload) in corpus::INJECTIONS {
        let line = clean::line(payload);
        assert_harmless(line.as_str(), false);
        assert_ne!(line.as_str(), *payload, "{name} passed unchanged");
        let text = clean::text(payload);
        assert_harmless(text.as_str(), true);
        assert_ne!(text.as_str(), *payload, "{name} passed unchanged");
    }
}

#[test]
fn honest_text_is_borrowed_unchanged() {
    for text in corpus::DIFFICULT {
        assert!(matches!(clean::line(text).into_cow(), Cow::Borrowed(same) if same == *text), "{text:?}");
    }
    assert!(matches!(clean::text("two\nlines").into_cow(), Cow::Borrowed(_)));
}

#[test]
fn what_is_taken_away_leaves_a_sign() {
    for (foreign, shown) in [
        ("\x1b[31m", "␛[31m"),
        ("a\nb", "a␊b"),
        ("a\x7f\u{9b}", "a␡�"),
        ("a\tb", "a   b"),
        ("日\tb", "日  b"),
        ("x\u{202e}y", "x�y"),
        ("pay\u{200b}pal", "paypal"),
        ("\u{301}x", "◌\u{301}x"),
        ("e\u{301}\u{302}", "e\u{301}\u{302}"),
        ("a\u{200d}b", "ab"),
        ("👩\u{200d}💻\u{200d}", "👩\u{200d}💻"),
        ("a\u{fe0f}", "a"),
        ("\u{feff}x", "x"),
        ("❤\u{fe0f}\u{fe0f}", "❤\u{fe0f}"),
    ] {
        assert_eq!(clean::line(foreign).as_str(), shown, "{foreign:?}");
    }
    assert_eq!(clean::text("a\r\nb\rc\n\td").as_str(), "a\nb␍c\n    d");
    assert_eq!(clean::text("a\n\u{301}").as_str(), "a\n◌\u{301}");
}

#[test]
fn ten_thousand_marks_become_eight() {
    let tower = format!("e{}", "\u{301}".repeat(10_000));
    assert_eq!(clean::line(&tower).as_str().chars().count(), 1 + MARKS_MAX);
}

/// Characters the rules are about, mixed, beside any others.
fn nasty() -> impl Strategy<Value = String> {
    let special = prop::sample::select(vec![
        '\x1b',
        '\r',
        '\n',
        '\t',
        '\u{9b}',
        '\u{200b}',
        '\u{200c}',
        '\u{200d}',
        '\u{fe0f}',
        '\u{fe0e}',
        '\u{20e3}',
        '\u{301}',
        '\u{20dd}',
        '\u{202e}',
        '\u{e0041}',
        '\u{1160}',
        '\u{11a8}',
        '\u{1100}',
        '가',
        '👩',
        '💻',
        '❤',
        '🏽',
        '🇩',
        '1',
        '#',
        'a',
        ' ',
        'ی',
        'م',
        '日',
        '\u{0600}',
        '\u{0930}',
        '\u{094d}',
        '\u{ff9e}',
        '\u{0903}',
        '\u{1f1e6}',
        '\u{0e33}',
        '\u{034f}',
    ]);
    prop::collection::vec(prop_oneof![4 => special, 1 => any::<char>()], 0..40).prop_map(|c| c.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn anything_cleaned_is_harmless_and_stays_as_it_is(foreign in nasty()) {
        let line = clean::line(&foreign).into_string();
        assert_harmless(&line, false);
        prop_assert_eq!(clean::line(&line).into_string(), line.as_str());
        let text = clean::text(&foreign).into_string();
        assert_harmless(&text, true);
        prop_assert_eq!(clean::text(&text).into_string(), text.as_str());
    }

    #[test]
    fn printable_ascii_is_borrowed(text in "[ -~]*") {
        prop_assert!(matches!(clean::line(&text).into_cow(), Cow::Borrowed(_)));
    }
}
