//! What a program shows of its account, to whom it writes and who may write to it, and what is known of others.

use std::collections::BTreeMap;

use chat_proto::nick::{GetNicks, SetNick};
use chat_proto::profile::{GetProfile, Profile, SetState, SetStatus, StateValue, Status};
use chat_proto::reach::{
    Block, ListMentions, ListReadMarks, MentionEntry, MentionList, OpenDirect, ReadMark, ReadMarkList, SetContact,
    SetDirectPolicy,
};
use chat_proto::seen::{AskSeen, LastSeen, SetSeenPolicy};
use chat_proto::{AccountId, DirectPolicy, Reply, RoomName, Seq, Timestamp, UserRef};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::fields::fields;
use super::request::{LIST_MAX, Problem, Send, after_user, fill, list_max, room, yes};
use super::work::{Context, Outcome, nonsense};
use crate::bot::line::choice::{SeenBy, Shown, Taken, values};
use crate::bot::line::{There, rfc3339, room_name, user_id};

/// What is asked.
#[derive(Clone, Debug)]
pub(super) enum About {
    Status(Says),
    State(Keeps),
    Profile(Who),
    Block(Person),
    Contact(Person),
    DirectPolicy(Policy),
    Mentions(Mentions),
    Direct(Direct),
    Say(Say),
    ReadMarks(Marks),
    Seen(Who),
    Nick(Called),
    SeenPolicy(Seen),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Says {
    #[serde(default)]
    text: String,
    #[serde(default)]
    away: bool,
    /// RFC 3339.
    until: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Keeps {
    #[serde(default)]
    set: BTreeMap<String, String>,
    #[serde(default)]
    unset: Vec<String>,
    public: Option<Vec<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Who {
    user: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Person {
    user: String,
    #[serde(default = "yes")]
    on: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Policy {
    policy: Taken,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Called {
    #[serde(default)]
    nick: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Seen {
    policy: SeenBy,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mentions {
    /// Before this place.
    before: Option<u64>,
    #[serde(default = "list_max")]
    limit: u16,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Direct {
    with: Vec<String>,
}

/// A message for one person.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Say {
    to: String,
    text: String,
    #[serde(default)]
    action: bool,
    key: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Marks {
    #[serde(deserialize_with = "room")]
    room: RoomName,
    /// Behind this account, `u_17`.
    #[serde(default, deserialize_with = "after_user")]
    after: AccountId,
    #[serde(default = "list_max")]
    limit: u16,
}

impl About {
    /// The ops there are.
    pub(super) const OPS: [&str; 12] = [
        "status",
        "state",
        "profile",
        "block",
        "contact",
        "direct_policy",
        "mentions",
        "direct",
        "read_marks",
        "seen",
        "nick",
        "seen_policy",
    ];

    pub(super) fn read(op: &str, fields: Map<String, Value>) -> Result<Self, Problem> {
        Ok(match op {
            "status" => Self::Status(fill(fields)?),
            "state" => Self::State(fill(fields)?),
            "profile" => Self::Profile(fill(fields)?),
            "block" => Self::Block(fill(fields)?),
            "contact" => Self::Contact(fill(fields)?),
            "direct_policy" => Self::DirectPolicy(fill(fields)?),
            "mentions" => Self::Mentions(fill(fields)?),
            "direct" => Self::Direct(fill(fields)?),
            "send" => Self::Say(fill(fields)?),
            "read_marks" => Self::ReadMarks(fill(fields)?),
            "seen" => Self::Seen(fill(fields)?),
            "nick" => Self::Nick(fill(fields)?),
            "seen_policy" => Self::SeenPolicy(fill(fields)?),
            other => return Err(Problem::new("bad_request", format!("there is no op {other:?}"))),
        })
    }

    /// What is worked on one after the other: messages for one person.
    pub(super) fn lane(&self) -> Option<String> {
        if let Self::Say(Say { to, .. }) = self { Some(format!("@{}", to.to_lowercase())) } else { None }
    }
}

impl Context {
    pub(super) async fn about(&self, about: About) -> Outcome {
        match about {
            About::Status(Says { text, away, until }) => {
                let until = until.map(|until| time(&until)).transpose()?;
                self.set(SetStatus { key: self.key()?, status: Status { text, away, until } }).await
            }
            About::State(Keeps { set, unset, public }) => {
                let set = set.into_iter().map(|(name, value)| StateValue { name, value }).collect();
                self.set(SetState { key: self.key()?, set, unset, public }).await
            }
            About::Profile(Who { user }) => {
                let reply = self.ask(GetProfile { user: UserRef::Name(user) }).await?;
                let Reply::Profile(profile) = reply else { return Err(nonsense(&reply)) };
                let mut fields = profile_fields(&profile);
                let nick = self.nicks(vec![profile.account]).await?.remove(&profile.account);
                fields.extend(nick.map(|nick| ("nick".to_owned(), nick.into())));
                Ok(fields)
            }
            About::Block(Person { user, on }) => {
                let account = self.account(user).await?;
                self.set(Block { key: self.key()?, account, on }).await
            }
            About::Contact(Person { user, on }) => {
                let account = self.account(user).await?;
                self.set(SetContact { key: self.key()?, account, on }).await
            }
            About::DirectPolicy(Policy { policy }) => {
                self.set(SetDirectPolicy { key: self.key()?, policy: DirectPolicy::from(policy) }).await
            }
            About::Mentions(Mentions { before, limit }) => {
                let before = before.map_or(Seq::MAX, Seq);
                let reply = self.ask(ListMentions { before, limit: limit.clamp(1, LIST_MAX) }).await?;
                let Reply::MentionList(MentionList { mentions, more }) = reply else { return Err(nonsense(&reply)) };
                Ok(fields([("mentions", mentions.iter().map(mention).collect()), ("more", more.into())]))
            }
            About::Direct(Direct { with }) => {
                let (name, reply) = self.open(with).await?;
                self.info(&name, reply)
            }
            About::Say(Say { to, text, action, key }) => {
                let (room, _) = self.open(vec![to]).await?;
                self.send(Send { room, text, action, key, reply_to: None, visible_to: None, custom: None }).await
            }
            About::Nick(Called { nick }) => {
                let reply = self.ask(SetNick { nick }).await?;
                let Reply::Nicks(nicks) = reply else { return Err(nonsense(&reply)) };
                let own = nicks.nicks.into_iter().next().map(|nick| nick.nick).unwrap_or_default();
                Ok(fields([("nick", own.into())]))
            }
            About::Seen(Who { user }) => {
                let reply = self.ask(AskSeen { user: UserRef::Name(user) }).await?;
                let Reply::LastSeen(seen) = reply else { return Err(nonsense(&reply)) };
                Ok(seen_fields(&seen))
            }
            About::SeenPolicy(Seen { policy }) => {
                self.set(SetSeenPolicy { key: self.key()?, policy: policy.into() }).await
            }
            About::ReadMarks(Marks { room, after, limit }) => {
                let limit = limit.clamp(1, LIST_MAX);
                let reply = self.ask(ListReadMarks { room: self.room(&room).await?, after, limit }).await?;
                let Reply::ReadMarkList(ReadMarkList { marks, more }) = reply else { return Err(nonsense(&reply)) };
                Ok(fields([("marks", marks.iter().map(mark).collect()), ("more", more.into())]))
            }
        }
    }

    /// What some accounts are called, those that are called something.
    pub(super) async fn nicks(&self, accounts: Vec<AccountId>) -> Result<BTreeMap<AccountId, String>, Problem> {
        let reply = self.ask(GetNicks { accounts }).await?;
        let Reply::Nicks(nicks) = reply else { return Err(nonsense(&reply)) };
        Ok(nicks.nicks.into_iter().map(|nick| (nick.account, nick.nick)).collect())
    }

    /// The conversation with somebody.
    async fn open(&self, with: Vec<String>) -> Result<(RoomName, Reply), Problem> {
        let with = with.into_iter().map(UserRef::Name).collect();
        let reply = self.ask(OpenDirect { key: self.key()?, with }).await?;
        let Reply::RoomInfo(info) = &reply else { return Err(nonsense(&reply)) };
        let name = RoomName::parse(&info.name).map_err(|e| Problem::new("internal", e.to_string()))?;
        self.rooms.remember(&name, info.room);
        Ok((name, reply))
    }
}

fn profile_fields(profile: &Profile) -> Map<String, Value> {
    let rooms: Vec<String> = profile.shared_rooms.iter().map(|room| room_name(room)).collect();
    let shown = Shown::from(&profile.status);
    fields([
        ("id", user_id(profile.account).into()),
        ("name", profile.name.clone().into()),
        ("since", rfc3339(profile.since).into()),
        ("presence", json!(There::from(profile.presence))),
        ("status", json!(shown)),
        ("state", json!(values(&profile.state))),
        ("rooms", rooms.into()),
    ])
}

fn seen_fields(seen: &LastSeen) -> Map<String, Value> {
    let mut fields = fields([
        ("id", user_id(seen.account).into()),
        ("name", seen.name.clone().into()),
        ("state", json!(There::from(seen.presence))),
    ]);
    if let Some(at) = seen.at {
        fields.insert("at".to_owned(), rfc3339(at).into());
    }
    fields
}

fn mark(mark: &ReadMark) -> Value {
    json!({"id": user_id(mark.account), "name": mark.name, "seq": mark.seq.0})
}

fn mention(mention: &MentionEntry) -> Value {
    let MentionEntry { place, name, seq, at, .. } = mention;
    json!({"place": place.0, "room": room_name(name), "seq": seq.0, "ts": rfc3339(*at)})
}

fn time(text: &str) -> Result<Timestamp, Problem> {
    let parsed: Result<jiff::Timestamp, _> = text.parse();
    let at = parsed.map_err(|e| Problem::new("bad_request", format!("{text:?} is no time in RFC 3339: {e}")))?;
    Ok(Timestamp(at.as_microsecond()))
}
