//! Files over the bare protocol: bytes up and down on streams of their own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chat_proto::codec::encode_frame;
use chat_proto::file::{Download, FileFrom, Upload, UploadFrom};
use chat_proto::limits::REQUEST_FRAME_BYTES_MAX;
use chat_proto::request::PostWith;
use chat_proto::{Attached, FileHash, Reject, Reply, ReplyFrame, Request, RequestFrame, RequestId, RoomId, Seq, Style};
use chat_server::config;
use chat_server::digest::sha256;
use chat_server::hub::HubSettings;
use chat_server::hub::files::FileSettings;
use chat_server::server::Settings;
use quinn::SendStream;

use super::{Frames, PATIENCE, RawClient, fresh_key};

/// A server that keeps files in a directory by these rules.
pub fn keeping(directory: &Path, rules: config::Files) -> Settings {
    let files = Some(FileSettings { directory: directory.to_owned(), rules });
    Settings { hub: HubSettings { files, ..HubSettings::default() }, ..Settings::default() }
}

/// Bytes that differ from those of other numbers and lengths.
pub fn bytes(number: u64, len: usize) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    std::iter::repeat_with(next).take(len).collect()
}

pub fn file(name: &str, content: &[u8]) -> Attached {
    let (name, media_type) = (name.to_owned(), "application/octet-stream".to_owned());
    Attached { name, media_type, size: content.len() as u64, hash: FileHash(sha256(content)) }
}

pub fn upload_of(room: RoomId, file: &Attached) -> Upload {
    Upload { room, media_type: file.media_type.clone(), size: file.size, hash: file.hash }
}

/// Asks something alone on a stream, and takes the first answer.
pub async fn alone(client: &RawClient, request: impl Into<Request>) -> (SendStream, Frames, Option<Reply>) {
    let (mut send, recv) = client.connection.open_bi().await.unwrap();
    let frame = RequestFrame { id: RequestId(9), request: request.into() };
    send.write_all(&encode_frame(&frame, REQUEST_FRAME_BYTES_MAX).unwrap()).await.unwrap();
    let mut replies = Frames::new(recv);
    let reply = answer(&mut replies).await;
    (send, replies, reply)
}

/// The next answer on a stream.
pub async fn answer(replies: &mut Frames) -> Option<Reply> {
    let frame = tokio::time::timeout(PATIENCE, replies.next::<ReplyFrame>()).await.expect("an answer in time")?;
    assert_eq!(frame.id, RequestId(9));
    Some(frame.reply)
}

pub fn rejected(reply: Option<Reply>) -> Reject {
    match reply {
        Some(Reply::Reject(reject)) => reject,
        reply => panic!("{reply:?}"),
    }
}

/// Sends a file as it is announced, whatever its bytes are, and says how many of them were wanted.
pub async fn send_as(client: &RawClient, upload: Upload, content: &[u8]) -> Result<usize, Reject> {
    let (mut send, mut replies, reply) = alone(client, upload).await;
    let offset = match reply {
        Some(Reply::UploadFrom(UploadFrom { offset })) => usize::try_from(offset).unwrap(),
        reply => return Err(rejected(reply)),
    };
    let rest = &content[offset.min(content.len())..];
    // A server that refuses may stop reading.
    let _ = send.write_all(rest).await;
    let _ = send.finish();
    match answer(&mut replies).await {
        Some(Reply::Done(_)) => Ok(rest.len()),
        reply => Err(rejected(reply)),
    }
}

pub async fn send(client: &RawClient, room: RoomId, content: &[u8]) -> Result<usize, Reject> {
    send_as(client, upload_of(room, &file("x", content)), content).await
}

pub fn carrying(room: RoomId, text: &str, file: Attached) -> PostWith {
    PostWith { key: fresh_key(), room, style: Style::Text, text: text.to_owned(), extras: vec![file.into()] }
}

/// Sends a file and a message that carries it.
pub async fn post_file(client: &mut RawClient, room: RoomId, name: &str, content: &[u8]) -> Seq {
    send(client, room, content).await.unwrap();
    match client.ask(carrying(room, "look", file(name, content))).await {
        Reply::Receipt(receipt) => receipt.seq,
        reply => panic!("{reply:?}"),
    }
}

/// Fetches the file of a message.
pub async fn fetch(client: &RawClient, room: RoomId, seq: Seq) -> Result<(Attached, Vec<u8>), Reject> {
    fetch_from(client, room, seq, 0).await
}

pub async fn fetch_from(
    client: &RawClient,
    room: RoomId,
    seq: Seq,
    offset: u64,
) -> Result<(Attached, Vec<u8>), Reject> {
    let (mut send, replies, reply) = alone(client, Download { room, seq, offset }).await;
    let _ = send.finish();
    match reply {
        Some(Reply::FileFrom(FileFrom { file, offset: from })) => {
            assert_eq!(from, offset);
            Ok((file, tokio::time::timeout(PATIENCE, replies.rest()).await.unwrap().expect("all of it")))
        }
        reply => Err(rejected(reply)),
    }
}

/// Where a server keeps a content, whether it does or not.
pub fn kept_at(directory: &Path, content: &[u8]) -> PathBuf {
    let name = FileHash(sha256(content)).to_string();
    directory.join(&name[..2]).join(name)
}

/// Waits until something is so on disk, where nothing tells of it.
pub async fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !is_so() {
        assert!(tokio::time::Instant::now() < deadline, "it never is so: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Files that stand in a directory of what is being sent.
pub fn incoming(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory.join("incoming")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}
