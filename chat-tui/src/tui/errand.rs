//! Effects carried out by small tasks; what comes of them is posted back as messages. Never waits itself.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chat_proto::event::Style;
use chat_proto::reply::Done;
use chat_proto::request::{Focus, History, MarkRead};
use chat_proto::{Anchor, MessageKey, Reply, Request, RoomId, Seq};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::core::time::Zone;
use super::core::{Errand, Export, Msg, RoomKey, ServerId, Tag};
use super::export;
use super::picture::{Gathered, decode};
use crate::client::cache::Cache;
use crate::client::{CallError, Client, Settings};
use crate::client::{Fetched, FileToSend, Sent, Target, Transfer};

/// Answers on their way back; whoever answers waits when it is full.
pub(super) const ANSWERS_MAX: usize = 256;

/// How often it is told how far a file is, at most.
const TOLD_EVERY: Duration = Duration::from_millis(100);

/// Messages on their way to the outbox.
const SENDS_MAX: usize = 64;

/// What belongs to the outbox, and so is done one after the other.
#[derive(Debug)]
enum Outbound {
    Send(RoomId, Style, String, Option<Seq>),
    Retry(MessageKey),
    Discard(MessageKey),
    TakeBack(MessageKey, Tag),
}

/// Who carries effects out.
#[derive(Debug)]
pub(super) struct Errands {
    server: ServerId,
    client: Client,
    settings: Arc<Settings>,
    answers: mpsc::Sender<Msg>,
    outbound: mpsc::Sender<Outbound>,
    /// What was asked and is not answered yet.
    asking: TaskTracker,
    sending: JoinHandle<()>,
    /// Files on their way, by their numbers.
    transfers: Arc<Mutex<BTreeMap<u64, AbortHandle>>>,
}

impl Errands {
    pub(super) fn new(server: ServerId, client: Client, settings: Settings, answers: mpsc::Sender<Msg>) -> Self {
        let (outbound, queue) = mpsc::channel(SENDS_MAX);
        let sending = tokio::spawn(send_in_order(server, client.clone(), queue, answers.clone()));
        let settings = Arc::new(settings);
        Self {
            server,
            client,
            settings,
            answers,
            outbound,
            asking: TaskTracker::new(),
            sending,
            transfers: Arc::default(),
        }
    }

    /// Waits until what was sent is in the outbox, and what was asked is answered.
    pub(super) async fn finish(self) {
        drop(self.outbound);
        let _ = self.sending.await;
        self.asking.close();
        self.asking.wait().await;
    }

    /// Carries one out.
    pub(super) fn run(&self, errand: Errand) {
        match errand {
            Errand::Send { room, style, text, reply_to } => {
                self.outbound(Outbound::Send(room, style, text, reply_to));
            }
            Errand::Retry(key) => self.outbound(Outbound::Retry(key)),
            Errand::Discard(key) => self.outbound(Outbound::Discard(key)),
            Errand::TakeBack(tag) => {
                if let Tag::TakeBack(_, key, _) = tag {
                    self.outbound(Outbound::TakeBack(key, tag));
                }
            }
            Errand::Request(tag, request) => self.ask(tag, request),
            Errand::Export(export) => self.export(export),
            Errand::Fetch { room, at, limit } => self.fetch(room, at, limit),
            Errand::MarkRead { room, seq } => self.tell(MarkRead { room, seq }.into()),
            Errand::Typing { room, active } => self.client.typing(room, active),
            Errand::Upload { number, room, path, caption, reply_to } => {
                let file = FileToSend { caption, reply_to, ..FileToSend::new(room, home(&path)) };
                let sent = |sent: Sent| format!("{} was sent", sent.file.name);
                self.transfer(number, self.client.upload(file), sent);
            }
            Errand::Download { number, room, seq, directory } => {
                let target = Target::Directory(directory.map_or_else(downloads, |path| home(&path)));
                let fetched = |fetched: Fetched| match fetched.path {
                    Some(path) => format!("{} is in {}", fetched.file.name, path.display()),
                    None => format!("{} is there", fetched.file.name),
                };
                self.transfer(number, self.client.download(room, seq, target), fetched);
            }
            Errand::View { number, room, seq } => {
                let gathered = Gathered::default();
                let target = Target::Writer(Box::new(gathered.clone()));
                self.moving(number, self.client.download(room, seq, target), move |fetched| async move {
                    let title = fetched.map(|fetched| fetched.file.name);
                    let picture = match title {
                        Ok(title) => {
                            let decoded = tokio::task::spawn_blocking(move || decode(&gathered.take())).await;
                            let decoded = decoded.unwrap_or_else(|_| Err("no picture can be read from it".to_owned()));
                            decoded.map(|picture| (title.clone(), picture)).map_err(|why| format!("{title}: {why}"))
                        }
                        Err(why) => Err(why),
                    };
                    Msg::Picture(number, picture)
                });
            }
            Errand::Stop(number) => {
                if let Some(task) = self.transfers.lock().unwrap_or_else(PoisonError::into_inner).remove(&number) {
                    task.abort();
                }
            }
            Errand::Focus(room) => self.tell(Focus { room }.into()),
        }
    }

