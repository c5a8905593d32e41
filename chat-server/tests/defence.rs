//! What a server that is attacked lets happen, over real QUIC.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use std::sync::Arc;

use chat_proto::defence::{AskDefence, Defence, SetDefence};
use chat_proto::identity::ListAudit;
use chat_proto::reach::OpenDirect;
use chat_proto::request::{BatchItem, ChangeRoom, CreateRoom, PostBatch};
use chat_proto::setting::{Posting, Who};
use chat_proto::{DefenceLevel, Reject, RejectCode, Reply, RoomId, Seq, Style, UserRef};
use chat_server::core::flood::Rates;
use chat_server::hub::HubSettings;
use chat_server::server::Settings;
use chat_server::store::MemoryStore;
use support::owned::{Owned, owned, owned_with};
use support::{Device, RawClient, TestServer, fresh_key, post};

fn at(level: DefenceLevel) -> Settings {
    Settings { hub: HubSettings { defence: level, ..HubSettings::default() }, ..Settings::default() }
}

fn level(level: DefenceLevel) -> SetDefence {
    SetDefence { level, reason: "spam".to_owned() }
}

async fn set(owner: &mut RawClient, wanted: DefenceLevel) -> Defence {
    let Reply::Defence(defence) = owner.ask(level(wanted)).await else { panic!() };
    defence
}

async fn come(server: &TestServer, device: &Device, name: &str) -> Result<(), Reject> {
    let (connection, hello) = RawClient::hello(server, device, name, Vec::new()).await;
    match support::say_hello(&connection, hello).await.2 {
        Reply::Welcome(_) => Ok(()),
        Reply::Reject(reject) => Err(reject),
        reply => panic!("{reply:?}"),
    }
}

fn is_defended(reject: &Reject, says: &str) -> bool {
    reject.code == RejectCode::UnderDefence && reject.retry_after_ms > 0 && reject.message.contains(says)
}

#[tokio::test]
async fn raised_lets_in_who_comes_from_where_somebody_is_known_and_who_is_new_begins_nothing() {
    let store = Arc::new(MemoryStore::new());
    let calm = TestServer::start_with(store.clone(), Settings::default());
    let device = Device::new();
    let room = RawClient::login(&calm, &device, "alice").await.join("dev").await.room;
    calm.stop().await;
    let server = TestServer::start_with(store, at(DefenceLevel::Raised));
    let eve = Device::new();
    assert!(is_defended(&come(&server, &eve, "eve").await.unwrap_err(), "where nobody is known"));
    let alice = RawClient::login(&server, &device, "alice").await;
    let mut eve = RawClient::login(&server, &eve, "eve").await;
    let create = CreateRoom { key: fresh_key(), name: "mine".to_owned(), topic: String::new() };
    let refused = eve.refused(create).await;
    assert!(is_defended(&refused, "begins no rooms") && refused.retry_after_ms > 3_600_000, "{refused}");
    let with = vec![UserRef::Id(alice.welcome.account)];
    assert!(is_defended(&eve.refused(OpenDirect { key: fresh_key(), with }).await, "no conversations"));
    assert_eq!(eve.join("dev").await.room, room);
    eve.post(room, "but she may write").await;
    let Reply::Defence(defence) = eve.ask(AskDefence {}).await else { panic!() };
    let (raised, normal) = (DefenceLevel::Raised, DefenceLevel::Normal);
    assert_eq!(defence, Defence { level: raised, configured: raised, set: normal, since: None });
}

