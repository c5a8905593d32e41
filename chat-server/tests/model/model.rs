//! A room once more, in the fewest words: written from the rules people are told, and from no code of the server's.

use std::collections::{BTreeMap, BTreeSet};

use chat_proto::RejectCode::{
    self, Archived, BadRequest, Banned, Conflict, Filtered, Forbidden, Muted, NoSuchMessage, NoSuchRoom, NoSuchUser,
    NotMember, RoomExists, SlowDown,
};
use chat_proto::Role;
use chat_proto::event::List;
use chat_proto::setting::{HistoryFrom, JoinPolicy, Who};

use crate::deed::{Deed, NAMES, Person, RUDE, Rude, Setting, Until};
use crate::log::{Entry, Member};

pub type Answer<T> = Result<T, RejectCode>;

/// What a member is: nothing, then each role.
pub const MODERATOR: u8 = 2;
const ADMIN: u8 = 3;
const OWNER: u8 = 4;

pub struct Room {
    pub owner: Person,
    pub members: BTreeMap<Person, Member>,
    /// With the last moment each holds.
    pub lists: BTreeMap<(List, Person), Option<u64>>,
    pub pins: BTreeSet<usize>,
    joining: JoinPolicy,
    posting: Who,
    reading: Who,
    listing: Who,
    pub history: HistoryFrom,
    archived: bool,
    slow: bool,
    rude: Rude,
    /// When those who are slowed last wrote.
    last_posts: BTreeMap<Person, u64>,
    pub reactions: BTreeSet<(usize, Person)>,
    pub log: Vec<Entry>,
    pub deleted: bool,
    /// Which of its possible names it has.
    name: usize,
    /// What the world says before it is asked: the moment, and whether there is another room.
    pub now: u64,
    pub has_neighbour: bool,
}

pub fn need(holds: bool, code: RejectCode) -> Answer<()> {
    if holds { Ok(()) } else { Err(code) }
}

impl Room {
    pub fn create(owner: Person) -> Self {
        let mut room = Self {
            owner,
            members: BTreeMap::new(),
            lists: BTreeMap::new(),
            pins: BTreeSet::new(),
            joining: JoinPolicy::Anyone,
            posting: Who::Members,
            reading: Who::Users,
            listing: Who::Users,
            history: HistoryFrom::Beginning,
            archived: false,
            slow: false,
            rude: Rude::Said,
            last_posts: BTreeMap::new(),
            reactions: BTreeSet::new(),
            log: Vec::new(),
            deleted: false,
            name: 0,
            now: 0,
            has_neighbour: false,
        };
        room.admit(owner, "creates");
        room
    }

    /// Where in the log what somebody does stands; nowhere, if it changes nothing there.
    pub fn take(&mut self, who: Person, deed: &Deed, text: &str) -> Answer<Option<usize>> {
        match deed {
            Deed::Create => Err(RoomExists),
            Deed::MarkRead { to } => self.mark_read(who, *to).map(|()| None),
            _ if self.deleted => Err(NoSuchRoom),
            Deed::Join if self.rank(who) > 0 => Ok(None),
            Deed::Join => {
                self.works(who)?;
                need(self.joining != JoinPolicy::Invited || self.is_invited(who), Forbidden)?;
                let place = self.admit(who, "joins");
                if who == self.owner {
                    self.write(who, format!("makes {} owner", NAMES[who]));
                }
                Ok(Some(place))
            }
            // Nobody is kept, the banned neither.
            Deed::Leave => {
                self.finds(who)?;
                Ok(self.members.remove(&who).map(|_| self.write(who, "leaves".to_owned())))
            }
            Deed::Post { to, reply, names, .. } => {
                let about = reply.map(|target| self.about(who, target)).transpose()?;
                let is_gone = about.is_some_and(|about| about.erased);
                let about = about.and_then(|about| about.seen_by.clone());
                self.works(who)?;
                self.speaks(who)?;
                need(self.rank(who) > 0 || self.posting <= Who::Users, NotMember)?;
                need(self.is_among(who, self.posting), Forbidden)?;
                need(!is_gone, NoSuchMessage)?;
                let is_slowed = self.slow && self.rank(who) < MODERATOR;
                need(!is_slowed || self.last_posts.get(&who).is_none_or(|last| self.now > last + 1), SlowDown)?;
                let text = self.filtered(text)?;
                let seen_by: Option<BTreeSet<_>> = to.clone().or(about);
                let seen_by = seen_by.map(|people| people.into_iter().chain([who]).collect());
                let reply = reply.map_or_else(String::new, |target| format!(" to {target}"));
                if is_slowed {
                    self.last_posts.insert(who, self.now);
                }
                Ok(Some(self.say(who, None, format!("says{reply} {text}"), seen_by, *names)))
            }
            Deed::Edit { target, names, .. } => {
                let about = self.message(who, *target)?;
                let (is_own, seen_by) = (about.line.by == Some(who), about.seen_by.clone());
                self.works(who)?;
                need(is_own, Forbidden)?;
                self.speaks(who)?;
                let text = self.filtered(text)?;
                Ok(Some(self.say(who, Some(*target), format!("edits {target} {text}"), seen_by, *names)))
            }
            Deed::Redact { .. } | Deed::React { .. } | Deed::Purge { .. } => self.touch(who, deed),
            Deed::Rename { .. } | Deed::Delete { .. } => self.end(who, deed),
            Deed::Pin { .. } | Deed::Give { .. } | Deed::Transfer { .. } => self.trust(who, deed),
            Deed::List { .. } | Deed::Kick { .. } | Deed::Set(_) => self.restrict(who, deed),
        }
    }

