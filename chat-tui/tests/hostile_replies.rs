//! Whatever a server answers to whatever was asked, with what drives terminals in every text of it, is drawn as text.
#![cfg(all(unix, feature = "tui"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::wildcard_enum_match_arm)]

#[allow(dead_code)]
mod corpus;
mod harness;
mod judge;
mod poison;

use chat_proto::Seq;
use chat_proto::event::List;
use chat_tui::tui::core::command::Ask;
use chat_tui::tui::core::{Effect, Errand, Msg, Tag};
use chat_tui::tui::term::caps::{Colors, Symbols};
use chat_tui::tui::view::{Theme, ViewCache, draw};
use harness::{GENERAL, SERVER, Screen, long_history, members, status_of};
use judge::Judge;
use poison::Poisoner;
use poison::wire::samples;

/// What a reply may be the answer to.
fn tags() -> Vec<Tag> {
    let name = || "bob".to_owned();
    let asks = [
        Ask::Details,
        Ask::Why { action: "kick".to_owned(), user: Some(name()) },
        Ask::List(List::Banned),
        Ask::Pins,
        Ask::Audit,
        Ask::Mentions,
        Ask::Rooms,
        Ask::Profile(name()),
        Ask::Sessions,
        Ask::Direct { people: vec![name()], text: "x".to_owned(), go: false },
    ];
    let other = [Tag::Members(GENERAL), Tag::Join(name()), Tag::Leave(GENERAL), Tag::Whois(name()), Tag::Seen(name())];
    let more = [Tag::Nicks, Tag::Nick, Tag::Called, Tag::Done("done"), Tag::Edit(GENERAL, Seq(1), "x".to_owned())];
    asks.map(Tag::Ask)
        .into_iter()
        .chain(other)
        .chain(more)
        .chain([Tag::Send(GENERAL, name()), Tag::Find(0), Tag::Thread(GENERAL, Seq(1))])
        .collect()
}

/// The tag of a question that waits for its answer.
fn asked(screen: &mut Screen, tag: &Tag) -> Tag {
    if !matches!(tag, Tag::Find(_)) {
        return tag.clone();
    }
    if screen.model.selected.is_some() {
        screen.keys("<esc>");
    }
    screen.taken();
    screen.keys("/search x<enter>").wait(1_000);
    let found = screen.taken().into_iter().find_map(|effect| match effect {
        Effect::At(_, Errand::Request(tag @ Tag::Find(_), _)) => Some(tag),
        _ => None,
    });
    found.unwrap()
}

#[test]
fn whatever_answers_whatever_is_drawn_as_text() {
    let poisoner = Poisoner::new();
    let history = long_history(5);
    let mut cache = ViewCache::new(Theme::new(Colors::Ansi16, Symbols::Unicode));
    for (tag, n) in tags().into_iter().zip(0..) {
        let mut screen = Screen::online(90, 30, status_of(GENERAL, "general", &history, 5));
        screen.serve(&history).msg(members(GENERAL));
        let mut judge = Judge::new(90, 30);
        let payloads = corpus::INJECTIONS.iter().map(|(_, payload)| *payload).cycle().skip(n * 7);
        for (reply, payload) in samples::replies().into_iter().zip(payloads) {
            screen.keys("<esc><esc>");
            let tag = asked(&mut screen, &tag);
            screen.msg(Msg::Answer(SERVER, tag, Ok(poisoner.poison("Reply", &reply, payload))));
            judge.draw(|frame| draw(&screen.model, &mut cache, frame).links);
            judge.assert_same();
        }
    }
}
