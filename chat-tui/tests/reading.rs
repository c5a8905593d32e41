//! Reading a room: what is fetched, what stays where it is, what counts as read.

#![allow(clippy::unwrap_used)]
#![cfg(feature = "tui")]

mod harness;

use std::collections::BTreeSet;
use std::time::Duration;

use chat_proto::event::{EventBody, Joined, Posted};
use chat_proto::{Anchor as FetchAt, DeviceId, Event, MessageKey, Ordinal, Seq, Style, Timestamp};
use chat_tui::client::{ClientEvent, LinkState, Outgoing};
use chat_tui::tui::core::time::Zone;
use chat_tui::tui::core::timeline::{Anchor, EVENTS_MAX, Pane, Part, Place, Scope, Scroll, Timeline, Wraps};
use chat_tui::tui::core::{Effect, Errand, Msg};
use harness::{
    ALICE, BOB, CAROL, GENERAL, History, MORNING, SERVER, Screen, events, key, long_history, page, status, status_of,
};
use proptest::prelude::*;

fn marks(effects: &[Effect]) -> Vec<Seq> {
    let mark =
        |effect: &Effect| if let Effect::At(SERVER, Errand::MarkRead { seq, .. }) = effect { Some(*seq) } else { None };
    effects.iter().filter_map(mark).collect()
}

#[test]
fn a_room_of_a_million_messages_opens_at_its_read_marker_with_one_page() {
    let mut screen = Screen::online(80, 24, status(GENERAL, "general", 1_000_000, 500_000));
    assert_eq!(screen.fetches(), [(GENERAL, FetchAt::Around(Seq(500_001)))]);
    let near: Vec<Event> = (499_901..=500_100).map(|seq| message(seq, "x")).collect();
    let mut around = page(GENERAL, &near, FetchAt::Before(Seq::MAX), 200);
    around.last = Seq(1_000_000);
    screen.msg(Msg::Page(key(GENERAL), FetchAt::Around(Seq(500_001)), Ok(around)));
    assert_eq!(screen.fetches(), [], "one page is enough");
    let text = screen.text();
    let ruler = text.lines().position(|line| line.contains("new since")).unwrap();
    assert!(ruler <= 5 && text.contains("(500000)"), "{text}");
}

#[test]
fn reading_back_fetches_before_the_edge_is_reached_and_the_text_stays() {
    let history = long_history(1_000);
    let mut screen = Screen::online(80, 24, status_of(GENERAL, "general", &history, 1_000));
    screen.serve(&history);
    let mut pages = 0;
    while pages < 3 {
        screen.keys("<pageup>");
        let before = screen.text();
        let fetches = screen.fetches();
        for (room, at) in &fetches {
            screen.msg(Msg::Page(key(*room), *at, Ok(page(GENERAL, &history, *at, 200))));
            assert_eq!(screen.text(), before, "a page that came moved the text");
            pages += 1;
        }
        assert!(!before.contains("earlier messages"), "the edge was reached before its page: {before}");
    }
}

#[test]
fn paging_down_from_the_top_shows_every_row_and_none_twice() {
    let history = long_history(300);
    for (columns, rows) in [(80, 24), (50, 15), (20, 3), (120, 40)] {
        let mut screen = Screen::online(columns, rows, status_of(GENERAL, "general", &history, 300));
        screen.serve(&history);
        let mut before = Vec::new();
        while before != shown(&screen) {
            before = shown(&screen);
            screen.keys("<pageup>").serve(&history);
        }
        let mut seen = shown(&screen);
        let all = all_rows(&screen);
        assert_eq!(seen.first(), all.first(), "paging up did not reach the top");
        for _ in 0..5_000 {
            if screen.model.room().unwrap().timeline.follows() {
                break;
            }
            let before = shown(&screen);
            screen.keys("<pagedown>");
            let after = shown(&screen);
            let last = screen.model.room().unwrap().timeline.follows();
            if !last && before.len() > 1 {
                assert_eq!(before.last(), after.first(), "a page overlaps by exactly one row");
            }
            seen.extend(after.into_iter().filter(|row| !before.contains(row)));
        }
        assert_eq!(seen, all, "{columns}x{rows}");
    }
}

