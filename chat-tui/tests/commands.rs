//! Slash commands that ask the server, and what is made of the answers; choosing messages, rooms and reactions.

#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]
#![cfg(feature = "tui")]

mod harness;

use chat_proto::event::{List, Named, Posted, PostedWith, Reacted, ReplyTo, Style};
use chat_proto::reply::{Explained, ListEntries, ListEntry, Reject, RejectCode, RoomDetails, RoomInfo};
use chat_proto::request::{Edit, Forward, Kick, Pin, PutOnList, React, Redact, UserRef};
use chat_proto::search::{Search, SearchHit, SearchHits};
use chat_proto::setting::{SlowMode, Topic};
use chat_proto::{
    Anchor, Epoch, Event, EventBody, MessageKey, Notify, Ordinal, Reply, Request, Role, RoomId, Seq, Timestamp,
};
use chat_tui::client::{ClientEvent, Outgoing};
use chat_tui::tui::core::{Effect, Errand, Intent, Msg, Tag};
use harness::{
    ALICE, BOB, CAROL, DEV, GENERAL, History, MORNING, SERVER, Screen, events, key, long_history, members, page,
    status_of,
};

const NO_KEY: MessageKey = MessageKey([0; 16]);

fn talk() -> History {
    History::default()
        .created(ALICE, "alice", "")
        .said(BOB, "bob", "the first words")
        .after(10)
        .said(ALICE, "alice", "my own wrods")
        .after(10)
        .said(CAROL, "carol", "the last words")
}

fn screen() -> Screen {
    let all = talk().events;
    let mut screen = Screen::online(80, 24, status_of(GENERAL, "general", &all, all.len() as u64));
    screen.serve(&all).msg(members(GENERAL));
    screen.wait(1_000).taken();
    screen
}

/// What was asked of the server since the last look.
fn asked(screen: &mut Screen) -> Vec<Request> {
    let requests = screen.taken().into_iter().filter_map(|effect| match effect {
        Effect::At(SERVER, Errand::Request(_, request)) => Some(request),
        _ => None,
    });
    requests.collect()
}

fn tag(screen: &mut Screen) -> Tag {
    let mut tags = screen.taken().into_iter().filter_map(|effect| match effect {
        Effect::At(SERVER, Errand::Request(tag, _)) => Some(tag),
        _ => None,
    });
    tags.next_back().unwrap()
}

fn notice(screen: &Screen) -> &str {
    screen.model.notice.as_ref().map_or("", |notice| &notice.text)
}

fn bob() -> UserRef {
    UserRef::Name("bob".to_owned())
}

#[test]
fn moderation_is_asked_for_in_the_room_that_is_open() {
    let mut screen = screen();
    let (key, room, reason) = (NO_KEY, GENERAL, "too loud".to_owned());
    screen.keys("/kick @bob too loud<enter>");
    assert_eq!(asked(&mut screen), [Kick { key, room, user: bob(), reason: reason.clone() }.into()]);
    screen.keys("/ban bob -time 2h too loud<enter>");
    let until = Some(Timestamp(MORNING + 2 * 3_600 * 1_000_000));
    let ban = PutOnList { key, room, user: bob(), list: List::Banned, until, reason };
    assert_eq!(asked(&mut screen), [ban.into()]);
    screen.keys("/slow 30s<enter>");
    assert!(
        matches!(&asked(&mut screen)[..], [Request::ChangeRoom(it)] if it.changes == [SlowMode { seconds: 30 }.into()])
    );
    screen.keys("/topic what we build<enter>");
    let topic = Topic { text: "what we build".to_owned() };
    assert!(matches!(&asked(&mut screen)[..], [Request::ChangeRoom(it)] if it.changes == [topic.into()]));
    screen.keys("/room join invited<enter>");
    assert!(matches!(&asked(&mut screen)[..], [Request::ChangeRoom(it)] if it.changes.len() == 1));
    screen.keys("/room colour red<enter>");
    assert_eq!(asked(&mut screen), []);
    assert!(notice(&screen).contains("there is no setting \"colour\""), "{}", notice(&screen));
    assert_eq!(screen.model.composer().text(), "/room colour red", "a line that is wrong stays");
    screen.keys("<ctrl-u>/room empty_for_s nine<enter>");
    assert!(notice(&screen).contains("empty_for_s is a whole number, or null"), "{}", notice(&screen));
}

