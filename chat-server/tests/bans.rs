//! Who is banned from the server is out before the ban is answered, and does not come back while it lasts; over real QUIC.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use std::time::Duration;

use chat_proto::ban::{BanEntry, BanFromServer, BanTarget, LiftBan, ListBans, PurgeFromServer};
use chat_proto::identity::ListAudit;
use chat_proto::reach::OpenDirect;
use chat_proto::request::History;
use chat_proto::{AccountId, Anchor, CloseCode, EventBody, Reject, RejectCode, Reply, RoomId, Seq, UserRef};
use quinn::ConnectionError;
use support::owned::{Owned, owned};
use support::{Device, PATIENCE, RawClient, TestServer, fresh_key};

fn ban(target: BanTarget, for_s: Option<u32>) -> BanFromServer {
    BanFromServer { target, for_s, reason: "spam".to_owned() }
}

async fn done(client: &mut RawClient, request: impl Into<chat_proto::Request>) {
    let reply = client.ask(request).await;
    assert!(matches!(reply, Reply::Done(_)), "{reply:?}");
}

async fn bans(client: &mut RawClient) -> Vec<BanEntry> {
    match client.ask(ListBans {}).await {
        Reply::BanList(list) => list.bans,
        reply => panic!("{reply:?}"),
    }
}

/// The closing of a connection that must have happened already.
fn closed(client: &RawClient) -> CloseCode {
    let error = client.connection.close_reason().unwrap();
    let ConnectionError::ApplicationClosed(close) = error else { panic!("{error:?}") };
    CloseCode::from_number(close.error_code.into_inner()).unwrap()
}

async fn refused(server: &TestServer, device: &Device, name: &str) -> Result<(), Reject> {
    let (connection, hello) = RawClient::hello(server, device, name, Vec::new()).await;
    match support::say_hello(&connection, hello).await.2 {
        Reply::Welcome(_) => Ok(()),
        Reply::Reject(reject) => Err(reject),
        reply => panic!("{reply:?}"),
    }
}

#[tokio::test]
async fn who_is_banned_is_out_before_the_answer_and_stays_out() {
    let Owned { server, mut owner, device: _owner, _directory } = owned().await;
    let device = Device::new();
    let bob = RawClient::login(&server, &device, "bob").await;
    let second = RawClient::login(&server, &device, "bob").await;
    let mut carol = RawClient::login(&server, &Device::new(), "carol").await;
    let target = BanTarget::Account(bob.welcome.account);

    for request in [ban(target.clone(), None), ban(BanTarget::Network("192.0.2.0/24".to_owned()), None)] {
        assert_eq!(carol.refused(request).await.code, RejectCode::Forbidden);
    }
    assert_eq!(carol.refused(ListBans {}).await.code, RejectCode::Forbidden);
    assert_eq!(carol.refused(LiftBan { target: target.clone() }).await.code, RejectCode::Forbidden);

    done(&mut owner, ban(target.clone(), None)).await;
    for client in [&bob, &second] {
        tokio::time::timeout(PATIENCE, client.connection.closed()).await.unwrap();
        assert_eq!(closed(client), CloseCode::Banned);
    }
    let reject = refused(&server, &device, "bob").await.unwrap_err();
    assert_eq!(reject.code, RejectCode::BannedFromServer);
    assert!(reject.message.contains("spam") && reject.message.contains("for ever"), "{reject:?}");
    carol.join("dev").await;

    let list = bans(&mut owner).await;
    assert_eq!((list.len(), &list[0].target, list[0].name.as_str()), (1, &target, "bob"));
    assert_eq!((list[0].by, list[0].reason.as_str()), (owner.welcome.account, "spam"));

    done(&mut owner, LiftBan { target: target.clone() }).await;
    done(&mut owner, LiftBan { target }).await;
    assert_eq!(refused(&server, &device, "bob").await, Ok(()));
}

