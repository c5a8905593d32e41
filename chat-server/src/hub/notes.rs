//! What the events of rooms and of the server itself mean for accounts: collected per account, newest value per key, and
//! written into the accounts' feeds a moment later. The feed an event is in is the truth; what a crash keeps from being noted is
//! noted when that feed is next loaded.

mod server;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chat_proto::event::{Posted, PostedWith};
use chat_proto::identity::{DeviceChanged, Secret, SecretChanged};
use chat_proto::limits::MENTIONS_KEPT_MAX;
use chat_proto::{AccountId, DeviceId, Epoch, Event, FeedId, MessageKey, Ordinal, Reject, RoomFact, RoomId, Seq};
use futures_util::future::join_all;
use tokio::sync::Notify;

use super::handle::{FeedState, Submit};
use super::shared::lock;
use super::{Hub, handle::Pending};
use crate::core::Actor;
use crate::core::account::{Account, Marker};
use crate::core::command::mark_read::Run;
use crate::core::command::{AccountCommand, NoteJoined, NoteLeft, NoteMention, OwnPosts};

/// Rest between two rounds, so that a flood of messages becomes few markers.
const PACE: Duration = Duration::from_millis(100);

/// Wait before a round that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Runs of own messages kept per account and room between two rounds. Older ones count only for an author who has not read
/// what came between them.
const RUNS_MAX: usize = 64;

/// What is to be noted for one account.
#[derive(Debug, Default)]
struct AccountNotes {
    memberships: BTreeMap<RoomId, AccountCommand>,
    mentions: BTreeMap<RoomId, BTreeSet<Seq>>,
    own: BTreeMap<RoomId, Vec<Run>>,
    devices: BTreeMap<DeviceId, DeviceChanged>,
    secrets: BTreeMap<Secret, SecretChanged>,
}

#[derive(Debug, Default)]
struct Round {
    accounts: BTreeMap<AccountId, AccountNotes>,
    /// Up to where each feed is noted with it.
    feeds: BTreeMap<FeedId, Seq>,
}

/// What is to be noted.
#[derive(Debug, Default)]
pub struct Notes {
    round: Mutex<Round>,
    bell: Notify,
}

impl FeedState for Account {
    const TRIMS: bool = true;

    fn note(&self, _hub: &Hub, _feed: FeedId, _epoch: Epoch, _event: &Event) {}
}

impl Notes {
    pub(super) fn add(&self, room: RoomId, epoch: Epoch, name: &str, event: &Event) {
        let at = Marker { seq: event.seq, ordinal: event.ordinal };
        let mut round = lock(&self.round);
        round.feeds.insert(FeedId::Room(room), event.seq);
        match event.body.room_fact() {
            Some(RoomFact::DirectCreated(it)) => {
                for who in &it.members {
                    let note = NoteJoined { room, epoch, name: name.to_owned(), at };
                    round.of(who.account).memberships.insert(room, AccountCommand::NoteJoined(note));
                }
            }
            Some(RoomFact::Created(_) | RoomFact::Joined(_)) => {
                let note = NoteJoined { room, epoch, name: name.to_owned(), at };
                round.of(event.by).memberships.insert(room, AccountCommand::NoteJoined(note));
            }
            Some(RoomFact::Left(_)) => {
                let note = NoteLeft { room, seq: event.seq };
                round.of(event.by).memberships.insert(room, AccountCommand::NoteLeft(note));
            }
            Some(RoomFact::Kicked(it)) => round.left(room, event.seq, it.member.account),
            Some(RoomFact::Evicted(it)) => it.members.iter().for_each(|who| round.left(room, event.seq, who.account)),
            Some(RoomFact::Edited(it)) => round.mentioned(room, event.seq, &it.mentions),
            Some(RoomFact::PostedWith(it)) if !event.body.is_message() => {
                round.mentioned(room, event.seq, &it.mentions);
            }
            Some(RoomFact::Posted(Posted { mentions, .. }) | RoomFact::PostedWith(PostedWith { mentions, .. })) => {
                round.mentioned(room, event.seq, mentions);
                // A copy made by the server says nothing of how far he has read in whose name it is.
                if event.device != DeviceId(0) {
                    let runs = round.of(event.by).own.entry(room).or_default();
                    extend(runs, Run { before: Ordinal(event.ordinal.0.saturating_sub(1)), to: at });
                }
            }
            Some(
                RoomFact::Redacted(_)
                | RoomFact::RedactedFor(_)
                | RoomFact::Reacted(_)
                | RoomFact::Pinned(_)
                | RoomFact::RoomChanged(_)
                | RoomFact::Renamed(_)
                | RoomFact::RoleSet(_)
                | RoomFact::OwnerChanged(_)
                | RoomFact::Listed(_)
                | RoomFact::Unlisted(_)
                | RoomFact::Purged(_)
                | RoomFact::Deleted(_)
                | RoomFact::Erased(_)
                | RoomFact::ErasedFor(_),
            )
            | None => {}
        }
        drop(round);
        self.bell.notify_one();
    }
}