    fn trust(&mut self, who: Person, deed: &Deed) -> Answer<Option<usize>> {
        let rank = self.rank(who);
        if let Deed::Pin { target, on } = deed {
            let about = self.about(who, *target)?;
            let (is_private, is_gone) = (about.seen_by.is_some(), about.erased);
            self.works(who)?;
            need(rank >= MODERATOR, Forbidden)?;
            if self.pins.contains(target) == *on {
                return Ok(None);
            }
            need(!is_gone, NoSuchMessage)?;
            need(!is_private, Forbidden)?;
            let _ = if *on { self.pins.insert(*target) } else { self.pins.remove(target) };
            return Ok(Some(self.write(who, format!("{} {target}", if *on { "pins" } else { "unpins" }))));
        }
        self.works(who)?;
        if let Deed::Transfer { whom } = deed {
            need(rank >= OWNER, Forbidden)?;
            need(*whom != who, Conflict)?;
            need(self.rank(*whom) > 0, NotMember)?;
            self.owner = *whom;
            self.set_role(who, Role::Admin);
            self.set_role(*whom, Role::Owner);
            return Ok(Some(self.write(who, format!("gives the room to {}", NAMES[*whom]))));
        }
        let Deed::Give { whom, role } = deed else { return Ok(None) };
        let (his, given) = (self.rank(*whom), role.rank() + 1);
        if *whom == who {
            need(rank > given, Forbidden)?;
            need(rank < OWNER, Conflict)?;
        } else {
            need(rank >= ADMIN, Forbidden)?;
            need(his > 0, NotMember)?;
            need(rank > his && rank > given, Forbidden)?;
        }
        if his == given {
            return Ok(None);
        }
        self.set_role(*whom, *role);
        let place = self.write(who, format!("makes {} {}", NAMES[*whom], role.name()));
        self.put_out(who, &[*whom]);
        Ok(Some(place))
    }

    fn restrict(&mut self, who: Person, deed: &Deed) -> Answer<Option<usize>> {
        let rank = self.rank(who);
        let opens = matches!(deed, Deed::Set(Setting::Archived(_)));
        if opens {
            self.enters(who)?
        } else {
            self.works(who)?
        }
        let (what, may_lose) = match deed {
            Deed::List { whom, list, on, until } => {
                need(rank >= MODERATOR, Forbidden)?;
                if *on && *list != List::Invited {
                    need(*whom != who && rank > self.rank(*whom), Forbidden)?;
                    need(self.rank(*whom) < MODERATOR, Conflict)?;
                }
                let until = match until {
                    Until::TakenBack => None,
                    Until::Moments(moments) => Some(self.now + moments),
                    Until::Past => return Err(BadRequest),
                };
                let entry = (*list, *whom);
                if self.lists.get(&entry) == on.then_some(&until) {
                    return Ok(None);
                }
                let _ = if *on { self.lists.insert(entry, until) } else { self.lists.remove(&entry) };
                if *on && *list == List::Banned {
                    self.lists.remove(&(List::Invited, *whom));
                }
                (format!("{} {} {}", if *on { "lists" } else { "unlists" }, NAMES[*whom], list.name()), vec![*whom])
            }
            Deed::Kick { whom } => {
                need(rank >= MODERATOR && *whom != who && rank > self.rank(*whom), Forbidden)?;
                need(self.members.remove(whom).is_some(), NoSuchUser)?;
                (format!("kicks {}", NAMES[*whom]), vec![])
            }
            Deed::Set(setting) => {
                need(rank >= if opens { OWNER } else { ADMIN }, Forbidden)?;
                if !self.set(*setting) {
                    return Ok(None);
                }
                let sets_joining = matches!(setting, Setting::Joining(_));
                let everybody = self.members.keys().copied().filter(|_| sets_joining);
                (format!("sets {setting:?}"), everybody.collect())
            }
            _ => return Ok(None),
        };
        let place = self.write(who, what);
        self.put_out(who, &may_lose);
        Ok(Some(place))
    }

