//! What a program shows of its account, who may write to it, and what is known of others.

use std::collections::BTreeMap;

use chat_proto::profile::{GetProfile, Profile, SetState, SetStatus, StateValue, Status};
use chat_proto::reach::{Block, ListMentions, MentionEntry, MentionList, SetContact, SetDirectPolicy};
use chat_proto::{DirectPolicy, Reply, Seq, Timestamp, UserRef};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::fields::fields;
use super::request::{LIST_MAX, Problem, fill, list_max, yes};
use super::work::{Context, Outcome, nonsense};
use crate::bot::line::choice::{Shown, Taken, values};
use crate::bot::line::{There, rfc3339, room_name, user_id};

/// What is asked.
#[derive(Debug)]
pub(super) enum About {
    Status(Says),
    State(Keeps),
    Profile(Who),
    Block(Person),
    Contact(Person),
    DirectPolicy(Policy),
    Mentions(Mentions),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Says {
    #[serde(default)]
    text: String,
    #[serde(default)]
    away: bool,
    /// RFC 3339.
    until: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Keeps {
    #[serde(default)]
    set: BTreeMap<String, String>,
    #[serde(default)]
    unset: Vec<String>,
    public: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Who {
    user: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Person {
    user: String,
    #[serde(default = "yes")]
    on: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Policy {
    policy: Taken,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mentions {
    /// Before this place.
    before: Option<u64>,
    #[serde(default = "list_max")]
    limit: u16,
}

impl About {
    /// The ops there are.
    pub(super) const OPS: [&str; 7] = ["status", "state", "profile", "block", "contact", "direct_policy", "mentions"];

    pub(super) fn read(op: &str, fields: Map<String, Value>) -> Result<Self, Problem> {
        Ok(match op {
            "status" => Self::Status(fill(fields)?),
            "state" => Self::State(fill(fields)?),
            "profile" => Self::Profile(fill(fields)?),
            "block" => Self::Block(fill(fields)?),
            "contact" => Self::Contact(fill(fields)?),
            "direct_policy" => Self::DirectPolicy(fill(fields)?),
            "mentions" => Self::Mentions(fill(fields)?),
            other => return Err(Problem::new("bad_request", format!("there is no op {other:?}"))),
        })
    }
}

impl Context {
    pub(super) async fn about(&self, about: About) -> Outcome {
        let key = self.key()?;
        match about {
            About::Status(Says { text, away, until }) => {
                let until = until.map(|until| time(&until)).transpose()?;
                self.set(SetStatus { key, status: Status { text, away, until } }).await
            }
            About::State(Keeps { set, unset, public }) => {
                let set = set.into_iter().map(|(name, value)| StateValue { name, value }).collect();
                self.set(SetState { key, set, unset, public }).await
            }
            About::Profile(Who { user }) => {
                let reply = self.ask(GetProfile { user: UserRef::Name(user) }).await?;
                let Reply::Profile(profile) = reply else { return Err(nonsense(&reply)) };
                Ok(profile_fields(&profile))
            }
            About::Block(Person { user, on }) => {
                let account = self.account(user).await?;
                self.set(Block { key, account, on }).await
            }
            About::Contact(Person { user, on }) => {
                let account = self.account(user).await?;
                self.set(SetContact { key, account, on }).await
            }
            About::DirectPolicy(Policy { policy }) => {
                self.set(SetDirectPolicy { key, policy: DirectPolicy::from(policy) }).await
            }
            About::Mentions(Mentions { before, limit }) => {
                let before = before.map_or(Seq::MAX, Seq);
                let reply = self.ask(ListMentions { before, limit: limit.clamp(1, LIST_MAX) }).await?;
                let Reply::MentionList(MentionList { mentions, more }) = reply else { return Err(nonsense(&reply)) };
                Ok(fields([("mentions", mentions.iter().map(mention).collect()), ("more", more.into())]))
            }
        }
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

fn mention(mention: &MentionEntry) -> Value {
    let MentionEntry { place, name, seq, at, .. } = mention;
    json!({"place": place.0, "room": room_name(name), "seq": seq.0, "ts": rfc3339(*at)})
}

fn time(text: &str) -> Result<Timestamp, Problem> {
    let parsed: Result<jiff::Timestamp, _> = text.parse();
    let at = parsed.map_err(|e| Problem::new("bad_request", format!("{text:?} is no time in RFC 3339: {e}")))?;
    Ok(Timestamp(at.as_microsecond()))
}