#[test]
fn what_is_seen_counts_as_read_after_half_a_second_and_only_with_the_persons_attention() {
    let history = long_history(5);
    let mut screen = Screen::online(80, 24, status_of(GENERAL, "general", &history, 5));
    screen.serve(&history).msg(Msg::Focus(false));
    let more = long_history(7);
    screen.net(events(GENERAL, more[5..6].to_vec())).wait(5_000);
    assert_eq!(marks(&screen.taken()), [], "nobody looked");
    screen.msg(Msg::Focus(true));
    assert_eq!(marks(&screen.taken()), [Seq(6)]);
    screen.net(events(GENERAL, more[6..].to_vec())).wait(400);
    assert_eq!(marks(&screen.taken()), [], "too soon");
    screen.wait(200);
    assert_eq!(marks(&screen.taken()), [Seq(7)]);
    screen.wait(60_000);
    assert_eq!(marks(&screen.taken()), [], "once is enough");
}

#[test]
fn what_came_while_one_read_further_back_is_not_read() {
    let history = long_history(100);
    let mut screen = Screen::online(80, 24, status_of(GENERAL, "general", &history, 100));
    screen.serve(&history).keys("<pageup>");
    let before = screen.text();
    screen.net(events(GENERAL, long_history(101)[100..].to_vec())).wait(5_000);
    assert_eq!(marks(&screen.taken()), []);
    let pane = |text: &str| text.lines().skip(4).take(16).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(pane(&screen.text()), pane(&before), "the text being read moved");
    screen.keys("<alt-end>").wait(600);
    assert_eq!(marks(&screen.taken()), [Seq(101)]);
}

#[test]
fn the_ruler_stays_where_it_is_until_something_is_sent() {
    let history = long_history(8);
    let mut screen = Screen::online(80, 24, status_of(GENERAL, "general", &history, 6));
    screen.serve(&history).wait(1_000);
    assert!(screen.text().contains("new since"), "{}", screen.text());
    screen.net(events(GENERAL, long_history(9)[8..].to_vec())).wait(1_000);
    assert!(screen.text().contains("(3)"), "{}", screen.text());
    screen.keys("ok<enter>");
    assert!(!screen.text().contains("new since"), "{}", screen.text());
}

#[test]
fn a_timeline_keeps_no_more_than_its_limit_and_the_place_being_read() {
    let mut timeline = Timeline::default();
    let zone = Zone::UTC;
    let scope = Scope { zone: &zone, ruler: None, me: ALICE };
    let mut wraps = Wraps::default();
    timeline.insert((1..=1_000).map(|seq| message(seq, "x")).collect());
    timeline.scroll(Scroll::Up(600), PANE, scope, &mut wraps);
    let before = timeline.layout(PANE, scope, &mut wraps);
    for chunk in 0..50 {
        timeline.insert((1_001 + chunk * 100..1_101 + chunk * 100).map(|seq| message(seq, "x")).collect());
        assert!(timeline.len() <= EVENTS_MAX);
        assert_eq!(words(&timeline, &timeline.layout(PANE, scope, &mut wraps)), words_of(&before));
    }
    assert!(!timeline.at_head());
}

#[test]
fn a_gap_in_the_middle_is_shown_and_fetched_from_both_sides() {
    let mut timeline = Timeline::default();
    let zone = Zone::UTC;
    let scope = Scope { zone: &zone, ruler: None, me: ALICE };
    timeline.insert((1..=50).map(|seq| message(seq, "x")).collect());
    timeline.insert((101..=110).map(|seq| message(seq, "x")).collect());
    assert_eq!(timeline.wants(40, scope), Some(FetchAt::Before(Seq(101))));
    timeline.jump(Seq(45), 0, PANE, scope, &mut Wraps::default());
    assert_eq!(timeline.wants(40, scope), Some(FetchAt::After(Seq(50))));
    timeline.insert((51..=100).map(|seq| message(seq, "x")).collect());
    assert_eq!(timeline.wants(40, scope), None);
    assert_eq!(timeline.len(), 110);
}

