//! Somebody: what is known of him, and what one may do to him, as the server says.

use std::collections::BTreeMap;

use chat_proto::profile::Profile;
use chat_proto::{AccountId, Presence, Role};

use super::command::{Ask, Person};
use super::model::Model;
use super::picker::{Goal, Item, Picker, Subject};
use super::server::{RoomKey, ServerId};
use super::time::day_title;

/// What may be done to people in a room, by the names of the server's table: it is asked about each.
pub const RIGHTS: [&str; 8] = ["kick", "ban", "mute", "invite", "make_moderator", "make_admin", "make_member", "purge"];

/// Somebody, as far as it was told yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Where.
    pub at: ServerId,
    /// The room in which something may be done to him.
    pub room: Option<RoomKey>,
    /// Who he is, and what he shows.
    pub profile: Profile,
    /// What he is called beside his name.
    pub nick: Option<String>,
    /// When he was last there, in words.
    pub seen: Option<String>,
    /// What may be done to him there, or why not; nothing for what was not answered yet.
    pub rights: BTreeMap<&'static str, Result<(), String>>,
}

/// One thing to do.
struct Offer {
    letter: char,
    words: &'static str,
    /// What of [`RIGHTS`] it takes.
    right: Option<&'static str>,
    goal: Goal,
}

impl Card {
    /// Whom it shows.
    #[must_use]
    pub fn account(&self) -> AccountId {
        self.profile.account
    }

    /// The card to choose from.
    #[must_use]
    pub fn picker(&self, model: &Model) -> Picker {
        let mut items = Vec::new();
        let mut letters = Vec::new();
        for Offer { letter, words, right, goal } in self.offers(model) {
            let allowed = right.map(|right| self.rights.get(right));
            let (detail, goal) = match allowed {
                None | Some(Some(Ok(()))) => (String::new(), goal),
                Some(None) => ("…".to_owned(), Goal::Denied("the server has not said yet whether you may".to_owned())),
                Some(Some(Err(why))) => (why.clone(), Goal::Denied(why.clone())),
            };
            letters.push((letter, items.len(), goal.clone()));
            items.push(Item { name: format!("{letter}  {words}"), detail, goal });
        }
        let subject = Subject::Card(Box::new(self.clone()));
        Picker::lettered(self.profile.name.clone(), items, letters).about(subject, self.facts(model))
    }

    fn role(&self, model: &Model) -> Option<Role> {
        let members = &model.view(self.room?)?.members;
        members.get(&self.account()).map(|member| member.role)
    }

    fn facts(&self, model: &Model) -> Vec<String> {
        let Profile { account, name, since, presence, status, state, shared_rooms } = &self.profile;
        let mut lines = Vec::new();
        let mut fact = |what: &str, value: String| lines.push(format!("{what:<14}{value}"));
        fact("name", name.clone());
        if let Some(nick) = &self.nick {
            fact("called", nick.clone());
        }
        fact("account", account.to_string());
        let there = match presence {
            Presence::Online => "online",
            Presence::Away => "away",
            Presence::Offline => "offline",
        };
        fact("presence", there.to_owned());
        if !status.text.is_empty() {
            fact("status", status.text.clone());
        }
        if let Some(seen) = &self.seen {
            fact("last there", seen.clone());
        }
        fact("here since", day_title(model.zone.day(*since)));
        if let Some((role, room)) = self.role(model).zip(self.room.and_then(|key| model.view(key))) {
            fact("role", format!("{} in {}", role.name(), room.label()));
        }
        let rooms: Vec<String> = shared_rooms.iter().map(|room| format!("#{room}")).collect();
        fact("shared rooms", if rooms.is_empty() { "none".to_owned() } else { rooms.join(" ") });
        state.iter().for_each(|value| fact(&value.name, value.value.clone()));
        lines
    }

    fn offers(&self, model: &Model) -> Vec<Offer> {
        let name = &self.profile.name;
        let free = |letter, words, goal| Offer { letter, words, right: None, goal };
        let write =
            |letter, words, right, line: String| Offer { letter, words, right: Some(right), goal: Goal::Write(line) };
        let mut offers = vec![free('p', "what else he shows of himself", Goal::Ask(Ask::Profile(name.clone())))];
        if self.account() == model.at(self.at).account.me.account {
            return offers;
        }
        offers.push(free('q', "write to him directly", Goal::Person(self.at, name.clone())));
        if self.room.is_some() {
            offers.push(free('m', "name him in the line", Goal::Mention(name.clone())));
        }
        if self.room.and_then(|key| model.view(key)).is_some_and(|room| !room.is_conversation()) {
            match self.role(model) {
                None => offers.push(write('I', "invite him here", "invite", format!("/invite {name}"))),
                Some(role) => {
                    offers.push(write('k', "put him out of the room", "kick", format!("/kick {name} ")));
                    offers.push(write('M', "let him only read", "mute", format!("/mute {name} -time ")));
                    let (up, down) = steps(role);
                    if let Some((words, right, to)) = up {
                        offers.push(write('o', words, right, format!("/role {name} {to}")));
                    }
                    if let Some((words, right, to)) = down {
                        offers.push(write('O', words, right, format!("/role {name} {to}")));
                    }
                }
            }
            offers.push(write('b', "keep him out of the room", "ban", format!("/ban {name} -time ")));
            offers.push(write('P', "remove all he wrote here", "purge", format!("/purge {name} ")));
        }
        let choices = &model.at(self.at).account.choices;
        let person = |what, on: bool| Goal::Ask(Ask::Person(what, name.clone(), on));
        let account = self.account();
        offers.push(match choices.ignores(account) {
            false => free('i', "show nothing of him", person(Person::Ignored, true)),
            true => free('i', "show again what he writes", person(Person::Ignored, false)),
        });
        offers.push(match choices.blocks(account) {
            false => free('B', "let him write to you no more", person(Person::Blocked, true)),
            true => free('B', "let him write to you again", person(Person::Blocked, false)),
        });
        offers.push(match choices.is_contact(account) {
            false => free('c', "count him among your contacts", person(Person::Contact, true)),
            true => free('c', "count him among your contacts no more", person(Person::Contact, false)),
        });
        offers
    }
}

type RoleStep = Option<(&'static str, &'static str, &'static str)>;

/// The roles above and below one: in words, what it takes, and its name.
fn steps(role: Role) -> (RoleStep, RoleStep) {
    let moderator = ("make him a moderator", "make_moderator", "moderator");
    match role {
        Role::Member => (Some(moderator), None),
        Role::Moderator => {
            (Some(("make him an admin", "make_admin", "admin")), Some(("make him a member", "make_member", "member")))
        }
        Role::Admin => (None, Some(moderator)),
        Role::Owner => (None, None),
    }
}
