//! Whether a history of devices and the log a server was left with fit together: the promises about delivery, as one pass.
//!
//! Acknowledgements carry positions, so nothing has to be searched for: the whole check costs a sort. A history is a list of
//! [`Line`]s, one JSON object each where it is written to files, and the log is the [`Dump`] taken at the end.

mod cuts;
mod history;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use serde::{Deserialize, Serialize};

pub use cuts::Cut;
use cuts::Cuts;
pub use history::{Line, What, digest, format, parse};

/// What a server was left with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dump {
    /// Every room's log, in its order.
    pub log: Vec<Row>,
    /// Every read marker.
    pub marks: Vec<Marker>,
    /// Everybody who was put out of a room for good.
    #[serde(default)]
    pub cuts: Vec<Cut>,
}

/// One event of a room. What is no message may have an empty key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Of which room.
    pub room: u64,
    /// Its place there.
    pub seq: u64,
    /// Names the message.
    pub key: String,
    /// Equal for equal content.
    pub digest: u64,
}

/// The read marker of an account in a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// Whose, by name.
    pub account: String,
    /// Where.
    pub room: u64,
    /// Up to here, inclusive.
    pub seq: u64,
}

/// A promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// What was acknowledged is in the log, at the place that was told, in the words that were sent.
    Acked,
    /// A message is in the log once, by its key and by its words.
    OneCopy,
    /// A room's log is dense from 1.
    Dense,
    /// Every screen shows a contiguous run of the log, each event once, and at the end all of it.
    Shown,
    /// Who began to send after another's acknowledgement has the greater seq.
    RealTime,
    /// One device's messages to one room are in the order they were sent in.
    SenderOrder,
    /// A read marker never goes back, and at the end it is the same everywhere.
    Marker,
    /// What was never acknowledged is in the log at most once.
    UnackedOnce,
    /// What was refused for good is not in the log.
    Refused,
    /// At the end, whatever a client took in and did not see refused is in the log.
    Queued,
    /// Nothing of somebody who was put out, and nothing for him, is behind the place where that happened.
    CutOff,
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub rule: Rule,
    /// Where, for people.
    pub text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.rule, self.text)
    }
}

/// Everything that is wrong with a history. Where the run came to rest, every screen is also expected to be complete and every
/// marker to be the server's.
#[must_use]
pub fn check(lines: &[Line], dump: &Dump, at_rest: bool) -> Vec<Violation> {
    let mut checker = Checker { log: Log::new(dump), cuts: Cuts::new(lines, dump), found: Vec::new() };
    checker.dense(dump);
    checker.copies(lines, dump);
    checker.words(lines, dump);
    checker.answers(lines);
    checker.screens(lines, at_rest);
    checker.real_time(lines);
    checker.sender_order(lines);
    checker.cut_off(lines);
    checker.markers(lines, dump, at_rest);
    if at_rest {
        checker.queued(lines);
    }
    checker.found
}

/// The log, to be looked up by place and by key.
struct Log<'a> {
    by_seq: HashMap<(u64, u64), &'a Row>,
    by_key: HashMap<(u64, &'a str), &'a Row>,
    heads: BTreeMap<u64, u64>,
}

impl<'a> Log<'a> {
    fn new(dump: &'a Dump) -> Self {
        let mut log = Self { by_seq: HashMap::new(), by_key: HashMap::new(), heads: BTreeMap::new() };
        for row in &dump.log {
            log.by_seq.insert((row.room, row.seq), row);
            log.by_key.entry((row.room, &row.key)).or_insert(row);
            let head = log.heads.entry(row.room).or_default();
            *head = row.seq.max(*head);
        }
        log
    }

    /// Where a message is.
    fn place(&self, room: u64, key: &str) -> Option<u64> {
        self.by_key.get(&(room, key)).map(|row| row.seq)
    }
}

struct Checker<'a> {
    log: Log<'a>,
    cuts: Cuts<'a>,
    found: Vec<Violation>,
}