#[test]
fn an_own_message_turns_solid_when_its_event_comes_and_is_never_there_twice() {
    let history = History::default().said(BOB, "bob", "hi").events;
    let mut screen = Screen::online(80, 24, status_of(GENERAL, "general", &history, 1));
    screen.serve(&history).keys("hello<enter>");
    let sends = screen
        .taken()
        .into_iter()
        .filter(|effect| matches!(effect, Effect::At(SERVER, Errand::Send { .. })))
        .collect::<Vec<_>>();
    assert_eq!(
        sends,
        [Effect::At(
            SERVER,
            Errand::Send { room: GENERAL, style: Style::Text, text: "hello".to_owned(), reply_to: None }
        )]
    );
    let key = MessageKey([9; 16]);
    let text = "hello".to_owned();
    screen.net(ClientEvent::Queued(Outgoing {
        key,
        room: GENERAL,
        style: Style::Text,
        text,
        reply_to: None,
        refused: None,
    }));
    assert!(screen.text().contains("sending…"), "{}", screen.text());
    let receipt =
        chat_proto::reply::Receipt { seq: Seq(2), ordinal: Ordinal(2), at: Timestamp(MORNING), duplicate: false };
    screen.net(ClientEvent::Sent { key, room: GENERAL, receipt });
    assert_eq!(screen.text().matches("hello").count(), 1, "stored, its event not here yet");
    let mut own = message(2, "hello");
    (own.by, own.key) = (ALICE, key);
    screen.net(events(GENERAL, vec![own]));
    let text = screen.text();
    assert_eq!((text.matches("hello").count(), text.contains("sending…")), (1, false), "{text}");
}

#[test]
fn without_a_connection_the_cache_is_asked_once_and_again_after_the_next_login() {
    let history = long_history(500);
    let general = || status_of(GENERAL, "general", &history, 500);
    let mut screen = Screen::online(80, 24, general());
    let waiting = LinkState::Waiting { retry_in: Duration::from_secs(600), reason: "gone".to_owned() };
    screen.net(ClientEvent::Link(waiting)).taken();
    let newest = FetchAt::Before(Seq::MAX);
    screen.msg(Msg::Cached(key(GENERAL), newest, history[450..].to_vec()));
    let edge = FetchAt::Before(Seq(451));
    screen.keys("<pageup><pageup><pageup>");
    assert_eq!(screen.fetches(), [(GENERAL, edge)]);
    screen.msg(Msg::Cached(key(GENERAL), edge, Vec::new())).wait(300_000).keys("<pageup>");
    assert_eq!(screen.fetches(), []);
    screen.welcome(vec![general()]);
    assert_eq!(screen.fetches(), [(GENERAL, edge)]);
}

const PANE: Pane = Pane { room: key(GENERAL), height: 12, width: 30, compact: false };

fn message(seq: u64, words: &str) -> Event {
    let mut key = MessageKey::default();
    key.0[..8].copy_from_slice(&seq.to_be_bytes());
    let body =
        Posted { name: "bob".to_owned(), style: Style::Text, text: format!("{seq} {words}"), mentions: Vec::new() };
    Event {
        seq: Seq(seq),
        ordinal: Ordinal(seq),
        at: Timestamp(MORNING + i64::try_from(seq).unwrap() * 30_000_000),
        by: BOB,
        device: DeviceId(1),
        key,
        body: EventBody::Posted(body),
    }
}

/// The rows on the screen, each by its event and number, whatever is drawn between them left out.
fn shown(screen: &Screen) -> Vec<(Seq, u16)> {
    let model = &screen.model;
    let timeline = &model.room().unwrap().timeline;
    rows(timeline, &timeline.layout(model.pane().unwrap(), model.scope(key(GENERAL)), &mut Wraps::default()))
}

