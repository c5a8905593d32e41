//! What the devices of an account hear of each other, over real QUIC.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use std::sync::Arc;

use chat_proto::identity::{DeviceChange, DeviceChanged, RevokeDevice, Secret, SecretChange, SecretChanged};
use chat_proto::realm::DeviceAdded;
use chat_proto::{
    AccountId, Chain, Delivery, DeviceId, Epoch, Event, EventBody, FeedId, Line, MessageKey, Ordinal, Position, Reply,
    Seq, Timestamp, UserName,
};
use chat_server::core::realm::REALM;
use chat_server::digest::chain_start;
use chat_server::server::Settings;
use chat_server::store::{AccountRecord, Append, DeviceRecord, MemoryStore, Registration, Row, Store};
use support::proofs::{link, link_code, log_in, recover, recovery_code};
use support::{Device, RawClient, TestServer};

/// The next event of the account's own feed that a device is to be told of.
async fn news(client: &mut RawClient) -> Event {
    let own = FeedId::Account(client.welcome.account);
    let mut found: Vec<Event> = client
        .expect(|delivery| match delivery {
            Delivery::Events(events) if events.feed == own => {
                let told =
                    |event: &Event| matches!(event.body, EventBody::DeviceChanged(_) | EventBody::SecretChanged(_));
                let events: Vec<Event> = events.events.iter().filter(|event| told(event)).cloned().collect();
                (!events.is_empty()).then_some(events)
            }
            _ => None,
        })
        .await;
    let rest = found.split_off(1);
    if !rest.is_empty() {
        let frame = chat_proto::delivery::Events { feed: own, epoch: Epoch(1), events: rest, chain: Chain::default() };
        client.pending.push_front(frame.into());
    }
    found.remove(0)
}

/// What became of which device, and who did it.
async fn device_news(client: &mut RawClient) -> (DeviceId, String, DeviceChange, DeviceId) {
    match news(client).await.body {
        EventBody::DeviceChanged(DeviceChanged { device, label, change, by, .. }) => (device, label, change, by),
        body => panic!("{body:?}"),
    }
}

async fn secret_news(client: &mut RawClient) -> (SecretChange, DeviceId) {
    match news(client).await.body {
        EventBody::SecretChanged(SecretChanged { secret: Secret::RecoveryCode, change, by, .. }) => (change, by),
        body => panic!("{body:?}"),
    }
}

async fn added(server: &TestServer, auth: impl FnOnce(&quinn::Connection) -> chat_proto::Auth) -> DeviceId {
    match log_in(server, auth).await.1 {
        Reply::Welcome(welcome) => welcome.device,
        reply => panic!("{reply:?}"),
    }
}

#[tokio::test]
async fn every_device_hears_which_others_come_and_go_one_that_was_away_when_it_comes_back() {
    let server = TestServer::start();
    let (phone, laptop, tablet) = (Device::new(), Device::new(), Device::new());
    let mut alice = RawClient::login(&server, &phone, "alice").await;
    let first = alice.welcome.device;
    let code = link_code(&mut alice).await;
    let second = added(&server, link(&server, &laptop, "alice", &code)).await;
    let linked = (second, "laptop".to_owned(), DeviceChange::Linked, second);
    assert_eq!(device_news(&mut alice).await, linked);
    let kept = recovery_code(&mut alice).await;
    assert_eq!(secret_news(&mut alice).await, (SecretChange::Set, first));

    // The laptop sees all of it when it is there for the first time, and what follows after a restart.
    let mut there = RawClient::login(&server, &laptop, "alice").await;
    assert_eq!(device_news(&mut there).await, linked);
    let made = news(&mut there).await;
    let held = Position {
        feed: FeedId::Account(there.welcome.account),
        epoch: there.welcome.feeds[0].epoch,
        seq: made.seq,
        chain: Chain::default(),
        backlog_max: u32::MAX,
    };
    drop(there);
    let third = added(&server, recover(&server, &tablet, "alice", &kept, false)).await;
    let recovered = (third, String::new(), DeviceChange::Recovered, third);
    assert_eq!(device_news(&mut alice).await, recovered);
    assert_eq!(secret_news(&mut alice).await, (SecretChange::Used, third));
    let server = server.restart().await;
    let mut there = RawClient::resume(&server, &laptop, "alice", vec![held]).await;
    assert_eq!(device_news(&mut there).await, recovered);
    assert_eq!(secret_news(&mut there).await, (SecretChange::Used, third));
    assert!(matches!(there.ask(RevokeDevice { device: first }).await, Reply::Done(_)));
    assert_eq!(device_news(&mut there).await, (first, String::new(), DeviceChange::Revoked, second));
    // A device that comes afresh gets the newest of each.
    let mut afresh = RawClient::login(&server, &tablet, "alice").await;
    assert_eq!(device_news(&mut afresh).await, linked);
    assert_eq!(device_news(&mut afresh).await, recovered);
    assert_eq!(secret_news(&mut afresh).await, (SecretChange::Used, third));
    assert_eq!(device_news(&mut afresh).await, (first, String::new(), DeviceChange::Revoked, second));
}

