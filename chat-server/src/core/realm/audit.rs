//! The server's own events in words, for its owners. No secret is in them, hashed or not.

use chat_proto::realm::{DeviceAdded, DeviceRevoked, RecoveryUsed};
use chat_proto::{DeviceId, EventBody, ServerFact};

/// What an event says was done, behind the name of who did it.
#[must_use]
pub fn line(body: &EventBody) -> String {
    match body.server_fact() {
        Some(ServerFact::ClaimOffered(_)) => "made a new code for the first owner".to_owned(),
        Some(ServerFact::OwnerClaimed(_)) => "became the server's first owner".to_owned(),
        Some(ServerFact::DeviceAdded(DeviceAdded { device, label, .. })) => {
            format!("linked {}", named(*device, label))
        }
        Some(ServerFact::DeviceRevoked(DeviceRevoked { device, .. })) => format!("revoked {}", named(*device, "")),
        Some(ServerFact::RecoverySet(_)) => "made a recovery code".to_owned(),
        Some(ServerFact::RecoveryUsed(RecoveryUsed { device, label, .. })) => {
            format!("used the recovery code for {}", named(*device, label))
        }
        None => format!("did something this version of the server does not know (kind {})", body.kind()),
    }
}

fn named(device: DeviceId, label: &str) -> String {
    if label.is_empty() { format!("device {device}") } else { format!("device {device} ({label})") }
}
