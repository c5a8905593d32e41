//! The client against a real server over loopback.
#![allow(clippy::unwrap_used, clippy::panic, clippy::wildcard_enum_match_arm)]

mod support;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chat_proto::request::{Focus, History};
use chat_proto::{Anchor, FeedId, MessageKey, RejectCode, Reply, RoomId, Seq, Style};
use chat_tui::client::cache::Cache;
use chat_tui::client::trust::KnownServers;
use chat_tui::client::{
    AskTrust, CallError, Client, ClientEvent, Environment, LinkState, Network, Question, RealNetwork, SendError,
    ServerAddress, Settings, StopReason, TrustAnswer, TrustPolicy,
};
use futures_util::future::BoxFuture;
use support::{PATIENCE, Person, TestServer, accept_new, settings};

#[tokio::test]
async fn what_one_says_everybody_hears_once_and_in_order() {
    let server = TestServer::start();
    let data = tempfile::tempdir().unwrap();
    let mut ann = Person::connect(settings(server.named(), "ann", data.path())).await;
    let mut bob = Person::connect(settings(server.named(), "bob", data.path())).await;
    let room = ann.join("lobby").await;
    assert_eq!(bob.join("lobby").await, room);
    for n in 0..50 {
        ann.say(room, &format!("ann {n}")).await;
        bob.say(room, &format!("bob {n}")).await;
    }
    for person in [&mut ann, &mut bob] {
        person.until(|person| person.texts(room).len() == 100).await;
        person.check_log();
        for name in ["ann", "bob"] {
            let own: Vec<_> = person.texts(room).into_iter().filter(|text| text.starts_with(name)).collect();
            assert_eq!(own, (0..50).map(|n| format!("{name} {n}")).collect::<Vec<_>>());
        }
    }
    assert_eq!(ann.texts(room), bob.texts(room));
    assert_eq!(ann.client.outbox().await, []);
}

