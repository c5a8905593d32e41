//! What the person or the script at a device does: joins, writes, reads, moves about.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chat_proto::event::List;
use chat_proto::request::{Focus, JoinRoom, MarkRead, PutOnList, UserRef};
use chat_proto::{MessageKey, RejectCode, Reply, RoomId, RoomRef, Seq, Style};
use chat_tui::client::{CallError, Client};
use rand::RngExt;
use rand::rngs::StdRng;
use tokio::sync::watch;
use tokio::time::sleep;

use super::checker::What;
use super::device::Seen;
use super::world::{TROLL, World, digest_of_text};

/// What a device does in a run.
#[derive(Debug)]
pub struct Part {
    pub device: String,
    pub world: Arc<World>,
    pub rooms: Vec<String>,
    /// Messages it sends, all its lives together.
    pub messages: u32,
    /// The rest between two actions, at most.
    pub pace: Duration,
    /// Turns true when it is time to come to rest.
    pub calm: watch::Receiver<bool>,
    /// The keys of its joins, one per room.
    pub keys: Vec<MessageKey>,
    /// Who is to be put out by whoever may, if there is somebody.
    pub troll: Option<&'static str>,
    /// The rooms it was ever in, in the order of their names.
    pub entered: Mutex<BTreeMap<String, RoomId>>,
}

impl Part {
    fn is_troll(&self) -> bool {
        self.device.starts_with(TROLL)
    }

    /// Whether the others have had enough of him.
    fn is_troll_known(&self) -> bool {
        !self.is_troll() && self.world.now() > TROLL_KNOWN_US
    }
}

/// Acts until the process ends.
pub async fn act(part: Arc<Part>, client: Client, seen: Arc<Mutex<Seen>>, mut random: StdRng) {
    let mut rooms = Vec::new();
    for (name, key) in part.rooms.iter().zip(&part.keys) {
        rooms.push(join(&part, &client, name, *key).await);
    }
    let mut put_out = BTreeSet::new();
    loop {
        sleep(part.pace.mul_f64(random.random())).await;
        if *part.calm.borrow() {
            return stay_calm(&client, &seen).await;
        }
        let room = rooms[random.random_range(0..rooms.len())];
        if let Some(troll) = part.troll
            && part.is_troll_known()
            && !put_out.contains(&room)
            && put_out_of(&client, room, troll, MessageKey(random.random())).await
        {
            put_out.insert(room);
        }
        match random.random_range(0..20) {
            0 => client.rebind().await,
            1 => {
                let focus = random.random_bool(0.7).then_some(room);
                let _ = client.request(Focus { room: focus }).await;
            }
            2..5 => mark_read(&part, &client, &seen, room).await,
            _ if guard(&seen).sent < part.messages => send(&part, &client, &seen, room, &mut random).await,
            _ => {}
        }
    }
}

/// Does nothing any more but look what the client still has to send.
async fn stay_calm(client: &Client, seen: &Mutex<Seen>) {
    loop {
        let waiting = client.outbox().await.iter().filter(|outgoing| outgoing.refused.is_none()).count();
        {
            let mut seen = guard(seen);
            (seen.waiting, seen.calm) = (waiting, true);
        }
        sleep(REST).await;
    }
}

/// Enters a room. Who is kept out of it knows where it is, and goes on trying to write.
async fn join(part: &Part, client: &Client, name: &str, key: MessageKey) -> RoomId {
    let create = !part.is_troll();
    loop {
        let join = JoinRoom { key, room: RoomRef::Name(name.to_owned()), create };
        match client.request(join).await {
            Ok(Reply::RoomInfo(info)) => {
                lock(&part.entered).insert(name.to_owned(), info.room);
                return info.room;
            }
            Err(CallError::Rejected(reject)) if reject.code == RejectCode::Banned => {
                if let Some(room) = lock(&part.entered).get(name) {
                    return *room;
                }
            }
            Ok(_) | Err(_) => {}
        }
        sleep(REST).await;
    }
}

/// Puts somebody out of a room for good; false if it is not for this one to do.
async fn put_out_of(client: &Client, room: RoomId, who: &str, key: MessageKey) -> bool {
    let (user, list) = (UserRef::Name(who.to_owned()), List::Banned);
    client.request(PutOnList { key, room, user, list, until: None, reason: String::new() }).await.is_ok()
}

async fn send(part: &Part, client: &Client, seen: &Mutex<Seen>, room: RoomId, random: &mut StdRng) {
    let number = {
        let mut seen = guard(seen);
        seen.sent += 1;
        seen.sent
    };
    let (style, text) = (Style::Text, format!("{} says {number}", part.device));
    let key = MessageKey(random.random());
    let (room_number, digest) = (room.0, digest_of_text(style, &text));
    part.world.record(&part.device, What::Send { room: room_number, key: key.to_string(), digest });
    if client.send(room, style, &text, Some(key)).await.is_ok() {
        part.world.record(&part.device, What::Queued { room: room_number, key: key.to_string() });
    }
}

async fn mark_read(part: &Part, client: &Client, seen: &Mutex<Seen>, room: RoomId) {
    let Some(seq) = guard(seen).shown.get(&room).map(|place| place.seq).filter(|seq| *seq > Seq::ZERO) else { return };
    if client.request(MarkRead { room, seq }).await.is_err() {
        return;
    }
    let mut seen = guard(seen);
    if seen.marks.get(&room).is_none_or(|known| *known < seq) {
        seen.marks.insert(room, seq);
        if let Some(view) = seen.view.rooms.get_mut(&room) {
            view.read = view.read.max(seq);
        }
        part.world.record(&part.device, What::Mark { room: room.0, seq: seq.0 });
    }
}

fn guard(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    lock(seen)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// When somebody is put out, microseconds of the run.
const TROLL_KNOWN_US: u64 = 15_000_000;

/// How often somebody who waits looks again.
const REST: Duration = Duration::from_millis(250);
