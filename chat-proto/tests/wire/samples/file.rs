//! One value of every kind about files.

use chat_proto::event::*;
use chat_proto::file::*;
use chat_proto::request::*;
use chat_proto::*;

use super::{KEY, ROOM, text};

fn file() -> Attached {
    let (name, media_type) = (text("flame.svg"), text("image/svg+xml"));
    Attached { name, media_type, size: 421_888, hash: FileHash([0xf1; 32]) }
}

fn extras() -> Vec<Extra> {
    vec![ReplyTo { target: Seq(8_123) }.into(), file().into()]
}

pub(super) fn requests() -> Vec<Request> {
    let Attached { media_type, size, hash, .. } = file();
    vec![
        Upload { room: ROOM, media_type, size, hash }.into(),
        Download { room: ROOM, seq: Seq(8_131), offset: 65_536 }.into(),
        PostWith { key: KEY, room: ROOM, style: Style::Text, text: text("the profile"), extras: extras() }.into(),
    ]
}

pub(super) fn replies() -> Vec<Reply> {
    vec![UploadFrom { offset: 65_536 }.into(), FileFrom { file: file(), offset: 65_536 }.into()]
}

pub(super) fn bodies() -> Vec<EventBody> {
    let (name, text) = (text("bob"), text("the profile"));
    vec![PostedWith { name, style: Style::Text, text, mentions: vec![], extras: extras() }.into()]
}
