//! What is done to messages after they were written: edits, reactions, pins and removals, seen where the message stands.

#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]
#![cfg(feature = "tui")]

mod harness;

use chat_proto::event::{Edited, EventBody, Named, Pinned, PostedWith, Purged, Reacted, Redacted, Style};
use chat_proto::reply::{Fold, FoldList, Reaction};
use chat_proto::{AccountId, Anchor, Attached, Event, FeedStatus, FileHash, Reply, Request, Seq, Timestamp};
use chat_tui::client::{ClientEvent, LinkState};
use chat_tui::tui::core::time::Zone;
use chat_tui::tui::core::timeline::{Pane, Scope, Timeline, Wraps};
use chat_tui::tui::core::{Effect, Errand, Msg, Tag};
use harness::{ALICE, BOB, CAROL, GENERAL, History, SERVER, Screen, events, key, page, status_of};

fn edited(target: u64, text: &str) -> EventBody {
    let (name, text, mentions) = ("bob".to_owned(), text.to_owned(), Vec::new());
    Edited { name, target: Seq(target), text, mentions, visible_to: None }.into()
}

fn reacted(target: u64, emoji: &str, on: bool) -> EventBody {
    Reacted { name: "x".to_owned(), target: Seq(target), emoji: emoji.to_owned(), on, visible_to: None }.into()
}

fn redacted(target: u64) -> EventBody {
    Redacted { name: "carol".to_owned(), target: Seq(target), reason: String::new() }.into()
}

fn talk() -> History {
    History::default()
        .created(ALICE, "alice", "")
        .said(BOB, "bob", "the first words")
        .after(10)
        .said(CAROL, "carol", "other words")
        .after(10)
        .said(BOB, "bob", "the last words")
}

/// A screen that has read everything so far.
fn screen(history: &History) -> Screen {
    let all = &history.events;
    let mut screen = Screen::online(80, 24, status_of(GENERAL, "general", all, all.len() as u64));
    screen.serve(all);
    screen
}

/// What comes behind what the screen has.
fn live(screen: &mut Screen, history: History, deed: impl FnOnce(History) -> History) -> History {
    let before = history.events.len();
    let history = deed(history);
    screen.net(events(GENERAL, history.events[before..].to_vec()));
    history
}

fn loaded(screen: &Screen) -> Vec<Event> {
    screen.model.room().unwrap().timeline.events().cloned().collect()
}

#[test]
fn an_edit_shows_the_newest_words_where_the_message_stands() {
    let mut screen = screen(&talk());
    live(&mut screen, talk(), |history| {
        history.push(BOB, edited(2, "wrong words")).push(BOB, edited(2, "better words"))
    });
    let text = screen.text();
    assert!(text.contains("better words (edited)"), "{text}");
    assert!(!text.contains("the first words") && !text.contains("wrong words"), "{text}");
    let at = |words: &str| text.lines().position(|line| line.contains(words)).unwrap();
    assert!(at("better words") < at("other words"), "{text}");
}

#[test]
fn reactions_stand_below_the_message_and_ones_own_is_marked() {
    let mut screen = screen(&talk());
    let history = live(&mut screen, talk(), |history| {
        history
            .push(CAROL, reacted(2, "👍", true))
            .push(ALICE, reacted(2, "👍", true))
            .push(CAROL, reacted(2, "ok", true))
    });
    let text = screen.text();
    assert!(text.contains("[👍 2]  ok 1"), "{text}");
    let at = |words: &str| text.lines().position(|line| line.contains(words)).unwrap();
    assert_eq!(at("[👍 2]"), at("the first words") + 1, "{text}");
    live(&mut screen, history, |history| {
        history
            .push(ALICE, reacted(2, "👍", false))
            .push(CAROL, reacted(2, "ok", false))
            .push(ALICE, Pinned { name: "alice".to_owned(), target: Seq(2), on: true }.into())
    });
    let text = screen.text();
    assert!(text.contains("👍 1") && !text.contains("[👍") && !text.contains("ok "), "{text}");
    assert!(text.contains("the first words (pinned)"), "{text}");
}

