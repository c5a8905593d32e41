//! Taking a file in: whether there is room for it, its bytes as they come, and keeping it.

use std::sync::Arc;

use chat_proto::file::Upload;
use chat_proto::{FileHash, Reject, RejectCode};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::CancellationToken;

use super::{Files, disk_reject};
use crate::contents::Part;
use crate::core::Actor;
use crate::core::access::Action;
use crate::digest::Sha256;
use crate::hub::shared::lock;
use crate::hub::{Hub, reject};
use crate::store::files::counted;
use crate::store::{FileClaim, Registration};

/// A file that is being sent, or was and broke off.
#[derive(Clone, Debug)]
pub(super) struct Incoming {
    part: Part,
    /// Whose turn it is to write.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// Ends whoever writes, because somebody else goes on.
    takeover: CancellationToken,
}

impl Incoming {
    pub(super) fn new(part: Part) -> Self {
        Self { part, turn: Arc::default(), takeover: CancellationToken::new() }
    }

    /// Whether somebody writes, or is about to.
    pub(super) fn is_busy(&self) -> bool {
        Arc::strong_count(&self.turn) > 1
    }
}

/// A file whose bytes are taken in.
#[derive(Debug)]
pub struct Uploading {
    hub: Arc<Hub>,
    files: Arc<Files>,
    part: Part,
    /// Nothing where its bytes are here already.
    sink: Option<Sink>,
    takeover: CancellationToken,
    _turn: Option<OwnedMutexGuard<()>>,
}

#[derive(Debug)]
struct Sink {
    file: File,
    digest: Sha256,
    offset: u64,
}

impl Hub {
    /// Begins to take a file in, or goes on where that broke off.
    ///
    /// # Errors
    /// Why he may not write into the room; [`RejectCode::FilesOff`], [`RejectCode::FileTypeRefused`],
    /// [`RejectCode::TooLarge`], [`RejectCode::LimitExceeded`]; what the store or the disk says.
    pub async fn begin_upload(self: &Arc<Self>, by: &Actor, upload: &Upload) -> Result<Uploading, Reject> {
        let files = Arc::clone(self.taken_files()?);
        files.check_type(&upload.media_type)?;
        let most = files.rules.bytes_per_file;
        if upload.size > most {
            let message = format!("{} bytes; a file has at most {most} here", upload.size);
            return Err(Reject::new(RejectCode::TooLarge, message));
        }
        self.ask(by.reader(), upload.room, Action::Post, |_, _| ()).await?;
        self.check_write(by, upload.room).await?;
        let part = Part { account: by.account, hash: upload.hash, size: upload.size };
        let standing = self.store().file_standing(part.account, part.hash).await.map_err(|e| reject(&e))?;
        if standing.held == Some(part.size) && files.has(part).await {
            let takeover = CancellationToken::new();
            return Ok(Uploading { hub: Arc::clone(self), files, part, sink: None, takeover, _turn: None });
        }
        let incoming = files.reserve(part, standing.account_bytes, standing.total_bytes).await?;
        let turn = Arc::clone(&incoming.turn).lock_owned().await;
        let begun = files.disk(move |contents| contents.begin(&part)).await.map_err(|e| {
            files.settle(part);
            disk_reject(&e, &part)
        })?;
        let sink = Sink { file: File::from_std(begun.file), digest: begun.digest, offset: begun.offset };
        let (hub, takeover) = (Arc::clone(self), incoming.takeover);
        Ok(Uploading { hub, files, part, sink: Some(sink), takeover, _turn: Some(turn) })
    }
}

impl Files {
    /// Whether the bytes of a file are where whole files are.
    async fn has(self: &Arc<Self>, part: Part) -> bool {
        let size = self.disk(move |contents| contents.read(part.hash)?.metadata()).await.map(|found| found.len());
        size.is_ok_and(|size| size == part.size)
    }

    /// Makes room for a file, and takes it over from whoever sends it already.
    async fn reserve(self: &Arc<Self>, part: Part, account_bytes: u64, total_bytes: u64) -> Result<Incoming, Reject> {
        let (key, wanted) = ((part.account, part.hash), counted(part.size));
        let mut forgotten = Vec::new();
        let reserved = {
            let mut all = lock(&self.incoming);
            let before = all.get(&key).filter(|incoming| incoming.part == part);
            let turn = before.map(|before| Arc::clone(&before.turn)).unwrap_or_default();
            if let Some(replaced) = all.remove(&key) {
                replaced.takeover.cancel();
                forgotten.extend((replaced.part != part).then_some(replaced.part));
            }
            let own = |incoming: &&Incoming| incoming.part.account == part.account;
            let sum = |bytes: u64, incoming: &Incoming| bytes.saturating_add(counted(incoming.part.size));
            // What broke off makes room for what comes.
            while all.values().filter(own).fold(account_bytes + wanted, sum) > self.rules.bytes_per_account {
                let idle = all.values().filter(own).find(|incoming| !incoming.is_busy()).map(|incoming| incoming.part);
                let Some(idle) = idle else { break };
                all.remove(&(idle.account, idle.hash));
                forgotten.push(idle);
            }
            let own_bytes = all.values().filter(own).fold(account_bytes + wanted, sum);
            let all_bytes = all.values().fold(total_bytes + wanted, sum);
            self.check_room(own_bytes, all_bytes).map(|()| {
                let incoming = Incoming { part, turn, takeover: CancellationToken::new() };
                all.insert(key, incoming.clone());
                incoming
            })
        };
        if reserved.is_err() {
            forgotten.push(part);
        }
        let gone = self.disk(move |contents| forgotten.iter().try_for_each(|part| contents.discard(part))).await;
        gone.map_err(|e| disk_reject(&e, &part))?;
        reserved
    }