fn all_rows(screen: &Screen) -> Vec<(Seq, u16)> {
    let model = &screen.model;
    let mut timeline = model.room().unwrap().timeline.clone();
    let pane = Pane { height: 20_000, ..model.pane().unwrap() };
    timeline.scroll(Scroll::Bottom, pane, model.scope(key(GENERAL)), &mut Wraps::default());
    rows(&timeline, &timeline.layout(pane, model.scope(key(GENERAL)), &mut Wraps::default()))
}

fn rows(timeline: &Timeline, layout: &chat_tui::tui::core::timeline::Layout) -> Vec<(Seq, u16)> {
    let rows = layout.lines.iter().filter_map(|line| match (&line.part, timeline.place(line.block)) {
        (Part::Text { row, .. }, Some(Place::Event(seq))) => Some((seq, *row)),
        (Part::Text { .. } | Part::Decor(_), _) => None,
    });
    rows.collect()
}

fn words_of(layout: &chat_tui::tui::core::timeline::Layout) -> Vec<String> {
    let words = layout.lines.iter().map(|line| match &line.part {
        Part::Text { row, wrapped } => wrapped.text[wrapped.rows[usize::from(*row)].clone()].to_owned(),
        Part::Decor(decor) => format!("{decor:?}"),
    });
    words.collect()
}

fn words(_: &Timeline, layout: &chat_tui::tui::core::timeline::Layout) -> Vec<String> {
    words_of(layout)
}

/// The text on the anchor's line of the pane.
fn anchored(timeline: &Timeline, pane: Pane, zone: &Zone) -> Option<(usize, String)> {
    let Anchor::Pinned { line, .. } = timeline.anchor() else { return None };
    let scope = Scope { zone, ruler: None, me: ALICE };
    let layout = timeline.layout(pane, scope, &mut Wraps::default());
    let line = usize::from(line);
    words_of(&layout).into_iter().nth(line).map(|text| (line, text))
}

#[derive(Clone, Debug)]
enum Op {
    Append(u64),
    Page(u64, bool),
    Queue(u8),
    Settle,
    Scroll(u16, bool),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        (1..40_u64).prop_map(Op::Append),
        (1..100_u64, any::<bool>()).prop_map(|(count, before)| Op::Page(count, before)),
        any::<u8>().prop_map(Op::Queue),
        Just(Op::Settle),
        (1..30_u16, any::<bool>()).prop_map(|(rows, up)| Op::Scroll(rows, up)),
    ]
}

