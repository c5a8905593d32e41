//! What was done in a room of the model, what of it everybody sees, and how far he has read it.

use std::collections::BTreeSet;

use chat_proto::RejectCode::NotMember;
use chat_proto::Role;
use chat_proto::event::List;

use crate::deed::Person;
use crate::model::{Answer, Room, need};

/// How far somebody has read: a place, and the messages up to it.
pub type Marker = (usize, u64);

/// What happened: by whom, in words, and the messages for all up to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub by: Option<Person>,
    pub what: String,
    pub ordinal: u64,
}

pub struct Entry {
    pub line: Line,
    pub is_message: bool,
    pub seen_by: Option<BTreeSet<Person>>,
    names: Option<Person>,
}

pub struct Member {
    pub role: Role,
    pub joined: usize,
    /// His marker, if what follows from his own messages is noted at once, and if it is noted as late as can be.
    pub read: [Marker; 2],
}

impl Room {
    pub fn marker(&self, place: usize) -> Marker {
        (place, self.log[place - 1].line.ordinal)
    }

    pub fn head(&self) -> Marker {
        self.marker(self.log.len())
    }

    pub fn history(&self, who: Person) -> Answer<Vec<Line>> {
        let seen = |entry: &Entry| match &entry.seen_by {
            Some(people) if !people.contains(&who) => {
                Line { by: None, what: "withheld".to_owned(), ordinal: entry.line.ordinal }
            }
            Some(_) | None => entry.line.clone(),
        };
        Ok(self.log.iter().skip(self.reads(who)? - 1).map(seen).collect())
    }

    pub fn pins(&self, who: Person) -> Answer<Vec<usize>> {
        Ok(self.pins.range(self.reads(who)?..).copied().collect())
    }

    pub fn list(&self, who: Person, list: List) -> Answer<Vec<Person>> {
        self.enters(who)?;
        need(self.rank(who) > 0, NotMember)?;
        Ok(self.lists.iter().filter(|entry| entry.0 == list).map(|entry| entry.1).collect())
    }

    /// The messages behind a place that name somebody.
    pub fn mentions(&self, who: Person, read: usize) -> Vec<usize> {
        (1..=self.log.len()).filter(|place| *place > read && self.log[place - 1].names == Some(who)).collect()
    }

    pub fn mark_read(&mut self, who: Person, to: usize) -> Answer<()> {
        let to = self.marker(to.min(self.log.len()));
        let own: Vec<Marker> = (1..=self.log.len())
            .filter(|place| self.log[place - 1].counts() && self.log[place - 1].line.by == Some(who))
            .map(|place| self.marker(place))
            .collect();
        let member = self.members.get_mut(&who).ok_or(NotMember)?;
        member.read = member.read.map(|read| read.max(to));
        member.read[1] = own.into_iter().fold(member.read[1], follow);
        Ok(())
    }

    pub fn say(
        &mut self,
        who: Person,
        is_message: bool,
        what: String,
        seen_by: Option<BTreeSet<Person>>,
        names: Person,
    ) -> usize {
        let hears = names != who && seen_by.as_ref().is_none_or(|people| people.contains(&names));
        let names = Some(names).filter(|names| hears && self.members.contains_key(names));
        let place = self.write(who, what);
        let counts = u64::from(is_message && seen_by.is_none());
        let entry = &mut self.log[place - 1];
        (entry.is_message, entry.seen_by, entry.names) = (is_message, seen_by, names);
        entry.line.ordinal += counts;
        let own = self.marker(place);
        if let Some(member) = self.members.get_mut(&who).filter(|_| counts > 0) {
            member.read = member.read.map(|read| follow(read, own));
        }
        place
    }

    pub fn write(&mut self, who: Person, what: String) -> usize {
        let ordinal = self.log.last().map_or(0, |entry| entry.line.ordinal);
        let line = Line { by: Some(who), what, ordinal };
        self.log.push(Entry { line, is_message: false, seen_by: None, names: None });
        self.log.len()
    }

    pub fn admit(&mut self, who: Person, what: &str) -> usize {
        let joined = self.write(who, what.to_owned());
        let role = if who == self.owner { Role::Owner } else { Role::Member };
        self.members.insert(who, Member { role, joined, read: [self.head(); 2] });
        joined
    }
}

impl Entry {
    fn counts(&self) -> bool {
        self.is_message && self.seen_by.is_none()
    }
}

/// Who stood right before his own message stands behind it.
fn follow(read: Marker, own: Marker) -> Marker {
    if read.1 + 1 == own.1 { own } else { read }
}
