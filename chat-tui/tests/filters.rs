//! Filters: what they hide and what never, and that reading, counting and going somewhere stay right.

#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]
#![cfg(feature = "tui")]

mod harness;

use std::sync::Arc;

use chat_proto::event::Edited;
use chat_proto::{Event, Seq};
use chat_tui::tui::core::heard::Heard;
use chat_tui::tui::core::time::Zone;
use chat_tui::tui::core::timeline::{Anchor, Block, Layout, Pane, Part, Scope, Scroll, Timeline, Wraps};
use chat_tui::tui::core::{Change, Effect, Filter, Filters, Msg, Prefs};
use harness::{ALICE, BOB, CAROL, GENERAL, History, Screen, events, key};
use proptest::prelude::*;

fn filters(list: &[(&str, &str)]) -> Arc<Filters> {
    let list = list.iter().map(|(name, pattern)| Filter::new(name, pattern).unwrap()).collect();
    Arc::new(Filters { list, highlight: vec!["deploy".to_owned()] })
}

fn set(screen: &mut Screen, list: &[(&str, &str)]) {
    screen.msg(Msg::Prefs(Box::new(Prefs { filters: filters(list), ..Prefs::default() })));
}

fn noisy() -> Vec<Event> {
    History::default()
        .said(BOB, "bob", "hello")
        .said(CAROL, "ci-bot", "build 1 passed")
        .joined(CAROL, "dave")
        .said(CAROL, "ci-bot", "build 2 passed")
        .said(CAROL, "ci-bot", "advert: buy now")
        .said(BOB, "bob", "build 3 passed, says ci-bot")
        .said(ALICE, "alice", "build 4 passed")
        .said(CAROL, "ci-bot", "alice: build 5 passed")
        .said(CAROL, "ci-bot", "Deploy: build 6 passed")
        .events
}

const BUILDS: (&str, &str) = ("builds", "/^ci-bot: .*build \\d+ passed/");

#[test]
fn what_a_filter_hides_is_counted_in_a_line_and_ones_own_and_mentions_stay() {
    let mut screen = Screen::reading(&noisy());
    assert!(screen.text().contains("build 1 passed"));
    set(&mut screen, &[BUILDS, ("ads", "BUY now")]);
    screen.msg(Msg::Resize(140, 24));
    let text = screen.text();
    for hidden in ["build 1", "build 2", "buy now"] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    for shown in ["build 3", "build 4", "build 5", "build 6"] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    assert!(text.contains("1 joined (dave), 1 hidden by filter ads, 2 hidden by filter builds"), "{text}");
    screen.keys("<alt-=>");
    assert!(screen.text().contains("build 1 passed") && !screen.text().contains("hidden by"), "{}", screen.text());
    screen.keys("/filter on<enter>");
    assert!(!screen.text().contains("build 1 passed"), "{}", screen.text());
    set(&mut screen, &[]);
    assert!(screen.text().contains("build 1 passed"), "{}", screen.text());
}

#[test]
fn a_message_is_hidden_by_its_words_as_they_are_now_and_also_when_it_comes() {
    let mut screen = Screen::reading(&noisy()[..1]);
    set(&mut screen, &[BUILDS]);
    let mut history = History::default();
    history.events = noisy()[..1].to_vec();
    let edit = |target: u64, text: &str| Edited {
        name: "ci-bot".into(),
        target: Seq(target),
        text: text.into(),
        mentions: vec![],
        visible_to: None,
    };
    history = history.said(CAROL, "ci-bot", "build 7 passed").said(CAROL, "ci-bot", "all is well");
    screen.net(events(GENERAL, history.events[1..].to_vec()));
    assert!(!screen.text().contains("build 7") && screen.text().contains("all is well"), "{}", screen.text());
    history = history.push(CAROL, edit(2, "all is lost").into()).push(CAROL, edit(3, "build 8 passed").into());
    screen.net(events(GENERAL, history.events[3..].to_vec()));
    let text = screen.text();
    assert!(text.contains("all is lost") && !text.contains("build 8") && text.contains("1 hidden by"), "{text}");
}