#[test]
fn a_room_is_deleted_only_by_its_name() {
    let mut screen = screen();
    screen.keys("/destroy #dev<enter>");
    assert_eq!(asked(&mut screen), []);
    assert!(notice(&screen).contains("nothing was deleted"));
    screen.keys("<ctrl-u>/destroy #general<enter>");
    assert!(matches!(&asked(&mut screen)[..], [Request::DeleteRoom(it)] if it.room == GENERAL));
}

#[test]
fn answers_are_told_as_a_word_or_shown_as_lines() {
    let mut screen = screen();
    screen.keys("/mute bob<enter>");
    let muted = tag(&mut screen);
    screen.msg(Msg::Answer(SERVER, muted.clone(), Ok(Reply::Done(chat_proto::reply::Done {}))));
    assert_eq!(notice(&screen), "bob is muted");
    let reject = Reject::new(RejectCode::Forbidden, "only moderators may mute; ask one");
    screen.msg(Msg::Answer(SERVER, muted, Ok(Reply::Reject(reject))));
    assert!(notice(&screen).contains("only moderators"));
    screen.keys("/ban<enter>");
    let entry = ListEntry {
        who: Named { account: BOB, name: "bob".to_owned() },
        until: None,
        reason: "too loud".to_owned(),
        by: ALICE,
        since: Timestamp(MORNING),
    };
    let list = ListEntries { list: List::Banned, entries: vec![entry], more: false };
    let tag_of_list = tag(&mut screen);
    screen.msg(Msg::Answer(SERVER, tag_of_list, Ok(Reply::ListEntries(list))));
    let text = screen.text();
    assert!(text.contains("banned") && text.contains("bob") && text.contains("(too loud)"), "{text}");
    screen.keys("<esc>/room<enter>");
    let details = RoomDetails {
        room: GENERAL,
        name: "general".to_owned(),
        owner: Some(Named { account: ALICE, name: "alice".to_owned() }),
        role: Some(Role::Owner),
        settings: vec![Topic { text: "what we build".to_owned() }.into()],
        rights: vec!["post".to_owned(), "kick".to_owned()],
    };
    let details_tag = tag(&mut screen);
    screen.msg(Msg::Answer(SERVER, details_tag, Ok(Reply::RoomDetails(details))));
    let text = screen.text();
    assert!(text.contains("you may  post kick") && text.contains("topic          what we build"), "{text}");
    screen.keys("<esc>/why post<enter>");
    let why = tag(&mut screen);
    let refusal = Some(Reject::new(RejectCode::Muted, "you are muted until noon"));
    screen.msg(Msg::Answer(SERVER, why, Ok(Reply::Explained(Explained { refusal }))));
    assert!(screen.text().contains("you are muted until noon"));
}

#[test]
fn what_one_wrote_is_mended_removed_and_reacted_to_by_commands() {
    let mut screen = screen();
    screen.keys("s/wrods/words/<enter>");
    let (key, room) = (NO_KEY, GENERAL);
    let edit = Edit { key, room, target: Seq(3), text: "my own words".to_owned() };
    assert_eq!(asked(&mut screen), [edit.into()]);
    screen.keys("s/nothing of that/x/<enter>");
    assert!(notice(&screen).contains("has no"));
    screen.keys("<ctrl-u>/delete<enter>");
    assert_eq!(asked(&mut screen), [Redact { key, room, target: Seq(3), reason: String::new() }.into()]);
    screen.keys("/react 👍<enter>");
    assert_eq!(asked(&mut screen), [React { key, room, target: Seq(4), emoji: "👍".to_owned(), on: true }.into()]);
    screen.keys("/pin #2<enter>");
    assert_eq!(asked(&mut screen), [Pin { key, room, target: Seq(2), on: true }.into()]);
    screen.keys("/forward #2 #dev<enter>");
    assert_eq!(asked(&mut screen), [Forward { key, room, target: Seq(2), to: DEV }.into()]);
    screen.keys("/reply #2 indeed<enter>");
    let reply = Effect::At(
        SERVER,
        Errand::Send { room, style: Style::Text, text: "indeed".to_owned(), reply_to: Some(Seq(2)) },
    );
    assert!(screen.taken().contains(&reply));
}