#[test]
fn removed_words_are_neither_shown_nor_kept() {
    let mut screen = screen(&talk());
    let history = live(&mut screen, talk(), |history| history.push(BOB, edited(2, "secret words")));
    live(&mut screen, history, |history| history.push(CAROL, redacted(2)));
    let text = screen.text();
    assert_eq!(text.matches("message removed").count(), 1, "{text}");
    assert!(text.contains("the last words"), "{text}");
    let kept = format!("{:?}", loaded(&screen));
    assert!(!kept.contains("secret words") && !kept.contains("the first words"), "{kept}");
}

#[test]
fn a_purge_takes_all_of_one_persons_words() {
    let mut screen = screen(&talk());
    let who = Named { account: BOB, name: "bob".to_owned() };
    let purged = Purged { name: "alice".to_owned(), who, up_to: Seq(4), reason: String::new() };
    live(&mut screen, talk(), |history| history.push(ALICE, purged.into()).said(BOB, "bob", "I am sorry"));
    let text = screen.text();
    assert_eq!(text.matches("message removed").count(), 2, "{text}");
    assert!(text.contains("other words") && text.contains("I am sorry"), "{text}");
}

#[test]
fn a_page_that_was_read_before_a_removal_and_comes_after_it_shows_nothing_of_it() {
    let history = talk();
    let all = &history.events;
    let mut screen = Screen::online(80, 24, status_of(GENERAL, "general", all, 4));
    let fetches = screen.fetches();
    assert!(!fetches.is_empty());
    live(&mut screen, talk(), |history| history.push(CAROL, redacted(2)));
    for (room, at) in fetches {
        screen.msg(Msg::Page(key(room), at, Ok(page(room, all, at, 200))));
    }
    assert!(!format!("{:?}", loaded(&screen)).contains("the first words"));
}

#[test]
fn texts_that_were_wrapped_before_an_edit_are_wrapped_anew() {
    let (zone, mut wraps, mut timeline) = (Zone::UTC, Wraps::default(), Timeline::default());
    let pane = Pane { room: key(GENERAL), height: 10, width: 60, compact: false };
    let scope = Scope { zone: &zone, ruler: None, me: ALICE };
    let texts = |timeline: &Timeline, wraps: &mut Wraps| format!("{:?}", timeline.layout(pane, scope, wraps).lines);
    let history = talk().push(BOB, edited(2, "better words")).push(CAROL, redacted(2));
    timeline.insert(history.events[..4].to_vec());
    assert!(texts(&timeline, &mut wraps).contains("the first words"));
    timeline.insert(history.events[4..5].to_vec());
    assert!(texts(&timeline, &mut wraps).contains("better words"));
    timeline.insert(history.events[5..].to_vec());
    assert!(texts(&timeline, &mut wraps).contains("message removed"));
}

fn folds_asked(screen: &mut Screen) -> Vec<(Seq, Seq)> {
    let asked = screen.taken().into_iter().filter_map(|effect| match effect {
        Effect::At(SERVER, Errand::Request(Tag::Folds(..), Request::ListFolds(asked))) => Some((asked.from, asked.to)),
        _ => None,
    });
    asked.collect()
}

#[test]
fn of_messages_read_from_history_is_asked_what_was_done_to_them() {
    let history = talk();
    let mut screen = Screen::online(80, 24, status_of(GENERAL, "general", &history.events, 4));
    for (room, at) in screen.fetches() {
        screen.msg(Msg::Page(key(room), at, Ok(page(room, &history.events, at, 200))));
    }
    assert_eq!(folds_asked(&mut screen), [(Seq(1), Seq(4))]);
    let fold = Fold {
        target: Seq(3),
        seq: Seq(90),
        text: Some("words of another day".to_owned()),
        edited_at: Timestamp(0),
        revision: 1,
        reactions: vec![Reaction { emoji: "🎉".to_owned(), by: vec![AccountId(9)], count: 3 }],
        pinned: true,
    };
    let list = FoldList { room: GENERAL, folds: vec![fold] };
    screen.msg(Msg::Answer(SERVER, Tag::Folds(GENERAL, Seq(1), Seq(4)), Ok(Reply::FoldList(list))));
    let text = screen.text();
    assert!(text.contains("words of another day (edited) (pinned)") && text.contains("🎉 3"), "{text}");
}

