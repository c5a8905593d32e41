//! Who somebody is to a server, and how he shows it, over real QUIC.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use std::path::Path;
use std::sync::Arc;

use chat_proto::codec::encode_frame;
use chat_proto::identity::{AuditPage, ClaimServer, JwtAuth, ListAudit, MakeLinkCode, MakeRecoveryCode, RevokeDevice};
use chat_proto::limits::REQUEST_FRAME_BYTES_MAX;
use chat_proto::request::{DeviceAuth, Hello};
use chat_proto::{
    Auth, CloseCode, DeviceId, Reject, RejectCode, Reply, ReplyFrame, RequestFrame, RequestId, Retry, Seq, VERSION,
};
use chat_server::config::{Jwt, JwtKeys};
use chat_server::environment::Environment;
use chat_server::hub::{Hub, HubSettings};
use chat_server::jwt::Verifier;
use chat_server::server::Settings;
use chat_server::store::{self, DataDir, MemoryStore, SqliteStore};
use quinn::{Connection, ConnectionError};
use support::proofs::{devices, link, link_code, log_in, recover, recovery_code, refused};
use support::{Device, RawClient, TestServer};

/// Waits until something is so.
async fn until(mut is_so: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(support::PATIENCE, async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    });
    waited.await.unwrap();
}

fn server_with(settings: Settings) -> TestServer {
    TestServer::start_with(Arc::new(MemoryStore::default()), settings)
}

async fn written_in(path: &Path) -> String {
    until(|| path.exists()).await;
    std::fs::read_to_string(path).unwrap()
}

async fn audit(client: &mut RawClient, before: Seq, limit: u16) -> Result<AuditPage, Reject> {
    match client.ask(ListAudit { before, limit }).await {
        Reply::AuditPage(page) => Ok(page),
        Reply::Reject(reject) => Err(reject),
        reply => panic!("{reply:?}"),
    }
}

#[tokio::test]
async fn whoever_shows_the_code_owns_the_server_and_nobody_after_him() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("owner-claim");
    let server = server_with(Settings { claim: Some(path.clone()), ..Settings::default() });
    let (alice, bob) = (Device::new(), Device::new());
    let code = written_in(&path).await;
    let mut bob = RawClient::login(&server, &bob, "bob").await;
    for wrong in ["", "0000-0000-0000", "not a code"] {
        let reject = bob.refused(ClaimServer { code: wrong.to_owned() }).await;
        assert_eq!(reject.code, RejectCode::WrongCode, "{wrong:?}");
    }
    assert_eq!(audit(&mut bob, Seq::MAX, 10).await.unwrap_err().code, RejectCode::Forbidden);
    let mut client = RawClient::login(&server, &alice, "alice").await;
    assert!(matches!(client.ask(ClaimServer { code: code.to_lowercase() }).await, Reply::Done(_)));
    until(|| !path.exists()).await;
    assert_eq!(bob.refused(ClaimServer { code: code.clone() }).await.code, RejectCode::WrongCode);
    let page = audit(&mut client, Seq::MAX, 1).await.unwrap();
    assert_eq!((page.entries[0].name.as_str(), page.more), ("alice", true));
    let older = audit(&mut client, page.entries[0].seq, 10).await.unwrap();
    assert_eq!((older.entries.len(), older.entries[0].name.as_str(), older.more), (1, "server", false));
    // The rank outlives the server, and there is nothing to claim any more.
    let server = server.restart().await;
    let mut client = RawClient::login(&server, &alice, "alice").await;
    assert_eq!(audit(&mut client, Seq::MAX, 10).await.unwrap().entries.len(), 2);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_code_outlives_a_restart_and_a_file_that_is_left_over_goes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("owner-claim");
    let server = server_with(Settings { claim: Some(path.clone()), ..Settings::default() });
    let code = written_in(&path).await;
    let server = server.restart().await;
    assert_eq!(written_in(&path).await, code);
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    assert!(matches!(alice.ask(ClaimServer { code: code.clone() }).await, Reply::Done(_)));
    let (_, _, store, settings) = server.stop().await;
    std::fs::write(&path, &code).unwrap();
    let _server = TestServer::start_with(store, settings);
    until(|| !path.exists()).await;
}

