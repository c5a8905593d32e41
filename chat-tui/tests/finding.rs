//! Finding messages: by words while one types, by the server, by what they answer, by links; and copying several.

#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]
#![cfg(feature = "tui")]

mod harness;

use chat_proto::event::{Edited, Posted, PostedWith, Redacted, ReplyTo, Style};
use chat_proto::reply::{Reject, RejectCode};
use chat_proto::search::{Search, SearchHit, SearchHits};
use chat_proto::{Anchor, Event, Reply, Request, Seq};
use chat_tui::tui::core::heard::Heard;
use chat_tui::tui::core::pointer::{Gesture, Spot};
use chat_tui::tui::core::{Effect, Errand, Intent, Msg, Tag};
use harness::{
    ALICE, BOB, CAROL, DEV, GENERAL, History, SERVER, Screen, events, key, long_history, page, status, status_of,
};

/// A history that goes on behind these events.
fn after(events: Vec<Event>) -> History {
    let mut history = History::default();
    history.events = events;
    history
}

fn talk() -> History {
    History::default()
        .created(ALICE, "alice", "")
        .said(BOB, "bob", "the disk is full")
        .said(CAROL, "carol", "which Disk? sda or sdb9")
        .said(BOB, "bob", "nothing to see")
        .said(ALICE, "alice", "sdb12 it is")
}

fn answer(history: History, by: chat_proto::AccountId, name: &str, text: &str, target: u64) -> History {
    let extras = vec![ReplyTo { target: Seq(target) }.into()];
    let (name, text) = (name.to_owned(), text.to_owned());
    history.push(by, PostedWith { name, style: Style::Text, text, mentions: Vec::new(), extras }.into())
}

/// What was asked of the server since the last look, with the tags.
fn asked(screen: &mut Screen) -> Vec<(Tag, Request)> {
    let requests = screen.taken().into_iter().filter_map(|effect| match effect {
        Effect::At(SERVER, Errand::Request(tag, request)) => Some((tag, request)),
        _ => None,
    });
    requests.collect()
}

fn title(screen: &Screen) -> String {
    screen.model.picker.as_ref().map(|picker| picker.title.clone()).unwrap_or_default()
}

fn listed(screen: &Screen) -> Vec<String> {
    let picker = screen.model.picker.as_ref();
    picker.map(|picker| picker.shown().map(|(item, _)| item.name.clone()).collect()).unwrap_or_default()
}

#[test]
fn words_are_found_while_one_types_and_esc_leaves_reading_where_it_was() {
    let history = long_history(300);
    let mut screen = Screen::reading(&history);
    screen.keys("<pageup><pageup>").serve(&history);
    let (before, anchor) = (screen.text(), screen.model.room().unwrap().timeline.anchor());
    screen.keys("<ctrl-s>MESSAGE 299");
    assert_eq!(listed(&screen).len(), 1);
    assert!(title(&screen).ends_with("find here: 1 found in what is loaded"), "{}", title(&screen));
    screen.keys("<backspace>");
    assert_eq!(listed(&screen).len(), 10, "290 to 299");
    screen.keys("<down><down>");
    screen.msg(Msg::Point(Gesture::WheelDown, Spot::Timeline));
    assert_eq!(screen.model.picker.as_ref().unwrap().chosen(), 5, "the wheel goes through the list");
    screen.keys("<esc>");
    assert_eq!(screen.model.room().unwrap().timeline.anchor(), anchor);
    assert_eq!(screen.text().lines().nth(5), before.lines().nth(5));
    screen.keys("<ctrl-s>message 290<enter>");
    assert_eq!(screen.model.selected, Some(Seq(290)));
    assert!(screen.text().contains("message 290 "), "{}", screen.text());
    assert_eq!(asked(&mut screen), [], "nobody was asked");
}

#[test]
fn the_key_that_moves_on_finds_where_it_would_move_nothing() {
    let mut screen = Screen::reading(&talk().events);
    screen.keys("ab<ctrl-a><ctrl-f>");
    assert!(screen.model.picker.is_none());
    screen.keys("<ctrl-f><ctrl-f>");
    assert!(title(&screen).starts_with("find here"), "{}", title(&screen));
}

