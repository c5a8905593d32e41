//! Requests about who one is to the server: owners, codes, devices.

use chat_proto::ban::{BanFromServer, LiftBan, PurgeFromServer};
use chat_proto::defence::SetDefence;
use chat_proto::identity::{ClaimServer, ListAudit, RevokeDevice};
use chat_proto::invite::RevokeInvite;
use chat_proto::password::SetPassword;
use chat_proto::reply::Done;
use chat_proto::{Line, Reject, RejectCode, Reply};

use super::Session;
use super::request::bad_text;
use crate::core::realm;

impl Session {
    pub(super) async fn claim_server(self, ClaimServer { code }: ClaimServer) -> Result<Reply, Reject> {
        self.hub.claim_server(&self.actor, &code).await?;
        Ok(Done {}.into())
    }

    pub(super) async fn list_audit(self, ListAudit { before, limit }: ListAudit) -> Result<Reply, Reject> {
        self.hub.audit(self.actor.account, before, limit).await.map(Reply::from)
    }

    pub(super) async fn ban(self, ban: BanFromServer) -> Result<Reply, Reject> {
        let reason = Line::parse(&ban.reason).map_err(|e| bad_text("the reason", &e))?;
        self.hub.ban(&self.actor, &self.live, ban.target, ban.for_s, reason).await?;
        Ok(Done {}.into())
    }

    pub(super) async fn purge_from_server(self, purge: PurgeFromServer) -> Result<Reply, Reject> {
        let reason = Line::parse(&purge.reason).map_err(|e| bad_text("the reason", &e))?;
        self.hub.purge_everywhere(&self.actor, self.hub.person(&purge.user)?, reason).await?;
        Ok(Done {}.into())
    }

    pub(super) async fn set_defence(self, SetDefence { level, reason }: SetDefence) -> Result<Reply, Reject> {
        let reason = Line::parse(&reason).map_err(|e| bad_text("the reason", &e))?;
        self.hub.set_defence(&self.actor, level, reason).await.map(Reply::from)
    }

    pub(super) async fn lift_ban(self, LiftBan { target }: LiftBan) -> Result<Reply, Reject> {
        self.hub.unban(&self.actor, target).await?;
        Ok(Done {}.into())
    }

    pub(super) fn make_link_code(&self) -> Result<Reply, Reject> {
        self.check_lasting()?;
        self.hub.make_link_code(&self.actor).map(Reply::from)
    }

    pub(super) async fn revoke_invite(self, RevokeInvite { invite }: RevokeInvite) -> Result<Reply, Reject> {
        self.hub.revoke_invite(&self.actor, realm::RevokeInvite { invite }).await?;
        Ok(Done {}.into())
    }

    pub(super) fn list_devices(&self) -> Reply {
        self.hub.list_devices(&self.actor).into()
    }

    pub(super) async fn revoke_device(self, RevokeDevice { device }: RevokeDevice) -> Result<Reply, Reject> {
        self.hub.revoke_device(&self.actor, device).await?;
        Ok(Done {}.into())
    }

    pub(super) async fn make_recovery_code(self) -> Result<Reply, Reject> {
        self.check_lasting()?;
        self.hub.make_recovery_code(&self.actor).await.map(Reply::from)
    }

    pub(super) async fn set_password(self, set: SetPassword) -> Result<Reply, Reject> {
        self.check_lasting()?;
        self.hub.set_password(&self.actor, set.password.as_deref(), set.revoke_others).await?;
        Ok(Done {}.into())
    }

    /// What was let in for a while opens no way in that lasts.
    fn check_lasting(&self) -> Result<(), Reject> {
        if self.expires {
            let message = "you are logged in with a token that expires; it adds no devices, makes no recovery code and has no \
                           password";
            return Err(Reject::new(RejectCode::Forbidden, message));
        }
        Ok(())
    }
}
