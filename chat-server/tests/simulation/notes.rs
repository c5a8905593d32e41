//! What a room's events mean for accounts, on a disk that cannot be read for a moment.

use std::sync::Arc;
use std::sync::atomic::AtomicU16;
use std::time::Duration;

use chat_proto::request::JoinRoom;
use chat_proto::{MessageKey, Reply, RoomId, RoomRef, Style};
use chat_server::store::StoreError;
use chat_tui::client::{
    Client, ClientEvent, Clock, Environment, Random, ServerAddress, Settings, TrustPolicy, Writing,
};
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::device::Cable;
use super::disk::Disk;
use super::net::{Faults, Net};
use super::tls;
use super::world::{SERVER, World};

fn client(world: &Arc<World>, data: &std::path::Path, host: u8, name: &str) -> (Client, mpsc::Receiver<ClientEvent>) {
    let mut settings = Settings::new(ServerAddress::new(tls::HOST, SERVER.port()), name, data.join(name));
    settings.trust = TrustPolicy::Pin(tls::identity().fingerprint());
    let cable = Cable { net: Arc::clone(&world.net), host: [10, 0, 1, host].into(), ports: AtomicU16::new(1024) };
    let environment = Environment {
        network: Arc::new(cable),
        clock: Clock::new(world.wall_clock()),
        random: Random::seeded(u64::from(host)),
        writing: Writing::Inline,
    };
    Client::start(settings, environment).unwrap()
}

async fn join(client: &Client) -> RoomId {
    let room = RoomRef::Name("lobby".to_owned());
    loop {
        let join = JoinRoom { key: MessageKey([1; 16]), room: room.clone(), create: true };
        if let Ok(Reply::RoomInfo(info)) = client.request(join).await {
            return info.room;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_mention_reaches_an_account_that_could_not_be_read_when_it_was_made() {
    let world = World::new(1, Net::new(1, Faults::NONE), Disk::new(Duration::from_millis(1), None));
    world.start_server();
    let files = tempfile::tempdir().unwrap();
    let (ben, _events) = client(&world, files.path(), 2, "ben");
    join(&ben).await;
    ben.quit(Duration::ZERO).await;
    // The next server has not read ben's account yet.
    world.stop_server().await;
    world.start_server();
    let (ann, mut events) = client(&world, files.path(), 1, "ann");
    let room = join(&ann).await;
    sleep(Duration::from_secs(1)).await;
    // The first message's note is written at once; that of the second follows after a rest.
    let mut seq = None;
    for text in ["hello", "@ben look"] {
        ann.send(room, Style::Text, text, None).await.unwrap();
        seq = loop {
            if let Some(ClientEvent::Sent { receipt, .. }) = events.recv().await {
                break Some(receipt.seq);
            }
        };
    }
    world.disk.fail(Some(StoreError::Io("gone for a moment".to_owned())));
    sleep(Duration::from_secs(1)).await;
    world.disk.fail(None);
    sleep(Duration::from_secs(5)).await;
    let ben = world.account("ben").await.unwrap();
    let mentions = world.mentions(ben).await;
    assert_eq!(mentions.get(&room).and_then(|seqs| seqs.last().copied()), seq);
}
