//! The server itself: who owns it, and what was done about it.

use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::digest::{SHA256, digest};
use chat_proto::code::{Code, ShortCode};
use chat_proto::identity::{AuditEntry, AuditPage};
use chat_proto::limits::LIST_PAGE_MAX;
use chat_proto::{AccountId, Epoch, Event, FeedId, MessageKey, Reject, RejectCode, SecretHash, Seq};
use tokio::sync::watch;

use super::handle::{FeedState, Outcome, Submit};
use super::{Hub, reject};
use crate::core::realm::{Claim, OfferClaim, REALM, Realm, RealmCommand, audit};
use crate::core::{Actor, ServerRank, State};
use crate::store::{Registration, StoreError, StoreResult};

/// What the server's own feed says, for whoever can't wait: a copy that follows every commit.
#[derive(Debug, Default)]
pub(super) struct Standing {
    newest: RwLock<(Seq, Realm)>,
    owned: watch::Sender<bool>,
}

impl Standing {
    pub(super) fn read<T>(&self, read: impl FnOnce(&Realm) -> T) -> T {
        read(&self.newest.read().unwrap_or_else(PoisonError::into_inner).1)
    }

    fn change(&self, change: impl FnOnce(&mut Seq, &mut Realm)) {
        let mut newest = self.newest.write().unwrap_or_else(PoisonError::into_inner);
        let (seq, realm) = &mut *newest;
        change(seq, realm);
        self.owned.send_replace(realm.is_owned());
    }
}

impl FeedState for Realm {
    const TRIMS: bool = false;

    fn note(&self, hub: &Hub, _feed: FeedId, _epoch: Epoch, event: &Event) {
        hub.standing.change(|seq, realm| {
            if event.seq > *seq {
                *seq = event.seq;
                realm.apply(event);
            }
        });
        hub.notes().add_server(event, |device| {
            hub.read_directory(|directory| directory.label(device).map(|label| label.as_str().to_owned()))
        });
    }

    fn begins() -> Option<Registration> {
        Some(Registration::Server)
    }
}

/// What is kept of a code.
pub(super) fn hash_code<const LEN: usize>(code: &Code<LEN>) -> SecretHash {
    hash(code.as_bytes())
}

/// What is kept of a secret.
pub(super) fn hash(secret: &[u8]) -> SecretHash {
    let mut hash = SecretHash::default();
    hash.0.copy_from_slice(digest(&SHA256, secret).as_ref());
    hash
}

impl Hub {
    /// Reads what the server's own feed says.
    ///
    /// # Errors
    /// The feed can't be read.
    pub(super) async fn load_realm(self: &Arc<Self>) -> StoreResult<()> {
        let failed = |reject: Reject| StoreError::Io(reject.message);
        self.realm.load(self).await.map_err(failed)?;
        let (head, state) = self.realm.look(self, |realm, meta| (meta.head, realm.clone())).await.map_err(failed)?;
        self.standing.change(|seq, realm| (*seq, *realm) = (head, state));
        Ok(())
    }

    /// What an account may do to the server itself, right now.
    #[must_use]
    pub fn rank(&self, account: AccountId) -> ServerRank {
        self.standing.read(|realm| realm.rank(account))
    }

    /// Whether anybody owns the server.
    #[must_use]
    pub fn is_owned(&self) -> bool {
        self.standing.read(Realm::is_owned)
    }

    /// Resolves when somebody owns the server.
    pub async fn owned(&self) {
        let mut owned = self.standing.owned.subscribe();
        // The sender lives as long as the hub.
        let _ = owned.wait_for(|owned| *owned).await;
    }

    /// Lets whoever shows a code own the server; where it has an owner that is nothing.
    ///
    /// # Errors
    /// What the store says.
    pub async fn offer_claim(self: &Arc<Self>, code: &ShortCode) -> Result<(), Reject> {
        let offer = OfferClaim { code: hash_code(code) };
        self.command_realm(&Actor::server(), RealmCommand::OfferClaim(offer)).await.map(drop)
    }

    /// Makes somebody the owner who shows the code.
    ///
    /// # Errors
    /// [`RejectCode::WrongCode`], [`RejectCode::Forbidden`], or what the store says.
    pub async fn claim_server(self: &Arc<Self>, by: &Actor, code: &str) -> Result<(), Reject> {
        let code = ShortCode::parse(code).map_err(|e| Reject::new(RejectCode::WrongCode, e.to_string()))?;
        self.command_realm(by, RealmCommand::Claim(Claim { code: hash_code(&code) })).await.map(drop)
    }

    /// A page of what was done about the server, for one of its owners.
    ///
    /// # Errors
    /// [`RejectCode::Forbidden`], or what the store says.
    pub async fn audit(&self, asker: AccountId, before: Seq, limit: u16) -> Result<AuditPage, Reject> {
        if self.rank(asker) < ServerRank::Owner {
            return Err(Reject::new(RejectCode::Forbidden, "only the server's owners read what was done about it"));
        }
        let limit = usize::from(limit.clamp(1, LIST_PAGE_MAX));
        let mut rows = self.store().read_back(REALM, before, limit + 1).await.map_err(|e| reject(&e))?;
        let more = rows.len() > limit;
        rows.drain(..rows.len().saturating_sub(limit));
        let entries = rows.into_iter().map(|row| {
            let Event { seq, at, by, body, .. } = row.event;
            AuditEntry { seq, at, by, name: self.author(by), text: audit::line(&body) }
        });
        Ok(AuditPage { entries: entries.collect(), more })
    }

    /// The name of an account; its number if there is none.
    pub(super) fn author(&self, account: AccountId) -> String {
        if account == AccountId::SERVER {
            return Actor::server().name.as_str().to_owned();
        }
        self.name_of(account).map_or_else(|| format!("account {account}"), |name| name.to_string())
    }

    /// Gives the server itself a command.
    pub(super) async fn command_realm(self: &Arc<Self>, by: &Actor, command: RealmCommand) -> Result<Outcome, Reject> {
        let submit = Submit { by: by.clone(), key: MessageKey::default(), command, registration: None };
        self.realm.submit(self, submit).await.outcome().await
    }
}