/// Messages of a room by their number: some long, some joins, so that blocks differ.
fn event_of(seq: u64) -> Event {
    let mut event = message(seq, &"word ".repeat(usize::try_from(seq * 7 % 23).unwrap()));
    if seq % 5 < 2 {
        event.by = CAROL;
        event.body = EventBody::Joined(Joined { name: format!("n{seq}") });
    }
    event
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_but_scrolling_moves_the_text_being_read(ops in prop::collection::vec(op(), 1..40)) {
        let zone = Zone::UTC;
        let scope = Scope { zone: &zone, ruler: None, me: ALICE };
        let mut timeline = Timeline::default();
        timeline.set_bounds(Seq(5_000), Seq(1));
        timeline.insert((4_900..=5_000).map(event_of).collect());
        let mut head = 5_000;
        timeline.scroll(Scroll::Up(30), PANE, scope, &mut Wraps::default());
        for op in ops {
            let before = anchored(&timeline, PANE, &zone);
            let mut scrolled = false;
            match op {
                Op::Append(count) => {
                    timeline.insert((head + 1..=head + count).map(event_of).collect());
                    head += count;
                }
                Op::Page(count, before) => {
                    let seqs: Vec<u64> = timeline.events().map(|event| event.seq.0).collect();
                    let run: Vec<Event> = if before {
                        (seqs[0].saturating_sub(count).max(1)..seqs[0]).map(event_of).collect()
                    } else {
                        let edge = seqs.windows(2).find(|pair| pair[0] + 1 < pair[1]).map_or(seqs[seqs.len() - 1], |p| p[0]);
                        (edge + 1..=(edge + count).min(head)).map(event_of).collect()
                    };
                    timeline.insert(run);
                }
                Op::Queue(n) => timeline.queue(Outgoing {
                    key: MessageKey([n.max(1); 16]),
                    room: GENERAL,
                    style: Style::Text,
                    text: "own words ".repeat(usize::from(n % 9) + 1),
                    reply_to: None,
                    refused: None,
                }),
                Op::Settle => {
                    if let Some(message) = timeline.pending().first().cloned() {
                        head += 1;
                        let mut event = self::message(head, "");
                        event.key = message.key;
                        if let EventBody::Posted(posted) = &mut event.body {
                            posted.text = message.text;
                        }
                        timeline.insert(vec![event]);
                    }
                }
                Op::Scroll(rows, up) => {
                    scrolled = true;
                    let to = if up { Scroll::Up(rows) } else { Scroll::Down(rows) };
                    timeline.scroll(to, PANE, scope, &mut Wraps::default());
                }
            }
            prop_assert!(timeline.len() <= EVENTS_MAX);
            if !scrolled && let Some(before) = before && !before.1.contains("joined") {
                prop_assert_eq!(anchored(&timeline, PANE, &zone), Some(before));
            }
        }
    }

    #[test]
    fn no_size_and_no_content_breaks_the_screen(
        columns in 1_u16..=300,
        rows in 1_u16..=100,
        texts in prop::collection::vec("(\\PC|[a-z日é❤️\u{200d}\u{301}🇩🇪 \n\t\u{1b}\u{202e}]){0,80}", 1..8),
        keys in prop::collection::vec(prop::sample::select(vec![
            "<pageup>", "<pagedown>", "<alt-home>", "<alt-end>", "<f1>", "<f7>", "<f8>", "<esc>", "x", "日", "<alt-enter>", "<up>",
            "<tab>", "/", "<ctrl-w>", "<ctrl-n>", "<alt-a>", "<ctrl-s>", "<ctrl-x>", "(", "<enter>", "t", "V", "k", "n", "m", "<alt-j>",
            "<alt-n>", "<alt-=>", "<shift-right>", "<alt-<>", "o",
        ]), 0..12),
        (other_columns, other_rows) in (1_u16..=300, 1_u16..=100),
    ) {
        let history = texts.iter().fold(History::default(), |history, text| history.after(7).said(BOB, "bob", text)).joined(CAROL, "carol").events;
        let mut screen = Screen::online(columns, rows, status_of(GENERAL, "general", &history, 1));
        screen.serve(&history);
        for key in keys {
            screen.keys(key);
            screen.text();
        }
        screen.msg(Msg::Paste(texts.concat())).text();
        screen.msg(Msg::Resize(other_columns, other_rows)).text();
    }

    #[test]
    fn unread_is_what_a_count_of_the_messages_says(joins in prop::collection::vec(any::<bool>(), 1..60), read in 0_usize..60) {
        let history = joins.iter().fold(History::default(), |history, join| {
            if *join { history.joined(CAROL, "carol") } else { history.said(BOB, "bob", "x") }
        }).events;
        let read = read.min(history.len());
        let cut = history.len() / 2;
        let mut screen = Screen::online(80, 24, status_of(GENERAL, "general", &history[..cut], read.min(cut) as u64));
        screen.msg(Msg::Focus(false));
        screen.net(events(GENERAL, history[cut..].to_vec()));
        let counted = history[read.min(cut)..].iter().filter(|event| event.body.is_message()).count() as u64;
        prop_assert_eq!(screen.model.room_view().unwrap().unread(), counted);
    }
}

#[test]
fn every_loaded_row_is_there_once_whatever_the_width() {
    let history = long_history(50);
    for columns in [20, 59, 60, 79, 80, 109, 110, 200] {
        let mut screen = Screen::online(columns, 30, status_of(GENERAL, "general", &history, 50));
        screen.serve(&history);
        let rows = all_rows(&screen);
        let unique: BTreeSet<_> = rows.iter().collect();
        assert_eq!(unique.len(), rows.len());
        assert_eq!(rows.iter().filter(|(_, row)| *row == 0).count(), 50);
    }
}