#[test]
fn case_counts_and_words_are_an_expression_where_that_is_asked_for() {
    let mut screen = Screen::reading(&talk().events);
    screen.keys("/find disk<enter>");
    assert_eq!(listed(&screen), ["carol: which Disk? sda or sdb9", "bob: the disk is full"]);
    let styles = screen.styles(chat_tui::tui::term::caps::Colors::None);
    let (place, words) = (screen.text(), "bob: the disk is full");
    let row = place.lines().position(|line| line.contains(words)).unwrap();
    assert!(
        styles.lines().nth(row).unwrap().ends_with("____") || styles.lines().nth(row).unwrap().contains(" ____ "),
        "{styles}"
    );
    screen.keys("<alt-c>");
    assert_eq!(listed(&screen), ["bob: the disk is full"]);
    screen.keys(r"<ctrl-u><ctrl-x>sdb\d+$");
    assert_eq!(listed(&screen), ["carol: which Disk? sda or sdb9"]);
    screen.keys("<ctrl-u>sd(");
    assert!(title(&screen) == "find here, regex, this case only: unclosed group", "{}", title(&screen));
    assert_eq!(listed(&screen), [""; 0]);
    screen.keys(r"<ctrl-u>(\w{99}){99}");
    assert!(title(&screen).ends_with("too large"), "{}", title(&screen));
    screen.keys("<enter>");
    assert!(screen.model.picker.is_some(), "there is nothing to go to");
    let shown = screen.text();
    assert!(shown.contains("Ctrl-X regex") && shown.contains("Alt-C case"), "{shown}");
}

#[test]
fn an_expression_is_compared_with_so_much_at_most() {
    let mut history = History::default();
    for n in 0..100 {
        history = history.said(BOB, "bob", &format!("{n} {}", "long ".repeat(1_000)));
    }
    let mut screen = Screen::reading(&history.events);
    screen.keys("<ctrl-s>long");
    assert!(title(&screen).ends_with("100 found"), "{}", title(&screen));
    screen.keys("<ctrl-x>");
    assert!(title(&screen).ends_with("52 found in the newest messages"), "{}", title(&screen));
}

#[test]
fn what_is_found_is_as_it_is_now_and_never_what_was_removed() {
    let edited =
        Edited { name: "bob".into(), target: Seq(4), text: "a disk to see".into(), mentions: vec![], visible_to: None };
    let history = talk().push(BOB, edited.into()).events;
    let mut screen = Screen::reading(&history);
    screen.keys("<ctrl-s>nothing");
    assert_eq!(listed(&screen), [""; 0], "the words it had");
    screen.keys("<ctrl-u>disk");
    assert_eq!(listed(&screen).len(), 3);
    let mut removed = after(history);
    removed = removed.push(BOB, Redacted { name: "bob".into(), target: Seq(2), reason: String::new() }.into());
    screen.net(events(GENERAL, removed.events.split_off(6)));
    assert_eq!(listed(&screen), ["bob: a disk to see", "carol: which Disk? sda or sdb9"], "while the list is in front");
}

#[test]
fn the_server_is_asked_once_the_typing_pauses_and_only_the_last_answer_counts() {
    let history = long_history(1_000);
    let mut screen = Screen::reading(&history);
    screen.keys("<ctrl-s><tab>disk");
    assert_eq!(asked(&mut screen), []);
    screen.wait(250).keys("s").wait(250);
    assert_eq!(asked(&mut screen), [], "it was typed within");
    screen.wait(100);
    let search = |query: &str, room| Request::from(Search { query: query.to_owned(), room, after: 0, limit: 50 });
    let (first, request) = asked(&mut screen).pop().unwrap();
    assert_eq!(request, search("disks", Some(GENERAL)));
    assert!(title(&screen).ends_with("asking…"), "{}", title(&screen));
    screen.keys("<backspace><tab>").wait(300);
    let (second, request) = asked(&mut screen).pop().unwrap();
    assert_eq!(request, search("disk", None), "in every room");
    let hits = |seq: u64| {
        let mut event = history[usize::try_from(seq - 1).unwrap()].clone();
        event.body =
            Posted { name: "bob".into(), style: Style::Text, text: "as it was".into(), mentions: vec![] }.into();
        let hit = |text: Option<&str>| SearchHit {
            room: GENERAL,
            room_name: "general".to_owned(),
            event: event.clone(),
            text: text.map(str::to_owned),
        };
        Reply::SearchHits(SearchHits { hits: vec![hit(Some("as it is"))], next: Some(1), behind: 3 })
    };
    screen.msg(Msg::Answer(SERVER, first, Ok(hits(3))));
    assert_eq!(listed(&screen), [""; 0], "an answer to what is not asked any more");
    screen.msg(Msg::Answer(SERVER, second, Ok(hits(12))));
    assert_eq!(listed(&screen), ["bob: as it is"]);
    assert!(title(&screen).ends_with("the newest 1, 3 new events cannot be found yet"), "{}", title(&screen));
    screen.keys("<enter>").serve(&history);
    assert_eq!(screen.model.selected, Some(Seq(12)));
    assert!(screen.text().contains("message 12 "), "{}", screen.text());
}

