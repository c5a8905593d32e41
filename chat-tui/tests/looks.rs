//! How messages look: markup and links, whole frames as pictures and as the letters of their styles.

#![allow(clippy::unwrap_used)]
#![cfg(feature = "tui")]

mod corpus;
mod harness;
mod judge;

use chat_proto::Seq;
use chat_proto::event::Edited;
use chat_tui::tui::term::caps::{Colors, Symbols};
use chat_tui::tui::view::{Theme, ViewCache, draw};
use harness::{ALICE, BOB, CAROL, GENERAL, History, Screen, events, members, status_of};
use judge::Judge;

/// Every kind of markup, and much that looks like some.
fn marked(columns: u16, rows: u16) -> Screen {
    let history = History::default()
        .created(ALICE, "alice", "Release 0.3")
        .said(
            BOB,
            "bob",
            "**Staging** runs *0.3-rc2*, ~~not 0.2~~; see `p99` at https://grafana.local/d/edge_node?x=1_2.",
        )
        .after(1)
        .said(CAROL, "carol", "> two entries have no expiry\nThat is 2*3*4 of snake_case_name and __init__.")
        .after(9)
        .said(
            ALICE,
            "alice",
            "```rust\nfn backoff(n: u32) -> Duration { // doubles\n    Duration::from_millis(50 << n.min(6))\n}\n```",
        )
        .after(9)
        .said(BOB, "bob", "## Open\n- the ban list (mailto:ops@example.org)\n- `chat-tui` docs")
        .did(CAROL, "carol", "reads *all* of it")
        .events;
    let head = history.len() as u64;
    let mut screen = Screen::online(columns, rows, status_of(GENERAL, "general", &history, head));
    screen.serve(&history).msg(members(GENERAL));
    screen
}

const SIZES: [(u16, u16); 4] = [(120, 40), (80, 24), (50, 15), (20, 3)];

#[test]
fn markup_stays_as_it_was_written() {
    for (columns, rows) in SIZES {
        let screen = marked(columns, rows);
        insta::assert_snapshot!(format!("markup_{columns}x{rows}"), screen.text());
        insta::assert_snapshot!(format!("markup_{columns}x{rows}_ascii"), screen.text_ascii());
    }
}

#[test]
fn markup_has_the_colours_of_the_palette_and_without_colours_attributes() {
    for (columns, rows) in SIZES {
        let screen = marked(columns, rows);
        insta::assert_snapshot!(format!("markup_{columns}x{rows}_ansi"), screen.styles(Colors::Ansi16));
        insta::assert_snapshot!(format!("markup_{columns}x{rows}_mono"), screen.styles(Colors::None));
    }
}

#[test]
fn the_bare_view_of_markup_has_nothing_beside_it() {
    for (columns, rows) in SIZES {
        let mut screen = marked(columns, rows);
        screen.keys("<alt-l>");
        insta::assert_snapshot!(format!("bare_{columns}x{rows}"), screen.text());
        insta::assert_snapshot!(format!("bare_{columns}x{rows}_mono"), screen.styles(Colors::None));
    }
}

#[test]
fn an_edited_message_has_the_markup_of_its_new_words() {
    let history = History::default().said(BOB, "bob", "plain words").events;
    let mut screen = Screen::online(80, 24, status_of(GENERAL, "general", &history, 1));
    screen.serve(&history);
    let row = |screen: &Screen| {
        let at = screen.text().lines().position(|line| line.contains(" words")).unwrap();
        screen.styles(Colors::Ansi16).lines().nth(at).unwrap().to_owned()
    };
    assert!(!row(&screen).contains('*'));
    let text = "**bold** words".to_owned();
    let edited = Edited { name: "bob".to_owned(), target: Seq(1), text, mentions: vec![], visible_to: None };
    let mut next = History::default();
    next.events = history;
    screen.net(events(GENERAL, next.push(BOB, edited.into()).events.split_off(1)));
    assert!(screen.text().contains("**bold** words (edited)"), "{}", screen.text());
    assert!(row(&screen).contains("''****''"), "{}", row(&screen));
}

/// Everything that is hard to draw or hostile, said within markup and links, message by message.
#[test]
fn the_terminal_shows_every_frame_of_difficult_and_hostile_messages_with_markup_and_links() {
    let hostile = corpus::INJECTIONS.iter().map(|(_, payload)| *payload);
    let texts: Vec<&str> = corpus::DIFFICULT.iter().copied().chain(hostile).collect();
    for (columns, rows) in SIZES {
        let mut screen = Screen::online(columns, rows, status_of(GENERAL, "general", &[], 0));
        screen.msg(members(GENERAL));
        let mut judge = Judge::new(columns, rows);
        let mut cache = ViewCache::new(Theme::new(Colors::Ansi16, Symbols::Unicode));
        let mut history = History::default();
        for (n, text) in texts.iter().enumerate() {
            let said = match n % 4 {
                0 => format!("**{text}** and _{text}_ at https://a.example/{text}"),
                1 => format!("> {text}\n`{text}` mailto:{text}@a.example {text}"),
                2 => format!("```rust\nlet s = \"{text}\"; // {text}\n```"),
                _ => format!("- {text}\n## {text}\n(https://b.example/?q={text})"),
            };
            history = history.said(if n % 3 == 0 { BOB } else { CAROL }, text, &said);
            screen.net(events(GENERAL, vec![history.events[n].clone()]));
            judge.draw(|frame| draw(&screen.model, &mut cache, frame).links);
            judge.assert_same();
            if n % 9 == 0 {
                screen.keys("<pageup>");
                judge.draw(|frame| draw(&screen.model, &mut cache, frame).links);
                judge.assert_same();
                screen.keys("<alt-end>");
            }
            if n % 9 != 0 {
                let again = judge.draw(|frame| draw(&screen.model, &mut cache, frame).links);
                assert_eq!(again, b"", "{text:?}");
            }
        }
    }
}

#[test]
fn a_link_leads_where_it_says_on_every_row_it_takes_and_in_the_topic() {
    let link = "https://grafana.local/d/edge_node?x=1_2";
    let mut judge = Judge::new(30, 30);
    let screen = marked(30, 30);
    let mut cache = ViewCache::new(Theme::new(Colors::Ansi16, Symbols::Unicode));
    judge.draw(|frame| draw(&screen.model, &mut cache, frame).links);
    judge.assert_same();
    let led: Vec<u16> = (0..30).filter(|y| (0..30).any(|x| judge.leads(x, *y) == Some(link))).collect();
    assert_eq!(led.len(), 2, "{}", screen.text());
    assert_eq!(led[0] + 1, led[1]);

    let history = History::default().created(ALICE, "alice", "Notes: https://wiki.local/rel and more").events;
    let mut screen = Screen::online(80, 24, status_of(GENERAL, "general", &history, 1));
    screen.serve(&history);
    let mut judge = Judge::new(80, 24);
    judge.draw(|frame| draw(&screen.model, &mut cache, frame).links);
    judge.assert_same();
    let column = screen.text().lines().next().unwrap().find("https").unwrap();
    assert_eq!(judge.leads(u16::try_from(column).unwrap(), 0), Some("https://wiki.local/rel"));
    assert_eq!(judge.leads(u16::try_from(column).unwrap() - 1, 0), None);
}
