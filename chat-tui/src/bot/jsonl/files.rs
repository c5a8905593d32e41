//! Files a program sends and fetches. Their bytes go between the server and this machine's disk, never through the pipes.

use std::path::PathBuf;

use chat_proto::{Attached, RoomName, Seq};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::fields::fields;
use super::request::{Problem, fill, room};
use super::work::{Context, Outcome};
use crate::bot::send::hashed;
use crate::client::{FileToSend, Target, TransferError};

/// What is asked.
#[derive(Clone, Debug)]
pub(super) enum Files {
    Upload(Upload),
    Download(Download),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Upload {
    #[serde(deserialize_with = "room")]
    room: RoomName,
    path: PathBuf,
    /// What it is called; the path's last part unless given.
    name: Option<String>,
    /// The caption.
    #[serde(default)]
    text: String,
    key: Option<String>,
    /// The message it answers.
    reply_to: Option<u64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Download {
    #[serde(deserialize_with = "room")]
    room: RoomName,
    seq: u64,
    /// The directory; the working directory unless given.
    #[serde(default = "here")]
    to: PathBuf,
}

fn here() -> PathBuf {
    PathBuf::from(".")
}

impl Files {
    /// The ops there are.
    pub(super) const OPS: [&str; 2] = ["upload", "download"];

    pub(super) fn read(op: &str, fields: Map<String, Value>) -> Result<Self, Problem> {
        if op == "upload" { fill(fields).map(Self::Upload) } else { fill(fields).map(Self::Download) }
    }
}

impl Context {
    pub(super) async fn files(&self, files: Files) -> Outcome {
        match files {
            Files::Upload(upload) => self.upload(upload).await,
            Files::Download(download) => self.download(download).await,
        }
    }

    async fn upload(&self, Upload { room, path, name, text, key, reply_to }: Upload) -> Outcome {
        let room = self.room(&room).await?;
        self.wait_for_turn().await;
        let (reply_to, key) = (reply_to.map(Seq), key.map(|key| hashed(&key)));
        let sent = self.client.upload(FileToSend { room, path, name, caption: text, reply_to, key }).outcome().await?;
        let mut fields = described(&sent.file);
        fields.insert("seq".to_owned(), sent.receipt.seq.0.into());
        if sent.receipt.duplicate {
            fields.insert("duplicate".to_owned(), true.into());
        }
        Ok(fields)
    }

    async fn download(&self, Download { room, seq, to }: Download) -> Outcome {
        let room = self.room(&room).await?;
        let fetched = self.client.download(room, Seq(seq), Target::Directory(to)).outcome().await?;
        let mut fields = described(&fetched.file);
        fields.insert("path".to_owned(), fetched.path.map(|path| path.to_string_lossy().into_owned()).into());
        Ok(fields)
    }
}

fn described(file: &Attached) -> Map<String, Value> {
    let Attached { name, media_type, size, hash } = file;
    fields([
        ("name", name.as_str().into()),
        ("size", (*size).into()),
        ("media_type", media_type.as_str().into()),
        ("sha256", hash.to_string().into()),
    ])
}

impl From<TransferError> for Problem {
    fn from(error: TransferError) -> Self {
        let said = error.to_string();
        match error {
            TransferError::Rejected(reject) => reject.into(),
            TransferError::File { .. } | TransferError::NotAFile(_) | TransferError::Output(_) => {
                Self::new("bad_file", said)
            }
            TransferError::Changed(_) | TransferError::Damaged => Self { retry: true, ..Self::new("bad_file", said) },
            TransferError::Caption(_) => Self::new("invalid_text", said),
            TransferError::Stopped => Self::unanswered(),
            TransferError::Protocol(_) => Self::new("internal", said),
        }
    }
}