impl Checker<'_> {
    fn report(&mut self, rule: Rule, text: String) {
        self.found.push(Violation { rule, text });
    }

    fn dense(&mut self, dump: &Dump) {
        let mut heads: BTreeMap<u64, u64> = BTreeMap::new();
        for row in &dump.log {
            let head = heads.entry(row.room).or_default();
            let expected = *head + 1;
            *head = row.seq;
            if row.seq != expected {
                self.report(Rule::Dense, format!("room {}: seq {} in place of {expected}", row.room, row.seq));
            }
        }
    }

    fn copies(&mut self, lines: &[Line], dump: &Dump) {
        let mut acked: BTreeSet<(u64, &str)> = BTreeSet::new();
        for line in lines {
            if let What::Ack { room, key, .. } = &line.what {
                acked.insert((*room, key));
            }
        }
        let mut places: BTreeMap<(u64, &str), u64> = BTreeMap::new();
        for row in dump.log.iter().filter(|row| !row.key.is_empty()) {
            if let Some(first) = places.insert((row.room, &row.key), row.seq) {
                let is_acked = acked.contains(&(row.room, &row.key));
                let rule = if is_acked { Rule::OneCopy } else { Rule::UnackedOnce };
                let text = format!("room {}: {} at {first} and at {}", row.room, row.key, row.seq);
                self.report(rule, text);
            }
        }
    }

    /// The same words under another key are a copy too, unless somebody sent them as often.
    fn words(&mut self, lines: &[Line], dump: &Dump) {
        let mut sent: BTreeSet<(u64, u64, &str)> = BTreeSet::new();
        for line in lines {
            if let What::Send { room, key, digest } = &line.what {
                sent.insert((*room, *digest, key));
            }
        }
        let mut left: BTreeMap<(u64, u64), i64> = BTreeMap::new();
        for (room, digest, _) in sent {
            *left.entry((room, digest)).or_default() += 1;
        }
        let mut known: BTreeSet<(u64, &str)> = BTreeSet::new();
        for Row { room, seq, key, digest } in &dump.log {
            let Some(left) = left.get_mut(&(*room, *digest)).filter(|_| known.insert((*room, key))) else { continue };
            *left -= 1;
            if *left < 0 {
                self.report(
                    Rule::OneCopy,
                    format!("room {room}: what is at {seq} is there more often than it was sent"),
                );
            }
        }
    }

    /// Acknowledgements and refusals.
    fn answers(&mut self, lines: &[Line]) {
        let mut sent: HashMap<(u64, &str), u64> = HashMap::new();
        for Line { device, what, .. } in lines {
            match what {
                What::Send { room, key, digest } => {
                    sent.insert((*room, key), *digest);
                }
                What::Ack { room, key, seq } => match self.log.by_seq.get(&(*room, *seq)).copied() {
                    Some(row) if row.key == *key => {
                        if sent.get(&(*room, key)).is_some_and(|digest| *digest != row.digest) {
                            let text = format!("{device}: room {room}: {key} at {seq} is not what was sent");
                            self.report(Rule::Acked, text);
                        }
                    }
                    other => {
                        let there = other.map_or("nothing", |row| row.key.as_str());
                        let text = format!("{device}: room {room}: {key} acknowledged at {seq}, where {there} is");
                        self.report(Rule::Acked, text);
                    }
                },
                What::Err { room, key } => {
                    if let Some(seq) = self.log.place(*room, key) {
                        let text = format!("{device}: room {room}: {key} was refused and is at {seq}");
                        self.report(Rule::Refused, text);
                    }
                }
                What::Start { .. } | What::Resume { .. } | What::Conn | What::Disc => {}
                What::Queued { .. } | What::Show { .. } | What::Mark { .. } => {}
            }
        }
    }

    fn queued(&mut self, lines: &[Line]) {
        let mut waiting: BTreeMap<(u64, &str), &str> = BTreeMap::new();
        for Line { device, what, .. } in lines {
            if let What::Queued { room, key } = what {
                waiting.insert((*room, key), device);
            } else if let What::Err { room, key } = what {
                waiting.remove(&(*room, key.as_str()));
            }
        }
        for ((room, key), device) in waiting {
            // He may have been told no when nobody looked.
            if self.cuts.of(device, room).is_none() && self.log.place(room, key).is_none() {
                self.report(Rule::Queued, format!("{device}: room {room}: {key} was taken in and is nowhere"));
            }
        }
    }

    fn screens(&mut self, lines: &[Line], at_rest: bool) {
        let mut shown: BTreeMap<&str, BTreeMap<u64, u64>> = BTreeMap::new();
        for Line { device, what, .. } in lines {
            match what {
                What::Start { .. } => {
                    shown.insert(device, BTreeMap::new());
                }
                What::Resume { room, after } => {
                    shown.entry(device).or_default().insert(*room, *after);
                }
                What::Show { room, seq, key, digest } => {
                    match self.log.by_seq.get(&(*room, *seq)) {
                        Some(row) if row.key == *key && row.digest == *digest => {}
                        Some(_) => {
                            self.report(Rule::Shown, format!("{device}: room {room}: {seq} is not what was shown"))
                        }
                        None => {
                            self.report(Rule::Shown, format!("{device}: room {room}: {seq} was shown and is not there"))
                        }
                    }
                    match shown.entry(device).or_default().insert(*room, *seq) {
                        Some(last) if *seq <= last => {
                            self.report(Rule::Shown, format!("{device}: room {room}: {seq} again, behind {last}"));
                        }
                        Some(last) if *seq != last + 1 => {
                            self.report(Rule::Shown, format!("{device}: room {room}: {seq} behind {last}: a gap"));
                        }
                        Some(_) | None => {}
                    }
                }
                What::Conn | What::Disc | What::Send { .. } | What::Queued { .. } | What::Ack { .. } => {}
                What::Err { .. } | What::Mark { .. } => {}
            }
        }
        if at_rest {
            self.complete(&shown);
        }
    }

    fn complete(&mut self, shown: &BTreeMap<&str, BTreeMap<u64, u64>>) {
        for (device, rooms) in shown {
            for (room, last) in rooms {
                let head = self.log.heads.get(room).copied().unwrap_or(0);
                if *last != head && self.cuts.of(device, *room).is_none() {
                    self.report(Rule::Shown, format!("{device}: room {room}: shown up to {last} of {head}"));
                }
            }
        }
    }

    /// A sweep over time: every send is held against the greatest seq acknowledged before it.
    fn real_time(&mut self, lines: &[Line]) {
        let mut acks: Vec<(u64, u64, u64)> = Vec::new();
        let mut sends: BTreeMap<(u64, &str), (u64, &str)> = BTreeMap::new();
        for Line { t, device, what } in lines {
            match what {
                What::Ack { room, seq, .. } => acks.push((*t, *room, *seq)),
                // Only the first time somebody gives a message to his client is when he began to send it.
                What::Send { room, key, .. } => {
                    sends.entry((*room, key)).or_insert((*t, device));
                }
                What::Start { .. } | What::Resume { .. } | What::Conn | What::Disc => {}
                What::Queued { .. } | What::Err { .. } | What::Show { .. } | What::Mark { .. } => {}
            }
        }
        acks.sort_unstable();
        let mut sends: Vec<_> = sends.into_iter().map(|((room, key), (t, device))| (t, room, key, device)).collect();
        sends.sort_unstable();
        let mut acks = acks.into_iter().peekable();
        let mut heads: BTreeMap<u64, u64> = BTreeMap::new();
        for (t, room, key, device) in sends {
            while let Some((_, room, seq)) = acks.next_if(|ack| ack.0 < t) {
                let head = heads.entry(room).or_default();
                *head = seq.max(*head);
            }
            let head = heads.get(&room).copied().unwrap_or(0);
            if let Some(seq) = self.log.place(room, key).filter(|seq| *seq <= head) {
                let text = format!("{device}: room {room}: {key} at {seq}, sent after {head} was acknowledged");
                self.report(Rule::RealTime, text);
            }
        }
    }

    fn sender_order(&mut self, lines: &[Line]) {
        let mut last: BTreeMap<(&str, u64), u64> = BTreeMap::new();
        let mut known: BTreeSet<(u64, &str)> = BTreeSet::new();
        for Line { device, what, .. } in lines {
            let What::Send { room, key, .. } = what else { continue };
            if !known.insert((*room, key)) {
                continue;
            }
            let Some(seq) = self.log.place(*room, key) else { continue };
            if let Some(before) = last.insert((device, *room), seq)
                && before >= seq
            {
                let text = format!("{device}: room {room}: {key} at {seq}, sent after what is at {before}");
                self.report(Rule::SenderOrder, text);
            }
        }
    }

    fn markers(&mut self, lines: &[Line], dump: &Dump, at_rest: bool) {
        let mut accounts: BTreeMap<&str, &str> = BTreeMap::new();
        let mut marks: BTreeMap<(&str, u64), u64> = BTreeMap::new();
        for Line { device, what, .. } in lines {
            match what {
                What::Start { account } => {
                    accounts.insert(device, account);
                    // A process begins with what it holds, which may be older than what the last one was told.
                    marks.retain(|(of, _), _| *of != device.as_str());
                }
                What::Mark { room, seq } => {
                    if let Some(before) = marks.insert((device, *room), *seq)
                        && before > *seq
                    {
                        let text = format!("{device}: room {room}: the marker went from {before} back to {seq}");
                        self.report(Rule::Marker, text);
                    }
                }
                What::Resume { .. } | What::Conn | What::Disc | What::Send { .. } | What::Queued { .. } => {}
                What::Ack { .. } | What::Err { .. } | What::Show { .. } => {}
            }
        }
        if !at_rest {
            return;
        }
        let kept: BTreeMap<(&str, u64), u64> =
            dump.marks.iter().map(|mark| ((mark.account.as_str(), mark.room), mark.seq)).collect();
        for ((device, room), seq) in marks {
            let account = accounts.get(device).copied().unwrap_or_default();
            let server = kept.get(&(account, room)).copied().unwrap_or(0);
            if seq != server && self.cuts.of(device, room).is_none() {
                let text = format!("{device}: room {room}: the marker is at {seq}, the server's at {server}");
                self.report(Rule::Marker, text);
            }
        }
    }
}
