//! Conversations between few: the same people always find the same one. Each is a room all of whose people are in it from its
//! first event on, under a name that nobody else can take.

use std::collections::BTreeMap;
use std::sync::Arc;

use chat_proto::event::{List, Named};
use chat_proto::limits::{DIRECT_MEMBERS_MAX, NAME_GRAPHEMES_MAX};
use chat_proto::reach::CONVERSATION_PREFIX;
use chat_proto::{AccountId, FeedId, MessageKey, Reject, RejectCode, RoomId, RoomInfo, RoomName, RoomRef, UserRef};

use super::Hub;
use super::handle::{Feed, Outcome};
use super::rooms::parse_room;
use crate::core::account::Marker;
use crate::core::command::{AccountCommand, BeginDirect, NoteJoined, RoomCommand};
use crate::core::room::Room;
use crate::core::{AccountKind, Actor};
use crate::digest::sha256;

impl Hub {
    /// The conversation of somebody with others, who becomes a member of it again if he left it. It begins if there is none yet
    /// and all of them let him write.
    ///
    /// # Errors
    /// [`RejectCode::NoSuchUser`], [`RejectCode::NotReachable`], [`RejectCode::LimitExceeded`], or what the store says.
    pub async fn open_direct(
        self: &Arc<Self>,
        by: &Actor,
        key: MessageKey,
        with: &[UserRef],
    ) -> Result<RoomInfo, Reject> {
        let members = self.people_of(by, with)?;
        let name = name_of(members.keys().copied())?;
        let known = self.read_directory(|directory| directory.room_named(&name));
        let begun = match known {
            Some(room) => self.room(room).await?.look(self, |room, _| room.exists()).await?,
            None => false,
        };
        if !begun {
            self.check_begin(by)?;
            self.check_rooms()?;
            for (account, member) in members.iter().filter(|(account, _)| **account != by.account) {
                self.check_reach(by.account, *account, &member.name).await?;
            }
            self.count_new_room(by.account)?;
            self.begin_direct(by, key, &name, members.into_values().collect()).await?;
        }
        self.join_room(by, key, &RoomRef::Name(name.as_str().to_owned()), false).await
    }

    /// Whether somebody may go on writing in a room: in a conversation of two the other one must let him. In a larger one
    /// those who would rather not hear him ignore him.
    ///
    /// # Errors
    /// [`RejectCode::NotReachable`], or what the store says.
    pub(super) async fn check_post(self: &Arc<Self>, by: AccountId, feed: &Arc<Feed<Room>>) -> Result<(), Reject> {
        let FeedId::Room(id) = feed.shared.id() else { return Ok(()) };
        if !self.read_directory(|directory| directory.room(id).is_some_and(is_conversation)) {
            return Ok(());
        }
        let people = feed.look(self, |room, _| {
            let people = room.lists().of(List::Invited, AccountId(0));
            people.map(|(account, entry)| (account, entry.name.clone())).collect::<Vec<_>>()
        });
        let others: Vec<(AccountId, String)> =
            people.await?.into_iter().filter(|(account, _)| *account != by).collect();
        match others.as_slice() {
            [(account, name)] => self.check_reach(by, *account, name).await,
            [] | [_, _, ..] => Ok(()),
        }
    }

    /// Somebody and those he names.
    fn people_of(&self, by: &Actor, with: &[UserRef]) -> Result<BTreeMap<AccountId, Named>, Reject> {
        let mut members = BTreeMap::new();
        for user in with.iter().take(DIRECT_MEMBERS_MAX + 1) {
            let person = self.person(user)?;
            if person.kind == AccountKind::Guest {
                let message = format!("{} is a guest, and guests have no conversations; write in a room", person.name);
                return Err(Reject::new(RejectCode::Forbidden, message));
            }
            members.insert(person.account, Named { account: person.account, name: person.name });
        }
        members.insert(by.account, Named { account: by.account, name: by.name.as_str().to_owned() });
        match members.len() {
            0 | 1 => Err(Reject::new(RejectCode::BadRequest, "a conversation is with others; name at least one")),
            2..=DIRECT_MEMBERS_MAX => Ok(members),
            _ => {
                let message =
                    format!("a conversation has at most {DIRECT_MEMBERS_MAX} people; /create a room for more");
                Err(Reject::new(RejectCode::LimitExceeded, message))
            }
        }
    }

    /// Whether somebody lets another one write. Why not is his own affair.
    async fn check_reach(self: &Arc<Self>, sender: AccountId, whom: AccountId, name: &str) -> Result<(), Reject> {
        let shares = self.share_a_room(sender, whom).await;
        let account = self.account(whom).await?;
        let most = self.rooms_per_account();
        let takes = account
            .look(self, move |account, _| account.takes_words_of(sender, shares) && account.joined().count() < most);
        if takes.await? {
            return Ok(());
        }
        Err(Reject::new(RejectCode::NotReachable, format!("{name} takes no messages from you")))
    }

