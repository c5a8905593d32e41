//! What a person sets for himself and finds again on every device: what he asks for, and the events it becomes in his
//! account's feed.

use crate::codec::{Decode, Encode};
use crate::id::{AccountId, MessageKey, RoomId};

/// What of a room a person wants to be told about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Encode, Decode)]
pub enum Notify {
    /// Every message.
    #[default]
    All,
    /// Messages that name him.
    Mentions,
    /// Nothing.
    Nothing,
}

/// Keep a message that is begun and not sent, for every device.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SetDraft {
    /// Names this command; a repetition answers with the first result.
    pub key: MessageKey,
    /// A room one is a member of.
    pub room: RoomId,
    /// The words, as a [`Text`](crate::Text); empty for none.
    pub text: String,
}

/// Choose what of a room to be told about.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SetNotify {
    /// Names this command.
    pub key: MessageKey,
    /// A room one is a member of.
    pub room: RoomId,
    /// What.
    pub rule: Notify,
}

/// Make a room a favourite, or no more.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PinRoom {
    /// Names this command.
    pub key: MessageKey,
    /// A room one is a member of.
    pub room: RoomId,
    /// Whether it is one.
    pub on: bool,
}

/// Keep a setting of the client's own, for every device.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SetSetting {
    /// Names this command.
    pub key: MessageKey,
    /// Which one, as a [`Label`](crate::text::Label).
    pub name: String,
    /// Its value, as a [`SettingValue`](crate::text::SettingValue); empty for none.
    pub value: String,
}

/// Show nothing of what a person writes, or show it again. A matter of display: the server delivers as before.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Ignore {
    /// Names this command.
    pub key: MessageKey,
    /// Who; not oneself.
    pub account: AccountId,
    /// Whether he is ignored.
    pub on: bool,
}

/// The payload of a message begun and not sent.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DraftSet {
    /// Where.
    pub room: RoomId,
    /// The words; empty for none.
    pub text: String,
}

/// The payload of what of a room to be told about.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct NotifySet {
    /// The room.
    pub room: RoomId,
    /// What.
    pub rule: Notify,
}

/// The payload of a favourite.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RoomPinned {
    /// The room.
    pub room: RoomId,
    /// Whether it is one.
    pub on: bool,
}

/// The payload of a setting of the client's own.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SettingSet {
    /// Which one.
    pub name: String,
    /// Its value; empty for none.
    pub value: String,
}

/// The payload of an entry of the ignore list.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Ignored {
    /// Who.
    pub account: AccountId,
    /// His name.
    pub name: String,
    /// Whether he is ignored.
    pub on: bool,
}