impl Notes {
    /// A room is no more, and so are its memberships.
    pub(super) fn ended(&self, room: RoomId, seq: Seq, members: impl Iterator<Item = AccountId>) {
        let mut round = lock(&self.round);
        members.for_each(|account| round.left(room, seq, account));
    }
}

/// Adds a message to the runs: to the last one if nothing came between.
fn extend(runs: &mut Vec<Run>, run: Run) {
    match runs.last_mut() {
        Some(last) if last.to.ordinal == run.before => last.to = run.to,
        Some(_) | None => runs.push(run),
    }
    if runs.len() > RUNS_MAX {
        runs.remove(0);
    }
}

impl Round {
    fn of(&mut self, account: AccountId) -> &mut AccountNotes {
        self.accounts.entry(account).or_default()
    }

    fn left(&mut self, room: RoomId, seq: Seq, account: AccountId) {
        let note = NoteLeft { room, seq };
        self.of(account).memberships.insert(room, AccountCommand::NoteLeft(note));
    }

    fn mentioned(&mut self, room: RoomId, seq: Seq, accounts: &[AccountId]) {
        for account in accounts {
            let kept = self.of(*account).mentions.entry(room).or_default();
            kept.insert(seq);
            if kept.len() > MENTIONS_KEPT_MAX {
                kept.pop_first();
            }
        }
    }
}

impl AccountNotes {
    fn secret(&mut self, news: SecretChanged) {
        self.secrets.insert(news.secret, news);
    }

    /// The rooms it says were joined.
    fn entered(&self) -> impl Iterator<Item = RoomId> {
        let joined = |command: &AccountCommand| matches!(command, AccountCommand::NoteJoined(_));
        self.memberships.iter().filter(move |(_, command)| joined(command)).map(|(room, _)| *room)
    }

    fn commands(&self) -> Vec<AccountCommand> {
        let mentions = self.mentions.iter().flat_map(|(room, seqs)| {
            seqs.iter().map(|seq| AccountCommand::NoteMention(NoteMention { room: *room, seq: *seq }))
        });
        let own =
            self.own.iter().map(|(room, runs)| AccountCommand::OwnPosts(OwnPosts { room: *room, runs: runs.clone() }));
        let devices = self.devices.values().cloned().map(AccountCommand::NoteDevice);
        let secrets = self.secrets.values().cloned().map(AccountCommand::NoteSecret);
        self.memberships.values().cloned().chain(mentions).chain(own).chain(devices).chain(secrets).collect()
    }
}

