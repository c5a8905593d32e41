//! The first owner: whoever shows the code that the server wrote down where only its operator reads.

use std::collections::BTreeMap;

use chat_proto::realm::{ClaimOffered, OwnerClaimed};
use chat_proto::{AccountId, Event, EventBody, Reject, RejectCode, SecretHash};

use crate::core::{AccountKind, Actor};

/// Let whoever shows a code own the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferClaim {
    /// Of the code.
    pub code: SecretHash,
}

/// Own the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Of the code that was shown.
    pub code: SecretHash,
}

/// Who owns the server, or may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ownership {
    offer: Option<Event>,
    owners: BTreeMap<AccountId, Event>,
}

impl Ownership {
    pub(super) fn is_owner(&self, account: AccountId) -> bool {
        self.owners.contains_key(&account)
    }

    pub(super) fn is_owned(&self) -> bool {
        !self.owners.is_empty()
    }

    pub(super) fn events(&self) -> impl Iterator<Item = &Event> {
        self.offer.iter().chain(self.owners.values())
    }

    fn is_offered(&self, wanted: &SecretHash) -> bool {
        let body = self.offer.as_ref().map(|event| &event.body);
        matches!(body, Some(EventBody::ClaimOffered(ClaimOffered { code })) if code == wanted)
    }

    pub(super) fn offer(&self, offer: &OfferClaim) -> Option<EventBody> {
        let news = !self.is_owned() && !self.is_offered(&offer.code);
        news.then_some(EventBody::ClaimOffered(ClaimOffered { code: offer.code }))
    }

    pub(super) fn claim(&self, by: &Actor, claim: &Claim) -> Result<Option<EventBody>, Reject> {
        let refused = |code, message: &str| Err(Reject::new(code, message));
        if by.kind != AccountKind::User {
            return refused(RejectCode::Forbidden, "guests and bots own no server; log in with a name of your own");
        }
        if self.is_owned() {
            return refused(RejectCode::WrongCode, "this server has an owner already; the code was used up then");
        }
        if !self.is_offered(&claim.code) {
            let message = "this is not the code; it is in the file owner-claim of the server's data directory";
            return refused(RejectCode::WrongCode, message);
        }
        Ok(Some(EventBody::OwnerClaimed(OwnerClaimed { name: by.name.as_str().to_owned() })))
    }

    pub(super) fn offered(&mut self, event: &Event) {
        self.offer = Some(event.clone());
    }

    pub(super) fn claimed(&mut self, event: &Event) {
        self.offer = None;
        self.owners.insert(event.by, event.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::ServerRank;
    use crate::core::command::testing::{Log, actor};
    use crate::core::realm::{Realm, RealmCommand};

    fn offer(code: u8) -> RealmCommand {
        RealmCommand::OfferClaim(OfferClaim { code: SecretHash([code; 32]) })
    }

    fn claim(code: u8) -> RealmCommand {
        RealmCommand::Claim(Claim { code: SecretHash([code; 32]) })
    }

    #[test]
    fn the_newest_code_makes_one_owner_once() {
        let mut log = Log::<Realm>::default();
        let (alice, bob) = (actor(1, "alice"), actor(2, "bob"));
        assert_eq!(log.give(&alice, &claim(1)).unwrap_err().code, RejectCode::WrongCode);
        log.give(&Actor::server(), &offer(1)).unwrap();
        assert!(log.give(&Actor::server(), &offer(1)).unwrap().is_none());
        log.give(&Actor::server(), &offer(2)).unwrap();
        assert_eq!(log.give(&alice, &claim(1)).unwrap_err().code, RejectCode::WrongCode);
        assert_eq!(log.state.rank(AccountId(1)), ServerRank::None);
        log.give(&alice, &claim(2)).unwrap();
        assert_eq!(log.state.rank(AccountId(1)), ServerRank::Owner);
        for again in [&alice, &bob] {
            assert_eq!(log.give(again, &claim(2)).unwrap_err().code, RejectCode::WrongCode);
        }
        assert!(log.give(&Actor::server(), &offer(3)).unwrap().is_none());
        assert_eq!(log.state.rank(AccountId(2)), ServerRank::None);
    }

    #[test]
    fn who_has_no_account_of_his_own_owns_nothing() {
        let mut log = Log::<Realm>::default();
        log.give(&Actor::server(), &offer(1)).unwrap();
        for kind in [AccountKind::Guest, AccountKind::Bot] {
            let by = Actor { kind, ..actor(1, "alice") };
            assert_eq!(log.give(&by, &claim(1)).unwrap_err().code, RejectCode::Forbidden);
        }
    }
}
