//! Those who were put out of a room: from there on nothing comes from them and nothing goes to them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Checker, Dump, Line, Rule, What};

/// Somebody who was put out of a room and never let in again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// Who, by name.
    pub account: String,
    /// Of which room.
    pub room: u64,
    /// The last event that is for him.
    pub after: u64,
}

/// The cuts, to be looked up by device.
pub(super) struct Cuts<'a> {
    accounts: BTreeMap<&'a str, &'a str>,
    cuts: BTreeMap<(&'a str, u64), u64>,
}

impl<'a> Cuts<'a> {
    pub(super) fn new(lines: &'a [Line], dump: &'a Dump) -> Self {
        let accounts = lines.iter().filter_map(|line| match &line.what {
            What::Start { account } => Some((line.device.as_str(), account.as_str())),
            What::Resume { .. } | What::Conn | What::Disc | What::Send { .. } | What::Queued { .. } => None,
            What::Ack { .. } | What::Err { .. } | What::Show { .. } | What::Mark { .. } => None,
        });
        let cuts = dump.cuts.iter().map(|cut| ((cut.account.as_str(), cut.room), cut.after));
        Self { accounts: accounts.collect(), cuts: cuts.collect() }
    }

    /// The last event of a room that is for whose device it is; none if he was never put out.
    pub(super) fn of(&self, device: &str, room: u64) -> Option<u64> {
        self.cuts.get(&(*self.accounts.get(device)?, room)).copied()
    }
}

impl Checker<'_> {
    pub(super) fn cut_off(&mut self, lines: &[Line]) {
        for Line { device, what, .. } in lines {
            let (room, seq, did) = match what {
                What::Send { room, key, .. } => (*room, self.log.place(*room, key), "wrote"),
                What::Show { room, seq, .. } => (*room, Some(*seq), "was shown"),
                What::Start { .. } | What::Resume { .. } | What::Conn | What::Disc | What::Queued { .. } => continue,
                What::Ack { .. } | What::Err { .. } | What::Mark { .. } => continue,
            };
            if let (Some(seq), Some(after)) = (seq, self.cuts.of(device, room))
                && seq > after
            {
                self.report(Rule::CutOff, format!("{device}: room {room}: {did} {seq}, and was put out at {after}"));
            }
        }
    }
}