#[tokio::test]
async fn nobody_subscribes_to_the_servers_own_feed() {
    let server = TestServer::start();
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let from = chat_proto::Position {
        feed: chat_proto::FeedId::Account(chat_proto::AccountId::SERVER),
        epoch: chat_proto::Epoch(1),
        seq: Seq::ZERO,
        chain: chat_proto::Chain::default(),
        backlog_max: u32::MAX,
    };
    match alice.ask(chat_proto::request::Subscribe { from }).await {
        Reply::FeedStatus(status) => assert_eq!(status.state, chat_proto::FeedState::NoAccess),
        reply => panic!("{reply:?}"),
    }
}

fn close_code(error: &ConnectionError) -> Option<CloseCode> {
    match error {
        ConnectionError::ApplicationClosed(close) => CloseCode::from_number(close.error_code.into_inner()),
        _ => None,
    }
}

#[tokio::test]
async fn a_code_adds_one_device_that_logs_in_by_itself_from_then_on() {
    let server = TestServer::start();
    let (phone, laptop, thief) = (Device::new(), Device::new(), Device::new());
    let mut alice = RawClient::login(&server, &phone, "alice").await;
    let old = link_code(&mut alice).await;
    let code = link_code(&mut alice).await;
    assert_eq!(refused(&server, link(&server, &thief, "alice", &old)).await.code, RejectCode::WrongCode);
    assert_eq!(refused(&server, link(&server, &thief, "nobody", &code)).await.code, RejectCode::WrongCode);
    let (_, reply) = log_in(&server, link(&server, &laptop, "ALICE", &code)).await;
    let Reply::Welcome(welcome) = reply else { panic!("{reply:?}") };
    assert_eq!((welcome.account, welcome.registered), (alice.welcome.account, false));
    // The answer may have been lost: the same again is a login. For anybody else the code is used up.
    assert!(matches!(log_in(&server, link(&server, &laptop, "alice", &code)).await.1, Reply::Welcome(_)));
    assert_eq!(refused(&server, link(&server, &thief, "alice", &code)).await.code, RejectCode::WrongCode);
    let server = server.restart().await;
    let mut again = RawClient::login(&server, &laptop, "alice").await;
    assert_eq!(again.welcome.device, welcome.device);
    let listed = devices(&mut again).await;
    let shown: Vec<_> = listed.iter().map(|info| (info.label.as_str(), info.own, info.key)).collect();
    assert_eq!(shown, [("", false, phone.key()), ("laptop", true, laptop.key())]);
}

#[tokio::test]
async fn five_wrong_guesses_burn_a_code_and_block_the_place_they_come_from() {
    let server = TestServer::start();
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let code = link_code(&mut alice).await;
    let wrong = if code == "0000-0000-0000" { "0000-0000-0001" } else { "0000-0000-0000" };
    let thief = Device::new();
    for name in ["alice", "nobody"] {
        for _ in 0..5 {
            assert_eq!(refused(&server, link(&server, &thief, name, wrong)).await.code, RejectCode::WrongCode);
        }
        let blocked = refused(&server, link(&server, &thief, name, &code)).await;
        assert_eq!((blocked.code, blocked.retry), (RejectCode::CodeBlocked, Retry::Later), "{name}");
        assert!(blocked.retry_after_ms > 500_000, "{blocked:?}");
    }
    assert_eq!(devices(&mut alice).await.len(), 1);
    assert!(!matches!(log_in(&server, |c| thief.prove(c, &server.key, "alice").into()).await.1, Reply::Welcome(_)));
}