#[tokio::test]
async fn d9_what_is_said_while_the_server_is_down_arrives_once_when_it_is_back() {
    for kill in [false, true] {
        let mut server = TestServer::start();
        let data = tempfile::tempdir().unwrap();
        let mut ann = Person::connect(settings(server.named(), "ann", data.path())).await;
        let mut bob = Person::connect(settings(server.named(), "bob", data.path())).await;
        let room = ann.join("lobby").await;
        bob.join("lobby").await;
        for cycle in 0..3 {
            ann.say(room, &format!("before {cycle}")).await;
            bob.reads(room, &format!("before {cycle}")).await;
            let remains = if kill { server.kill() } else { server.stop().await };
            let key = ann.say(room, &format!("meanwhile {cycle}")).await;
            server = remains.start();
            ann.sent(key).await;
            bob.reads(room, &format!("meanwhile {cycle}")).await;
        }
        bob.check_log();
        let expected = (0..3).flat_map(|cycle| [format!("before {cycle}"), format!("meanwhile {cycle}")]);
        assert_eq!(bob.texts(room), expected.collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn d4_a_message_typed_offline_survives_the_client_and_is_sent_exactly_once() {
    let server = TestServer::start();
    let data = tempfile::tempdir().unwrap();
    let mut bob = Person::connect(settings(server.named(), "bob", data.path())).await;
    let mut ann = Person::connect(settings(server.named(), "ann", data.path())).await;
    let room = ann.join("lobby").await;
    bob.join("lobby").await;
    let named = server.named();
    let profile = settings(server.named(), "ann", data.path()).profile_dir().unwrap();
    let remains = server.stop().await;
    ann.waits().await;
    let keys = [ann.say(room, "one").await, ann.say(room, "two").await];
    assert_eq!(ann.client.request(chat_proto::request::Ping { token: 1 }).await, Err(CallError::Offline));
    ann.client.quit(Duration::ZERO).await;
    let _server = remains.start();
    let mut again = Person::connect(settings(named, "ann", data.path())).await;
    for key in keys {
        again
            .until(|ann| {
                ann.heard.iter().any(|event| matches!(event, ClientEvent::Sent { key: sent, .. } if *sent == key))
            })
            .await;
    }
    again.say(room, "three").await;
    bob.reads(room, "three").await;
    assert_eq!(bob.texts(room), ["one", "two", "three"]);
    again.client.quit(PATIENCE).await;
    let files = std::fs::read_dir(profile).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(files.filter(|name| name.to_string_lossy().starts_with("outbox")).count(), 0);
}

#[tokio::test]
async fn a_script_s_key_is_stored_once_however_often_it_is_sent() {
    let server = TestServer::start();
    let data = tempfile::tempdir().unwrap();
    let mut ann = Person::connect(settings(server.named(), "ann", data.path())).await;
    let room = ann.join("lobby").await;
    let key = MessageKey([7; 16]);
    for _ in 0..3 {
        ann.client.send(room, Style::Text, "once", Some(key)).await.unwrap();
        ann.sent(key).await;
    }
    ann.say(room, "end").await;
    ann.reads(room, "end").await;
    assert_eq!(ann.texts(room), ["once", "end"]);
}

#[tokio::test]
async fn a_refused_message_waits_for_its_author() {
    let server = TestServer::start();
    let data = tempfile::tempdir().unwrap();
    let mut ann = Person::connect(settings(server.named(), "ann", data.path())).await;
    let nowhere = RoomId(4_000_000);
    let key = ann.say(nowhere, "hello?").await;
    let refused = |event: &ClientEvent| if let ClientEvent::Refused(out) = event { Some(out.clone()) } else { None };
    let outgoing = ann.hears(refused).await;
    assert_eq!(outgoing.key, key);
    assert!(matches!(outgoing.refused.unwrap().code, RejectCode::NoSuchRoom | RejectCode::NotMember));
    assert!(ann.client.retry(key).await);
    assert_eq!(ann.hears(refused).await.key, key);
    assert!(ann.client.discard(key).await);
    assert!(!ann.client.discard(key).await);
    assert_eq!(ann.client.outbox().await, []);
    assert!(matches!(ann.client.send(nowhere, Style::Text, "\u{1b}[2J", None).await, Err(SendError::Text(_))));
}

#[tokio::test]
async fn a_cached_room_is_there_at_once_and_goes_on_where_it_was() {
    let server = TestServer::start();
    let data = tempfile::tempdir().unwrap();
    let mut bob = Person::connect(settings(server.named(), "bob", data.path())).await;
    let mut ann = Person::connect(settings(server.named(), "ann", data.path())).await;
    let room = bob.join("lobby").await;
    ann.join("lobby").await;
    ann.client.request(Focus { room: Some(room) }).await.unwrap();
    bob.say(room, "seen").await;
    ann.reads(room, "seen").await;
    ann.client.quit(PATIENCE).await;
    bob.say(room, "missed").await;
    bob.reads(room, "missed").await;
    let mine = settings(server.named(), "ann", data.path());
    let state = Cache::open(&mine).unwrap().snapshot().unwrap().unwrap();
    assert_eq!(state.last_room, Some(room));
    assert_eq!(state.account.rooms[&room].name, "lobby");
    let last = state.newest.last().unwrap().seq;
    let mut ann = Person::connect(mine).await;
    ann.reads(room, "missed").await;
    assert_eq!(ann.log.first().unwrap().1.seq, last.next());
    ann.check_log();
    assert_eq!(ann.texts(room), ["missed"]);
    assert_eq!(ann.view.rooms[&room].unread(), 2);
}

#[tokio::test]
async fn a_reader_with_his_own_place_goes_on_there() {
    let server = TestServer::start();
    let data = tempfile::tempdir().unwrap();
    let mut ann = Person::connect(settings(server.named(), "ann", data.path())).await;
    let room = ann.join("lobby").await;
    for n in 0..20 {
        ann.say(room, &n.to_string()).await;
    }
    ann.reads(room, "19").await;
    let third = ann.log.iter().find(|(_, event)| event.seq == Seq(3)).unwrap().1.clone();
    let epoch = ann.view.rooms[&room].epoch;
    ann.client.quit(PATIENCE).await;
    let feed = FeedId::Room(room);
    let position =
        chat_proto::Position { feed, epoch, seq: third.seq, chain: chat_proto::Chain::default(), backlog_max: 0 };
    let own = Settings { resume: vec![position], use_cache: false, ..settings(server.named(), "ann", data.path()) };
    let mut again = Person::connect(own).await;
    again.reads(room, "19").await;
    assert_eq!(again.log.first().unwrap().1.seq, Seq(4));
    again.check_log();
}

#[tokio::test]
async fn history_is_read_beside_what_is_live() {
    let server = TestServer::start();
    let data = tempfile::tempdir().unwrap();
    let mut ann = Person::connect(settings(server.named(), "ann", data.path())).await;
    let room = ann.join("lobby").await;
    for n in 0..30 {
        ann.say(room, &n.to_string()).await;
    }
    ann.reads(room, "29").await;
    let page = ann.client.fetch(History { room, anchor: Anchor::Before(Seq::MAX), limit: 10 }).await.unwrap();
    assert_eq!(page.events.len(), 10);
    assert!(page.more_before && !page.more_after);
    let nowhere = History { room: RoomId(4_000_000), anchor: Anchor::After(Seq(0)), limit: 1 };
    assert!(matches!(ann.client.fetch(nowhere).await, Err(CallError::Rejected(_))));
}

#[tokio::test]
async fn a_focus_that_moves_to_and_fro_loses_and_doubles_nothing() {
    let server = TestServer::start();
    let data = tempfile::tempdir().unwrap();
    let mut ann = Person::connect(settings(server.named(), "ann", data.path())).await;
    let mut bob = Person::connect(settings(server.named(), "bob", data.path())).await;
    let rooms = [ann.join("one").await, ann.join("two").await];
    for name in ["one", "two"] {
        bob.join(name).await;
    }
    let talker = bob.client.clone();
    let talk = tokio::spawn(async move {
        for n in 0..200 {
            for room in rooms {
                talker.send(room, Style::Text, &n.to_string(), None).await.unwrap();
            }
        }
    });
    let listener = tokio::spawn(async move {
        bob.until(|bob| bob.texts(rooms[1]).len() == 200 && bob.texts(rooms[0]).len() == 200).await;
        bob
    });
    for turn in 0..40 {
        let room = [Some(rooms[0]), Some(rooms[1]), None][turn % 3];
        ann.client.request(Focus { room }).await.unwrap();
    }
    ann.until(|ann| rooms.iter().all(|room| ann.texts(*room).len() == 200)).await;
    talk.await.unwrap();
    listener.await.unwrap().check_log();
    ann.check_log();
    for room in rooms {
        assert_eq!(ann.texts(room), (0..200).map(|n| n.to_string()).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_change_of_network_keeps_the_session() {
    let server = TestServer::start();
    let data = tempfile::tempdir().unwrap();
    let mut ann = Person::connect(settings(server.named(), "ann", data.path())).await;
    let room = ann.join("lobby").await;
    for n in 0..3 {
        ann.client.rebind().await;
        let key = ann.say(room, &n.to_string()).await;
        ann.sent(key).await;
    }
    ann.reads(room, "2").await;
    let lost = |event: &ClientEvent| matches!(event, ClientEvent::Link(LinkState::Waiting { .. }));
    assert!(!ann.heard.iter().any(lost));
}

#[tokio::test]
async fn two_clients_of_one_person_share_a_device_and_see_the_same() {
    let server = TestServer::start();
    let data = tempfile::tempdir().unwrap();
    let mut one = Person::connect(settings(server.named(), "ann", data.path())).await;
    let mut other = Person::connect(settings(server.named(), "ann", data.path())).await;
    let room = one.join("lobby").await;
    other.until(|other| other.view.rooms.contains_key(&room)).await;
    other.say(room, "from the other").await;
    one.reads(room, "from the other").await;
    other.reads(room, "from the other").await;
    let seq = one.view.rooms[&room].head;
    one.client.request(chat_proto::request::MarkRead { room, seq }).await.unwrap();
    other.until(|other| other.view.rooms[&room].read == seq).await;
    assert_eq!(other.view.rooms[&room].unread(), 0);
}

#[tokio::test]
async fn a_taken_name_ends_the_session_with_the_servers_words() {
    let server = TestServer::start();
    let (mine, yours) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let _ann = Person::connect(settings(server.named(), "ann", mine.path())).await;
    let mut other = Person::start(settings(server.named(), "ann", yours.path()));
    let reason = other.stopped().await;
    assert!(matches!(&reason, StopReason::Refused(reject) if reject.code == RejectCode::NameTaken), "{reason:?}");
    assert_eq!(other.client.request(chat_proto::request::Ping { token: 1 }).await, Err(CallError::Stopped));
    let sent = other.client.send(RoomId(1), Style::Text, "x", None).await;
    assert_eq!(sent, Err(SendError::Stopped));
}

/// Leads every name to one address.
#[derive(Debug)]
struct LeadsTo(SocketAddr);

impl Network for LeadsTo {
    fn resolve(&self, _: &str, _: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let address = self.0;
        Box::pin(async move { Ok(vec![address]) })
    }

    fn endpoint(&self) -> io::Result<quinn::Endpoint> {
        RealNetwork.endpoint()
    }

    fn rebind(&self, endpoint: &quinn::Endpoint) -> io::Result<()> {
        RealNetwork.rebind(endpoint)
    }
}

/// A server met under a name that is not this machine's.
fn abroad(server: &TestServer) -> (ServerAddress, Environment) {
    let environment = Environment { network: Arc::new(LeadsTo(server.address)), ..Environment::default() };
    (ServerAddress::new("chat.example.org", 4433), environment)
}

#[tokio::test]
async fn a_stranger_is_refused_unless_somebody_says_otherwise() {
    let server = TestServer::start();
    let (named, environment) = abroad(&server);
    let data = tempfile::tempdir().unwrap();
    let mine = settings(named.clone(), "ann", data.path());
    let known = KnownServers::in_dir(data.path());
    let mut ann = Person::start_in(mine.clone(), environment.clone());
    let StopReason::Untrusted(text) = ann.stopped().await else { panic!() };
    assert!(text.contains(&server.fingerprint) && text.contains("--accept-new"), "{text}");
    assert_eq!(known.find(&named).unwrap(), None);
    let mut ann = Person::start_in(accept_new(mine.clone()), environment.clone());
    ann.welcomed().await;
    assert!(known.find(&named).unwrap().is_some());
    let mut again = Person::start_in(mine, environment);
    again.welcomed().await;
}

#[tokio::test]
async fn a_pin_must_fit_and_asks_nothing() {
    let server = TestServer::start();
    let (named, environment) = abroad(&server);
    let data = tempfile::tempdir().unwrap();
    let pinned =
        |pin: &str| Settings { trust: TrustPolicy::Pin(pin.to_owned()), ..settings(named.clone(), "ann", data.path()) };
    let wrong = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
    let mut ann = Person::start_in(pinned(wrong), environment.clone());
    let StopReason::Untrusted(text) = ann.stopped().await else { panic!() };
    assert!(text.contains(wrong) && text.contains(&server.fingerprint), "{text}");
    let mut ann = Person::start_in(pinned(&server.fingerprint), environment.clone());
    ann.welcomed().await;
    let link = format!("chat://chat.example.org/lobby#k={wrong}").parse().unwrap();
    let mut ann = Person::start_in(settings(link, "ann", data.path()), environment);
    assert!(matches!(ann.stopped().await, StopReason::Untrusted(_)));
}

#[tokio::test]
async fn a_changed_key_is_a_hard_stop_until_it_is_forgotten() {
    let server = TestServer::start();
    let data = tempfile::tempdir().unwrap();
    let mine = accept_new(settings(server.named(), "ann", data.path()));
    let mut ann = Person::connect(mine.clone()).await;
    let old = server.fingerprint.clone();
    let server = server.stop().await.with_another_key().start();
    let StopReason::Untrusted(text) = ann.stopped().await else { panic!() };
    assert!(text.contains(&old) && text.contains(&server.fingerprint), "{text}");
    assert!(text.contains(&format!("chat-tui trust {} --forget", mine.server)), "{text}");
    let mut ann = Person::start(mine.clone());
    assert!(matches!(ann.stopped().await, StopReason::Untrusted(_)));
    assert!(KnownServers::in_dir(data.path()).forget(&mine.server).unwrap());
    Person::connect(mine).await;
}

/// Gives the same answer to every question, and keeps the questions.
#[derive(Debug)]
struct Answers(TrustAnswer, Mutex<Vec<Question>>);

impl AskTrust for Answers {
    fn ask(&self, question: Question) -> BoxFuture<'static, TrustAnswer> {
        self.1.lock().unwrap().push(question);
        let answer = self.0.clone();
        Box::pin(async move { answer })
    }
}

#[tokio::test]
async fn a_person_is_asked_once_and_his_answer_counts() {
    let server = TestServer::start();
    let (named, environment) = abroad(&server);
    let right = server.fingerprint.clone();
    let wrong = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU".to_owned();
    for (answer, trusted) in [
        (TrustAnswer::No, false),
        (TrustAnswer::Fingerprint(wrong), false),
        (TrustAnswer::Fingerprint(right), true),
        (TrustAnswer::Yes, true),
    ] {
        let data = tempfile::tempdir().unwrap();
        let asker = Arc::new(Answers(answer, Mutex::default()));
        let trust = TrustPolicy::Ask(Arc::<Answers>::clone(&asker));
        let name = format!("ann{}", rand::random::<u32>());
        let mine = Settings { trust, ..settings(named.clone(), &name, data.path()) };
        for _ in 0..2 {
            let mut ann = Person::start_in(mine.clone(), environment.clone());
            if trusted {
                ann.welcomed().await;
            } else {
                assert!(matches!(ann.stopped().await, StopReason::Untrusted(_)));
            }
        }
        let questions = asker.1.lock().unwrap();
        assert_eq!(questions.len(), if trusted { 1 } else { 2 });
        assert_eq!(questions[0].fingerprint, server.fingerprint);
        assert_eq!(questions[0].server, "chat.example.org:4433");
    }
}

#[tokio::test]
async fn a_blocked_port_is_said_within_five_seconds_by_host_and_port() {
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let data = tempfile::tempdir().unwrap();
    let start = Instant::now();
    let mut ann = Person::start(settings(ServerAddress::new("127.0.0.1", port), "ann", data.path()));
    let reason = ann.waits().await;
    assert!(start.elapsed() <= Duration::from_secs(5), "{:?}", start.elapsed());
    assert!(reason.contains("127.0.0.1") && reason.contains(&format!("UDP port {port}")), "{reason}");
    assert!(reason.contains("firewall"), "{reason}");
}

#[tokio::test]
async fn a_name_that_breaks_a_rule_does_not_start() {
    let data = tempfile::tempdir().unwrap();
    let started = Client::start(settings(ServerAddress::new("h", 1), "a b", data.path()), Environment::default());
    assert!(started.unwrap_err().to_string().contains("U+0020"));
}

#[tokio::test]
async fn somebody_who_is_slow_to_listen_can_still_ask() {
    let server = TestServer::start();
    let data = tempfile::tempdir().unwrap();
    let mut ann = Person::connect(settings(server.named(), "ann", data.path())).await;
    let mut bob = Person::connect(settings(server.named(), "bob", data.path())).await;
    let room = ann.join("lobby").await;
    bob.join("lobby").await;
    for n in 0..600 {
        bob.say(room, &n.to_string()).await;
        bob.reads(room, &n.to_string()).await;
    }
    let reply = ann.client.request(chat_proto::request::Ping { token: 9 }).await.unwrap();
    assert!(matches!(reply, Reply::Pong(pong) if pong.token == 9));
    ann.reads(room, "599").await;
    ann.check_log();
}