#[test]
fn unread_counts_what_is_hidden_and_choosing_passes_it_by_and_finding_shows_it() {
    let mut screen = Screen::reading(&noisy()[..1]);
    set(&mut screen, &[BUILDS, ("ads", "buy now")]);
    screen.msg(Msg::Focus(false)).net(events(GENERAL, noisy()[1..5].to_vec()));
    assert_eq!(screen.model.room_view().unwrap().unread(), 3);
    screen.keys("<esc>");
    assert_eq!(screen.model.selected, Some(Seq(1)), "the newest message that is shown");
    screen.net(events(GENERAL, noisy()[5..].to_vec())).keys("<esc><esc>gjj");
    assert_eq!(screen.model.selected, Some(Seq(6)), "the line that counts them lies between");
    screen.keys("<esc>/goto #4<enter>");
    assert_eq!(screen.model.selected, Some(Seq(4)));
    let text = screen.text();
    assert!(text.contains("build 2 passed") && !text.contains("build 1"), "what is gone to is shown: {text}");
}

#[test]
fn a_line_that_counts_several_is_chosen_and_read_and_nothing_else_is_done_with_it() {
    let mut screen = Screen::reading(&noisy());
    set(&mut screen, &[BUILDS, ("ads", "buy now")]);
    screen.taken();
    screen.keys("<esc>gj");
    let mut heard = Heard::default();
    assert!(heard.news(&screen.model).contains(&"-- chosen: 4 in a line, Enter reads them".to_owned()));
    screen.keys("rde+py");
    assert_eq!(screen.taken(), []);
    assert!(screen.text().contains("this line is no message"), "{}", screen.text());
    screen.keys("<enter>");
    let text = screen.text();
    for line in ["ci-bot: build 1 passed  (filter builds)", "* dave joined", "buy now  (filter ads)"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    screen.keys("<esc>j");
    assert_eq!(screen.model.selected, Some(Seq(6)));
    screen.keys("kk");
    assert_eq!(screen.model.selected, Some(Seq(1)), "it is one step");
}

#[test]
fn what_fits_on_the_screen_once_it_is_hidden_is_seen() {
    let mut history = History::default().said(BOB, "bob", "hello");
    for n in 0..60 {
        history = history.said(CAROL, "ci-bot", &format!("build {n} passed"));
    }
    let mut screen = Screen::reading(&history.events);
    screen.keys("<pageup>");
    assert!(!screen.model.room().unwrap().timeline.follows());
    set(&mut screen, &[BUILDS]);
    assert!(screen.text().contains("60 hidden by filter builds"), "{}", screen.text());
    assert!(screen.model.room().unwrap().timeline.follows(), "the newest row is there");
}

#[test]
fn filters_are_listed_kept_and_not_read_out() {
    let mut screen = Screen::reading(&noisy()[..1]);
    screen.keys("/filter add ads buy now<enter>/filter del ads<enter>/filter add ads<enter>");
    let change = |change| Effect::Configure(change);
    let changes: Vec<_> = screen.taken().into_iter().filter(|it| matches!(it, Effect::Configure(_))).collect();
    let expected =
        [change(Change::Filter("ads".to_owned(), "buy now".to_owned())), change(Change::Unfilter("ads".to_owned()))];
    assert_eq!(changes, expected);
    assert!(screen.text().contains("usage: /filter"), "{}", screen.text());
    set(&mut screen, &[BUILDS]);
    screen.keys("<ctrl-u>/filter<enter>");
    assert!(screen.text().contains(BUILDS.1), "{}", screen.text());
    screen.keys("<esc>");
    let mut heard = Heard::default();
    heard.news(&screen.model);
    screen.net(events(GENERAL, noisy()[1..6].to_vec()));
    let told = heard.news(&screen.model);
    assert!(
        !told.iter().any(|line| line.contains("build 2")) && told.iter().any(|line| line.contains("build 3")),
        "{told:?}"
    );
}

const PANE: Pane = Pane { room: key(GENERAL), height: 12, width: 30, compact: false };

/// A history in which some come and go, some are answered, and much is noise.
fn history(kinds: &[u8]) -> Vec<Event> {
    let history = kinds.iter().enumerate().fold(History::default(), |history, (n, kind)| {
        let history = history.after(i64::from(kind % 3) * 200);
        match kind % 6 {
            0 => history.joined(CAROL, "carol"),
            1 => history.said(ALICE, "alice", &format!("own {n} noise")),
            2 | 3 => history.said(BOB, "bob", &format!("noise {n} {}", "word ".repeat(usize::from(*kind) % 40))),
            _ => history.said(CAROL, "carol", &format!("words {n} {}", "more ".repeat(usize::from(*kind) % 40))),
        }
    });
    history.events
}

/// The events of the lines of a layout, each block once, in order.
fn covered(timeline: &Timeline, layout: &Layout) -> Vec<Seq> {
    let mut blocks: Vec<Block> = layout.lines.iter().map(|line| line.block).collect();
    blocks.dedup();
    blocks
        .into_iter()
        .flat_map(|block| timeline.block_events(block).map(|event| event.seq).collect::<Vec<_>>())
        .collect()
}

/// The event at the anchor's line, and the words there.
fn under_the_eye(timeline: &Timeline, layout: &Layout) -> Option<(Vec<Seq>, String)> {
    let Anchor::Pinned { line, .. } = timeline.anchor() else { return None };
    let line = layout.lines.get(usize::from(line))?;
    let words = match &line.part {
        Part::Text { row, wrapped } => wrapped.text[wrapped.rows[usize::from(*row)].clone()].to_owned(),
        Part::Decor(_) => return None,
    };
    Some((timeline.block_events(line.block).map(|event| event.seq).collect(), words))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_row_is_there_exactly_once_whatever_is_hidden(
        kinds in prop::collection::vec(any::<u8>(), 1..120),
        ruler in 0_u64..120,
        steps in prop::collection::vec((1..20_u16, any::<bool>(), any::<bool>()), 0..12),
    ) {
        let all = history(&kinds);
        let zone = Zone::UTC;
        let scope = Scope { zone: &zone, ruler: Some(Seq(ruler)), me: ALICE };
        let noise = filters(&[("noise", "noise"), ("bob", "/^bob/")]);
        let mut timeline = Timeline::default();
        let (first, second) = all.split_at(all.len() / 2);
        timeline.filter(Some(&noise), ALICE);
        timeline.insert(second.to_vec());
        timeline.insert(first.to_vec());
        for event in &all {
            let hides = event.by == BOB && event.body.message().is_some();
            prop_assert_eq!(timeline.hidden_by(event.seq).is_some(), hides);
        }
        for (rows, up, on) in steps {
            let wide = Pane { height: 20_000, ..PANE };
            let mut whole = timeline.clone();
            whole.scroll(Scroll::Bottom, wide, scope, &mut Wraps::default());
            let seqs = covered(&whole, &whole.layout(wide, scope, &mut Wraps::default()));
            prop_assert_eq!(seqs, all.iter().map(|event| event.seq).collect::<Vec<_>>());
            timeline.scroll(if up { Scroll::Up(rows) } else { Scroll::Down(rows) }, PANE, scope, &mut Wraps::default());
            let before = under_the_eye(&timeline, &timeline.layout(PANE, scope, &mut Wraps::default()));
            let anchor = timeline.anchor();
            timeline.filter(on.then_some(&noise), ALICE);
            let layout = timeline.layout(PANE, scope, &mut Wraps::default());
            let after = under_the_eye(&timeline, &layout);
            prop_assert_eq!(timeline.anchor(), anchor, "a filter scrolls nothing");
            // Where there is not enough above or below any more, what is there moves.
            if let (Some((seqs, words)), Some((now, said)), false) = (before, after, layout.top || layout.end) {
                // What was read stays under the eye, if it is shown at all; if not, the line that counts it does.
                prop_assert!(seqs.iter().any(|seq| now.contains(seq)), "{:?} {} became {:?} {}", seqs, words, now, said);
                let shown = seqs.iter().all(|seq| timeline.hidden_by(*seq).is_none()) && seqs == now;
                prop_assert!(!shown || words == said || words.contains(" by filter "), "{} became {}", words, said);
            }
        }
    }
}