#[test]
fn a_search_of_a_command_asks_at_once_and_a_refusal_is_told_in_the_line() {
    let mut screen = Screen::reading(&talk().events);
    screen.keys("/search disk from:bob<enter>");
    let (tag, request) = asked(&mut screen).pop().unwrap();
    assert_eq!(request, Search { query: "disk from:bob".into(), room: None, after: 0, limit: 50 }.into());
    let reject = Reject::new(RejectCode::BadQuery, "there is no frm:");
    screen.msg(Msg::Answer(SERVER, tag, Ok(Reply::Reject(reject))));
    assert!(screen.text().contains("there is no frm:"), "{}", screen.text());
    screen.keys("x<enter>");
    assert_eq!(asked(&mut screen).len(), 1, "Enter does not wait for the pause");
    screen.wait(1_000);
    assert_eq!(asked(&mut screen), [], "and asks no second time");
}

#[test]
fn what_was_looked_for_is_gone_through_further() {
    let mut screen = Screen::reading(&talk().events);
    screen.keys("<esc>n");
    assert!(screen.notice().contains("nothing was looked for yet"));
    screen.keys("/disk<enter>");
    assert_eq!(screen.model.selected, Some(Seq(3)));
    screen.keys("n");
    assert_eq!(screen.model.selected, Some(Seq(2)));
    screen.keys("n");
    assert!(screen.notice().contains("nothing further back"));
    screen.keys("N");
    assert_eq!(screen.model.selected, Some(Seq(3)));
}

#[test]
fn who_listens_hears_what_is_found() {
    let mut screen = Screen::reading(&talk().events);
    let mut heard = Heard::default();
    heard.news(&screen.model);
    screen.keys("/lastlog full<enter>");
    let told = heard.news(&screen.model);
    assert!(told[0].contains("find here: 1 found"), "{told:?}");
    assert!(told[1].contains("bob: the disk is full") && told[1].contains("(1 of 1)"), "{told:?}");
}

/// A message, answers to it and to one of them, and one that answers nothing.
fn thread() -> Vec<Event> {
    let history = History::default().said(BOB, "bob", "who can look at the disk?").said(CAROL, "carol", "hello");
    let history = answer(history, CAROL, "carol", "I can", 1);
    let history = answer(history, BOB, "bob", "thank you", 3);
    answer(history, ALICE, "alice", "me too", 1).events
}

#[test]
fn a_thread_is_what_answers_and_what_answers_that() {
    let mut screen = Screen::reading(&thread());
    assert!(screen.text().contains("the disk? (2 replies)") && screen.text().contains("I can (1 reply)"));
    screen.keys("<esc>kt");
    assert_eq!(listed(&screen), ["bob: who can look at the disk?", "carol: I can", "bob: thank you", "alice: me too"]);
    assert_eq!(title(&screen), "a thread, 3 replies");
    assert_eq!(screen.model.picker.as_ref().unwrap().chosen(), 2, "the one it was asked of");
    assert_eq!(asked(&mut screen), [], "all of it is loaded");
    let mut more = after(thread());
    more = answer(more, CAROL, "carol", "done", 4);
    screen.net(events(GENERAL, more.events.split_off(5)));
    assert_eq!(listed(&screen).last().unwrap(), "carol: done", "it goes on");
    screen.keys("r");
    assert_eq!(screen.model.room().unwrap().intent, Intent::Reply(Seq(1)), "the first one is answered");
    screen.keys("<esc><ctrl-u><esc>gtj<enter>");
    assert_eq!(screen.model.selected, Some(Seq(3)));
    screen.keys("<esc>/threads<enter>");
    assert_eq!(listed(&screen), ["bob: who can look at the disk?"]);
    assert!(screen.text().contains("4 replies, last"), "{}", screen.text());
    screen.keys("<enter>");
    assert_eq!(title(&screen), "a thread, 4 replies");
}