#[test]
fn an_edit_that_is_refused_comes_back_to_the_line() {
    let mut screen = screen();
    screen.keys("/edit<enter>");
    assert_eq!(screen.model.composer().text(), "my own wrods");
    assert!(screen.text().contains("editing alice"), "{}", screen.text());
    screen.keys("<backspace><backspace><backspace><backspace><backspace>words /shrug<enter>");
    let edit = tag(&mut screen);
    assert_eq!(edit, Tag::Edit(GENERAL, Seq(3), "my own words /shrug".to_owned()));
    assert_eq!((screen.model.composer().text(), screen.model.room().unwrap().intent), ("", Intent::Say));
    screen.msg(Msg::Answer(SERVER, edit, Err("the connection broke".to_owned())));
    assert_eq!(screen.model.composer().text(), "my own words /shrug");
    assert_eq!(screen.model.room().unwrap().intent, Intent::Edit(Seq(3)));
    screen.keys("<esc>");
    assert_eq!((screen.model.composer().text(), screen.model.room().unwrap().intent), ("", Intent::Say));
}

#[test]
fn messages_are_chosen_by_letters_and_any_other_goes_on_writing() {
    let mut screen = screen();
    screen.keys("<esc>");
    assert_eq!(screen.model.selected, Some(Seq(4)));
    screen.keys("kk");
    assert_eq!(screen.model.selected, Some(Seq(2)), "k goes to the message before, past what is none");
    screen.keys("k");
    assert_eq!(screen.model.selected, Some(Seq(2)), "there is none before");
    screen.keys("r");
    assert_eq!((screen.model.selected, screen.model.room().unwrap().intent), (None, Intent::Reply(Seq(2))));
    assert!(screen.text().contains("answering bob: the first words"), "{}", screen.text());
    assert_eq!(screen.model.composer().text(), "@bob ", "who is answered hears of it");
    screen.keys("yes<enter>");
    let reply = Effect::At(
        SERVER,
        Errand::Send { room: GENERAL, style: Style::Text, text: "@bob yes".to_owned(), reply_to: Some(Seq(2)) },
    );
    assert!(screen.taken().contains(&reply));
    assert_eq!(screen.model.room().unwrap().intent, Intent::Say);
    screen.keys("<esc>x");
    assert_eq!((screen.model.selected, screen.model.composer().text()), (None, "x"), "an unbound letter is written");
    screen.keys("<ctrl-u><esc>j");
    assert_eq!(screen.model.selected, None, "below the newest message there is the line");
}

#[test]
fn a_message_is_removed_when_the_key_came_twice() {
    let mut screen = screen();
    screen.keys("<esc>d");
    assert_eq!(asked(&mut screen), []);
    assert!(notice(&screen).contains("again"));
    screen.keys("kd");
    assert_eq!(asked(&mut screen), [], "another message was asked for");
    screen.keys("d");
    assert!(matches!(&asked(&mut screen)[..], [Request::Redact(it)] if it.target == Seq(3)));
    screen.keys("d").wait(6_000).keys("d");
    assert_eq!(asked(&mut screen), [], "it waits only a moment");
}

#[test]
fn only_ones_own_words_are_edited() {
    let mut screen = screen();
    screen.keys("<esc>e");
    assert!(notice(&screen).contains("your own"), "{}", notice(&screen));
    screen.keys("ke");
    assert_eq!(screen.model.composer().text(), "my own wrods");
    assert_eq!(screen.model.room().unwrap().intent, Intent::Edit(Seq(3)));
}

#[test]
fn a_reaction_is_picked_or_typed_and_the_same_again_takes_it_back() {
    let mut screen = screen();
    screen.keys("<esc>+rocket");
    assert!(screen.text().contains("rocket ship"), "{}", screen.text());
    screen.keys("<enter>");
    assert!(
        matches!(&asked(&mut screen)[..], [Request::React(it)] if it.emoji == "🚀" && it.on && it.target == Seq(4))
    );
    screen.keys("+lgtm<enter>");
    assert!(matches!(&asked(&mut screen)[..], [Request::React(it)] if it.emoji == "lgtm"));
    let reacted =
        Reacted { name: "alice".to_owned(), target: Seq(4), emoji: "🚀".to_owned(), on: true, visible_to: None };
    let history = talk().push(ALICE, reacted.into());
    screen.net(events(GENERAL, history.events[4..].to_vec()));
    screen.keys("=");
    assert!(matches!(&asked(&mut screen)[..], [Request::React(it)] if it.emoji == "🚀" && !it.on));
}

