//! Bindings of the person's own, presets, sequences of keys, and what is shown of them.

#![allow(clippy::unwrap_used)]
#![cfg(feature = "tui")]

mod harness;

use chat_proto::request::JoinRoom;
use chat_proto::{MessageKey, RoomRef};
use chat_tui::tui::core::keymap::{Keymap, Preset};
use chat_tui::tui::core::{Effect, Errand, Msg, Prefs, Server, Tag};
use harness::{BOB, GENERAL, History, SERVER, Screen, status, status_of};

/// A quiet room where these bindings hold: context, keys, action.
fn with(preset: Preset, bindings: &[(&str, &str, &str)]) -> Screen {
    let history = History::default().said(BOB, "bob", "hello").events;
    let mut screen = Screen::online(80, 24, status_of(GENERAL, "general", &history, 1));
    screen.serve(&history);
    let mut keys = Keymap::new(preset);
    for (context, names, action) in bindings {
        keys.bind(context, names, action).unwrap();
    }
    screen.msg(Msg::Prefs(Box::new(Prefs { keys, ..Prefs::default() })));
    screen.wait(1_000).taken();
    screen
}

fn line(screen: &Screen) -> &str {
    screen.model.composer().text()
}

#[test]
fn a_key_that_changes_nothing_in_the_line_does_what_it_does_elsewhere() {
    let mut screen = with(Preset::Default, &[("global", "ctrl-k", "quit")]);
    screen.keys("ab<left><ctrl-k>");
    assert_eq!(line(&screen), "a");
    assert!(!screen.taken().contains(&Effect::Quit));
    screen.keys("<ctrl-k>");
    assert!(screen.taken().contains(&Effect::Quit));
}

#[test]
fn a_sequence_acts_at_its_end_and_not_before() {
    let mut screen = with(Preset::Emacs, &[]);
    screen.keys("ab<ctrl-x>");
    assert!(screen.taken().iter().all(|effect| matches!(effect, Effect::At(SERVER, Errand::Typing { .. }))));
    screen.keys("u");
    assert_eq!(line(&screen), "", "it undid");
    screen.keys("<ctrl-x><ctrl-c>");
    assert!(screen.taken().contains(&Effect::Quit));
}

#[test]
fn what_may_follow_is_shown_when_the_next_key_is_waited_for() {
    let mut screen = with(Preset::Emacs, &[]);
    screen.keys("<ctrl-x>");
    assert!(screen.text().contains("Enter send"), "{}", screen.text());
    screen.wait(450);
    let text = screen.text();
    let hint = text.lines().last().unwrap();
    assert!(hint.starts_with(" Ctrl-X…") && hint.contains("  u undo  "), "{hint}");
    screen.msg(Msg::Resize(80, 12));
    assert!(screen.text().contains("Ctrl-X…"), "without a hint line, where news stands:\n{}", screen.text());
    screen.keys("<esc>");
    assert!(!screen.text().contains("Ctrl-X…"), "{}", screen.text());
}

#[test]
fn a_sequence_that_is_none_says_so_and_types_nothing() {
    let mut screen = with(Preset::Emacs, &[]);
    screen.keys("a<ctrl-x>q");
    assert_eq!(line(&screen), "a");
    assert!(screen.text().contains("ctrl-x q does nothing"), "{}", screen.text());
}

#[test]
fn characters_that_begin_a_sequence_are_text_when_it_does_not_come() {
    let mut screen = with(Preset::Default, &[("composer", "j k", "clear")]);
    screen.keys("aj");
    assert_eq!(line(&screen), "a");
    screen.keys("x");
    assert_eq!(line(&screen), "ajx");
    screen.keys("j").wait(1_100);
    assert_eq!(line(&screen), "ajxj", "nothing came");
    screen.keys("jj");
    assert_eq!(line(&screen), "ajxjj", "the second may still begin one");
    screen.keys("k");
    assert_eq!(line(&screen), "");
}

#[test]
fn help_and_hints_show_the_bindings_in_force() {
    let mut screen = with(Preset::Default, &[("global", "ctrl-q", ""), ("global", "f10", "quit")]);
    screen.msg(Msg::Resize(120, 40));
    assert!(screen.text().contains("F10 leave"), "{}", screen.text());
    screen.keys("<f1>").msg(Msg::Resize(80, 160));
    let text = screen.text();
    assert!(text.contains("f10") && !text.contains("ctrl-q"), "{text}");
    assert!(text.contains("rooms and the rest") && text.contains("writing"), "{text}");
    screen.keys("<esc><ctrl-q>");
    assert!(!screen.taken().contains(&Effect::Quit), "it is bound to nothing");
    screen.keys("<f10>");
    assert!(screen.taken().contains(&Effect::Quit));
}

#[test]
fn a_preset_changes_habits_and_leaves_the_rest() {
    let mut screen = with(Preset::Weechat, &[]);
    screen.keys("one<ctrl-j>");
    let sent = screen.taken().into_iter().find(|effect| matches!(effect, Effect::At(SERVER, Errand::Send { .. })));
    assert!(matches!(&sent, Some(Effect::At(SERVER, Errand::Send { text, .. })) if text == "one"), "{sent:?}");
    screen.keys("<f6>");
    assert_ne!(screen.current(), Some(GENERAL));
    screen.keys("<f5><ctrl-n>");
    assert_ne!(screen.current(), Some(GENERAL), "what it does not change is as ever");
}

