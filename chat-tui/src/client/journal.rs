//! Brings the outbox to disk, one blocking call at a time: what comes meanwhile goes together with the next.

use std::path::PathBuf;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::outbox::{OUTBOX_MESSAGES_MAX, Outbox};
use super::outbox_file::{OutboxFile, REWRITE_BYTES, Record};
use super::{Environment, Outgoing, SendError};

/// Somebody who waits for his message to be on disk; without a message he waits for one that is being written.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) outgoing: Option<Outgoing>,
    pub(super) reply: oneshot::Sender<Result<(), SendError>>,
}

/// What a finished write means.
#[derive(Debug)]
pub(super) struct Written {
    /// Whether it is on disk; an error is told to all who wait.
    pub(super) result: Result<(), SendError>,
    /// Those who waited for it.
    pub(super) waiting: Vec<Waiting>,
    /// Messages of processes that are no more, on disk here by now.
    pub(super) adopted: Vec<Outgoing>,
}

type Finished = (OutboxFile, std::io::Result<Vec<Outgoing>>);

/// The file, and what is to be written to it.
#[derive(Debug)]
pub(super) struct Journal {
    file: Option<OutboxFile>,
    profile: Option<PathBuf>,
    environment: Environment,
    job: Option<JoinHandle<Finished>>,
    writing: Vec<Waiting>,
    waiting: Vec<Waiting>,
    records: Vec<Record>,
    adopt: bool,
}

impl Journal {
    /// The journal of a profile, or one on no disk. Its first write adopts what others left.
    pub(super) fn new(profile: Option<PathBuf>, environment: &Environment) -> Self {
        Self {
            file: Some(OutboxFile::new(profile.clone(), environment.random.clone())),
            profile,
            environment: environment.clone(),
            job: None,
            writing: Vec::new(),
            waiting: Vec::new(),
            records: Vec::new(),
            adopt: true,
        }
    }

    /// Takes a message in. It joins the outbox when it is on disk.
    pub(super) fn add(&mut self, outbox: &Outbox, outgoing: Outgoing, reply: oneshot::Sender<Result<(), SendError>>) {
        let coming = || self.writing.iter().chain(&self.waiting).filter_map(|waiting| waiting.outgoing.as_ref());
        if outbox.contains(outgoing.key) {
            let _ = reply.send(Ok(()));
        } else if coming().any(|other| other.key == outgoing.key) {
            self.waiting.push(Waiting { outgoing: None, reply });
        } else if outbox.len() + coming().count() >= OUTBOX_MESSAGES_MAX {
            let _ = reply.send(Err(SendError::Full(OUTBOX_MESSAGES_MAX)));
        } else {
            self.waiting.push(Waiting { outgoing: Some(outgoing), reply });
        }
    }

    /// Notes a change nobody waits for.
    pub(super) fn note(&mut self, record: Record) {
        self.records.push(record);
    }

    /// Looks again for what others left, with the next write.
    pub(super) fn adopt(&mut self) {
        self.adopt = true;
    }

    /// Whether everything is on disk.
    pub(super) fn is_idle(&self) -> bool {
        self.job.is_none() && self.waiting.is_empty() && self.records.is_empty() && !self.adopt
    }

    /// Begins a write if there is something to write and none is under way.
    pub(super) fn kick(&mut self, outbox: &Outbox) {
        if self.job.is_some() || self.is_idle() {
            return;
        }
        let Environment { random, writing: place, .. } = &self.environment;
        let mut file = self.file.take().unwrap_or_else(|| OutboxFile::new(self.profile.clone(), random.clone()));
        self.writing = std::mem::take(&mut self.waiting);
        let mut records = std::mem::take(&mut self.records);
        let adopt = std::mem::take(&mut self.adopt);
        let added = self.writing.iter().filter_map(|waiting| waiting.outgoing.clone());
        records.extend(added.map(Record::Added));
        let nothing_left = outbox.is_empty() && !records.iter().any(|record| matches!(record, Record::Added(_)));
        let rewrite = (file.len() > REWRITE_BYTES).then(|| outbox.iter().cloned().collect::<Vec<_>>());
        self.job = Some(place.run(move || {
            let result = write(&mut file, &records, nothing_left, rewrite.as_deref(), adopt);
            (file, result)
        }));
    }

    /// Waits for the write under way; for ever if there is none. May be dropped at any time.
    pub(super) async fn written(&mut self) -> Written {
        let Some(job) = &mut self.job else { return std::future::pending().await };
        let finished = job.await;
        self.job = None;
        let waiting = std::mem::take(&mut self.writing);
        let (result, adopted) = match finished {
            Ok((file, result)) => {
                self.file = Some(file);
                match result {
                    Ok(adopted) => (Ok(()), adopted),
                    Err(e) => (Err(SendError::Disk(e.to_string())), Vec::new()),
                }
            }
            // The file went with the task; its lock is free, and the next write adopts it.
            Err(e) => {
                self.adopt = true;
                (Err(SendError::Disk(e.to_string())), Vec::new())
            }
        };
        Written { result, waiting, adopted }
    }

    /// Removes the file if nothing is in it.
    pub(super) fn close(self) {
        if let Some(file) = self.file {
            file.close();
        }
    }
}

fn write(
    file: &mut OutboxFile,
    records: &[Record],
    nothing_left: bool,
    rewrite: Option<&[Outgoing]>,
    adopt: bool,
) -> std::io::Result<Vec<Outgoing>> {
    if nothing_left {
        file.clear()?;
    } else if !records.is_empty() {
        if let Some(left) = rewrite {
            file.rewrite(left)?;
        }
        file.append(records)?;
    }
    // Failing to look for others' messages must not fail one's own.
    let adopted = if adopt { file.adopt() } else { Ok(Vec::new()) };
    Ok(adopted.unwrap_or_else(|error| {
        tracing::warn!(%error, "messages left by another process could not be taken over");
        Vec::new()
    }))
}