    fn set(&mut self, setting: Setting) -> bool {
        fn put<T: PartialEq>(place: &mut T, value: T) -> bool {
            std::mem::replace(place, value) != *place
        }
        match setting {
            Setting::Joining(policy) => put(&mut self.joining, policy),
            Setting::Posting(who) => put(&mut self.posting, who),
            Setting::Reading(who) => put(&mut self.reading, who),
            Setting::Listing(who) => put(&mut self.listing, who),
            Setting::History(from) => put(&mut self.history, from),
            Setting::Archived(on) => put(&mut self.archived, on),
            Setting::Slow(on) => {
                if !on {
                    self.last_posts.clear();
                }
                put(&mut self.slow, on)
            }
            Setting::Filter(what) => put(&mut self.rude, what),
        }
    }

    fn set_role(&mut self, who: Person, role: Role) {
        self.members.entry(who).and_modify(|member| member.role = role);
    }

    /// Whoever lost the right to be a member is none any more.
    fn put_out(&mut self, by: Person, may_lose: &[Person]) {
        let uninvited = |who| self.joining == JoinPolicy::Invited && !self.is_invited(who);
        let loses = |who: &Person| {
            (1..MODERATOR).contains(&self.rank(*who)) && (self.is_on(List::Banned, *who) || uninvited(*who))
        };
        let losers: Vec<Person> = may_lose.iter().copied().filter(loses).collect();
        if !losers.is_empty() {
            self.write(by, format!("puts out {losers:?}"));
            self.members.retain(|who, _| !losers.contains(who));
        }
    }

    /// 0 for one who is no member.
    pub fn rank(&self, who: Person) -> u8 {
        self.members.get(&who).map_or(0, |member| member.role.rank() + 1)
    }

    fn is_among(&self, who: Person, people: Who) -> bool {
        self.rank(who)
            >= match people {
                Who::Everyone | Who::Users => 0,
                Who::Members => 1,
                Who::Moderators => MODERATOR,
                Who::Admins => ADMIN,
            }
    }

    fn is_on(&self, list: List, who: Person) -> bool {
        self.lists.get(&(list, who)).is_some_and(|until| until.is_none_or(|until| self.now <= until))
    }

    /// What is left of a text behind the filter.
    fn filtered(&self, text: &str) -> Answer<String> {
        need(self.rude != Rude::Refused || !text.contains(RUDE[0]), Filtered)?;
        Ok(if self.rude == Rude::Replaced { text.replace(RUDE[0], RUDE[1]) } else { text.to_owned() })
    }

    fn end(&mut self, who: Person, deed: &Deed) -> Answer<Option<usize>> {
        if let Deed::Delete { if_empty } = deed {
            self.enters(who)?;
            need(self.rank(who) >= OWNER, Forbidden)?;
            need(!if_empty || self.members.len() == 1, Forbidden)?;
            let place = self.write(who, "deletes".to_owned());
            self.members.clear();
            self.deleted = true;
            return Ok(Some(place));
        }
        let Deed::Rename { to } = deed else { return Ok(None) };
        self.works(who)?;
        need(self.rank(who) >= ADMIN, Forbidden)?;
        need(*to < 2 || !self.has_neighbour, RoomExists)?;
        let is_so = std::mem::replace(&mut self.name, *to) == *to;
        Ok((!is_so).then(|| self.write(who, format!("takes name {to}"))))
    }

    fn is_invited(&self, who: Person) -> bool {
        self.owner == who || self.is_on(List::Invited, who)
    }

    /// Whether the room is there for somebody at all.
    pub fn enters(&self, who: Person) -> Answer<()> {
        need(!self.deleted, NoSuchRoom)?;
        need(!self.is_on(List::Banned, who), Banned)?;
        self.finds(who)
    }

    fn finds(&self, who: Person) -> Answer<()> {
        need(self.is_among(who, self.listing) || self.rank(who) > 0 || self.is_invited(who), NoSuchRoom)
    }

    pub fn works(&self, who: Person) -> Answer<()> {
        self.enters(who)?;
        need(!self.archived, Archived)
    }

    pub fn speaks(&self, who: Person) -> Answer<()> {
        need(!self.is_on(List::Muted, who), Muted)
    }

    /// The first place somebody may read from.
    pub fn reads(&self, who: Person) -> Answer<usize> {
        self.enters(who)?;
        need(self.rank(who) > 0 || self.is_among(who, self.reading), NotMember)?;
        let bound = self.members.get(&who).filter(|member| member.role == Role::Member);
        Ok(bound.filter(|_| self.history == HistoryFrom::Joining).map_or(1, |member| member.joined))
    }
}