#[test]
fn what_could_not_be_asked_is_asked_when_the_connection_is_back() {
    let history = talk();
    let mut screen = screen(&history);
    let _ = screen.taken();
    let waiting = LinkState::Waiting { retry_in: std::time::Duration::from_secs(1), reason: "gone".to_owned() };
    screen.net(ClientEvent::Link(waiting));
    screen.msg(Msg::Answer(SERVER, Tag::Folds(GENERAL, Seq(1), Seq(4)), Err("gone".to_owned())));
    assert_eq!(folds_asked(&mut screen), []);
    screen.welcome(vec![status_of(GENERAL, "general", &history.events, 4)]);
    assert_eq!(folds_asked(&mut screen), [(Seq(1), Seq(4))]);
}

#[test]
fn behind_a_gap_everything_that_is_shown_is_read_anew() {
    let history = talk();
    let mut screen = screen(&history);
    let _ = screen.taken();
    let status = status_of(GENERAL, "general", &history.events, 4);
    screen.welcome(vec![status.clone()]);
    assert_eq!(screen.fetches(), [], "nothing was left out");
    screen.welcome(vec![FeedStatus { head: Seq(900), next: Seq(901), ..status }]);
    assert!(screen.fetches().contains(&(GENERAL, Anchor::After(Seq(0)))));
    let mut anew = history.events;
    anew[1].body = chat_proto::event::Erased { kind: 4 }.into();
    screen.msg(Msg::Page(key(GENERAL), Anchor::After(Seq(0)), Ok(page(GENERAL, &anew, Anchor::After(Seq(0)), 200))));
    assert!(!format!("{:?}", loaded(&screen)).contains("the first words"));
}

fn with_file(text: &str) -> EventBody {
    let (name, media_type) = ("flame\u{1b}[31m.svg".to_owned(), "image/svg+xml".to_owned());
    let file = Attached { name, media_type, size: 421_888, hash: FileHash([1; 32]) };
    let (name, text) = ("bob".to_owned(), text.to_owned());
    PostedWith { name, style: Style::Text, text, mentions: Vec::new(), extras: vec![file.into()] }.into()
}

#[test]
fn a_file_is_a_line_behind_its_caption_or_in_its_place() {
    const FILE: &str = "file: flame␛[31m.svg 412 KB";
    let history = talk().push(BOB, with_file("the profile")).after(10).push(CAROL, with_file("flame\u{1b}[31m.svg"));
    let mut screen = screen(&history);
    let rows = |screen: &Screen| screen.text().lines().map(|row| row.trim().to_owned()).collect::<Vec<_>>();
    let all = rows(&screen);
    let at = |words: &str| all.iter().position(|row| row.contains(words)).unwrap();
    assert!(all[at("the profile") + 1].contains(FILE), "{all:#?}");
    assert_eq!(all.iter().filter(|row| row.contains("flame")).count(), 2, "a name that is no caption is said once");
    let history = live(&mut screen, history, |history| history.push(BOB, edited(5, "where the time goes")));
    live(&mut screen, history, |history| history.push(CAROL, reacted(5, "+1", true)));
    let all = rows(&screen);
    let at = |words: &str| all.iter().position(|row| row.contains(words)).unwrap();
    let edited = at("where the time goes (edited)");
    assert!(all[edited + 1].contains(FILE) && all[edited + 2].contains("+1 1"), "{all:#?}");
    screen.msg(Msg::Resize(30, 24));
    assert!(screen.text().contains("412 KB"), "{}", screen.text());
}