#[tokio::test]
async fn nobody_else_hears_of_somebodys_devices() {
    let server = TestServer::start();
    let (phone, laptop) = (Device::new(), Device::new());
    let mut alice = RawClient::login(&server, &phone, "alice").await;
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    let code = link_code(&mut alice).await;
    added(&server, link(&server, &laptop, "alice", &code)).await;
    device_news(&mut alice).await;
    // What bob does is told behind what alice did.
    recovery_code(&mut bob).await;
    assert_eq!(secret_news(&mut bob).await, (SecretChange::Set, bob.welcome.device));
}

/// What a crash leaves that came between the server's own feed and that of the account.
async fn crashed(store: &MemoryStore, phone: &Device, laptop: &Device) {
    let name = UserName::parse("alice").unwrap();
    let (account, since) = (AccountId(1), Timestamp(1));
    let device = |id: u64, device: &Device, label: &str| DeviceRecord {
        id: DeviceId(id),
        key: device.key(),
        account,
        since,
        label: Line::parse(label).unwrap(),
        revoked: false,
    };
    let record = AccountRecord { id: account, name, since };
    store.register(Registration::Account(record, device(1, phone, ""))).await.unwrap();
    store.register(Registration::Server).await.unwrap();
    let body = DeviceAdded { device: DeviceId(2), key: laptop.key(), label: "laptop".to_owned() };
    let event = Event {
        seq: Seq(1),
        ordinal: Ordinal(0),
        at: since,
        by: account,
        device: DeviceId(2),
        key: MessageKey::default(),
        body: body.into(),
    };
    let row = Row::seal(&chain_start(REALM, store.epoch()), event, [1; 16]);
    let append = Append {
        feed: REALM,
        expected_head: Seq::ZERO,
        rows: vec![row],
        registrations: vec![Registration::Device(device(2, laptop, "laptop"))],
        erase: Vec::new(),
        replace: Vec::new(),
    };
    store.append(append).await.unwrap();
}

#[tokio::test]
async fn what_a_crash_kept_from_being_told_is_told_at_the_next_start_and_once() {
    let (store, phone, laptop) = (Arc::new(MemoryStore::default()), Device::new(), Device::new());
    crashed(&store, &phone, &laptop).await;
    let mut server = TestServer::start_with(store, Settings::default());
    let mut seqs = Vec::new();
    for _ in 0..3 {
        let mut alice = RawClient::login(&server, &phone, "alice").await;
        let told = news(&mut alice).await;
        let EventBody::DeviceChanged(changed) = &told.body else { panic!("{told:?}") };
        assert_eq!(
            (changed.device, changed.label.as_str(), changed.change),
            (DeviceId(2), "laptop", DeviceChange::Linked)
        );
        seqs.push(told.seq);
        server = server.restart().await;
    }
    assert!(seqs.iter().all(|seq| *seq == seqs[0]), "{seqs:?}");
}
