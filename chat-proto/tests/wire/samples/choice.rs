//! Values of what a person sets for himself.

use chat_proto::choice::*;
use chat_proto::*;

use super::{KEY, ROOM, text};

pub(super) fn choice_requests() -> Vec<Request> {
    let notify = |rule| SetNotify { key: KEY, room: ROOM, rule };
    vec![
        SetDraft { key: KEY, room: ROOM, text: text("well, I") }.into(),
        notify(Notify::All).into(),
        notify(Notify::Mentions).into(),
        notify(Notify::Nothing).into(),
        PinRoom { key: KEY, room: ROOM, on: true }.into(),
        SetSetting { key: KEY, name: text("tui.theme"), value: text("dark") }.into(),
        Ignore { key: KEY, account: AccountId(2), on: true }.into(),
    ]
}

pub(super) fn choice_bodies() -> Vec<EventBody> {
    vec![
        DraftSet { room: ROOM, text: text("well, I") }.into(),
        NotifySet { room: ROOM, rule: Notify::Mentions }.into(),
        RoomPinned { room: ROOM, on: true }.into(),
        SettingSet { name: text("tui.theme"), value: text("dark") }.into(),
        Ignored { account: AccountId(2), name: text("bob"), on: true }.into(),
    ]
}