#[tokio::test]
async fn guesses_made_at_once_are_no_way_around_the_bound() {
    let server = TestServer::start();
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    link_code(&mut alice).await;
    let guessers: Vec<Device> = (0..20).map(|_| Device::new()).collect();
    let tries = guessers.iter().map(|device| refused(&server, link(&server, device, "alice", "0000-0000-0000")));
    let codes: Vec<RejectCode> = futures_util::future::join_all(tries).await.iter().map(|reject| reject.code).collect();
    assert_eq!(codes.iter().filter(|code| **code == RejectCode::WrongCode).count(), 5, "{codes:?}");
}

#[tokio::test]
async fn a_revoked_device_is_out_at_once_and_for_good() {
    let server = TestServer::start();
    let (phone, laptop) = (Device::new(), Device::new());
    let mut alice = RawClient::login(&server, &phone, "alice").await;
    let only = devices(&mut alice).await[0].device;
    assert_eq!(alice.refused(RevokeDevice { device: only }).await.code, RejectCode::Forbidden);
    let code = link_code(&mut alice).await;
    assert!(matches!(log_in(&server, link(&server, &laptop, "alice", &code)).await.1, Reply::Welcome(_)));
    let other = RawClient::login(&server, &laptop, "alice").await;
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    for device in [other.welcome.device, DeviceId(99)] {
        assert_eq!(bob.refused(RevokeDevice { device }).await.code, RejectCode::NoSuchDevice);
    }
    let asked = std::time::Instant::now();
    assert!(matches!(alice.ask(RevokeDevice { device: other.welcome.device }).await, Reply::Done(_)));
    let closed = other.connection.closed().await;
    assert_eq!(close_code(&closed), Some(CloseCode::Revoked));
    assert!(asked.elapsed() < std::time::Duration::from_secs(1), "{:?}", asked.elapsed());
    let mut server = server;
    for _ in 0..2 {
        let reject = refused(&server, |connection| laptop.prove(connection, &server.key, "alice").into()).await;
        assert_eq!(reject.code, RejectCode::DeviceRevoked);
        let reject = refused(&server, |connection| laptop.prove(connection, &server.key, "free").into()).await;
        assert_eq!(reject.code, RejectCode::DeviceRevoked, "a revoked key takes no other name either");
        server = server.restart().await;
    }
    assert_eq!(devices(&mut RawClient::login(&server, &phone, "alice").await).await.len(), 1);
}

#[tokio::test]
async fn a_recovery_code_opens_the_account_once_and_revokes_the_rest_if_asked() {
    let server = TestServer::start();
    let (lost, found, thief) = (Device::new(), Device::new(), Device::new());
    let mut alice = RawClient::login(&server, &lost, "alice").await;
    let account = alice.welcome.account;
    let [replaced, code] = [recovery_code(&mut alice).await, recovery_code(&mut alice).await];
    for (name, code) in [("alice", replaced.as_str()), ("alice", "nonsense"), ("nobody", &code)] {
        let reject = refused(&server, recover(&server, &thief, name, code, true)).await;
        assert_eq!(reject.code, RejectCode::WrongCode, "{name} {code}");
    }
    let server = server.restart().await;
    let (_, reply) = log_in(&server, recover(&server, &found, "alice", &code, true)).await;
    let Reply::Welcome(welcome) = reply else { panic!("{reply:?}") };
    assert_eq!(welcome.account, account);
    assert_eq!(refused(&server, recover(&server, &thief, "alice", &code, true)).await.code, RejectCode::WrongCode);
    let reject = refused(&server, |connection| lost.prove(connection, &server.key, "alice").into()).await;
    assert_eq!(reject.code, RejectCode::DeviceRevoked);
    assert_eq!(devices(&mut RawClient::login(&server, &found, "alice").await).await.len(), 1);
}

