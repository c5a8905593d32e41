//! What was done in a room of the model, what of it everybody sees, and how far he has read it.

use std::collections::BTreeSet;

use chat_proto::RejectCode::{Forbidden, NoSuchMessage, NotMember};
use chat_proto::Role;
use chat_proto::event::List;

use crate::deed::{Deed, NAMES, Person};
use crate::model::{Answer, MODERATOR, Room, need};

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
    pub erased: bool,
    names: Option<Person>,
    /// The message whose words it changes.
    edits: Option<usize>,
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
        Ok(self.lists.keys().filter(|entry| entry.0 == list).map(|entry| entry.1).collect())
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
        edits: Option<usize>,
        what: String,
        seen_by: Option<BTreeSet<Person>>,
        names: Person,
    ) -> usize {
        let hears = names != who && seen_by.as_ref().is_none_or(|people| people.contains(&names));
        let names = Some(names).filter(|names| hears && self.members.contains_key(names));
        let place = self.write(who, what);
        let is_message = edits.is_none();
        let counts = u64::from(is_message && seen_by.is_none());
        let entry = &mut self.log[place - 1];
        (entry.is_message, entry.edits, entry.seen_by, entry.names) = (is_message, edits, seen_by, names);
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
        let (erased, is_message) = (false, false);
        self.log.push(Entry { line, is_message, seen_by: None, erased, names: None, edits: None });
        self.log.len()
    }

    /// A message that is for somebody, its words removed or not.
    pub fn about(&self, who: Person, place: usize) -> Answer<&Entry> {
        let from = self.reads(who)?;
        let entry = self.log.get(place - 1).filter(|entry| entry.is_message && place >= from).ok_or(NoSuchMessage)?;
        need(entry.seen_by.as_ref().is_none_or(|people| people.contains(&who)), NoSuchMessage)?;
        Ok(entry)
    }

    pub fn message(&self, who: Person, place: usize) -> Answer<&Entry> {
        let entry = self.about(who, place)?;
        need(!entry.erased, NoSuchMessage)?;
        Ok(entry)
    }

    /// What is done to messages.
    pub fn touch(&mut self, who: Person, deed: &Deed) -> Answer<Option<usize>> {
        match deed {
            Deed::Redact { target } => {
                let about = self.about(who, *target)?;
                let (author, seen_by, is_gone) = (about.line.by.unwrap(), about.seen_by.clone(), about.erased);
                let (rank, his) = (self.rank(who), self.rank(author));
                need(author == who || rank >= MODERATOR && rank >= his, Forbidden)?;
                if is_gone {
                    return Ok(None);
                }
                self.erase(*target);
                let place = self.write(who, format!("removes {target}"));
                // Of a message for some, only they hear.
                self.log[place - 1].seen_by = seen_by;
                Ok(Some(place))
            }
            Deed::Purge { whom } => {
                self.works(who)?;
                need(self.rank(who) >= MODERATOR && *whom != who && self.rank(who) > self.rank(*whom), Forbidden)?;
                let is_his =
                    |place: &usize| self.log[place - 1].is_message && self.log[place - 1].line.by == Some(*whom);
                let his: Vec<usize> = (1..=self.log.len()).filter(is_his).collect();
                let pins: Vec<usize> = his.iter().copied().filter(|place| self.pins.contains(place)).collect();
                his.into_iter().for_each(|place| self.erase(place));
                let place = self.write(who, format!("purges {}", NAMES[*whom]));
                for pin in pins {
                    self.write(who, format!("unpins {pin}"));
                }
                Ok(Some(place))
            }
            Deed::React { target, on } => {
                let about = self.about(who, *target)?;
                let (seen_by, is_gone) = (about.seen_by.clone(), about.erased);
                self.works(who)?;
                self.speaks(who)?;
                need(self.rank(who) > 0, NotMember)?;
                need(!is_gone, NoSuchMessage)?;
                let holds = self.reactions.contains(&(*target, who));
                let _ =
                    if *on { self.reactions.insert((*target, who)) } else { self.reactions.remove(&(*target, who)) };
                Ok((holds != *on).then(|| {
                    let place = self.write(who, format!("reacts {on} {target}"));
                    self.log[place - 1].seen_by = seen_by;
                    place
                }))
            }
            _ => Ok(None),
        }
    }

    fn erase(&mut self, target: usize) {
        self.pins.remove(&target);
        for (place, entry) in (1..).zip(&mut self.log) {
            if place == target || entry.edits == Some(target) {
                entry.line.what = "removed".to_owned();
                entry.erased = true;
            }
        }
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
