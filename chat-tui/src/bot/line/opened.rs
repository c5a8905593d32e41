//! What became of the devices and secrets that open the account, as lines.

use chat_proto::identity::{DeviceChanged, SecretChanged};
use chat_proto::{AccountFact, DeviceId, Event};
use serde::Serialize;

use super::rfc3339;

/// One thing that may open the account does, or does no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "ev", rename_all = "snake_case")]
pub enum OpenedLine {
    /// A device.
    Device {
        /// Which one.
        device: String,
        /// What its owner calls it; may be empty.
        label: String,
        /// What became of it: [`DeviceChange::name`](chat_proto::identity::DeviceChange::name).
        change: &'static str,
        /// The device that did it.
        by: String,
        /// When it was told.
        ts: String,
    },
    /// A secret that may let a device in.
    Secret {
        /// Which one: [`Secret::name`](chat_proto::identity::Secret::name).
        secret: &'static str,
        /// What became of it: [`SecretChange::name`](chat_proto::identity::SecretChange::name).
        change: &'static str,
        /// The device that did it.
        by: String,
        /// When it was told.
        ts: String,
    },
}

impl OpenedLine {
    /// The line of an event of the account's own feed; nothing for what is about no device and no secret.
    #[must_use]
    pub fn of_event(event: &Event) -> Option<Self> {
        let id = |device: DeviceId| format!("d_{device}");
        let ts = rfc3339(event.at);
        match event.body.account_fact()? {
            AccountFact::DeviceChanged(DeviceChanged { device, label, change, by, .. }) => {
                let (device, label, change) = (id(*device), label.clone(), change.name());
                Some(Self::Device { device, label, change, by: id(*by), ts })
            }
            AccountFact::SecretChanged(SecretChanged { secret, change, by, .. }) => {
                Some(Self::Secret { secret: secret.name(), change: change.name(), by: id(*by), ts })
            }
            AccountFact::RoomJoined(_)
            | AccountFact::RoomLeft(_)
            | AccountFact::ReadMarked(_)
            | AccountFact::Mentioned(_)
            | AccountFact::WasSeen(_) => None,
        }
    }
}
