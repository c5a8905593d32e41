//! Files that are kept, in memory.

use std::collections::{BTreeMap, BTreeSet};

use chat_proto::{AccountId, Event, FeedId, FileHash, Seq, Timestamp};

use crate::store::files::{FileClaim, FileStanding, carried, counted};

/// What messages carry, and what was sent and is not carried yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    uses: BTreeMap<(FeedId, Seq), Use>,
    claims: BTreeMap<(AccountId, FileHash), FileClaim>,
}

/// A message that carries a file.
#[derive(Clone, Copy, Debug)]
struct Use {
    account: AccountId,
    hash: FileHash,
    size: u64,
    /// Whether its author sent the bytes himself.
    own: bool,
}

impl Files {
    /// Notes the file a message carries. What its author had sent for it is taken by that.
    pub(super) fn insert(&mut self, feed: FeedId, event: &Event) {
        if let Some((file, own)) = carried(event) {
            self.uses.insert((feed, event.seq), Use { account: event.by, hash: file.hash, size: file.size, own });
            self.claims.remove(&(event.by, file.hash));
        }
    }

    /// A message carries its file no more.
    pub(super) fn erase(&mut self, feed: FeedId, seq: Seq) {
        self.uses.remove(&(feed, seq));
    }

    /// The messages of a feed before a seq carry their files no more.
    pub(super) fn trim(&mut self, feed: FeedId, oldest: Seq) {
        self.uses.retain(|(of, seq), _| *of != feed || *seq >= oldest);
    }

    /// Keeps a file for an account, until a message carries it.
    pub(super) fn claim(&mut self, claim: FileClaim) {
        self.claims.insert((claim.account, claim.hash), claim);
    }

    /// Keeps no file any more that was sent before a time and that no message carries.
    pub(super) fn drop_claims(&mut self, before: Timestamp) {
        self.claims.retain(|_, claim| claim.at >= before);
    }

    /// How a file stands for an account.
    pub(super) fn standing(&self, account: AccountId, hash: FileHash) -> FileStanding {
        let claim = self.claims.get(&(account, hash)).map(|claim| claim.size);
        let used = || self.uses.values().find(|it| it.own && (it.account, it.hash) == (account, hash));
        let held = claim.or_else(|| used().map(|it| it.size));
        let claims = self.claims.values().map(|claim| (claim.account, claim.hash, counted(claim.size)));
        let all: BTreeSet<_> =
            self.uses.values().map(|it| (it.account, it.hash, counted(it.size))).chain(claims).collect();
        let sum = |of: &dyn Fn(AccountId) -> bool| all.iter().filter(|it| of(it.0)).map(|it| it.2).sum();
        FileStanding { held, account_bytes: sum(&|whose| whose == account), total_bytes: sum(&|_| true) }
    }

    /// Those of some files that are kept for nobody.
    pub(super) fn unkept(&self, hashes: Vec<FileHash>) -> Vec<FileHash> {
        let used = self.uses.values().map(|it| it.hash);
        let kept: BTreeSet<FileHash> = used.chain(self.claims.keys().map(|(_, hash)| *hash)).collect();
        hashes.into_iter().filter(|hash| !kept.contains(hash)).collect()
    }
}
