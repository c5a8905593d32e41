//! Slash commands about one's own devices, and how their answers look.

use chat_proto::identity::{DeviceInfo, MakeLinkCode, MakeRecoveryCode, RevokeDevice};
use chat_proto::{DeviceId, Reply, Request};

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

fn device(info: &DeviceInfo, zone: &Zone) -> String {
    let state = match (info.own, info.online) {
        (true, _) => "this one",
        (false, true) => "online",
        (false, false) => "offline",
    };
    format!("{:<6} {:<9} since {}  {}", info.device, state, day_title(zone.day(info.since)), info.label)
}
