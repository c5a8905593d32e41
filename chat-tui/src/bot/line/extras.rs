//! What a message carries beside its words, as a program reads it.

use chat_proto::{Attached, Message};
use serde::Serialize;

use super::{room_name, user_id};

/// What a message carries beside its words; what it doesn't carry is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Extras {
    /// The message it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<u64>,
    /// Who may see it beside its author, as ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visible_to: Option<Vec<String>>,
    /// Where it was written, if elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forwarded: Option<Origin>,
    /// The data it carries for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom: Option<Custom>,
    /// The file it carries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<File>,
    /// Whether a program wrote it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bot: bool,
}

/// Where a message was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// In which room.
    pub room: String,
    /// Its number there.
    pub seq: u64,
    /// By whom.
    pub user: String,
}

/// A file; it is fetched by the message's number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct File {
    /// What it is called.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// What it is, in its sender's words.
    pub media_type: String,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

impl From<&Attached> for File {
    fn from(file: &Attached) -> Self {
        let Attached { name, media_type, size, hash } = file;
        Self { name: name.clone(), size: *size, media_type: media_type.clone(), sha256: hash.to_string() }
    }
}

/// Data for programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Custom {
    /// What it means.
    pub kind: String,
    /// The bytes, in hexadecimal.
    pub hex: String,
}

impl Extras {
    /// What a message carries.
    #[must_use]
    pub fn of(message: Message<'_>) -> Self {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Self {
            reply_to: message.reply_to().map(|seq| seq.0),
            visible_to: message.visible_to().map(|accounts| accounts.iter().map(|id| user_id(*id)).collect()),
            forwarded: message.forwarded().map(|from| Origin {
                room: room_name(&from.room_name),
                seq: from.seq.0,
                user: from.name.clone(),
            }),
            custom: message.custom().map(|custom| Custom { kind: custom.kind.clone(), hex: hex(&custom.bytes) }),
            file: message.file().map(File::from),
            bot: message.is_by_bot(),
        }
    }
}
