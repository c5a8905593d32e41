//! Keys of recent commands, so that most repetitions need no look at the store.

use std::collections::{HashMap, VecDeque};

use chat_proto::{AccountId, MessageKey};

use crate::store::Found;

/// Keys kept in memory.
const RECENT_KEYS_MAX: usize = 4_096;

/// Keys of recent commands and what became of them.
#[derive(Debug, Default)]
pub(super) struct RecentKeys {
    pub(super) known: HashMap<(AccountId, MessageKey), Found>,
    order: VecDeque<(AccountId, MessageKey)>,
}

impl RecentKeys {
    pub(super) fn insert(&mut self, key: (AccountId, MessageKey), found: Found) {
        if key.1 == MessageKey::default() {
            return;
        }
        self.known.insert(key, found);
        self.order.push_back(key);
        if self.order.len() > RECENT_KEYS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}
