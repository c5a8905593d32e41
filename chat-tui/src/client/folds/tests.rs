use chat_proto::event::{Named, Posted, Purged, Redacted, Style};
use chat_proto::reply::Reaction as Told;
use chat_proto::{DeviceId, MessageKey, Ordinal, RoomId, Timestamp};
use proptest::prelude::*;

use super::*;

const ME: AccountId = AccountId(1);
const MESSAGE: Seq = Seq(5);

fn event(seq: u64, by: u64, body: impl Into<EventBody>) -> Event {
    let (at, device, key) = (Timestamp(0), DeviceId(1), MessageKey([1; 16]));
    Event { seq: Seq(seq), ordinal: Ordinal(0), at, by: AccountId(by), device, key, body: body.into() }
}

fn edited(seq: u64, text: &str) -> Event {
    let (name, text, mentions) = (String::new(), text.to_owned(), Vec::new());
    event(seq, 1, Edited { name, target: MESSAGE, text, mentions, visible_to: None })
}

fn reacted(seq: u64, by: u64, emoji: &str, on: bool) -> Event {
    let (name, emoji) = (String::new(), emoji.to_owned());
    event(seq, by, Reacted { name, target: MESSAGE, emoji, on, visible_to: None })
}

fn pinned(seq: u64, on: bool) -> Event {
    event(seq, 1, Pinned { name: String::new(), target: MESSAGE, on })
}

/// What a person sees of the message.
fn shown(folds: &Folds) -> (Option<String>, Vec<(String, u32, bool)>, bool) {
    let Some(stand) = folds.of(MESSAGE) else { return Default::default() };
    let mut reactions: Vec<_> =
        stand.reactions(ME).map(|(emoji, count, mine)| (emoji.to_owned(), count, mine)).collect();
    reactions.sort();
    (stand.text().map(str::to_owned), reactions, stand.is_pinned())
}

fn said(seq: u64, by: u64) -> Event {
    event(seq, by, Posted { name: String::new(), style: Style::Text, text: "x".to_owned(), mentions: Vec::new() })
}

/// What the server answers when the room has come so far.
fn told(events: &[Event]) -> FoldList {
    let mut folds = Folds::default();
    events.iter().for_each(|event| {
        folds.apply(event);
    });
    let seq = events.iter().filter(|event| !matches!(event.body, EventBody::Pinned(_))).map(|event| event.seq).max();
    let Some(stand) = folds.of(MESSAGE) else { return FoldList { room: RoomId(1), folds: Vec::new() } };
    let reactions = stand.reactions.iter().map(|reaction| {
        let by: Vec<AccountId> = reaction.by.iter().filter(|(_, (_, on))| *on).map(|(by, _)| *by).collect();
        let count = u32::try_from(by.len()).unwrap();
        Told { emoji: reaction.emoji.clone(), by, count }
    });
    let fold = Fold {
        target: MESSAGE,
        seq: seq.unwrap_or_default(),
        text: stand.text().map(str::to_owned),
        edited_at: Timestamp(0),
        revision: 1,
        reactions: reactions.filter(|told| told.count > 0).collect(),
        pinned: stand.is_pinned(),
    };
    FoldList { room: RoomId(1), folds: vec![fold] }
}

fn deeds() -> impl Strategy<Value = Vec<Event>> {
    let deed = (0..4_u8, 1..5_u64, any::<bool>());
    proptest::collection::vec(deed, 1..20)
        .prop_map(|deeds| {
            let deed = |(seq, (what, by, on)): (u64, (u8, u64, bool))| match what {
                0 => edited(seq, &format!("words {seq}")),
                1 => reacted(seq, by, "👍", on),
                2 => reacted(seq, by, "🎉", on),
                _ => pinned(seq, on),
            };
            let events: Vec<Event> = (6..).zip(deeds).map(deed).collect();
            // The server stores nothing that is so already.
            let mut folds = Folds::default();
            events.into_iter().filter(|event| folds.apply(event)).collect()
        })
        .prop_filter("something happened", |events: &Vec<Event>| !events.is_empty())
}

