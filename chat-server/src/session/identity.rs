//! Requests about who one is to the server: owners, codes, devices.

use chat_proto::identity::{ClaimServer, ListAudit};
use chat_proto::reply::Done;
use chat_proto::{Reject, Reply};

use super::Session;

impl Session {
    pub(super) async fn claim_server(self, ClaimServer { code }: ClaimServer) -> Result<Reply, Reject> {
        self.hub.claim_server(&self.actor, &code).await?;
        Ok(Done {}.into())
    }

    pub(super) async fn list_audit(self, ListAudit { before, limit }: ListAudit) -> Result<Reply, Reject> {
        self.hub.audit(self.actor.account, before, limit).await.map(Reply::from)
    }
}
