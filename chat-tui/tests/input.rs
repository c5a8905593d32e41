//! Lines that programs give, beside a person who reads and writes.

#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]
#![cfg(feature = "tui")]

mod harness;

use chat_proto::limits::POST_BYTES_MAX;
use chat_proto::{Seq, Style};
use chat_tui::tui::core::{Effect, Errand, Intent, Msg, Prefs};
use harness::{ALICE, History, Screen, long_history};

/// What was said, how, and to what it answers.
fn said(screen: &mut Screen) -> Vec<(Style, String, Option<Seq>)> {
    let said = screen.taken().into_iter().filter_map(|effect| match effect {
        Effect::At(_, Errand::Send { style, text, reply_to, .. }) => Some((style, text, reply_to)),
        _ => None,
    });
    said.collect()
}

fn intent(screen: &Screen) -> Intent {
    screen.model.room().unwrap().intent
}

#[test]
fn a_line_is_said_and_who_reads_and_writes_goes_on_where_he_was() {
    let mut screen = Screen::reading(&long_history(100));
    // An answer to a message further up, half written.
    screen.keys("<esc>kkkrhalf a thou<pageup>").taken();
    let (meant, shown) = (intent(&screen), screen.text());
    assert!(matches!(meant, Intent::Reply(_)), "{meant:?}");
    assert_eq!(screen.input("the build is green\n"), Ok(()));
    assert_eq!(screen.input("/me waves"), Ok(()));
    assert_eq!(screen.input("//slashed"), Ok(()));
    let expected = [(Style::Text, "the build is green"), (Style::Action, "waves"), (Style::Text, "/slashed")];
    assert_eq!(said(&mut screen), expected.map(|(style, text)| (style, text.to_owned(), None)));
    assert_eq!((intent(&screen), screen.text()), (meant, shown));
    screen.keys("ght<enter>");
    assert!(matches!(&said(&mut screen)[..], [(Style::Text, text, Some(_))] if text.ends_with("half a thought")));
}

#[test]
fn a_command_that_needs_the_line_has_it_only_while_nothing_is_written_there() {
    let mut screen =
        Screen::reading(&History::default().created(ALICE, "alice", "").said(ALICE, "alice", "wrods").events);
    screen.keys("begun");
    assert_eq!(screen.input("/edit"), Err("something is being written there; it stays".to_owned()));
    assert_eq!((screen.model.composer().text(), intent(&screen)), ("begun", Intent::Say));
    screen.keys("<ctrl-u>");
    assert_eq!(screen.input("/edit"), Ok(()));
    assert_eq!((screen.model.composer().text(), intent(&screen)), ("wrods", Intent::Edit(Seq(2))));
    // Those words are not taken for what a program says, nor the other way round.
    assert_eq!(screen.input("done"), Ok(()));
    assert_eq!(said(&mut screen), [(Style::Text, "done".to_owned(), None)]);
    assert_eq!((screen.model.composer().text(), intent(&screen)), ("wrods", Intent::Edit(Seq(2))));
}

#[test]
fn what_is_wrong_with_a_line_is_said_to_the_program_and_nothing_is_done() {
    let mut screen = Screen::reading(&long_history(3));
    for wrong in ["", " \n ", "/jion #x", "/goto nowhere at all", &"x".repeat(POST_BYTES_MAX + 1)] {
        assert!(screen.input(wrong).is_err(), "{wrong}");
    }
    assert_eq!((screen.taken().len(), screen.notice()), (0, ""));
    screen.msg(Msg::Prefs(Box::new(Prefs { explore: true, ..Prefs::default() }))).taken();
    assert!(screen.input("hello").unwrap_err().contains("only looking"));
    assert_eq!(said(&mut screen), []);
    assert!(Screen::new(80, 24).input("hello").unwrap_err().contains("no room is open"));
}