#[tokio::test]
async fn high_is_set_by_an_owner_and_holds_over_a_restart_until_he_lifts_it() {
    let Owned { server, mut owner, device, _directory } = owned().await;
    let (bobs, room) = (Device::new(), owner.join("dev").await.room);
    let mut bob = RawClient::login(&server, &bobs, "bob").await;
    let everyone = Posting { who: Who::Users };
    let change = ChangeRoom { key: fresh_key(), room, changes: vec![everyone.into()] };
    assert!(matches!(owner.ask(change).await, Reply::Receipt(_)));
    bob.post(room, "from outside").await;
    assert_eq!(bob.refused(level(DefenceLevel::High)).await.code, RejectCode::Forbidden);

    let defence = set(&mut owner, DefenceLevel::High).await;
    assert_eq!((defence.level, defence.since.is_some()), (DefenceLevel::High, true));
    assert!(is_defended(&bob.refused(post(room, "from outside")).await, "only members"));
    owner.post(room, "owners may").await;
    bob.join("dev").await;
    bob.post(room, "from inside").await;
    let refused = come(&server, &Device::new(), "eve").await.unwrap_err();
    assert!(is_defended(&refused, "nobody new"), "{refused}");
    let Reply::AuditPage(audit) = owner.ask(ListAudit { before: Seq::MAX, limit: 1 }).await else { panic!() };
    assert_eq!(audit.entries[0].text, "set the defence level to high: spam");

    let server = server.restart().await;
    assert!(is_defended(&come(&server, &Device::new(), "eve").await.unwrap_err(), "nobody new"));
    assert_eq!(come(&server, &bobs, "bob").await, Ok(()));
    let mut owner = RawClient::login(&server, &device, "olivia").await;
    set(&mut owner, DefenceLevel::Normal).await;
    assert_eq!(come(&server, &Device::new(), "eve").await, Ok(()));
}

#[tokio::test]
async fn closed_keeps_who_is_there_and_lets_in_nobody_else_but_owners() {
    let Owned { server, mut owner, device, _directory } = owned().await;
    let (bobs, carols, room) = (Device::new(), Device::new(), owner.join("dev").await.room);
    let mut bob = RawClient::login(&server, &bobs, "bob").await;
    bob.join("dev").await;
    let calm = server.restart().await;
    assert_eq!(come(&calm, &carols, "carol").await, Ok(()));
    // A server nobody is at any more, and bob only.
    let server = calm.restart().await;
    let mut bob = RawClient::login(&server, &bobs, "bob").await;
    let mut owner = RawClient::login(&server, &device, "olivia").await;
    set(&mut owner, DefenceLevel::Closed).await;
    bob.post(room, "still here").await;
    assert_eq!(come(&server, &bobs, "bob").await, Ok(()), "a second connection of who is there");
    assert!(is_defended(&come(&server, &carols, "carol").await.unwrap_err(), "who is there already"));
    assert_eq!(come(&server, &device, "olivia").await, Ok(()));
}

#[tokio::test]
async fn what_is_configured_is_the_least_that_holds() {
    let Owned { server: _server, mut owner, device: _device, _directory } = owned_with(at(DefenceLevel::Raised)).await;
    for (wanted, holds) in [
        (DefenceLevel::Normal, DefenceLevel::Raised),
        (DefenceLevel::High, DefenceLevel::High),
        (DefenceLevel::Normal, DefenceLevel::Raised),
    ] {
        let defence = set(&mut owner, wanted).await;
        assert_eq!((defence.level, defence.configured, defence.set), (holds, DefenceLevel::Raised, wanted));
    }
}

async fn batch(client: &mut RawClient, room: RoomId, count: usize) -> Result<(), RejectCode> {
    let item = || BatchItem { key: fresh_key(), style: Style::Text, text: "x".to_owned() };
    match client.ask(PostBatch { room, posts: (0..count).map(|_| item()).collect() }).await {
        Reply::BatchReceipt(_) => Ok(()),
        Reply::Reject(reject) => Err(reject.code),
        reply => panic!("{reply:?}"),
    }
}

#[tokio::test]
async fn what_others_see_costs_more_the_higher_the_level() {
    let rates = Rates { messages_per_second: 1, messages_burst: 8, bytes_per_second: 65_536 };
    for (level, second) in [(DefenceLevel::Normal, Ok(())), (DefenceLevel::High, Err(RejectCode::SlowDown))] {
        let hub = HubSettings { flood: Some(rates), ..HubSettings::default() };
        let Owned { server: _server, mut owner, device: _device, _directory } =
            owned_with(Settings { hub, ..Settings::default() }).await;
        let room = owner.join("dev").await.room;
        set(&mut owner, level).await;
        assert_eq!(batch(&mut owner, room, 1).await, Ok(()));
        assert_eq!(batch(&mut owner, room, 5).await, second, "{level:?}");
    }
}