    /// Whether two people are members of a room that is no conversation.
    pub(super) async fn share_a_room(self: &Arc<Self>, one: AccountId, other: AccountId) -> bool {
        let (ones, others) = (self.joined_rooms(one).await, self.joined_rooms(other).await);
        self.read_directory(|directory| {
            let open = |room: &RoomId| directory.room(*room).is_some_and(|name| !is_conversation(name));
            ones.iter().any(|room| others.contains(room) && open(room))
        })
    }

    async fn begin_direct(
        self: &Arc<Self>,
        by: &Actor,
        key: MessageKey,
        name: &RoomName,
        members: Vec<Named>,
    ) -> Result<(), Reject> {
        let command = RoomCommand::BeginDirect(BeginDirect { name: name.clone(), members: members.clone() });
        match self.begin_room(by, key, name, command).await {
            Ok((id, feed, Outcome::Stored(found) | Outcome::Repeated(found))) => {
                let epoch = feed.shared.meta().epoch;
                let at = Marker { seq: found.seq, ordinal: found.ordinal };
                for member in members {
                    let note = NoteJoined { room: id, epoch, name: name.as_str().to_owned(), at };
                    if let Some(pending) = self.note(member.account, AccountCommand::NoteJoined(note)).await? {
                        pending.outcome().await?;
                    }
                    self.present_in(id, member.account);
                }
                Ok(())
            }
            Ok((_, _, Outcome::Unchanged)) => Ok(()),
            // Another one of them began it in the meantime.
            Err(reject) if reject.code == RejectCode::RoomExists => Ok(()),
            Err(reject) => Err(reject),
        }
    }
}

/// Whether a room of this name is a conversation: as [`name_of`] spells it, and nobody else may.
pub(super) fn is_conversation(name: &RoomName) -> bool {
    name.as_str().starts_with(CONVERSATION_PREFIX)
}

/// Whether somebody may give a room this name.
///
/// # Errors
/// [`RejectCode::InvalidName`] for one that is kept for conversations, or looks like it.
pub fn check_free(name: &RoomName) -> Result<(), Reject> {
    // The prefix can't stand alone, so what looks like it is found by a name of it and one letter.
    let kept = RoomName::parse(&format!("{CONVERSATION_PREFIX}x")).map(|name| name.keys().folded);
    if kept.is_ok_and(|kept| name.keys().folded.starts_with(kept.trim_end_matches('x'))) {
        let message =
            format!("names that begin with {CONVERSATION_PREFIX} are kept for conversations; choose another one");
        return Err(Reject::new(RejectCode::InvalidName, message));
    }
    Ok(())
}

/// The name of the conversation of some people: their numbers, or where these don't fit a digest of them.
fn name_of(members: impl Iterator<Item = AccountId>) -> Result<RoomName, Reject> {
    let numbers: Vec<String> = members.map(|account| account.to_string()).collect();
    let plain = format!("{CONVERSATION_PREFIX}{}", numbers.join("-"));
    if plain.len() <= NAME_GRAPHEMES_MAX {
        return parse_room(&plain);
    }
    let digest = sha256(plain.as_bytes());
    let hex: String = digest[..DIGEST_BYTES].iter().map(|byte| format!("{byte:02x}")).collect();
    parse_room(&format!("{CONVERSATION_PREFIX}{hex}"))
}

/// Bytes of a digest in a name, so many that no two conversations ever meet.
const DIGEST_BYTES: usize = 14;

#[cfg(test)]
mod tests {
    use super::*;

    fn name(numbers: &[u64]) -> String {
        name_of(numbers.iter().copied().map(AccountId)).unwrap().as_str().to_owned()
    }

    #[test]
    fn the_same_people_have_one_name_and_others_another() {
        assert_eq!(name(&[1, 2]), "dm-1-2");
        assert_ne!(name(&[1, 12]), name(&[11, 2]));
        let many: Vec<u64> = (1_000_000..1_000_016).collect();
        assert_eq!(name(&many), name(&many));
        assert_ne!(name(&many), name(&many[1..]));
        assert!(name(&many).len() <= NAME_GRAPHEMES_MAX);
    }

    #[test]
    fn names_of_conversations_and_their_look_alikes_are_nobodys_to_take() {
        let reserved = |name: &str| check_free(&RoomName::parse(name).unwrap()).is_err();
        for taken in ["dm-1-2", "DM-x", "#Dm-0"] {
            assert!(reserved(taken), "{taken}");
        }
        for free in ["dm", "dmx", "admin-dm-1", "d-m-1"] {
            assert!(!reserved(free), "{free}");
        }
    }
}
