//! Runs of events without a gap.

use std::collections::VecDeque;

use chat_proto::{Event, Seq};

/// Contiguous events, never empty.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) events: VecDeque<Event>,
}

impl Segment {
    pub(super) fn first(&self) -> Seq {
        self.events.front().map_or(Seq::ZERO, |event| event.seq)
    }

    pub(super) fn last(&self) -> Seq {
        self.events.back().map_or(Seq::ZERO, |event| event.seq)
    }

    pub(super) fn index(&self, seq: Seq) -> Option<usize> {
        let index = usize::try_from(seq.0.checked_sub(self.first().0)?).ok()?;
        (index < self.events.len()).then_some(index)
    }
}

/// Joins a run with the segments it overlaps or touches, all in order.
pub(super) fn merge(touched: Vec<Segment>, run: Vec<Event>) -> VecDeque<Event> {
    let mut touched = touched.into_iter();
    let mut merged = touched.next().map(|segment| segment.events).unwrap_or_default();
    let first = run.first().map_or(Seq::ZERO, |event| event.seq);
    let last = run.last().map_or(Seq::ZERO, |event| event.seq);
    let tail = merged.split_off(merged.partition_point(|event| event.seq < first));
    merged.extend(run);
    let behind = tail.into_iter().chain(touched.flat_map(|segment| segment.events));
    merged.extend(behind.filter(|event| event.seq > last));
    merged
}
