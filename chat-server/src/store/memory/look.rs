//! Rows by what they are about, who wrote them and what they are; how far back a feed is kept; and words that are removed.

use std::ops::RangeInclusive;

use chat_proto::{AccountId, EventBody, Seq, Timestamp};

use super::data::Feed;
use crate::store::keep::Standing;
use crate::store::{Keep, Row, StoreError, StoreResult};

impl Feed {
    pub(super) fn annotations(&self, targets: &RangeInclusive<Seq>, after: Seq, limit: usize) -> Vec<Row> {
        let target = |row: &Row| row.event.body.target().or_else(|| self.erased_edits.get(&row.event.seq).copied());
        let rows = self.rows.range(after.next()..).map(|(_, row)| row);
        rows.filter(|row| target(row).is_some_and(|target| targets.contains(&target))).take(limit).cloned().collect()
    }

    pub(super) fn by_author(&self, author: AccountId, before: Seq, limit: usize) -> Vec<Seq> {
        let events = self.rows.range(..before).rev().map(|(_, row)| &row.event);
        let theirs = events.filter(|event| event.by == author && event.body.message().is_some());
        theirs.map(|event| event.seq).take(limit).collect()
    }

    pub(super) fn of_kinds(&self, kinds: &[u16], before: Seq, limit: usize) -> Vec<Row> {
        let rows = self.rows.range(..before).rev().map(|(_, row)| row);
        rows.filter(|row| kinds.contains(&row.event.body.stored_kind())).take(limit).cloned().collect()
    }

    pub(super) fn cut(&self, keep: Keep, now: Timestamp) -> Seq {
        let mut total = 0;
        let standing = |(seq, row): (&Seq, &Row)| {
            let bytes = row.event.body.payload().len() as u64;
            total += bytes;
            (*seq, Standing { ordinal: row.event.ordinal, at: row.event.at, bytes, total })
        };
        let standings: Vec<(Seq, Standing)> = self.rows.iter().map(standing).collect();
        let behind = self.meta.head.next();
        let Some((_, newest)) = standings.last().copied() else { return behind };
        let first = standings.partition_point(|(_, event)| !keep.keeps(*event, newest, now));
        standings.get(first).map_or(behind, |(seq, _)| *seq)
    }

    /// Whether the words of an event can be removed.
    pub(super) fn check_erasable(&self, seq: Seq) -> StoreResult<()> {
        let kind = self.rows.get(&seq).map(|row| row.event.body.stored_kind());
        match kind.filter(|kind| !EventBody::may_be_erased(*kind)) {
            Some(kind) => {
                Err(StoreError::Corrupt(format!("seq {seq}: an event of kind {kind} has no words to remove")))
            }
            None => Ok(()),
        }
    }

    /// Removes the words of a message and of its edits.
    pub(super) fn erase(&mut self, seq: Seq) {
        self.erase_edits(seq, Seq::MAX);
        self.change(seq, |body| body.erased());
    }

    /// Removes the words that an edit replaces.
    pub(super) fn replace(&mut self, edit: Seq) {
        if let Some(target) = self.rows.get(&edit).and_then(|row| row.event.body.target()) {
            self.erase_edits(target, edit);
            self.change(target, |body| if body.is_erased() { body } else { body.emptied() });
        }
    }

    fn erase_edits(&mut self, target: Seq, before: Seq) {
        let is_edit = |row: &Row| row.event.body.kind() == EventBody::EDITED && row.event.body.target() == Some(target);
        let edits: Vec<Seq> = self.rows.range(..before).filter(|(_, row)| is_edit(row)).map(|(at, _)| *at).collect();
        self.erased_edits.extend(edits.iter().map(|edit| (*edit, target)));
        edits.into_iter().for_each(|edit| self.change(edit, |body| body.erased()));
    }

    fn change(&mut self, seq: Seq, change: impl FnOnce(EventBody) -> EventBody) {
        if let Some(row) = self.rows.get_mut(&seq) {
            row.event.body = change(row.event.body.clone());
            row.salt = [0; 16];
        }
    }
}
