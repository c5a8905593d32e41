//! How messages stand now: what was done to them afterwards, folded into one answer each.

use std::collections::{BTreeMap, BTreeSet};

use chat_proto::event::{Edited, Reacted};
use chat_proto::limits::REACTORS_NAMED_MAX;
use chat_proto::reply::{Fold, Reaction};
use chat_proto::{AccountId, Event, RoomFact, Seq, Timestamp};

use super::audience::is_for;

/// What is gathered of one message.
#[derive(Debug, Default)]
struct Gathered {
    seq: Seq,
    text: Option<String>,
    edited_at: Timestamp,
    revision: u32,
    /// By emoji, in the order it was first used, who reacted and in which order.
    reactions: Vec<(String, Vec<AccountId>)>,
}

impl Gathered {
    fn react(&mut self, by: AccountId, emoji: &str, on: bool) {
        let at = self.reactions.iter().position(|(known, _)| known == emoji);
        match (at, on) {
            (Some(at), true) if !self.reactions[at].1.contains(&by) => self.reactions[at].1.push(by),
            (None, true) => self.reactions.push((emoji.to_owned(), vec![by])),
            (Some(at), false) => {
                self.reactions[at].1.retain(|known| *known != by);
                self.reactions.retain(|(_, by)| !by.is_empty());
            }
            (Some(_), true) | (None, false) => {}
        }
    }
}

/// Folds events about messages, in order, into how those messages stand for a reader. `pins` are the room's pinned messages
/// among those asked for.
#[must_use]
pub fn fold(events: &[Event], pins: &BTreeSet<Seq>, reader: AccountId) -> Vec<Fold> {
    let mut gathered: BTreeMap<Seq, Gathered> = pins.iter().map(|pin| (*pin, Gathered::default())).collect();
    for event in events.iter().filter(|event| is_for(event, reader)) {
        match event.body.room_fact() {
            Some(RoomFact::Edited(Edited { target, text, .. })) => {
                let message = gathered.entry(*target).or_default();
                (message.seq, message.text, message.edited_at) = (event.seq, Some(text.clone()), event.at);
                message.revision += 1;
            }
            Some(RoomFact::Reacted(Reacted { target, emoji, on, .. })) => {
                let message = gathered.entry(*target).or_default();
                message.seq = event.seq;
                message.react(event.by, emoji, *on);
            }
            // What is pinned the room's state says; what was removed the row itself.
            Some(_) | None => {}
        }
    }
    gathered.into_iter().map(|(target, message)| told(target, message, pins.contains(&target))).collect()
}

fn told(target: Seq, message: Gathered, pinned: bool) -> Fold {
    let reaction = |(emoji, mut by): (String, Vec<AccountId>)| {
        let count = u32::try_from(by.len()).unwrap_or(u32::MAX);
        by.truncate(REACTORS_NAMED_MAX);
        Reaction { emoji, by, count }
    };
    Fold {
        target,
        seq: message.seq,
        text: message.text,
        edited_at: message.edited_at,
        revision: message.revision,
        reactions: message.reactions.into_iter().map(reaction).collect(),
        pinned,
    }
}

#[cfg(test)]
mod tests {
    use chat_proto::{DeviceId, EventBody, MessageKey, Ordinal};

    use super::*;

    fn event(seq: u64, by: u64, body: impl Into<EventBody>) -> Event {
        Event {
            seq: Seq(seq),
            ordinal: Ordinal(0),
            at: Timestamp(seq.cast_signed()),
            by: AccountId(by),
            device: DeviceId(0),
            key: MessageKey::default(),
            body: body.into(),
        }
    }

    fn react(seq: u64, by: u64, emoji: &str, on: bool) -> Event {
        let body = Reacted { name: String::new(), target: Seq(1), emoji: emoji.to_owned(), on, visible_to: None };
        event(seq, by, body)
    }

    fn edit(seq: u64, text: &str, visible_to: Option<Vec<AccountId>>) -> Event {
        let text = text.to_owned();
        event(seq, 1, Edited { name: String::new(), target: Seq(2), text, mentions: Vec::new(), visible_to })
    }

    #[test]
    fn the_newest_words_and_the_reactions_that_hold_are_told_once() {
        let events = [
            react(10, 1, "👍", true),
            react(11, 2, "👍", true),
            react(12, 1, "👍", true),
            react(13, 1, "🎉", true),
            react(14, 1, "🎉", false),
            edit(15, "first", None),
            edit(16, "second", None),
        ];
        let folds = fold(&events, &BTreeSet::from([Seq(3)]), AccountId(9));
        let targets: Vec<u64> = folds.iter().map(|fold| fold.target.0).collect();
        assert_eq!(targets, [1, 2, 3]);
        let thumbs = Reaction { emoji: "👍".to_owned(), by: vec![AccountId(1), AccountId(2)], count: 2 };
        assert_eq!((&folds[0].reactions, folds[0].text.as_ref()), (&vec![thumbs], None));
        assert_eq!(
            (folds[1].text.as_deref(), folds[1].revision, folds[1].edited_at),
            (Some("second"), 2, Timestamp(16))
        );
        assert!(folds[2].pinned && !folds[1].pinned);
    }

    #[test]
    fn what_is_not_for_a_reader_changes_nothing_for_him() {
        let events = [edit(15, "psst", Some(vec![AccountId(2)]))];
        assert_eq!(fold(&events, &BTreeSet::new(), AccountId(9)), []);
        assert_eq!(fold(&events, &BTreeSet::new(), AccountId(2)).len(), 1);
    }
}
