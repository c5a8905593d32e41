//! The gate before a reader: open until something takes the right to read from him, and then closed at that very event.

use std::sync::Mutex;

use chat_proto::delivery::EndReason;
use chat_proto::{AccountId, DeviceId, Seq};

use super::shared::lock;
use crate::core::AccountKind;

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The account.
    pub account: AccountId,
    /// What it is.
    pub kind: AccountKind,
    /// With which device: a bot's token is for some rooms only.
    pub device: DeviceId,
}

/// One reader's gate.
#[derive(Debug)]
pub struct Gate {
    reader: Reader,
    state: Mutex<GateState>,
}

#[derive(Clone, Copy, Debug, Default)]
struct GateState {
    member: bool,
    closed: Option<(Seq, EndReason)>,
}

impl Gate {
    /// An open gate.
    #[must_use]
    pub fn new(reader: Reader) -> Self {
        Self { reader, state: Mutex::default() }
    }

    /// Who reads.
    #[must_use]
    pub fn reader(&self) -> Reader {
        self.reader
    }

    /// Whether he reads as a member.
    #[must_use]
    pub fn is_member(&self) -> bool {
        lock(&self.state).member
    }

    /// He reads as a member, or not.
    pub fn set_member(&self, member: bool) {
        lock(&self.state).member = member;
    }

    /// Nothing behind `last` passes any more. A gate that is closed stays as it is.
    pub fn close(&self, last: Seq, reason: EndReason) {
        lock(&self.state).closed.get_or_insert((last, reason));
    }

    /// The last event that passes, and why none does behind it.
    #[must_use]
    pub fn closed(&self) -> Option<(Seq, EndReason)> {
        lock(&self.state).closed
    }
}
