//! Passwords that link devices, over real QUIC.
#![allow(clippy::unwrap_used, clippy::unwrap_in_result, clippy::wildcard_enum_match_arm)]

mod support;

use std::cell::RefCell;
use std::io;
use std::sync::{Arc, Mutex, Once};

use chat_proto::identity::{DeviceChange, DeviceChanged, Secret, SecretChange, SecretChanged};
use chat_proto::password::{PasswordAuth, SetPassword};
use chat_proto::request::{DeviceAuth, Hello};
use chat_proto::{Auth, Delivery, EventBody, FeedId, Reject, RejectCode, Reply, Retry, VERSION};
use chat_server::hub::HubSettings;
use chat_server::hub::passwords::Hashing;
use chat_server::server::Settings;
use chat_server::store::MemoryStore;
use futures_util::future::join_all;
use quinn::Connection;
use support::proofs::{devices, link, link_code, log_in, refused};
use support::{Device, RawClient, TestServer};

const WORDS: &str = "correct horse battery";

/// A server whose passwords link devices.
fn server() -> TestServer {
    server_with(Hashing::default())
}

fn server_with(hashing: Hashing) -> TestServer {
    let hub = HubSettings { password: Some(hashing), ..HubSettings::default() };
    TestServer::start_with(Arc::new(MemoryStore::default()), Settings { hub, ..Settings::default() })
}

/// The proof of a new device that shows a password.
fn show(server: &TestServer, device: &Device, name: &str, password: &str) -> impl FnOnce(&Connection) -> Auth {
    move |connection| {
        let DeviceAuth { device, name, signature } = device.prove(connection, &server.key, name);
        PasswordAuth { device, name, signature, password: password.to_owned(), label: "laptop".to_owned() }.into()
    }
}

async fn set(client: &mut RawClient, password: Option<&str>) -> Reply {
    client.ask(SetPassword { password: password.map(str::to_owned), revoke_others: false }).await
}

async fn set_words(client: &mut RawClient) {
    assert!(matches!(set(client, Some(WORDS)).await, Reply::Done(_)));
}

async fn opens(server: &TestServer, name: &str, password: &str) -> bool {
    matches!(log_in(server, show(server, &Device::new(), name, password)).await.1, Reply::Welcome(_))
}

async fn code(server: &TestServer, name: &str, password: &str) -> Reject {
    refused(server, show(server, &Device::new(), name, password)).await
}

#[tokio::test]
async fn unless_the_operator_wants_them_passwords_link_nothing() {
    let server = TestServer::start();
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let Reply::Reject(reject) = set(&mut alice, Some(WORDS)).await else { panic!("a password was taken") };
    assert_eq!(reject.code, RejectCode::Forbidden);
    for name in ["alice", "nobody"] {
        assert_eq!(code(&server, name, WORDS).await.code, RejectCode::Forbidden);
    }
}

#[tokio::test]
async fn a_password_links_a_device_whose_key_opens_the_account_from_then_on_and_all_are_told() {
    let server = server();
    let (phone, laptop) = (Device::new(), Device::new());
    let mut alice = RawClient::login(&server, &phone, "alice").await;
    set_words(&mut alice).await;
    let (_, reply) = log_in(&server, show(&server, &laptop, "ALICE", WORDS)).await;
    let Reply::Welcome(welcome) = reply else { panic!("{reply:?}") };
    assert_eq!((welcome.account, welcome.registered), (alice.welcome.account, false));
    // The answer may have been lost: the same again is a login, whatever the password is meanwhile.
    assert!(matches!(log_in(&server, show(&server, &laptop, "alice", "any other")).await.1, Reply::Welcome(_)));
    let own = FeedId::Account(alice.welcome.account);
    let mut told = Vec::new();
    while told.len() < 2 {
        let found = alice.expect(|delivery| match delivery {
            Delivery::Events(events) if events.feed == own => Some(events.events.clone()),
            _ => None,
        });
        told.extend(found.await.into_iter().map(|event| event.body));
    }
    let by = alice.welcome.device;
    assert!(
        matches!(&told[0], EventBody::SecretChanged(SecretChanged { secret: Secret::Password, change: SecretChange::Set, by: who, .. }) if *who == by)
    );
    assert!(
        matches!(&told[1], EventBody::DeviceChanged(DeviceChanged { device, label, change: DeviceChange::ByPassword, .. }) if *device == welcome.device && label == "laptop")
    );
    let server = server.restart().await;
    let mut again = RawClient::login(&server, &laptop, "alice").await;
    assert_eq!(devices(&mut again).await.len(), 2);
    assert!(opens(&server, "alice", WORDS).await, "it outlives a restart");
    assert!(matches!(set(&mut again, None).await, Reply::Done(_)));
    assert!(!opens(&server, "alice", WORDS).await, "it was taken away");
    let server = server.restart().await;
    assert!(!opens(&server, "alice", WORDS).await);
}

#[tokio::test]
async fn a_new_password_takes_the_place_of_the_old_one_and_the_other_devices_their_right_if_asked() {
    let server = server();
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    set_words(&mut alice).await;
    assert!(opens(&server, "alice", WORDS).await);
    let change = SetPassword { password: Some("vowel7tundra".to_owned()), revoke_others: true };
    assert!(matches!(alice.ask(change).await, Reply::Done(_)));
    assert_eq!(devices(&mut alice).await.len(), 1);
    assert!(!opens(&server, "alice", WORDS).await);
    assert!(opens(&server, "alice", "vowel7tundra").await);
}