#[tokio::test]
async fn a3_of_many_devices_that_claim_one_name_at_once_exactly_one_gets_it() {
    let server = TestServer::start();
    for round in 0..5 {
        let devices: Vec<Device> = (0..16).map(|_| Device::new()).collect();
        let name = format!("name{round}");
        let tries = devices
            .iter()
            .map(|device| log_in(&server, |connection| device.prove(connection, &server.key, &name).into()));
        let replies = futures_util::future::join_all(tries).await;
        let mut winners = Vec::new();
        for ((_, reply), device) in replies.iter().zip(&devices) {
            match reply {
                Reply::Welcome(welcome) => winners.push((welcome.account, device)),
                Reply::Reject(reject) => assert_eq!(reject.code, RejectCode::NameTaken),
                reply => panic!("{reply:?}"),
            }
        }
        let [(account, device)] = winners[..] else { panic!("{} got {name}", winners.len()) };
        assert_eq!(RawClient::login(&server, device, &name).await.welcome.account, account);
    }
}

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

/// A server that trusts tokens signed with [`SECRET`].
fn server_with_tokens() -> (TestServer, tempfile::TempDir) {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("secret");
    std::fs::write(&path, SECRET).unwrap();
    let (issuer, audience) = ("https://id.example".to_owned(), "chat".to_owned());
    let jwt = Verifier::open(&Jwt { issuer, audience, keys: JwtKeys::Secret(path) }).unwrap();
    (server_with(Settings { jwt: Some(jwt), ..Settings::default() }), place)
}

fn token(sub: &str, name: Option<&str>, expires_in: i64) -> String {
    let now = Environment::real().now().0 / 1_000_000;
    let claims = serde_json::json!({
        "iss": "https://id.example", "aud": "chat", "sub": sub, "name": name, "exp": now + expires_in
    });
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &jsonwebtoken::EncodingKey::from_secret(SECRET))
        .unwrap()
}

fn show(name: &str, token: String) -> impl FnOnce(&Connection) -> Auth {
    let name = name.to_owned();
    move |_| JwtAuth { name, token }.into()
}

#[tokio::test]
async fn a_token_opens_its_subjects_account_and_no_other() {
    let (server, _place) = server_with_tokens();
    drop(RawClient::login(&server, &Device::new(), "alice").await);
    let (_, reply) = log_in(&server, show("", token("17", Some("carol"), 600))).await;
    let Reply::Welcome(first) = reply else { panic!("{reply:?}") };
    assert_eq!((first.name.as_str(), first.registered), ("carol", true));
    let server = server.restart().await;
    for (name, claim) in [("", None), ("carol", None), ("carol", Some("another"))] {
        let (_, reply) = log_in(&server, show(name, token("17", claim, 600))).await;
        let Reply::Welcome(again) = reply else { panic!("{reply:?}") };
        assert_eq!((again.account, again.registered), (first.account, false), "{name:?}");
    }
    let refusals = [
        ("", token("18", Some("alice"), 600), RejectCode::NameTaken),
        ("carol", token("18", None, 600), RejectCode::NameTaken),
        ("alice", token("17", None, 600), RejectCode::Unauthenticated),
        ("", token("18", None, 600), RejectCode::InvalidName),
        ("", token("17", None, -60), RejectCode::ExpiredToken),
        ("", "eyJhbGciOiJub25lIn0.e30.".to_owned(), RejectCode::InvalidToken),
    ];
    for (name, token, code) in refusals {
        assert_eq!(refused(&server, show(name, token)).await.code, code, "{name:?}");
    }
    let plain = TestServer::start();
    assert_eq!(refused(&plain, show("", token("17", None, 600))).await.code, RejectCode::InvalidToken);
}

