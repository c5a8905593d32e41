//! Slash commands about one's own devices, how their answers look, and what is told of devices unasked.

use chat_proto::identity::{
    DeviceChange, DeviceChanged, DeviceInfo, MakeLinkCode, MakeRecoveryCode, RevokeDevice, Secret, SecretChange,
    SecretChanged,
};
use chat_proto::{AccountFact, DeviceId, Event, EventBody, Reply, Request};

use super::time::{Zone, day_title};

/// What is asked about one's own devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    /// Make a code that adds a device.
    Link,
    /// Show the devices.
    Devices,
    /// Take one its right.
    Revoke(DeviceId),
    /// Make a recovery code.
    Recovery,
}

impl Own {
    /// The request.
    #[must_use]
    pub fn request(self) -> Request {
        match self {
            Self::Link => MakeLinkCode {}.into(),
            Self::Devices => chat_proto::identity::ListDevices {}.into(),
            Self::Revoke(device) => RevokeDevice { device }.into(),
            Self::Recovery => MakeRecoveryCode {}.into(),
        }
    }

    /// What is shown of an answer: a title and lines.
    #[must_use]
    pub fn shown(self, reply: &Reply, zone: &Zone) -> (String, Vec<String>) {
        let title = match self {
            Self::Link => "link a device",
            Self::Devices => "your devices",
            Self::Revoke(_) => "revoked",
            Self::Recovery => "your recovery code",
        };
        let lines = if let Reply::LinkCode(link) = reply {
            vec![
                link.code.clone(),
                format!("holds for {} minutes and adds one device; there run", link.expires_ms / 60_000),
                "chat-tui link HOST --name YOURS".to_owned(),
            ]
        } else if let Reply::DeviceList(list) = reply {
            list.devices.iter().map(|info| device(info, zone)).collect()
        } else if let Reply::RecoveryCode(recovery) = reply {
            vec![
                recovery.code.clone(),
                "is shown this once and works once: write it down. When all devices are lost, run".to_owned(),
                "chat-tui recover HOST --name YOURS".to_owned(),
            ]
        } else {
            vec!["it opens nothing any more".to_owned()]
        };
        (title.to_owned(), lines)
    }
}

/// What a person is to be told of what opens his account, oldest first: not what this device did, nor what was before it came.
#[must_use]
pub fn news(events: &[Event], me: DeviceId) -> Vec<String> {
    let came = events.iter().rposition(|event| matches!(&event.body, EventBody::DeviceChanged(it) if it.device == me));
    let since = events.iter().skip(came.map_or(0, |came| came + 1));
    since
        .filter_map(|event| match event.body.account_fact()? {
            AccountFact::DeviceChanged(it) if it.by != me => Some(told(it)),
            AccountFact::SecretChanged(it) if it.by != me => secret(it),
            AccountFact::DeviceChanged(_)
            | AccountFact::SecretChanged(_)
            | AccountFact::RoomJoined(_)
            | AccountFact::RoomLeft(_)
            | AccountFact::ReadMarked(_)
            | AccountFact::Mentioned(_)
            | AccountFact::WasSeen(_) => None,
        })
        .collect()
}

fn told(DeviceChanged { device, label, change, .. }: &DeviceChanged) -> String {
    let called = if label.is_empty() { device.to_string() } else { format!("\"{label}\"") };
    let how = match change {
        DeviceChange::Linked => "",
        DeviceChange::Recovered => " by the recovery code",
        DeviceChange::ByPassword => " by the password",
        DeviceChange::Revoked => return format!("the device {called} was revoked: it opens your account no more"),
    };
    format!("a new device, {called}, opens your account{how}; /revoke {device} if it isn't yours")
}

fn secret(SecretChanged { secret, change, by, .. }: &SecretChanged) -> Option<String> {
    match (secret, change) {
        (Secret::RecoveryCode, SecretChange::Set) => {
            let undo = "if that wasn't you, make another";
            Some(format!("your device {by} made a recovery code, and the one before opens nothing; {undo} (/recovery)"))
        }
        // The device that it let in is told of.
        (Secret::RecoveryCode | Secret::Password, SecretChange::Used) => None,
        (Secret::RecoveryCode, SecretChange::Removed) => Some(format!("your device {by} took the recovery code away")),
        (Secret::Password, SecretChange::Set) => Some(format!(
            "your device {by} set the password that links devices; if that wasn't you, set another (/password)"
        )),
        (Secret::Password, SecretChange::Removed) => {
            Some(format!("your device {by} took the password away that linked devices"))
        }
    }
}

fn device(info: &DeviceInfo, zone: &Zone) -> String {
    let state = match (info.own, info.online) {
        (true, _) => "this one",
        (false, true) => "online",
        (false, false) => "offline",
    };
    format!("{:<6} {:<9} since {}  {}", info.device, state, day_title(zone.day(info.since)), info.label)
}
