//! Who is kept out: said by the server's owners, asked at every door.

use std::net::IpAddr;
use std::sync::Arc;

use chat_proto::ban::{BanList, BanTarget, ServerBanned};
use chat_proto::{CloseCode, Line, Reject, RejectCode, Timestamp};

use super::Hub;
use super::sessions::{LiveSession, Newcomer};
use crate::core::cidr::Cidr;
use crate::core::realm::ban::concerns;
use crate::core::realm::{Ban, RealmCommand, Unban, Visitor};
use crate::core::{Actor, ServerRank};

impl From<&Newcomer> for Visitor {
    fn from(who: &Newcomer) -> Self {
        Self { account: who.account, device: who.device, address: who.address }
    }
}

impl Hub {
    /// Keeps somebody out. When this returns his connections are closed.
    ///
    /// # Errors
    /// [`RejectCode::Forbidden`], [`RejectCode::NoSuchUser`], [`RejectCode::BadRequest`] for what is no network or would ban
    /// the asker as well, [`RejectCode::LimitExceeded`], or what the store says.
    pub async fn ban(
        self: &Arc<Self>,
        by: &Actor,
        from: &LiveSession,
        target: BanTarget,
        for_s: Option<u32>,
        reason: Line,
    ) -> Result<(), Reject> {
        let target = canonical(target)?;
        if concerns(&target, &Visitor::from(&from.who)) {
            return Err(Reject::new(RejectCode::BadRequest, "this would ban you as well"));
        }
        let name = self.name_of_target(&target)?;
        let until = for_s.map(|seconds| Timestamp(self.now().0.saturating_add(i64::from(seconds) * MICROS)));
        let told = match reason.as_str() {
            "" => "banned from this server".to_owned(),
            reason => format!("banned from this server: {reason}"),
        };
        let ban = Ban { target: target.clone(), name, until, reason };
        self.command_realm(by, RealmCommand::Ban(ban)).await?;
        self.end_sessions(|live| concerns(&target, &Visitor::from(&live.who)), CloseCode::Banned, &told).await;
        Ok(())
    }

    /// The name of a banned account.
    fn name_of_target(&self, target: &BanTarget) -> Result<String, Reject> {
        let BanTarget::Account(account) = target else { return Ok(String::new()) };
        if self.rank(*account) >= ServerRank::Owner {
            return Err(Reject::new(RejectCode::Forbidden, "an owner of the server can't be kept out of it"));
        }
        let name = self.name_of(*account).map(|name| name.to_string());
        name.ok_or_else(|| Reject::new(RejectCode::NoSuchUser, format!("there is no account {account}")))
    }

    /// Keeps somebody out no more.
    ///
    /// # Errors
    /// [`RejectCode::Forbidden`], [`RejectCode::BadRequest`], or what the store says.
    pub async fn unban(self: &Arc<Self>, by: &Actor, target: BanTarget) -> Result<(), Reject> {
        let target = canonical(target)?;
        self.command_realm(by, RealmCommand::Unban(Unban { target })).await.map(drop)
    }

    /// Who is kept out, for the server's owners.
    ///
    /// # Errors
    /// [`RejectCode::Forbidden`].
    pub fn list_bans(&self, by: &Actor) -> Result<BanList, Reject> {
        if self.rank(by.account) < ServerRank::Owner {
            return Err(Reject::new(RejectCode::Forbidden, "only the server's owners read who is kept out"));
        }
        Ok(BanList { bans: self.standing.read(|realm| realm.bans(self.now())) })
    }

    /// Lets nobody in who is banned.
    ///
    /// # Errors
    /// [`RejectCode::BannedFromServer`].
    pub fn check_ban(&self, who: &Newcomer) -> Result<(), Reject> {
        let now = self.now();
        self.standing.read(|realm| realm.ban_of(&Visitor::from(who), now).map_or(Ok(()), |ban| Err(kept_out(ban, now))))
    }

    /// Whether whoever comes from an address is kept out.
    #[must_use]
    pub fn is_address_banned(&self, address: IpAddr) -> bool {
        self.standing.read(|realm| realm.is_address_banned(address, self.now()))
    }
}

/// A target as it is kept.
fn canonical(target: BanTarget) -> Result<BanTarget, Reject> {
    let BanTarget::Network(network) = target else { return Ok(target) };
    let network = Cidr::parse(&network).map_err(|e| Reject::new(RejectCode::BadRequest, e))?;
    Ok(BanTarget::Network(network.to_string()))
}

fn kept_out(ban: &ServerBanned, now: Timestamp) -> Reject {
    let length = match ban.until {
        Some(until) => format!("for another {} s", until.0.saturating_sub(now.0) / MICROS + 1),
        None => "for ever".to_owned(),
    };
    let reason = if ban.reason.is_empty() { "no reason was given" } else { &ban.reason };
    Reject::new(RejectCode::BannedFromServer, format!("you are banned from this server {length}: {reason}"))
}

/// Microseconds of a second.
const MICROS: i64 = 1_000_000;