#[test]
fn choosing_goes_on_where_the_history_does() {
    let history = long_history(1_000);
    let mut screen = Screen::online(80, 24, status_of(GENERAL, "general", &history, 1_000));
    screen.serve(&history).keys("<esc>");
    let mut before = screen.model.selected.unwrap();
    for _ in 0..400 {
        screen.keys("k").serve(&history);
        let now = screen.model.selected.unwrap();
        assert_eq!(now, before.prev());
        let words = format!("message {now}");
        let text = screen.text();
        let shown = |line: &str| line.ends_with(&words) || line.contains(&format!("{words} "));
        assert!(text.lines().any(shown), "{words} is chosen and not shown:\n{text}");
        before = now;
    }
    screen.keys("G");
    assert_eq!(screen.model.selected, Some(Seq(1_000)));
}

#[test]
fn what_is_answered_stands_above_the_answer_also_when_it_comes_later() {
    let extras = vec![ReplyTo { target: Seq(2) }.into()];
    let answer = PostedWith {
        name: "carol".to_owned(),
        style: Style::Text,
        text: "I agree".to_owned(),
        mentions: Vec::new(),
        extras,
    };
    let history = talk().push(CAROL, answer.into()).events;
    let mut screen = Screen::online(80, 24, status_of(GENERAL, "general", &history, 5));
    screen.serve(&history);
    let text = screen.text();
    let at = |words: &str| text.lines().position(|line| line.contains(words)).unwrap();
    assert_eq!(at("> bob: the first words") + 1, at("I agree"), "{text}");
    for (columns, rows) in [(50, 15), (24, 15), (80, 24)] {
        screen.msg(Msg::Resize(columns, rows));
        let text = screen.text();
        let at = |words: &str| text.lines().position(|line| line.contains(words)).unwrap();
        assert_eq!(at("> bob: ") + 1, at("I agree"), "what is answered takes one row: {text}");
    }
    screen.keys("<esc><enter>");
    assert_eq!(screen.model.selected, Some(Seq(2)));
    let mut screen = Screen::online(80, 24, status_of(GENERAL, "general", &history, 5));
    let mut tail = page(GENERAL, &history[4..], Anchor::Before(Seq::MAX), 200);
    tail.more_before = true;
    screen.msg(Msg::Page(key(GENERAL), Anchor::Before(Seq::MAX), Ok(tail)));
    assert!(screen.text().contains("> message #2"), "{}", screen.text());
    screen.serve(&history);
    assert!(screen.text().contains("> bob: the first words"), "{}", screen.text());
}

#[test]
fn the_switcher_offers_rooms_people_and_commands_and_a_search() {
    let mut screen = screen();
    screen.keys("<ctrl-k>");
    let text = screen.text();
    assert!(text.contains("#dev") && text.contains("2 new"), "{text}");
    screen.keys("de<enter>");
    assert_eq!(screen.current(), Some(DEV));
    screen.keys("<alt-k>gen<enter>");
    assert_eq!(screen.current(), Some(GENERAL));
    screen.taken();
    screen.keys("<ctrl-k>@bob<enter>");
    assert!(matches!(&asked(&mut screen)[..], [Request::OpenDirect(it)] if it.with == [bob()]));
    screen.keys("<ctrl-k>><enter>");
    assert!(screen.model.composer().text().starts_with('/'));
    screen.keys("<ctrl-u><ctrl-k>?disk full<enter>");
    let search = Search { query: "disk full".to_owned(), room: None, after: 0, limit: 50 };
    assert_eq!(asked(&mut screen), [search.into()]);
    screen.keys("<esc>abc<ctrl-a><ctrl-k>");
    assert!(screen.model.picker.is_none(), "with words behind the cursor it kills them");
    assert_eq!(screen.model.composer().text(), "");
}

fn said(seq: u64, text: &str) -> Event {
    let body = Posted { name: "bob".to_owned(), style: Style::Text, text: text.to_owned(), mentions: Vec::new() };
    Event {
        seq: Seq(seq),
        ordinal: Ordinal(seq),
        at: Timestamp(MORNING),
        by: BOB,
        device: chat_proto::DeviceId(1),
        key: NO_KEY,
        body: EventBody::Posted(body),
    }
}