#[test]
fn a_thread_outlives_what_it_began_with() {
    let mut screen = Screen::reading(&thread());
    screen.keys("<esc>t");
    assert_eq!(listed(&screen).len(), 4);
    let remove = |history: History, target: u64| {
        history.push(BOB, Redacted { name: "bob".into(), target: Seq(target), reason: String::new() }.into())
    };
    let history = remove(after(thread()), 1);
    screen.net(events(GENERAL, history.events[5..].to_vec()));
    assert_eq!(listed(&screen), ["a message that was removed", "carol: I can", "bob: thank you", "alice: me too"]);
    assert_eq!(title(&screen), "a thread, 3 replies");
    let history = [3, 4, 5].into_iter().fold(history, remove);
    screen.net(events(GENERAL, history.events[6..].to_vec()));
    assert_eq!(listed(&screen), ["a message that was removed"]);
}

#[test]
fn what_of_a_thread_is_not_loaded_is_asked_for_and_missed_aloud() {
    let mut history = after(thread());
    for n in 0..900 {
        history = history.said(CAROL, "carol", &format!("filler {n}"));
    }
    let history = answer(history, BOB, "bob", "still full", 3).events;
    let mut screen = Screen::online(80, 24, status_of(GENERAL, "general", &history, history.len() as u64));
    let newest = Anchor::Before(Seq::MAX);
    screen.msg(Msg::Page(key(GENERAL), newest, Ok(page(GENERAL, &history, newest, 100))));
    screen.taken();
    screen.keys("<esc>t");
    let effects = screen.taken();
    let around = |target: u64| {
        let fetch = Errand::Fetch { room: GENERAL, at: Anchor::Around(Seq(target)), limit: 200 };
        Effect::At(SERVER, fetch)
    };
    assert!(effects.contains(&around(3)), "{effects:?}");
    let tag = Tag::Thread(GENERAL, Seq(3));
    let search = Search { query: "is:reply".into(), room: Some(GENERAL), after: 0, limit: 50 };
    assert!(effects.contains(&Effect::At(SERVER, Errand::Request(tag.clone(), search.into()))), "{effects:?}");
    assert_eq!(listed(&screen), ["message #3, not loaded", "bob: still full"]);
    assert_eq!(title(&screen), "a thread, 1 reply; others may be missing");
    // An answer far from both, which only the server knows.
    let mut far = history[4].clone();
    (far.seq, far.by) = (Seq(400), CAROL);
    let hit = SearchHit { room: GENERAL, room_name: "general".into(), event: far, text: Some("as well".into()) };
    let found = SearchHits { hits: vec![hit], next: None, behind: 0 };
    screen.msg(Msg::Answer(SERVER, tag, Ok(Reply::SearchHits(found))));
    let at = Anchor::Around(Seq(3));
    screen.msg(Msg::Page(key(GENERAL), at, Ok(page(GENERAL, &history, at, 100))));
    let expected = [
        "bob: who can look at the disk?",
        "carol: I can",
        "bob: thank you",
        "alice: me too",
        "alice: as well",
        "bob: still full",
    ];
    assert_eq!(listed(&screen), expected, "it began further back than was known");
    assert!(title(&screen).ends_with("others may be missing"), "{}", title(&screen));
    assert!(!screen.taken().contains(&around(1)), "that is loaded by now");
}

#[test]
fn enter_goes_to_what_is_answered_or_answers_and_nobody_is_named_where_that_is_asked_for() {
    let mut screen = Screen::reading(&thread());
    screen.keys("<esc>k<enter>");
    assert_eq!(screen.model.selected, Some(Seq(3)), "what it answers");
    screen.keys("<enter><enter>");
    let intent = |screen: &Screen| screen.model.room().unwrap().intent;
    assert_eq!((intent(&screen), screen.model.composer().text()), (Intent::Reply(Seq(1)), "@bob "));
    screen.keys("<esc>");
    assert_eq!((intent(&screen), screen.model.composer().text()), (Intent::Say, ""), "the greeting goes with it");
    screen.keys("<esc>gR");
    assert_eq!((intent(&screen), screen.model.composer().text()), (Intent::Reply(Seq(1)), ""));
    screen.keys("<esc><esc>r");
    assert_eq!(screen.model.composer().text(), "", "nobody greets himself");
}