#[tokio::test]
async fn a_ban_outlives_a_restart_and_ends_by_its_time() {
    let Owned { server, mut owner, device: owners, _directory } = owned().await;
    let device = Device::new();
    let bob = RawClient::login(&server, &device, "bob").await;
    done(&mut owner, ban(BanTarget::Device(bob.welcome.device), Some(2))).await;
    assert_eq!(refused(&server, &device, "bob").await.unwrap_err().code, RejectCode::BannedFromServer);
    let server = server.restart().await;
    let mut owner = RawClient::login(&server, &owners, "olivia").await;
    let kept = bans(&mut owner).await;
    assert!(kept.len() <= 1, "{kept:?}");
    let back = async {
        while let Err(reject) = refused(&server, &device, "bob").await {
            assert_eq!(reject.code, RejectCode::BannedFromServer);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, back).await.unwrap();
    assert!(bans(&mut owner).await.is_empty());
}

#[tokio::test]
async fn nobody_bans_himself_an_owner_or_what_is_not_there() {
    let Owned { server, mut owner, .. } = owned().await;
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    let own = BanTarget::Account(owner.welcome.account);
    let device = BanTarget::Device(owner.welcome.device);
    let network = |text: &str| BanTarget::Network(text.to_owned());
    for target in
        [own.clone(), device, network("127.0.0.1"), network("::ffff:127.0.0.0/104"), network("x"), network("::/0")]
    {
        assert_eq!(owner.refused(ban(target, None)).await.code, RejectCode::BadRequest);
    }
    assert_eq!(owner.refused(ban(BanTarget::Account(AccountId(999)), None)).await.code, RejectCode::NoSuchUser);
    let long = BanFromServer { target: network("192.0.2.0/24"), for_s: None, reason: "x".repeat(600) };
    assert_eq!(owner.refused(long).await.code, RejectCode::TooLarge);
    assert_eq!(bob.refused(ban(own, None)).await.code, RejectCode::Forbidden);
    done(&mut owner, ban(network("192.0.2.77/24"), Some(3_600))).await;
    let list = bans(&mut owner).await;
    assert_eq!((list.len(), &list[0].target), (1, &network("192.0.2.0/24")));
    assert!(list[0].until.is_some());
}

#[tokio::test]
async fn all_that_somebody_wrote_goes_from_every_room_but_conversations() {
    let Owned { server, mut owner, device: _owner, _directory } = owned().await;
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    let mut carol = RawClient::login(&server, &Device::new(), "carol").await;
    let mut rooms = Vec::new();
    for name in ["one", "two"] {
        rooms.push(bob.join(name).await.room);
        carol.join(name).await;
    }
    let with = vec![UserRef::Id(carol.welcome.account)];
    let Reply::RoomInfo(direct) = bob.ask(OpenDirect { key: fresh_key(), with }).await else { panic!() };
    for room in rooms.iter().copied().chain([direct.room]) {
        bob.post(room, "buy this").await;
        carol.post(room, "no").await;
    }
    let purge = || PurgeFromServer { user: UserRef::Name("bob".to_owned()), reason: "spam".to_owned() };
    assert_eq!(carol.refused(purge()).await.code, RejectCode::Forbidden);
    let mine = PurgeFromServer { user: UserRef::Name("olivia".to_owned()), reason: String::new() };
    assert_eq!(owner.refused(mine).await.code, RejectCode::Forbidden);
    for _ in 0..2 {
        done(&mut owner, purge()).await;
    }
    let mut words = async |room: RoomId| {
        let history = History { room, anchor: Anchor::Before(Seq::MAX), limit: 50 };
        let Reply::Page(page) = carol.ask(history).await else { panic!() };
        let purges = page.events.iter().filter(|event| matches!(event.body, EventBody::Purged(_))).count();
        let texts = page.events.iter().filter_map(|event| event.body.message().map(|it| it.text.to_owned()));
        (texts.collect::<Vec<_>>(), purges)
    };
    for room in rooms {
        assert_eq!(words(room).await, (vec!["no".to_owned()], 1), "what is gone already is not removed again");
    }
    assert_eq!(words(direct.room).await, (vec!["buy this".to_owned(), "no".to_owned()], 0));
    let Reply::AuditPage(audit) = owner.ask(ListAudit { before: Seq::MAX, limit: 1 }).await else { panic!() };
    assert!(audit.entries[0].text.contains("(bob) wrote: spam"), "{audit:?}");
}
