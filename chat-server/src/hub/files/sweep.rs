//! Removing files that are kept for nobody.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use chat_proto::limits::FILE_UNTAKEN_S;
use chat_proto::{FileHash, Timestamp};
use tokio::time::{Instant, sleep, timeout};

use super::Files;
use crate::hub::Hub;
use crate::hub::shared::lock;
use crate::store::{Registration, StoreError, StoreResult};

/// Files looked up at once, and removed in one go.
const FILES: usize = 64;

/// Rest between two looks at everything.
const REST: Duration = Duration::from_secs(1);

/// How often what was sent and no message took is looked for, and how soon what failed is tried again.
const LOOK_EVERY: Duration = Duration::from_secs(60 * 60);

/// Wait before what failed, or was held, is tried again.
const RETRY: Duration = Duration::from_secs(10);

/// Sweeps when there may be something to be swept, until the hub closes. At the start there may: a crash leaves what was not
/// removed yet, and what was not noted yet.
pub(in crate::hub) async fn run(hub: Arc<Hub>) {
    let Some(files) = hub.files.clone() else { return };
    let mut next_look = Instant::now();
    loop {
        let aged = next_look <= Instant::now();
        let swept = files.sweep(&hub, aged).await;
        let wait = match swept {
            Ok(all) => {
                next_look = if aged { Instant::now() + LOOK_EVERY } else { next_look };
                if all { next_look.duration_since(Instant::now()) } else { RETRY }
            }
            Err(error) => {
                tracing::warn!(?error, "files that are kept for nobody are not removed");
                RETRY
            }
        };
        let rung = async {
            sleep(REST).await;
            // Woken in any case: by the bell, or by the time.
            let _ = timeout(wait, files.bell.notified()).await;
        };
        tokio::select! {
            biased;
            () = hub.closing() => return,
            () = rung => {}
        }
    }
}

impl Files {
    /// Removes what is kept for nobody; false if some of it is held.
    async fn sweep(self: &Arc<Self>, hub: &Hub, aged: bool) -> StoreResult<bool> {
        let failed = |error: std::io::Error| StoreError::Io(error.to_string());
        if aged {
            let kept_us = i64::try_from(FILE_UNTAKEN_S * 1_000_000).unwrap_or(i64::MAX);
            let before = Timestamp(hub.now().0.saturating_sub(kept_us));
            hub.store().register(Registration::DropFileClaims(before)).await?;
            self.forget_parts(before).await.map_err(failed)?;
        }
        let all = self.disk(|contents| contents.all()).await.map_err(failed)?;
        let mut done = true;
        for some in all.chunks(FILES) {
            let _turn = self.sweeping.lock().await;
            let mut unkept = hub.store().unkept_files(some.to_vec()).await?;
            let count = unkept.len();
            self.leave_held(&mut unkept);
            done &= unkept.len() == count;
            if !unkept.is_empty() {
                let removed = self.disk(move |contents| unkept.iter().try_for_each(|hash| contents.remove(*hash)));
                removed.await.map_err(failed)?;
            }
        }
        Ok(done)
    }

    /// Leaves out what is held.
    fn leave_held(&self, unkept: &mut Vec<FileHash>) {
        let (now, holds) = (Instant::now(), lock(&self.holds));
        unkept.retain(|hash| !holds.get(hash).is_some_and(|held| held.holds(now)));
    }

    /// Forgets what broke off too long ago.
    async fn forget_parts(self: &Arc<Self>, before: Timestamp) -> std::io::Result<()> {
        for (part, modified) in self.disk(|contents| contents.parts()).await? {
            let since = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
            if i64::try_from(since.as_micros()).unwrap_or(i64::MAX) >= before.0 {
                continue;
            }
            let key = (part.account, part.hash);
            let idle = {
                let mut all = lock(&self.incoming);
                let idle = all.get(&key).is_none_or(|incoming| !incoming.is_busy());
                if idle {
                    all.remove(&key);
                }
                idle
            };
            if idle {
                self.disk(move |contents| contents.discard(&part)).await?;
            }
        }
        Ok(())
    }
}