    /// Tells how far a file is, a few times a second at most, and what became of it.
    fn transfer<T: Send + 'static>(
        &self,
        number: u64,
        transfer: Transfer<T>,
        words: impl FnOnce(T) -> String + Send + 'static,
    ) {
        let told = move |outcome: Result<T, String>| std::future::ready(Msg::Moved(number, outcome.map(words)));
        self.moving(number, transfer, told);
    }

    fn moving<T: Send + 'static, F: Future<Output = Msg> + Send + 'static>(
        &self,
        number: u64,
        transfer: Transfer<T>,
        end: impl FnOnce(Result<T, String>) -> F + Send + 'static,
    ) {
        let (answers, transfers) = (self.answers.clone(), Arc::clone(&self.transfers));
        let task = tokio::spawn(async move {
            let mut progress = transfer.progress();
            let mut outcome = pin!(transfer.outcome());
            let outcome = loop {
                tokio::select! {
                    biased;
                    outcome = &mut outcome => break outcome,
                    Ok(()) = progress.changed() => {}
                }
                let moving = Msg::Moving(number, progress.borrow_and_update().clone());
                if answers.send(moving).await.is_err() {
                    return;
                }
                // The end is not waited for longer than it takes.
                if let Ok(outcome) = timeout(TOLD_EVERY, &mut outcome).await {
                    break outcome;
                }
            };
            transfers.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
            let msg = end(outcome.map_err(|error| error.to_string())).await;
            let _ = answers.send(msg).await;
        });
        self.transfers.lock().unwrap_or_else(PoisonError::into_inner).insert(number, task.abort_handle());
    }

    fn outbound(&self, outbound: Outbound) {
        let Err(refused) = self.outbound.try_send(outbound) else { return };
        if let Outbound::Send(room, _, text, _) = refused.into_inner() {
            let _ = self.answers.try_send(Msg::Answer(
                self.server,
                Tag::Send(room, text),
                Err("too many at once".to_owned()),
            ));
        }
    }

    fn ask(&self, tag: Tag, request: Request) {
        let (server, client, answers) = (self.server, self.client.clone(), self.answers.clone());
        self.asking.spawn(async move {
            let answer = client.command(request).await.map_err(|e| told(&e));
            let _ = answers.send(Msg::Answer(server, tag, answer)).await;
        });
    }

    /// A request whose answer nobody waits for: after a lost connection it is made again.
    fn tell(&self, request: Request) {
        let client = self.client.clone();
        tokio::spawn(async move {
            if let Err(error) = client.request(request).await {
                tracing::debug!(%error, "a request without an answer");
            }
        });
    }

    fn export(&self, export: Export) {
        let (answers, settings) = (self.answers.clone(), Arc::clone(&self.settings));
        tokio::spawn(async move {
            let written = tokio::task::spawn_blocking(move || export::write(&export, &settings, &Zone::system())).await;
            let (words, wrong) = match written {
                Ok(Ok(told)) => (told, false),
                Ok(Err(why)) => (format!("not written: {why}"), true),
                Err(error) => (format!("not written: {error}"), true),
            };
            let _ = answers.send(Msg::Notice(words, wrong)).await;
        });
    }

    fn fetch(&self, room: RoomId, at: Anchor, limit: u16) {
        let key = RoomKey::new(self.server, room);
        let (client, answers, settings) = (self.client.clone(), self.answers.clone(), Arc::clone(&self.settings));
        tokio::spawn(async move {
            let msg = match client.fetch(History { room, anchor: at, limit }).await {
                Ok(page) => Msg::Page(key, at, Ok(page)),
                Err(CallError::Offline) if settings.use_cache => {
                    Msg::Cached(key, at, cached(settings, room, at, limit).await)
                }
                Err(error) => Msg::Page(key, at, Err(told(&error))),
            };
            let _ = answers.send(msg).await;
        });
    }
}

/// What the cache has of a page; nothing if it cannot be read.
async fn cached(settings: Arc<Settings>, room: RoomId, at: Anchor, limit: u16) -> Vec<chat_proto::Event> {
    let read = move || Cache::open(&settings).and_then(|cache| cache.page(room, at, limit));
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(events)) => events,
        Ok(Err(error)) => {
            tracing::debug!(%error, "no page from the cache");
            Vec::new()
        }
        Err(_) => Vec::new(),
    }
}

async fn send_in_order(
    server: ServerId,
    client: Client,
    mut queue: mpsc::Receiver<Outbound>,
    answers: mpsc::Sender<Msg>,
) {
    while let Some(outbound) = queue.recv().await {
        match outbound {
            Outbound::Send(room, style, text, reply_to) => {
                let sent = match reply_to {
                    Some(target) => client.reply(room, target, style, &text).await,
                    None => client.send(room, style, &text, None).await,
                };
                if let Err(error) = sent {
                    let back: Result<Reply, String> = Err(error.to_string());
                    let _ = answers.send(Msg::Answer(server, Tag::Send(room, text), back)).await;
                }
            }
            Outbound::Retry(key) => {
                client.retry(key).await;
            }
            Outbound::Discard(key) => {
                client.discard(key).await;
            }
            Outbound::TakeBack(key, tag) => {
                let taken = client.take_back(key).await;
                let answer = taken.map(|_| Reply::Done(Done {})).map_err(|kept| kept.to_string());
                let _ = answers.send(Msg::Answer(server, tag, answer)).await;
            }
        }
    }
}

fn told(error: &CallError) -> String {
    match error {
        CallError::Rejected(reject) => reject.message.clone(),
        CallError::Offline | CallError::Stopped | CallError::Protocol(_) => error.to_string(),
    }
}

/// A path with a tilde for what that means to a shell.
fn home(path: &str) -> PathBuf {
    let directories = directories::BaseDirs::new();
    let inside = path.strip_prefix("~/").zip(directories.as_ref());
    inside.map_or_else(|| PathBuf::from(path), |(rest, directories)| directories.home_dir().join(rest))
}

/// Where the system puts what is fetched; else where the program was started.
fn downloads() -> PathBuf {
    let directories = directories::UserDirs::new();
    let known = directories.as_ref().and_then(|directories| directories.download_dir());
    known.map_or_else(|| PathBuf::from("."), PathBuf::from)
}