#[tokio::test]
async fn a_session_ends_with_its_token_and_opens_no_way_in_that_lasts() {
    let (server, _place) = server_with_tokens();
    let connection = support::dial(&server).await;
    // Valid for the five seconds that clocks may be apart, less one.
    let auth = JwtAuth { name: "carol".to_owned(), token: token("17", None, -4) }.into();
    let hello =
        Hello { version_min: VERSION, version_max: VERSION, client: "raw".to_owned(), auth, resume: Vec::new() };
    let (mut send, mut replies, reply) = support::say_hello(&connection, hello).await;
    assert!(matches!(reply, Reply::Welcome(_)), "{reply:?}");
    for request in [MakeLinkCode {}.into(), MakeRecoveryCode {}.into()] {
        let frame = RequestFrame { id: RequestId(2), request };
        send.write_all(&encode_frame(&frame, REQUEST_FRAME_BYTES_MAX).unwrap()).await.unwrap();
        let answer = replies.next::<ReplyFrame>().await.unwrap().reply;
        assert!(matches!(&answer, Reply::Reject(reject) if reject.code == RejectCode::Forbidden), "{answer:?}");
    }
    let closed = tokio::time::timeout(support::PATIENCE, connection.closed()).await.unwrap();
    assert_eq!(close_code(&closed), Some(CloseCode::Expired));
    assert!(matches!(log_in(&server, show("carol", token("17", None, 600))).await.1, Reply::Welcome(_)));
}

#[tokio::test]
async fn a_name_whose_first_login_is_dropped_halfway_is_its_keys_all_the_same() {
    let data = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(DataDir::lock(data.path()).unwrap(), store::Settings::default()).unwrap();
    let hub = Hub::start(Arc::new(store), Environment::real(), HubSettings::default()).await.unwrap();
    let (key, from) = (Device::new().key(), "127.0.0.1".parse().unwrap());
    {
        let mut login = std::pin::pin!(hub.identify(key, "alice", from));
        assert!(futures_util::poll!(login.as_mut()).is_pending(), "nothing is dropped halfway");
    }
    // It was on its way to the disk, and is his when it is there; until then it is nobody else's.
    let again = tokio::time::timeout(support::PATIENCE, async {
        loop {
            match hub.identify(key, "alice", from).await {
                Err(reject) if reject.code == RejectCode::Conflict => tokio::task::yield_now().await,
                outcome => return outcome,
            }
        }
    });
    let again = again.await.expect("the name is stuck").unwrap();
    assert!(!again.registered);
    let other = hub.identify(Device::new().key(), "alice", from).await;
    assert_eq!(other.unwrap_err().code, RejectCode::NameTaken);
    hub.close().await;
}

#[tokio::test]
async fn a_proof_that_is_replayed_relayed_or_of_another_name_opens_nothing() {
    let server = TestServer::start();
    let (device, laptop) = (Device::new(), Device::new());
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    let code = link_code(&mut bob).await;
    let first = support::dial(&server).await;
    let replayed = device.prove(&first, &server.key, "alice");
    assert_eq!(refused(&server, |_| replayed.into()).await.code, RejectCode::Unauthenticated);
    let relayed = |connection: &Connection| device.prove(connection, &[7; 32], "alice").into();
    assert_eq!(refused(&server, relayed).await.code, RejectCode::Unauthenticated);
    let renamed = |connection: &Connection| {
        DeviceAuth { name: "alice".to_owned(), ..device.prove(connection, &server.key, "carol") }.into()
    };
    assert_eq!(refused(&server, renamed).await.code, RejectCode::Unauthenticated);
    let linked_elsewhere = link(&server, &laptop, "bob", &code)(&first);
    assert_eq!(refused(&server, |_| linked_elsewhere).await.code, RejectCode::Unauthenticated);
    for name in ["alice", "carol"] {
        let whois = chat_proto::request::Whois { name: name.to_owned() };
        assert_eq!(bob.refused(whois).await.code, RejectCode::NoSuchUser);
    }
    // Nothing was used up, either.
    assert_eq!(devices(&mut bob).await.len(), 1);
    assert!(matches!(log_in(&server, link(&server, &laptop, "bob", &code)).await.1, Reply::Welcome(_)));
}
