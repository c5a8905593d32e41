//! Who is a member of a room, and which rooms there are, written line by line. Joins nothing and makes nothing.

use std::time::Duration;

use chat_proto::nick::GetNicks;
use chat_proto::reply::{Member, RoomSummary};
use chat_proto::request::{ListMembers, ListRooms, LookUpRoom};
use chat_proto::{AccountId, Presence, Reply, RoomId, RoomName, RoomRef};
use tokio::time::Instant;

use super::door::{Door, ask, room_info, unexpected};
use super::jsonl::fields::{listed_room, member};
use super::jsonl::request::LIST_MAX;
use super::line::json;
use super::{Failure, print};
use crate::clean;
use crate::client::{Environment, Settings};

/// Whom to list.
#[derive(Clone, Debug)]
pub struct Who {
    /// Members of this room.
    pub room: RoomName,
    /// Only those who are there.
    pub online: bool,
    /// One JSON object a member.
    pub json: bool,
    /// How long all of it may take.
    pub timeout: Duration,
}

/// Which rooms to list.
#[derive(Clone, Debug)]
pub struct Rooms {
    /// Only those the account is a member of.
    pub joined: bool,
    /// One JSON object a room.
    pub json: bool,
    /// How long all of it may take.
    pub timeout: Duration,
}

/// Writes the members of a room to standard output.
///
/// # Errors
/// [`Exit::NotFound`](super::Exit::NotFound) if there is no such room, and whatever else stood in the way. That nobody reads
/// standard output any more is no error.
pub async fn who(settings: Settings, environment: Environment, what: Who) -> Result<(), Failure> {
    let deadline = Instant::now() + what.timeout;
    let door = Door::open(settings, environment, deadline, None).await?;
    let written = write_members(&door, &what, deadline).await;
    door.client.quit(Duration::ZERO).await;
    written
}

/// Writes the rooms the account may know of to standard output.
///
/// # Errors
/// As [`who`].
pub async fn rooms(settings: Settings, environment: Environment, what: Rooms) -> Result<(), Failure> {
    let deadline = Instant::now() + what.timeout;
    let door = Door::open(settings, environment, deadline, None).await?;
    let written = write_rooms(&door, &what, deadline).await;
    door.client.quit(Duration::ZERO).await;
    written
}

async fn write_members(door: &Door, what: &Who, deadline: Instant) -> Result<(), Failure> {
    let look = LookUpRoom { room: RoomRef::Name(what.room.as_str().to_owned()) };
    let room = room_info(ask(&door.client, look, deadline).await?)?.room;
    let mut after = AccountId::default();
    loop {
        let reply = ask(&door.client, ListMembers { room, after, limit: LIST_MAX }, deadline).await?;
        let Reply::MemberList(page) = reply else { return Err(unexpected(&reply)) };
        let accounts = page.members.iter().map(|member| member.account).collect();
        let reply = ask(&door.client, GetNicks { accounts }, deadline).await?;
        let Reply::Nicks(nicks) = reply else { return Err(unexpected(&reply)) };
        let mut lines = String::new();
        for known in page.members.iter().filter(|known| !what.online || known.presence != Presence::Offline) {
            let nick = nicks.nicks.iter().find(|nick| nick.account == known.account).map(|nick| &nick.nick);
            lines += &if what.json { json(&member(known, nick)) } else { plain_member(known, nick) };
            lines.push('\n');
        }
        print(&lines)?;
        match page.members.last() {
            Some(last) if page.more => after = last.account,
            Some(_) | None => return Ok(()),
        }
    }
}

async fn write_rooms(door: &Door, what: &Rooms, deadline: Instant) -> Result<(), Failure> {
    let mut after = RoomId::default();
    loop {
        let reply = ask(&door.client, ListRooms { after, limit: LIST_MAX }, deadline).await?;
        let Reply::RoomList(page) = reply else { return Err(unexpected(&reply)) };
        let mut lines = String::new();
        for room in page.rooms.iter().filter(|room| !what.joined || room.member) {
            lines += &if what.json { json(&listed_room(room)) } else { plain_room(room) };
            lines.push('\n');
        }
        print(&lines)?;
        match page.rooms.last() {
            Some(last) if page.more => after = last.room,
            Some(_) | None => return Ok(()),
        }
    }
}

/// Columns that stay where they are: whether he is there, his role, his name, and what he is called.
fn plain_member(member: &Member, nick: Option<&String>) -> String {
    let state = match member.presence {
        Presence::Offline => "offline",
        Presence::Online => "online",
        Presence::Away => "away",
    };
    let nick = nick.map(|nick| format!(" ({})", clean::line(nick))).unwrap_or_default();
    format!("{state:<7} {:<9} {}{nick}", member.role.name(), clean::line(&member.name))
}

/// The room, whether the account is in it, how many are, and what it is about.
fn plain_room(room: &RoomSummary) -> String {
    let joined = if room.member { "joined" } else { "-" };
    let line = format!("{joined:<6} {:>5} #{} {}", room.members, clean::line(&room.name), clean::line(&room.topic));
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_proto::{Role, Timestamp};

    #[test]
    fn columns_stay_where_they_are_and_texts_are_cleaned() {
        let (account, since) = (AccountId(7), Timestamp(0));
        let bob = Member { account, name: "bob".to_owned(), role: Role::Moderator, presence: Presence::Away, since };
        assert_eq!(plain_member(&bob, Some(&"B\u{1b}b".to_owned())), "away    moderator bob (B␛b)");
        let room =
            RoomSummary { room: RoomId(3), name: "ops".to_owned(), topic: String::new(), member: true, members: 7 };
        assert_eq!(plain_room(&room), "joined     7 #ops");
        let topic = "on\ncall".to_owned();
        assert_eq!(plain_room(&RoomSummary { topic, member: false, ..room }), "-          7 #ops on␊call");
    }
}