/// Writes notes until the hub closes, and then what is left.
pub(super) async fn run(hub: Arc<Hub>) {
    loop {
        // A round that failed rings the bell itself: the end must not wait for one that succeeds.
        let closing = tokio::select! {
            biased;
            () = hub.closing() => true,
            () = hub.notes().bell.notified() => false,
        };
        let round = std::mem::take(&mut *lock(&hub.notes().round));
        let pause = if write(&hub, &round).await { PACE } else { RETRY };
        if closing {
            return;
        }
        tokio::select! {
            biased;
            () = hub.closing() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Writes one round. What fails is taken up again.
async fn write(hub: &Arc<Hub>, round: &Round) -> bool {
    let mut pending: Vec<(AccountCommand, AccountId, Pending)> = Vec::new();
    let mut refused = Vec::new();
    for (account, notes) in &round.accounts {
        for command in notes.commands() {
            match hub.note(*account, command.clone()).await {
                Ok(Some(sent)) => pending.push((command, *account, sent)),
                Ok(None) => {}
                Err(reject) => refused.push((command, *account, Err(reject))),
            }
        }
    }
    let outcomes = join_all(
        pending.into_iter().map(|(command, account, sent)| async move { (command, account, sent.outcome().await) }),
    )
    .await;
    // Who was noted to be in before he was seen out is seen out of there by that; who was not, is by this.
    for (account, notes) in &round.accounts {
        for room in notes.entered() {
            if !hub.may_be_in(*account)
                && let Err(reject) = hub.see_guests_out(room).await
            {
                let joined = notes.memberships[&room].clone();
                refused.push((joined, *account, Err(reject)));
            }
        }
    }
    for (command, account, outcome) in &outcomes {
        if let (AccountCommand::NoteLeft(left), Ok(_)) = (command, outcome) {
            hub.absent_unless_member(left.room, *account).await;
        }
    }
    let failed: Vec<_> = outcomes.into_iter().chain(refused).filter(|(_, _, outcome)| is_transient(outcome)).collect();
    if failed.is_empty() {
        for (feed, seq) in &round.feeds {
            hub.set_noted(*feed, *seq);
        }
        return true;
    }
    let mut next = lock(&hub.notes().round);
    for (command, account, _) in failed {
        next.take_back(account, command);
    }
    for (feed, seq) in &round.feeds {
        next.feeds.entry(*feed).or_insert(*seq);
    }
    drop(next);
    hub.notes().bell.notify_one();
    false
}

fn is_transient(outcome: &Result<super::handle::Outcome, Reject>) -> bool {
    outcome.as_ref().is_err_and(|reject| reject.retry == chat_proto::Retry::Later)
}

impl Round {
    /// Puts a command that failed before what was collected since.
    fn take_back(&mut self, account: AccountId, command: AccountCommand) {
        let notes = self.of(account);
        match command {
            AccountCommand::NoteJoined(NoteJoined { room, .. }) | AccountCommand::NoteLeft(NoteLeft { room, .. }) => {
                notes.memberships.entry(room).or_insert(command);
            }
            AccountCommand::NoteMention(NoteMention { room, seq }) => {
                notes.mentions.entry(room).or_default().insert(seq);
            }
            AccountCommand::OwnPosts(OwnPosts { room, mut runs }) => {
                let newer = std::mem::take(notes.own.entry(room).or_default());
                for run in newer {
                    extend(&mut runs, run);
                }
                notes.own.insert(room, runs);
            }
            AccountCommand::NoteDevice(news) => {
                notes.devices.entry(news.device).or_insert(news);
            }
            AccountCommand::NoteSecret(news) => {
                notes.secrets.entry(news.secret).or_insert(news);
            }
            // Never of a round: asked for by a person, who has been told that it failed, or not worth a second try.
            AccountCommand::MarkRead(_) | AccountCommand::Choose(_) | AccountCommand::NoteSeen(_) => {}
        }
    }
}

/// A command an account's feed gets from the server itself.
fn submit(account: AccountId, name: chat_proto::UserName, command: AccountCommand) -> Submit<AccountCommand> {
    let by = Actor::user(account, DeviceId(0), name);
    Submit { by, key: MessageKey::default(), command, registration: None }
}

impl Hub {
    /// Says in an account's own feed what another one says of it; nothing for an account there is not.
    ///
    /// # Errors
    /// What the store says.
    pub(super) async fn note(
        self: &Arc<Self>,
        account: AccountId,
        command: AccountCommand,
    ) -> Result<Option<Pending>, Reject> {
        let name = self.read_directory(|directory| directory.account(account).map(|entry| entry.name.clone()));
        let Some(name) = name else { return Ok(None) };
        let feed = self.account(account).await?;
        Ok(Some(feed.submit(self, submit(account, name, command)).await))
    }

    /// What a room's feed or the server's own says of accounts is noted up to here.
    fn set_noted(&self, feed: FeedId, seq: Seq) {
        match feed {
            FeedId::Room(room) => {
                if let Some(feed) = lock(&self.rooms).get(&room) {
                    feed.shared.set_noted(seq);
                }
            }
            FeedId::Account(_) => self.realm.shared.set_noted(seq),
        }
    }
}
