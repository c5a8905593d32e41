//! How much the server lets happen: asked at every door.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chat_proto::defence::Defence;
use chat_proto::{AccountId, CloseCode, DefenceLevel, Line, Presence, Reject, RoomId};

use super::Hub;
use super::shared::lock;
use crate::admission::network;
use crate::core::defence::{Asker, Wish, allow};
use crate::core::directory::Directory;
use crate::core::realm::{RealmCommand, SetDefence};
use crate::core::{AccountKind, Actor, ServerRank};

/// Where known accounts have logged in from since the start.
#[derive(Debug, Default)]
pub(super) struct KnownNetworks(Mutex<BTreeSet<IpAddr>>);

/// Networks remembered; beyond that no further ones become known.
const NETWORKS_KNOWN_MAX: usize = 100_000;

impl Hub {
    /// How much the server lets happen now.
    #[must_use]
    pub fn defence_level(&self) -> DefenceLevel {
        self.defence().level
    }

    /// How much the server lets happen, and who says so.
    #[must_use]
    pub fn defence(&self) -> Defence {
        let configured = self.settings.defence;
        let set = self.standing.read(|realm| realm.defence());
        let (set, since) = set.map_or((DefenceLevel::Normal, None), |(level, since)| (level, Some(since)));
        Defence { level: configured.max(set), configured, set, since }
    }

    /// Sets how much the server lets happen. When this returns, whoever may not stay is out.
    ///
    /// # Errors
    /// [`RejectCode::Forbidden`](chat_proto::RejectCode::Forbidden), or what the store says.
    pub async fn set_defence(
        self: &Arc<Self>,
        by: &Actor,
        level: DefenceLevel,
        reason: Line,
    ) -> Result<Defence, Reject> {
        self.command_realm(by, RealmCommand::SetDefence(SetDefence { level, reason })).await?;
        let defence = self.defence();
        tracing::info!(level = defence.level.name(), "the defence level was set");
        let told = "this server defends itself: guests are not let in";
        let out = |kind| {
            let guest = Asker { kind, rank: ServerRank::None, age: Duration::ZERO };
            allow(defence.level, &guest, Wish::Enter { is_there: true }).is_err()
        };
        self.end_sessions(|live| out(live.who.kind), CloseCode::Ended, told).await;
        Ok(defence)
    }

    /// Whether a newcomer may make an account.
    ///
    /// # Errors
    /// [`RejectCode::UnderDefence`](chat_proto::RejectCode::UnderDefence).
    pub(super) fn check_register(&self, from: IpAddr, invited: bool) -> Result<(), Reject> {
        let asker = Asker { kind: AccountKind::User, rank: ServerRank::None, age: Duration::ZERO };
        // Where nobody has an account, nobody could ever become known.
        let is_first = self.read_directory(Directory::is_empty);
        let known_network = is_first || lock(&self.known_networks.0).contains(&network(from));
        allow(self.defence_level(), &asker, Wish::Register { known_network, invited })
    }

    /// Whether somebody who has proved who he is may come in. Where he comes from is known from then on, unless his account was
    /// made just now, or he is a guest.
    ///
    /// # Errors
    /// [`RejectCode::UnderDefence`](chat_proto::RejectCode::UnderDefence).
    pub fn check_enter(&self, who: &Actor, from: IpAddr, registered: bool) -> Result<(), Reject> {
        let is_there = self.presence(who.account) != Presence::Offline;
        self.check_wish(who, Wish::Enter { is_there })?;
        let mut known = lock(&self.known_networks.0);
        let is_known = !registered && who.kind != AccountKind::Guest;
        if is_known && known.len() < NETWORKS_KNOWN_MAX {
            known.insert(network(from));
        }
        Ok(())
    }

    /// Whether somebody may begin a room or a conversation.
    ///
    /// # Errors
    /// [`RejectCode::UnderDefence`](chat_proto::RejectCode::UnderDefence).
    pub(super) fn check_begin(&self, who: &Actor) -> Result<(), Reject> {
        self.check_wish(who, Wish::Begin)
    }

    /// Whether somebody may write in a room, as far as the server itself is concerned.
    ///
    /// # Errors
    /// [`RejectCode::UnderDefence`](chat_proto::RejectCode::UnderDefence), or what the store says.
    pub(super) async fn check_write(self: &Arc<Self>, who: &Actor, room: RoomId) -> Result<(), Reject> {
        // Members may at every level, so who is one is asked only where it matters.
        let Err(refused) = self.check_wish(who, Wish::Write { is_member: false }) else { return Ok(()) };
        let account = who.account;
        let feed = self.room(room).await?;
        let is_member = feed.look(self, move |room, _| room.members().contains_key(&account)).await?;
        if is_member { Ok(()) } else { Err(refused) }
    }

    fn check_wish(&self, who: &Actor, wish: Wish) -> Result<(), Reject> {
        let level = self.defence_level();
        if level == DefenceLevel::Normal {
            return Ok(());
        }
        let asker = Asker { kind: who.kind, rank: self.rank(who.account), age: self.age_of(who.account) };
        allow(level, &asker, wish)
    }

    /// How long ago an account was made.
    fn age_of(&self, account: AccountId) -> Duration {
        let since = self.read_directory(|directory| directory.account(account).map(|entry| entry.since));
        let age = since.map_or(0, |since| self.now().0.saturating_sub(since.0));
        Duration::from_micros(u64::try_from(age).unwrap_or(0))
    }
}