    fn check_room(&self, own_bytes: u64, all_bytes: u64) -> Result<(), Reject> {
        let (own_max, all_max) = (self.rules.bytes_per_account, self.rules.bytes_total);
        let full = |message| Err(Reject::new(RejectCode::LimitExceeded, message));
        if own_bytes > own_max {
            return full(format!(
                "your files would take {own_bytes} bytes, and may take {own_max} here: remove messages that carry some"
            ));
        }
        if all_bytes > all_max {
            return full("there is no room for this file on the server; its operator can make some".to_owned());
        }
        Ok(())
    }

    /// Nothing is being sent of a file any more.
    fn settle(&self, part: Part) {
        let (mut all, key) = (lock(&self.incoming), (part.account, part.hash));
        if all.get(&key).is_some_and(|incoming| incoming.part == part) {
            all.remove(&key);
        }
    }
}

impl Uploading {
    /// The first byte that is wanted.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.sink.as_ref().map_or(self.part.size, |sink| sink.offset)
    }

    /// Resolves when the same file is sent on another connection.
    pub async fn taken_over(&self) {
        self.takeover.cancelled().await;
    }

    /// Takes bytes.
    ///
    /// # Errors
    /// [`RejectCode::BadRequest`] for more than were announced: what came is forgotten. What the disk says.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Reject> {
        let (size, part) = (self.part.size, self.part);
        let wanted = size - self.offset();
        if bytes.len() as u64 > wanted {
            self.forget().await;
            let message = format!("more bytes than the {size} that were announced");
            return Err(Reject::new(RejectCode::BadRequest, message));
        }
        let Some(sink) = &mut self.sink else { return Ok(()) };
        sink.file.write_all(bytes).await.map_err(|e| disk_reject(&e, &part))?;
        // Whoever goes on after this one counts what is there.
        sink.file.flush().await.map_err(|e| disk_reject(&e, &part))?;
        sink.digest.update(bytes);
        sink.offset += bytes.len() as u64;
        Ok(())
    }

    /// Keeps the file: it is on disk when this returns, and stays until a message carries it, or no message did in time.
    ///
    /// # Errors
    /// [`RejectCode::BadRequest`] for bytes that are missing, and for others than were announced: those are forgotten. What
    /// the store or the disk says.
    pub async fn finish(mut self) -> Result<(), Reject> {
        let Part { account, hash, size } = self.part;
        let missing = size - self.offset();
        if missing > 0 {
            let message = format!("{missing} bytes are missing; send the file again, and it goes on from there");
            return Err(Reject::new(RejectCode::BadRequest, message));
        }
        let hold = self.files.hold(hash).await;
        let kept = self.keep().await;
        let claim = FileClaim { account, hash, size, at: self.hub.now() };
        let claimed = match kept {
            Ok(()) => self.hub.store().register(Registration::ClaimFile(claim)).await.map_err(|e| reject(&e)),
            Err(refused) => Err(refused),
        };
        hold.release();
        claimed
    }

    /// Puts the bytes where whole files are, if they are the ones that were announced.
    async fn keep(&mut self) -> Result<(), Reject> {
        let part = self.part;
        let Some(Sink { file, digest, .. }) = self.sink.take() else {
            let gone = || Reject::new(RejectCode::Conflict, "the file is gone in this moment; send it again");
            return if self.files.has(part).await { Ok(()) } else { Err(gone()) };
        };
        let found = FileHash(digest.finish());
        if found != part.hash {
            self.forget().await;
            let message = format!("these bytes are not the file: their SHA-256 is {found}, not {}", part.hash);
            return Err(Reject::new(RejectCode::BadRequest, message));
        }
        let file = file.into_std().await;
        let kept = self.files.disk(move |contents| contents.keep(&part, &file)).await;
        kept.map_err(|e| disk_reject(&e, &part))?;
        self.files.settle(part);
        Ok(())
    }

    /// Forgets what came.
    async fn forget(&mut self) {
        let part = self.part;
        self.files.settle(part);
        if let Err(error) = self.files.disk(move |contents| contents.discard(&part)).await {
            tracing::warn!(error = error.to_string(), "what came of a file is not removed");
        }
    }
}