#[test]
fn a_day_a_number_and_the_ends_are_gone_to() {
    let history = long_history(1_000);
    let mut screen = Screen::online(80, 24, status_of(GENERAL, "general", &history, 1_000));
    screen.serve(&history).keys("/goto #40<enter>").serve(&history);
    assert_eq!(screen.model.selected, Some(Seq(40)));
    screen.keys("<esc>/goto 2026-11-20<enter>");
    let day = tag(&mut screen);
    let before = SearchHit { room: GENERAL, room_name: "general".to_owned(), event: said(99, "x"), text: None };
    screen.msg(Msg::Answer(
        SERVER,
        day,
        Ok(Reply::SearchHits(SearchHits { hits: vec![before], next: None, behind: 0 })),
    ));
    screen.serve(&history);
    assert_eq!(screen.model.selected, Some(Seq(100)));
    screen.keys("<esc>/goto end<enter>").serve(&history);
    assert!(screen.model.room().unwrap().timeline.follows());
    screen.keys("/goto start<enter>").serve(&history);
    assert_eq!(screen.model.selected, Some(Seq(1)));
    screen.keys("<esc>/goto yesterday<enter>");
    assert!(notice(&screen).contains("/goto"));
}

#[test]
fn a_message_to_a_person_is_sent_into_the_conversation() {
    let mut screen = screen();
    screen.keys("/msg bob are you there?<enter>");
    let direct = tag(&mut screen);
    let info = RoomInfo {
        room: RoomId(30),
        epoch: Epoch(1),
        name: "dm-1-2".to_owned(),
        topic: String::new(),
        member: true,
        created: true,
        members: 2,
        head: Seq(1),
        head_ordinal: Ordinal(0),
        oldest: Seq(1),
        read: Seq(1),
        read_ordinal: Ordinal(0),
    };
    screen.msg(Msg::Answer(SERVER, direct, Ok(Reply::RoomInfo(info.clone()))));
    let send = |text: &str| {
        Effect::At(SERVER, Errand::Send { room: RoomId(30), style: Style::Text, text: text.to_owned(), reply_to: None })
    };
    assert!(screen.taken().contains(&send("are you there?")));
    assert_eq!(screen.current(), Some(GENERAL));
    screen.keys("/query bob hello<enter>");
    let direct = tag(&mut screen);
    screen.msg(Msg::Answer(SERVER, direct, Ok(Reply::RoomInfo(info))));
    assert!(screen.taken().contains(&send("hello")));
    assert_eq!(screen.current(), Some(RoomId(30)));
}

#[test]
fn what_is_chosen_of_people_needs_somebody_who_is_known() {
    let mut screen = screen();
    screen.keys("/ignore bob<enter>");
    assert!(matches!(&asked(&mut screen)[..], [Request::Ignore(it)] if it.account == BOB && it.on));
    screen.keys("/unblock bob<enter>");
    assert!(matches!(&asked(&mut screen)[..], [Request::Block(it)] if !it.on));
    screen.keys("/ignore nobody<enter>");
    assert_eq!(asked(&mut screen), []);
    assert!(notice(&screen).contains("no nobody"), "{}", notice(&screen));
    screen.keys("<ctrl-u>/notify mentions<enter>");
    assert!(matches!(&asked(&mut screen)[..], [Request::SetNotify(it)] if it.rule == Notify::Mentions));
}

#[test]
fn a_refused_answer_goes_back_as_an_answer() {
    let mut screen = screen();
    let message = Outgoing {
        key: MessageKey([5; 16]),
        room: GENERAL,
        style: Style::Text,
        text: "indeed".to_owned(),
        reply_to: Some(Seq(2)),
        refused: Some(Reject::new(RejectCode::Muted, "you are muted")),
    };
    screen.net(ClientEvent::Refused(message));
    screen.keys("<esc>");
    assert_eq!(screen.model.composer().text(), "indeed");
    assert_eq!(screen.model.room().unwrap().intent, Intent::Reply(Seq(2)));
}

#[test]
fn every_size_draws_a_picker_and_a_chosen_message() {
    for (columns, rows) in [(1, 1), (20, 3), (50, 15), (80, 24), (120, 40), (300, 100)] {
        let mut screen = screen();
        screen.msg(Msg::Resize(columns, rows)).keys("<esc>");
        screen.text();
        screen.keys("+thumb");
        screen.text();
        screen.keys("<esc><esc><ctrl-k>").text();
        assert!(screen.model.picker.is_some());
    }
}