#[tokio::test]
async fn five_wrong_guesses_block_and_no_answer_tells_who_has_a_password() {
    let server = server();
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let _bob = RawClient::login(&server, &Device::new(), "bob").await;
    set_words(&mut alice).await;
    let mut answers = Vec::new();
    for name in ["alice", "bob", "nobody"] {
        for _ in 0..5 {
            answers.push(code(&server, name, "wrong horse battery").await);
        }
        let blocked = code(&server, name, WORDS).await;
        assert_eq!((blocked.code, blocked.retry), (RejectCode::CodeBlocked, Retry::Later), "{name}");
        answers.push(Reject { retry_after_ms: 0, ..blocked });
    }
    assert_eq!(answers[0].code, RejectCode::WrongCode);
    assert_eq!(answers[..6], answers[6..12]);
    assert_eq!(answers[..6], answers[12..]);
    assert_eq!(devices(&mut alice).await.len(), 1);
    // Guesses at codes and at the password of a name are counted together.
    let made = link_code(&mut alice).await;
    let reject = refused(&server, link(&server, &Device::new(), "alice", &made)).await;
    assert_eq!(reject.code, RejectCode::CodeBlocked);
}

#[tokio::test]
async fn what_is_out_of_bounds_or_tried_first_is_refused_with_what_to_do() {
    let server = server();
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    for weak in ["", "short", "Password123!", "alice-tundra-vowel", "12345678", "aaaaaaaaaaaa", &"x".repeat(257)] {
        let Reply::Reject(reject) = set(&mut alice, Some(weak)).await else { panic!("{weak:?} was taken") };
        assert_eq!(reject.code, RejectCode::InvalidText, "{weak:?}");
        assert!(weak.is_empty() || !reject.message.contains(weak), "{reject}");
    }
    let long = "a long walk over wet grass ".repeat(9);
    assert!(long.len() > 240);
    assert!(matches!(set(&mut alice, Some(&long)).await, Reply::Done(_)));
    assert!(opens(&server, "alice", &long).await);
    // No hash is spent on what cannot be anybody's, and no guess either.
    for _ in 0..6 {
        assert_eq!(code(&server, "alice", &"x".repeat(257)).await.code, RejectCode::InvalidText);
    }
}

/// What was logged at every level, by all threads.
static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

thread_local! {
    /// And by this one: a test and its server have a thread of their own.
    static OWN_LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Lines;

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        OWN_LINES.with_borrow_mut(|lines| lines.extend_from_slice(bytes));
        LINES.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything is logged from here on. One subscriber for all tests: which lines are wanted is remembered for the whole process.
fn log_everything() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        let subscriber = tracing_subscriber::fmt().with_writer(|| Lines).with_ansi(false);
        subscriber.with_max_level(tracing::Level::TRACE).init();
    });
}

fn own_log() -> String {
    OWN_LINES.with_borrow(|lines| String::from_utf8_lossy(lines).into_owned())
}

#[tokio::test]
async fn a_password_is_in_no_log_and_not_in_what_is_stored() {
    log_everything();
    let server = server();
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    assert!(matches!(set(&mut alice, Some("canary-in-tundra")).await, Reply::Done(_)));
    assert!(opens(&server, "alice", "canary-in-tundra").await);
    assert!(!opens(&server, "alice", "canary-of-thief").await);
    let (_, _, store, _) = server.stop().await;
    let rows = store.read(FeedId::Account(chat_proto::AccountId::SERVER), chat_proto::Seq(1), 100).await.unwrap();
    let hashes: Vec<String> = rows
        .into_iter()
        .filter_map(|row| match row.event.body {
            EventBody::PasswordSet(set) => set.hash,
            _ => None,
        })
        .collect();
    let [hash] = &hashes[..] else { panic!("{hashes:?}") };
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && !hash.contains("canary"), "{hash}");
    assert!(own_log().contains("a password is hashed"));
    let log = String::from_utf8_lossy(&LINES.lock().unwrap()).into_owned();
    assert!(!log.contains("canary") && !log.contains("argon2id"));
}

#[tokio::test]
async fn a_spray_hashes_no_more_at_once_than_there_is_room_for_and_the_rest_is_told_to_come_later() {
    let hashing = Hashing { at_once: 2, waiting: 8 };
    log_everything();
    let server = server_with(hashing);
    // All are there before the first one shows anything.
    let connections = join_all((0..100).map(|_| support::dial(&server))).await;
    let tries = connections.iter().enumerate().map(|(number, connection)| {
        let auth = show(&server, &Device::new(), &format!("name{number}"), WORDS)(connection);
        let (client, resume) = ("raw".to_owned(), Vec::new());
        let hello = Hello { version_min: VERSION, version_max: VERSION, client, auth, resume };
        support::say_hello(connection, hello)
    });
    let answers: Vec<Reply> = join_all(tries).await.into_iter().map(|(_, _, reply)| reply).collect();
    let rejects: Vec<&Reject> = answers
        .iter()
        .map(|reply| if let Reply::Reject(reject) = reply { reject } else { panic!("{reply:?}") })
        .collect();
    let count = |code| rejects.iter().filter(|reject| reject.code == code).count();
    let (wrong, slow) = (count(RejectCode::WrongCode), count(RejectCode::SlowDown));
    assert_eq!(wrong + slow, 100);
    assert!(wrong >= hashing.at_once + hashing.waiting && slow > 0, "{wrong} were looked at, {slow} came too late");
    let log = own_log();
    let at_once: Vec<usize> = log
        .lines()
        .filter_map(|line| line.split_once("a password is hashed now=")?.1.split_whitespace().next()?.parse().ok())
        .collect();
    assert_eq!(at_once.len(), wrong, "{log}");
    assert!(at_once.iter().all(|now| (1..=hashing.at_once).contains(now)), "{at_once:?}");
    assert!(rejects.iter().filter(|reject| reject.code == RejectCode::SlowDown).all(|slow| slow.retry_after_ms > 0));
}
