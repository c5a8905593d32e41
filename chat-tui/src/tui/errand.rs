//! Effects carried out by small tasks; what comes of them is posted back as messages. Never waits itself.

use std::sync::Arc;

use chat_proto::event::Style;
use chat_proto::request::{Focus, History, MarkRead};
use chat_proto::{Anchor, MessageKey, Reply, Request, RoomId, Seq};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::core::{Effect, Msg, Tag};
use crate::client::cache::Cache;
use crate::client::{CallError, Client, Settings};

/// Answers on their way back; whoever answers waits when it is full.
pub(super) const ANSWERS_MAX: usize = 256;

/// Messages on their way to the outbox.
const SENDS_MAX: usize = 64;

/// What belongs to the outbox, and so is done one after the other.
#[derive(Debug)]
enum Outbound {
    Send(RoomId, Style, String, Option<Seq>),
    Retry(MessageKey),
    Discard(MessageKey),
}

/// Who carries effects out.
#[derive(Debug)]
pub(super) struct Errands {
    client: Client,
    settings: Arc<Settings>,
    answers: mpsc::Sender<Msg>,
    outbound: mpsc::Sender<Outbound>,
    sending: JoinHandle<()>,
}

impl Errands {
    pub(super) fn new(client: Client, settings: Settings, answers: mpsc::Sender<Msg>) -> Self {
        let (outbound, queue) = mpsc::channel(SENDS_MAX);
        let sending = tokio::spawn(send_in_order(client.clone(), queue, answers.clone()));
        Self { client, settings: Arc::new(settings), answers, outbound, sending }
    }

    /// Waits until what was sent is in the outbox.
    pub(super) async fn finish(self) {
        drop(self.outbound);
        let _ = self.sending.await;
    }

    /// Carries one effect out; those of the terminal are given back.
    pub(super) fn run(&self, effect: Effect) -> Option<Effect> {
        match effect {
            Effect::Send { room, style, text, reply_to } => {
                self.outbound(Outbound::Send(room, style, text, reply_to));
            }
            Effect::Retry(key) => self.outbound(Outbound::Retry(key)),
            Effect::Discard(key) => self.outbound(Outbound::Discard(key)),
            Effect::Request(tag, request) => self.ask(tag, request),
            Effect::Fetch { room, at, limit } => self.fetch(room, at, limit),
            Effect::MarkRead { room, seq } => self.tell(MarkRead { room, seq }.into()),
            Effect::Typing { room, active } => self.client.typing(room, active),
            Effect::Focus(room) => self.tell(Focus { room }.into()),
            Effect::Title(_)
            | Effect::Call(_)
            | Effect::Copy(_)
            | Effect::Mouse(_)
            | Effect::Configure(_)
            | Effect::Edit(_)
            | Effect::Redraw
            | Effect::Suspend
            | Effect::Quit => {
                return Some(effect);
            }
        }
        None
    }

    fn outbound(&self, outbound: Outbound) {
        let Err(refused) = self.outbound.try_send(outbound) else { return };
        if let Outbound::Send(room, _, text, _) = refused.into_inner() {
            let _ = self.answers.try_send(Msg::Answer(Tag::Send(room, text), Err("too many at once".to_owned())));
        }
    }

    fn ask(&self, tag: Tag, request: Request) {
        let (client, answers) = (self.client.clone(), self.answers.clone());
        tokio::spawn(async move {
            let answer = client.command(request).await.map_err(|e| told(&e));
            let _ = answers.send(Msg::Answer(tag, answer)).await;
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

    fn fetch(&self, room: RoomId, at: Anchor, limit: u16) {
        let (client, answers, settings) = (self.client.clone(), self.answers.clone(), Arc::clone(&self.settings));
        tokio::spawn(async move {
            let msg = match client.fetch(History { room, anchor: at, limit }).await {
                Ok(page) => Msg::Page(room, at, Ok(page)),
                Err(CallError::Offline) if settings.use_cache => {
                    Msg::Cached(room, at, cached(settings, room, at, limit).await)
                }
                Err(error) => Msg::Page(room, at, Err(told(&error))),
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

async fn send_in_order(client: Client, mut queue: mpsc::Receiver<Outbound>, answers: mpsc::Sender<Msg>) {
    while let Some(outbound) = queue.recv().await {
        match outbound {
            Outbound::Send(room, style, text, reply_to) => {
                let sent = match reply_to {
                    Some(target) => client.reply(room, target, style, &text).await,
                    None => client.send(room, style, &text, None).await,
                };
                if let Err(error) = sent {
                    let back: Result<Reply, String> = Err(error.to_string());
                    let _ = answers.send(Msg::Answer(Tag::Send(room, text), back)).await;
                }
            }
            Outbound::Retry(key) => {
                client.retry(key).await;
            }
            Outbound::Discard(key) => {
                client.discard(key).await;
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
