//! What a program does to messages, its own and others'.

use chat_proto::event::{Custom, ReplyTo, VisibleTo};
use chat_proto::reply::{BatchReceipt, BatchResult, Fold, FoldList, PinList, Reaction};
use chat_proto::request::{Announce, BatchItem, Edit, Forward, ListFolds, ListPins, Pin, PostBatch, React, Redact};
use chat_proto::{Extra, Reply, RoomName, Seq, Style};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::connections::unhex;
use super::fields::fields;
use super::request::{Problem, fill, room, yes};
use super::work::{Context, Outcome, nonsense};
use crate::bot::line::{Line, user_id};

/// What is asked.
#[derive(Clone, Debug)]
pub(super) enum Treat {
    Edit(Words),
    Delete(Removes),
    React(Reacts),
    Folds(Between),
    Pin(Holds),
    Pins(There),
    Announce(Says),
    Forward(Copies),
    Batch(Many),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct There {
    #[serde(deserialize_with = "room")]
    room: RoomName,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    #[serde(deserialize_with = "room")]
    room: RoomName,
    seq: u64,
    text: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Holds {
    #[serde(deserialize_with = "room")]
    room: RoomName,
    seq: u64,
    #[serde(default = "yes")]
    on: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Says {
    #[serde(deserialize_with = "room")]
    room: RoomName,
    text: String,
    #[serde(default)]
    action: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Copies {
    #[serde(deserialize_with = "room")]
    room: RoomName,
    seq: u64,
    #[serde(deserialize_with = "room")]
    to: RoomName,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Many {
    #[serde(deserialize_with = "room")]
    room: RoomName,
    texts: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Removes {
    #[serde(deserialize_with = "room")]
    room: RoomName,
    seq: u64,
    #[serde(default)]
    reason: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reacts {
    #[serde(deserialize_with = "room")]
    room: RoomName,
    seq: u64,
    emoji: String,
    #[serde(default = "yes")]
    on: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Between {
    #[serde(deserialize_with = "room")]
    room: RoomName,
    from: u64,
    to: u64,
}

/// What a message carries beside its words.
#[derive(Debug)]
pub(super) struct Carries {
    /// The message it answers.
    pub(super) reply_to: Option<u64>,
    /// Who may see it, by name; everybody unless given.
    pub(super) visible_to: Option<Vec<String>>,
    /// Data for programs.
    pub(super) custom: Option<Data>,
}

/// Data for programs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Data {
    kind: String,
    hex: String,
}

impl Treat {
    /// The ops there are.
    pub(super) const OPS: [&str; 9] =
        ["edit", "delete", "react", "folds", "pin", "pins", "announce", "forward", "batch"];

    pub(super) fn read(op: &str, fields: Map<String, Value>) -> Result<Self, Problem> {
        Ok(match op {
            "edit" => Self::Edit(fill(fields)?),
            "delete" => Self::Delete(fill(fields)?),
            "react" => Self::React(fill(fields)?),
            "folds" => Self::Folds(fill(fields)?),
            "pin" => Self::Pin(fill(fields)?),
            "pins" => Self::Pins(fill(fields)?),
            "announce" => Self::Announce(fill(fields)?),
            "forward" => Self::Forward(fill(fields)?),
            "batch" => Self::Batch(fill(fields)?),
            other => return Err(Problem::new("bad_request", format!("there is no op {other:?}"))),
        })
    }

    /// The room it is about: what is asked of one room is done in order.
    pub(super) fn room(&self) -> &RoomName {
        match self {
            Self::Edit(Words { room, .. })
            | Self::Delete(Removes { room, .. })
            | Self::React(Reacts { room, .. })
            | Self::Folds(Between { room, .. })
            | Self::Pin(Holds { room, .. })
            | Self::Pins(There { room })
            | Self::Announce(Says { room, .. })
            | Self::Forward(Copies { room, .. })
            | Self::Batch(Many { room, .. }) => room,
        }
    }
}

impl Context {
    pub(super) async fn treat(&self, treat: Treat) -> Outcome {
        let (key, name) = (self.key()?, treat.room().clone());
        let room = self.room(&name).await?;
        match treat {
            Treat::Edit(Words { seq, text, .. }) => self.stored(Edit { key, room, target: Seq(seq), text }).await,
            Treat::Delete(Removes { seq, reason, .. }) => {
                self.stored(Redact { key, room, target: Seq(seq), reason }).await
            }
            Treat::React(Reacts { seq, emoji, on, .. }) => {
                self.stored(React { key, room, target: Seq(seq), emoji, on }).await
            }
            Treat::Folds(Between { from, to, .. }) => {
                let reply = self.ask(ListFolds { room, from: Seq(from), to: Seq(to) }).await?;
                let Reply::FoldList(FoldList { folds, .. }) = reply else { return Err(nonsense(&reply)) };
                Ok(fields([("folds", folds.iter().map(fold).collect())]))
            }
            Treat::Pin(Holds { seq, on, .. }) => self.stored(Pin { key, room, target: Seq(seq), on }).await,
            Treat::Pins(There { .. }) => {
                let reply = self.ask(ListPins { room }).await?;
                let Reply::PinList(PinList { events, .. }) = reply else { return Err(nonsense(&reply)) };
                let lines = events.iter().filter_map(|event| Line::of_event(name.as_str(), event, self.me, true));
                let lines = lines.filter_map(|line| serde_json::to_value(line).ok()).collect();
                Ok(fields([("events", Value::Array(lines))]))
            }
            Treat::Announce(Says { text, action, .. }) => {
                let style = if action { Style::Action } else { Style::Text };
                self.ask(Announce { room, style, text }).await.map(|_| Map::new())
            }
            Treat::Forward(Copies { seq, to, .. }) => {
                let to = self.room(&to).await?;
                self.stored(Forward { key, room, target: Seq(seq), to }).await
            }
            Treat::Batch(Many { texts, .. }) => {
                let mut posts = Vec::with_capacity(texts.len());
                for text in texts {
                    posts.push(BatchItem { key: self.key()?, style: Style::Text, text });
                }
                let reply = self.ask(PostBatch { room, posts }).await?;
                let Reply::BatchReceipt(BatchReceipt { results }) = reply else { return Err(nonsense(&reply)) };
                Ok(fields([("results", results.iter().map(result).collect())]))
            }
        }
    }

    /// What a message carries, as the server takes it.
    pub(super) async fn extras(&self, carries: Carries) -> Result<Vec<Extra>, Problem> {
        let mut extras: Vec<Extra> = Vec::new();
        extras.extend(carries.reply_to.map(|seq| ReplyTo { target: Seq(seq) }.into()));
        if let Some(names) = carries.visible_to {
            let mut accounts = Vec::with_capacity(names.len());
            for name in names {
                accounts.push(self.account(name).await?);
            }
            extras.push(VisibleTo { accounts }.into());
        }
        if let Some(Data { kind, hex }) = carries.custom {
            let bytes =
                unhex(&hex).ok_or_else(|| Problem::new("bad_request", "`hex` is two hexadecimal digits a byte"))?;
            extras.push(Custom { kind, bytes }.into());
        }
        Ok(extras)
    }
}

fn fold(fold: &Fold) -> Value {
    let reaction = |reaction: &Reaction| {
        let by: Vec<String> = reaction.by.iter().map(|account| user_id(*account)).collect();
        json!({"emoji": reaction.emoji, "by": by, "count": reaction.count})
    };
    json!({
        "seq": fold.target.0,
        "text": fold.text,
        "revision": fold.revision,
        "reactions": fold.reactions.iter().map(reaction).collect::<Vec<_>>(),
        "pinned": fold.pinned,
    })
}

fn result(result: &BatchResult) -> Value {
    match result {
        BatchResult::Stored(receipt) => json!({"ok": true, "seq": receipt.seq.0}),
        BatchResult::Refused(reject) => json!({"ok": false, "code": reject.code.name(), "error": reject.message}),
    }
}