#[test]
fn who_only_looks_marks_nothing_sends_nothing_and_tells_nobody() {
    let history = History::default().said(BOB, "bob", "hello").events;
    let mut screen = Screen::online(80, 24, status_of(GENERAL, "general", &history, 0));
    screen.msg(Msg::Prefs(Box::new(Prefs { explore: true, ..Prefs::default() })));
    screen.serve(&history).wait(2_000).keys("words<enter>/join #new<enter>/whois bob<enter>");
    let told = screen.taken();
    let asks = |effect: &Effect| {
        matches!(
            effect,
            Effect::At(SERVER, Errand::Request(..))
                | Effect::Title(_)
                | Effect::At(SERVER, Errand::Focus(_))
                | Effect::Call(_)
        )
    };
    assert!(told.iter().all(asks), "{told:?}");
    assert!(
        told.iter().any(|effect| matches!(effect, Effect::At(SERVER, Errand::Request(..)))),
        "asking is allowed: {told:?}"
    );
    screen.keys("words<enter>");
    assert!(screen.text().contains("you are only looking"), "{}", screen.text());
    screen.msg(Msg::Prefs(Box::default())).keys("words<enter>");
    assert!(screen.taken().iter().any(|effect| matches!(effect, Effect::At(SERVER, Errand::Send { .. }))));
}

#[test]
fn what_is_set_of_the_screen_is_seen_at_once() {
    let mut screen = with(Preset::Default, &[]);
    screen.msg(Msg::Resize(120, 24));
    assert!(screen.text().contains("11:50") && screen.text().contains("│ hello"), "{}", screen.text());
    let prefs = Prefs { hints: false, clock: chat_tui::tui::core::time::Clock::Hours12, ..Prefs::default() };
    let panes = chat_tui::tui::core::geometry::Panes { rooms: Some(false), ..Default::default() };
    screen.msg(Msg::Prefs(Box::new(Prefs { panes, typing: false, ..prefs })));
    let text = screen.text();
    assert!(text.contains("11:50a") && !text.contains("F1 help") && !text.contains("#random"), "{text}");
    screen.taken();
    screen.keys("x");
    assert_eq!(screen.taken(), [], "nobody is told");
}

#[test]
fn rooms_to_be_in_are_joined_and_only_the_first_is_opened() {
    let history = History::default().said(BOB, "bob", "hello").events;
    let rooms = ["general", "dev", "#new"].map(str::to_owned);
    let mut screen = Screen::at(Server::new("chat.example.org", "alice", rooms), 80, 24);
    screen.welcome(vec![status_of(GENERAL, "general", &history, 1), status(harness::DEV, "dev", 3, 3)]);
    assert_eq!(screen.current(), Some(GENERAL));
    let joins = |effect: &Effect| matches!(effect, Effect::At(SERVER, Errand::Request(Tag::Join(_), _)));
    let joined: Vec<Effect> = screen.taken().into_iter().filter(joins).collect();
    let (key, room) = (MessageKey::default(), RoomRef::Name("new".to_owned()));
    let join = JoinRoom { key, room, create: true };
    assert_eq!(joined, [Effect::At(SERVER, Errand::Request(Tag::Join("new".to_owned()), join.into()))]);
}

#[test]
fn many_pasted_lines_are_asked_about_once_and_few_are_not() {
    let mut screen = with(Preset::Default, &[]);
    let sent = |screen: &mut Screen| {
        screen.taken().iter().filter(|effect| matches!(effect, Effect::At(SERVER, Errand::Send { .. }))).count()
    };
    screen.msg(Msg::Paste("a\nb\nc\nd\ne\n".to_owned())).keys("<enter>");
    assert_eq!(sent(&mut screen), 1, "five are few");
    screen.msg(Msg::Paste("a\nb\nc\nd\ne\nf\n".to_owned())).keys("<enter>");
    assert_eq!(sent(&mut screen), 0);
    assert!(screen.text().contains("6 lines were pasted; Enter again sends them as one message"), "{}", screen.text());
    screen.keys("x<enter>");
    assert_eq!(sent(&mut screen), 0, "another key takes the answer back");
    screen.keys("<enter>");
    assert_eq!(sent(&mut screen), 1);
    screen.keys("a<alt-enter>b<alt-enter>c<alt-enter>d<alt-enter>e<alt-enter>f<enter>");
    assert_eq!(sent(&mut screen), 1, "what was typed was meant");
}

#[test]
fn a_line_sent_before_is_found_by_its_words_and_taken_or_left() {
    let mut screen = with(Preset::Default, &[]);
    screen.keys("first words<enter>second words<enter>third<enter><ctrl-n>draft<ctrl-r>words");
    assert_eq!(line(&screen), "second words", "from another room too");
    assert!(screen.text().contains("a line sent before with: words"), "{}", screen.text());
    screen.keys("<ctrl-r>");
    assert_eq!(line(&screen), "first words");
    screen.keys("<ctrl-r>x");
    assert!(screen.text().contains("no line sent before has: wordsx"), "{}", screen.text());
    screen.keys("<esc>");
    assert_eq!(line(&screen), "draft", "left, and nothing is lost");
    screen.taken();
    screen.keys("<ctrl-r>FIRST<enter>");
    assert_eq!(line(&screen), "first words", "taken, and not yet sent");
    assert!(!screen.taken().iter().any(|effect| matches!(effect, Effect::At(SERVER, Errand::Send { .. }))));
    screen.keys("<ctrl-c><ctrl-up><ctrl-up><ctrl-down>");
    assert_eq!(line(&screen), "third");
}

#[test]
fn a_command_being_written_shows_what_may_follow() {
    let mut screen = with(Preset::Default, &[]);
    screen.keys("/unse");
    assert!(screen.text().contains("/unset setting"), "{}", screen.text());
    assert_eq!(line(&screen), "/unse");
    screen.keys("<left>");
    assert!(!screen.text().contains("/unset setting"), "{}", screen.text());
}
