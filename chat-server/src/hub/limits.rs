//! How many rooms there may be, how many one person may be in, and how fast they may be begun.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chat_proto::limits::ROOMS_PER_ACCOUNT_MAX;
use chat_proto::{AccountId, Reject, RejectCode, Retry};

use super::shared::lock;
use super::{Hub, HubSettings};
use crate::core::command::Join;
use crate::core::directory::Directory;
use crate::core::guess::Guesses;

/// What new rooms are counted within.
const WITHIN: Duration = Duration::from_secs(60 * 60);

/// The rooms that were begun within an hour, by person and by network.
#[derive(Debug)]
pub(super) struct NewRooms {
    by_account: Mutex<Guesses<AccountId>>,
    by_network: Mutex<Guesses<IpAddr>>,
}

impl NewRooms {
    pub(super) fn new(settings: &HubSettings) -> Self {
        Self {
            by_account: Mutex::new(Guesses::new(most(settings.new_rooms_per_account), WITHIN)),
            by_network: Mutex::new(Guesses::new(most(settings.new_rooms_per_address), WITHIN)),
        }
    }
}

/// A bound whose 0 means that there is none.
fn most(setting: u32) -> u32 {
    if setting == 0 { u32::MAX } else { setting }
}

impl Hub {
    /// Says in the log which rooms everybody is to begin in are not there.
    pub(super) fn tell_of_missing_rooms(&self) {
        let missing = self.read_directory(|directory| {
            self.settings
                .auto_join
                .iter()
                .filter(|name| directory.room_named(name).is_none())
                .cloned()
                .collect::<Vec<_>>()
        });
        for room in missing {
            tracing::warn!(%room, "rooms.auto_join names a room that is not there; nobody enters it until somebody makes it");
        }
    }

    /// Whether there may be another room.
    ///
    /// # Errors
    /// [`RejectCode::LimitExceeded`].
    pub(super) fn check_rooms(&self) -> Result<(), Reject> {
        let most = usize::try_from(self.settings.rooms).unwrap_or(usize::MAX);
        if self.read_directory(Directory::room_count) < most {
            return Ok(());
        }
        let message =
            format!("this server has {most} rooms, the most it may have (limits.rooms); ask its operator for more");
        Err(Reject::new(RejectCode::LimitExceeded, message))
    }

    /// The command that makes somebody a member, where the server's own bound lets him.
    pub(super) fn join(&self) -> Join {
        Join { members_max: self.settings.members_per_room }
    }

    /// How many rooms one account may be in.
    pub(super) fn rooms_per_account(&self) -> usize {
        usize::try_from(self.settings.rooms_per_account).unwrap_or(usize::MAX).min(ROOMS_PER_ACCOUNT_MAX)
    }

    /// Whether an account may be in one more room.
    ///
    /// # Errors
    /// [`RejectCode::LimitExceeded`].
    pub(super) async fn check_room_count(self: &Arc<Self>, account: AccountId) -> Result<(), Reject> {
        let rooms = self.joined_rooms(account).await.len();
        if rooms < self.rooms_per_account() {
            return Ok(());
        }
        let message = format!("you are in {rooms} rooms, the most one account may be in here; /part one first");
        Err(Reject::new(RejectCode::LimitExceeded, message))
    }

    /// Counts a room that somebody is about to begin, for him and for every network he is connected from but this very machine.
    /// Owners of the server are not counted.
    ///
    /// # Errors
    /// [`RejectCode::LimitExceeded`], with the time until it passes.
    pub(super) fn count_new_room(&self, account: AccountId) -> Result<(), Reject> {
        if self.rank(account) >= crate::core::ServerRank::Owner {
            return Ok(());
        }
        let now = self.uptime();
        let refused = |whose: &str, most: u32, wait: Duration| Reject {
            retry: Retry::Later,
            retry_after_ms: u32::try_from(wait.as_millis()).unwrap_or(u32::MAX),
            ..Reject::new(
                RejectCode::LimitExceeded,
                format!(
                    "{most} rooms and conversations were begun {whose} within an hour, the most this server allows; wait a while"
                ),
            )
        };
        let counted = lock(&self.new_rooms.by_account).begin(&account, now);
        counted.map_err(|wait| refused("by you", self.settings.new_rooms_per_account, wait))?;
        for network in self.networks_of(account) {
            let counted = lock(&self.new_rooms.by_network).begin(&network, now);
            counted.map_err(|wait| refused("from your address", self.settings.new_rooms_per_address, wait))?;
        }
        Ok(())
    }
}