proptest! {
    #[test]
    fn a_message_stands_the_same_in_whatever_order_it_is_told(
        (events, shuffled) in deeds().prop_flat_map(|e| (Just(e.clone()), Just(e).prop_shuffle())),
    ) {
        let (mut straight, mut crooked) = (Folds::default(), Folds::default());
        events.iter().for_each(|event| { straight.apply(event); });
        shuffled.iter().chain(&shuffled).for_each(|event| { crooked.apply(event); });
        prop_assert_eq!(shown(&straight), shown(&crooked));
    }

    #[test]
    fn an_answer_of_any_moment_and_what_comes_live_make_the_whole(
        events in deeds(),
        live in any::<prop::sample::Index>(),
        asked in any::<prop::sample::Index>(),
        late in any::<prop::sample::Index>(),
    ) {
        // Live from some event on; asked at a later one, and the answer comes later still.
        let live = live.index(events.len());
        let asked = live + asked.index(events.len() - live + 1);
        let late = asked + late.index(events.len() - asked + 1);
        let mut folds = Folds::default();
        events[live..late].iter().for_each(|event| { folds.apply(event); });
        folds.take(&told(&events[..asked]));
        events[late..].iter().for_each(|event| { folds.apply(event); });
        let mut whole = Folds::default();
        events.iter().for_each(|event| { whole.apply(event); });
        prop_assert_eq!(shown(&folds), shown(&whole));
    }
}

#[test]
fn what_was_removed_has_no_words_and_its_edits_neither() {
    let mut events = [said(5, 1), said(6, 2), edited(7, "y"), said(8, 1)];
    let redacted = event(9, 2, Redacted { name: String::new(), target: MESSAGE, reason: String::new() });
    let erasure = Erasure::of(&redacted).unwrap();
    let struck = events.each_mut().map(|event| erasure.strike(event));
    assert_eq!(struck, [true, false, true, false]);
    assert_eq!(events[0].body, Erased { kind: 4 }.into());
    let mut folds = Folds::default();
    folds.apply(&edited(7, "y"));
    assert!(folds.apply(&redacted) && folds.of(MESSAGE).is_none());
}

#[test]
fn people_the_server_only_counts_count_until_they_take_it_back() {
    let thumbs = Told { emoji: "👍".to_owned(), by: vec![AccountId(2)], count: 60 };
    let fold = Fold {
        target: MESSAGE,
        seq: Seq(80),
        text: None,
        edited_at: Timestamp(0),
        revision: 0,
        reactions: vec![thumbs],
        pinned: false,
    };
    let mut folds = Folds::default();
    folds.take(&FoldList { room: RoomId(1), folds: vec![fold] });
    let count = |folds: &Folds| shown(folds).1[0].1;
    assert_eq!(count(&folds), 60);
    folds.apply(&reacted(81, 44, "👍", false));
    assert_eq!(count(&folds), 59);
    folds.apply(&reacted(82, 1, "👍", true));
    assert_eq!(shown(&folds).1, [("👍".to_owned(), 60, true)]);
    folds.apply(&reacted(70, 44, "👍", true));
    assert_eq!(count(&folds), 60, "the answer knew that already");
}

#[test]
fn a_purge_takes_all_of_a_person_up_to_its_place() {
    let mut events = [said(5, 1), said(6, 2), said(7, 1), said(9, 1)];
    let who = Named { account: AccountId(1), name: String::new() };
    let purged = event(8, 2, Purged { name: String::new(), who, up_to: Seq(7), reason: String::new() });
    let erasure = Erasure::of(&purged).unwrap();
    assert_eq!(events.each_mut().map(|event| erasure.strike(event)), [true, false, true, false]);
    assert_eq!(Erasure::of(&events[1]), None);
}
