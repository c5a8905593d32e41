//! The server's own events in words, for its owners. No secret is in them, hashed or not.

use chat_proto::ban::{BanTarget, ServerBanned, ServerPurged, ServerUnbanned};
use chat_proto::defence::DefenceSet;
use chat_proto::nick::NickSet;
use chat_proto::password::{PasswordSet, PasswordUsed};
use chat_proto::realm::{
    BotLetIn, BotTokenRevoked, DeviceAdded, DeviceRevoked, InviteMade, InviteRevoked, InviteUsed, RecoveryUsed,
};
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
        Some(ServerFact::PasswordSet(PasswordSet { hash })) => match hash {
            Some(_) => "set a password that links devices".to_owned(),
            None => "took the password away".to_owned(),
        },
        Some(ServerFact::PasswordUsed(PasswordUsed { device, label, .. })) => {
            format!("linked {} by the password", named(*device, label))
        }
        Some(ServerFact::InviteMade(InviteMade { room, uses, .. })) => {
            let place = room.map_or_else(|| "the server".to_owned(), |room| format!("room {room}"));
            format!("made an invitation to {place} for {uses}")
        }
        Some(ServerFact::InviteUsed(InviteUsed { invite, .. })) => format!("was let in by invitation {invite}"),
        Some(ServerFact::InviteRevoked(InviteRevoked { invite })) => format!("took invitation {invite} back"),
        Some(ServerFact::BotLetIn(BotLetIn { bot, name, id, rooms, .. })) => {
            format!("gave bot {bot} ({name}) the token {id} for {} rooms", rooms.len())
        }
        Some(ServerFact::BotTokenRevoked(BotTokenRevoked { bot, id, .. })) => {
            format!("took the token {id} from bot {bot}")
        }
        Some(ServerFact::ServerBanned(ServerBanned { target, name, reason, until })) => {
            let length = if until.is_some() { "for a time" } else { "for ever" };
            let reason = if reason.is_empty() { "no reason given" } else { reason };
            format!("banned {} {length}: {reason}", whom(target, name))
        }
        Some(ServerFact::NickSet(NickSet { nick, .. })) if nick.is_empty() => "goes by the name alone".to_owned(),
        Some(ServerFact::NickSet(NickSet { nick, .. })) => format!("is called {nick}"),
        Some(ServerFact::DefenceSet(DefenceSet { level, reason })) => {
            let reason = if reason.is_empty() { "no reason given" } else { reason };
            format!("set the defence level to {}: {reason}", level.name())
        }
        Some(ServerFact::ServerPurged(ServerPurged { account, name, reason })) => {
            let reason = if reason.is_empty() { "no reason given" } else { reason };
            format!("removed all that account {account} ({name}) wrote: {reason}")
        }
        Some(ServerFact::ServerUnbanned(ServerUnbanned { target })) => format!("let {} in again", whom(target, "")),
        None => format!("did something this version of the server does not know (kind {})", body.kind()),
    }
}

fn whom(target: &BanTarget, name: &str) -> String {
    match target {
        BanTarget::Account(account) if name.is_empty() => format!("account {account}"),
        BanTarget::Account(account) => format!("account {account} ({name})"),
        BanTarget::Device(device) => named(*device, ""),
        BanTarget::Network(network) => network.clone(),
    }
}

fn named(device: DeviceId, label: &str) -> String {
    if label.is_empty() { format!("device {device}") } else { format!("device {device} ({label})") }
}