#[test]
fn several_messages_are_copied_with_their_times_and_names() {
    let mut screen = Screen::reading(&talk().after(5).did(BOB, "bob", "sighs").events);
    screen.keys("<esc>Vkk");
    let chosen = screen.styles(chat_tui::tui::term::caps::Colors::None);
    assert!(chosen.lines().filter(|line| line.contains('~')).count() >= 3, "{chosen}");
    screen.keys("y");
    let copied = "11:50 bob: nothing to see\n11:50 alice: sdb12 it is\n11:55 * bob sighs";
    assert!(screen.taken().contains(&Effect::Copy(copied.to_owned())));
    assert_eq!(screen.notice(), "copied 3 messages");
    screen.keys("Vj<esc>y");
    assert!(screen.taken().contains(&Effect::Copy("sdb12 it is".to_owned())), "Esc ends the range first");
    screen.keys("Vkx<ctrl-u><esc>ky");
    assert!(screen.taken().contains(&Effect::Copy("sdb12 it is".to_owned())), "a range ends with the choosing");
    screen.keys("<esc>");
    assert_eq!(screen.model.selected, None);
}

#[test]
fn links_of_a_message_are_opened_one_at_once_and_several_by_number() {
    let history = History::default()
        .said(BOB, "bob", "see https://a.example/x?y=1, ok")
        .said(BOB, "bob", "https://a.example or HTTP://b.example/ü or mailto:c@d.example or https://a.example")
        .said(BOB, "bob", "javascript:alert(1) file:///etc/passwd")
        .events;
    let mut screen = Screen::reading(&history);
    screen.keys("<esc>o");
    assert_eq!(screen.notice(), "there is no link in it");
    screen.keys("ko");
    assert_eq!(listed(&screen), ["1 https://a.example", "2 HTTP://b.example/%C3%BC", "3 mailto:c@d.example"]);
    screen.keys("92");
    assert_eq!(screen.taken(), [Effect::Open("HTTP://b.example/%C3%BC".to_owned())]);
    screen.keys("ko");
    assert_eq!(screen.taken(), [Effect::Open("https://a.example/x?y=1".to_owned())]);
    screen.keys("<esc>/open file:///etc/passwd<enter>");
    assert_eq!(screen.taken(), []);
    assert!(screen.notice().contains("no link of https://"), "{}", screen.notice());
    assert_eq!(screen.model.composer().text(), "/open file:///etc/passwd");
}

#[test]
fn a_link_to_a_message_leads_back_to_it() {
    let history = long_history(300);
    let mut screen = Screen::reading(&history);
    screen.keys("<esc>kkY");
    let link = "chat://chat.example.org/general?seq=298";
    assert!(screen.taken().contains(&Effect::Copy(link.to_owned())));
    for way in ["/goto ", "/open ", "<ctrl-k>"] {
        screen.keys("<esc><alt-1>").keys(way);
        assert_eq!(screen.current(), Some(DEV));
        screen.msg(Msg::Paste(link.to_owned())).keys("<enter>").serve(&history);
        assert_eq!((screen.current(), screen.model.selected), (Some(GENERAL), Some(Seq(298))), "{way}");
    }
    screen.keys("<esc>/open chat://chat.example.org/other<enter>");
    assert_eq!(screen.model.composer().text(), "/join #other", "one joins by oneself");
    screen.keys("<ctrl-u>/open chat://elsewhere.example/dev?seq=7<enter>");
    assert_eq!(screen.model.composer().text(), "/connect chat://elsewhere.example/dev?seq=7");
    screen.keys("<enter>");
    let other = chat_tui::tui::core::ServerId(1);
    screen.welcome_at(other, vec![status(DEV, "dev", 900, 900)]);
    let led = Errand::Fetch { room: DEV, at: Anchor::Around(Seq(7)), limit: 200 };
    assert!(screen.taken().contains(&Effect::At(other, led)), "the link leads to its message there too");
    screen.keys("<ctrl-u>/open chat://chat.example.org/general?seq=x<enter>");
    assert!(screen.notice().contains("?seq=17"), "{}", screen.notice());
}

#[test]
fn where_a_room_is_gone_to_for_a_message_its_unread_ones_are_not_waited_for() {
    let (here, all) = (talk().events, long_history(1_000));
    let mut screen = Screen::reading(&here);
    screen.welcome(vec![status_of(GENERAL, "general", &here, 5), status_of(DEV, "dev", &all, 800)]);
    screen.taken();
    screen.keys("/open chat://chat.example.org/dev?seq=12<enter>");
    let asked = screen.fetches();
    assert_eq!(asked, [(DEV, Anchor::Around(Seq(801))), (DEV, Anchor::Around(Seq(12)))]);
    for (room, at) in asked {
        screen.msg(Msg::Page(key(room), at, Ok(page(room, &all, at, 200))));
    }
    assert_eq!(screen.model.selected, Some(Seq(12)));
    assert!(screen.text().contains("message 12 "), "{}", screen.text());
}
