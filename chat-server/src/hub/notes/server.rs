//! What the server's own feed says of who may open an account, for the account's devices.

use chat_proto::identity::{DeviceChange, DeviceChanged, Secret, SecretChange, SecretChanged};
use chat_proto::{DeviceId, Event, ServerFact};

use super::Notes;
use crate::core::realm::REALM;
use crate::hub::shared::lock;

impl Notes {
    /// Takes up an event of the server's own feed. `label` is what a device is called.
    pub(in crate::hub) fn add_server(&self, event: &Event, label: impl Fn(DeviceId) -> Option<String>) {
        let (by, seq) = (event.device, event.seq);
        let mut round = lock(&self.round);
        round.feeds.insert(REALM, seq);
        let mut device = |account, device: DeviceId, change| {
            let label = label(device).unwrap_or_default();
            let news = DeviceChanged { device, label, change, by, seq };
            round.of(account).devices.insert(device, news);
        };
        let news = |secret, change| SecretChanged { secret, change, by, seq };
        match event.body.server_fact() {
            Some(ServerFact::DeviceAdded(it)) => device(event.by, it.device, DeviceChange::Linked),
            Some(ServerFact::DeviceRevoked(it)) => device(it.account, it.device, DeviceChange::Revoked),
            Some(ServerFact::RecoverySet(_)) => {
                round.of(event.by).secret(news(Secret::RecoveryCode, SecretChange::Set));
            }
            Some(ServerFact::RecoveryUsed(it)) => {
                device(event.by, it.device, DeviceChange::Recovered);
                round.of(event.by).secret(news(Secret::RecoveryCode, SecretChange::Used));
            }
            Some(ServerFact::PasswordUsed(it)) => device(event.by, it.device, DeviceChange::ByPassword),
            Some(ServerFact::PasswordSet(it)) => {
                let change = if it.hash.is_some() { SecretChange::Set } else { SecretChange::Removed };
                round.of(event.by).secret(news(Secret::Password, change));
            }
            Some(
                ServerFact::ClaimOffered(_)
                | ServerFact::OwnerClaimed(_)
                | ServerFact::ServerBanned(_)
                | ServerFact::ServerUnbanned(_)
                | ServerFact::ServerPurged(_)
                | ServerFact::DefenceSet(_)
                | ServerFact::NickSet(_)
                | ServerFact::InviteMade(_)
                | ServerFact::InviteUsed(_)
                | ServerFact::InviteRevoked(_)
                | ServerFact::BotLetIn(_)
                | ServerFact::BotTokenRevoked(_),
            )
            | None => {}
        }
        drop(round);
        self.bell.notify_one();
    }
}
