//! A server that puts what drives terminals into every text it sends, in front of the real program: nothing of it is a
//! command to the terminal.
#![cfg(all(unix, feature = "tui"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::wildcard_enum_match_arm)]

#[allow(dead_code)]
mod corpus;
mod impostor;
mod poison;
mod pty;

use chat_proto::codec::FrameBuffer;
use chat_proto::delivery::{Background, Events, Greeting, StreamHeader};
use chat_proto::event::Posted;
use chat_proto::limits::REQUEST_FRAME_BYTES_MAX;
use chat_proto::reply::{Page, Welcome};
use chat_proto::{
    AccountId, Chain, ConnId, Delivery, DeviceId, Epoch, Event, EventBody, FeedId, FeedStatus, MessageKey, Ordinal,
    Reject, RejectCode, Reply, ReplyFrame, Request, RequestFrame, RoomId, Seq, Style, Timestamp,
};
use impostor::{frame, status};
use poison::Poisoner;
use poison::wire::samples;
use pty::sequences::{Piece, is_allowed, pieces};
use pty::{Pty, program};
use quinn::{Connection, Endpoint};
use tokio::sync::mpsc;

/// The room the samples are about, and whose account they are.
const ROOM: RoomId = RoomId(3);
const ME: AccountId = AccountId(17);

/// Events of the room that are kept no more: what the samples remove is among them.
const KEPT: u64 = 100_000;

/// Large enough for everything that is said with one payload.
const SIZE: (u16, u16) = (250, 150);

/// Every fact of rooms, with a text in the place of all of theirs.
fn room_bodies(poisoner: &Poisoner, text: &str) -> Vec<EventBody> {
    let bodies = samples::bodies().into_iter().filter(|body| body.room_fact().is_some());
    // The end of the room would be the end of what is seen there.
    let bodies = bodies.filter(|body| !matches!(body, EventBody::Deleted(_)));
    bodies.map(|body| poisoner.poison("EventBody", &body, text)).collect()
}

fn own_bodies(poisoner: &Poisoner, text: &str) -> Vec<EventBody> {
    let bodies =
        samples::bodies().into_iter().filter(|body| body.account_fact().is_some() || body.choice_fact().is_some());
    let bodies = bodies.filter(|body| !matches!(body, EventBody::RoomLeft(_)));
    bodies.map(|body| poisoner.poison("EventBody", &body, text)).collect()
}

/// Everything that comes unasked, moves no feed, and is in front of nothing.
fn news(poisoner: &Poisoner, text: &str) -> Vec<Delivery> {
    let moves = |delivery: &Delivery| {
        matches!(
            delivery,
            Delivery::Events(_)
                | Delivery::Moved(_)
                | Delivery::Trimmed(_)
                | Delivery::Began(_)
                | Delivery::Ended(_)
                | Delivery::GoingAway(_)
                | Delivery::Greeting(_)
        )
    };
    let news = samples::deliveries().into_iter().filter(|delivery| !moves(delivery));
    news.map(|delivery| poisoner.poison("Delivery", &delivery, text)).collect()
}

/// The server, and what it sends next: a payload at a time.
struct Server {
    endpoint: Endpoint,
    say: mpsc::UnboundedSender<Vec<u8>>,
    room: u64,
    own: u64,
}

impl Server {
    fn start() -> Self {
        let endpoint = impostor::listen(chat_proto::ALPN);
        let (say, mut said) = mpsc::unbounded_channel::<Vec<u8>>();
        let acceptor = endpoint.clone();
        tokio::spawn(async move {
            let connection = acceptor.accept().await.unwrap().await.unwrap();
            let answering = tokio::spawn(answer(connection.clone()));
            let mut stream = connection.open_uni().await.unwrap();
            stream.write_all(&frame(&StreamHeader { purpose: Background {}.into() })).await.unwrap();
            while let Some(bytes) = said.recv().await {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            answering.await.unwrap();
        });
        Self { endpoint, say, room: KEPT, own: 0 }
    }

    fn events(&mut self, feed: FeedId, bodies: Vec<EventBody>) {
        let last = if feed == FeedId::Room(ROOM) { &mut self.room } else { &mut self.own };
        let events = bodies.into_iter().map(|body| {
            *last += 1;
            let mut key = MessageKey::default();
            key.0[..8].copy_from_slice(&last.to_le_bytes());
            let at = Timestamp(i64::try_from(*last).unwrap() * 60_000_000);
            Event { seq: Seq(*last), ordinal: Ordinal(*last), at, by: AccountId(2), device: DeviceId(5), key, body }
        });
        let events = Events { feed, epoch: Epoch(1), events: events.collect(), chain: Chain::default() };
        self.say.send(frame(&Delivery::from(events))).unwrap();
    }

    /// What is put in front until it is closed.
    fn greet(&self, payload: &str, number: usize) {
        let greeting = Greeting { name: payload.to_owned(), motd: format!("{payload}\ngreeting {number}.") };
        self.say.send(frame(&Delivery::from(greeting))).unwrap();
    }

    /// Puts a payload into everything, and then says that it was all.
    fn attack(&mut self, poisoner: &Poisoner, payload: &str, number: usize) {
        for delivery in news(poisoner, payload) {
            self.say.send(frame(&delivery)).unwrap();
        }
        self.events(FeedId::Account(ME), own_bodies(poisoner, payload));
        let end = Posted {
            name: payload.to_owned(),
            style: Style::Text,
            text: format!("end of {number}."),
            mentions: vec![],
        };
        self.events(FeedId::Room(ROOM), room_bodies(poisoner, payload));
        self.events(FeedId::Room(ROOM), vec![end.into()]);
    }
}

/// Answers whatever is asked, each time with another payload.
async fn answer(connection: Connection) {
    let poisoner = Poisoner::new();
    let mut payloads = corpus::INJECTIONS.iter().map(|(_, payload)| *payload).cycle();
    let (mut replies, mut requests) = connection.accept_bi().await.unwrap();
    let mut buffer = FrameBuffer::new(REQUEST_FRAME_BYTES_MAX);
    while let Ok(Some(chunk)) = requests.read_chunk(65_536, true).await {
        buffer.extend(&chunk.bytes);
        while let Some(RequestFrame { id, request }) = buffer.pop::<RequestFrame>().unwrap() {
            let reply = reply_to(&request, &poisoner, payloads.next().unwrap());
            if replies.write_all(&frame(&ReplyFrame { id, reply })).await.is_err() {
                return;
            }
        }
    }
}

fn reply_to(request: &Request, poisoner: &Poisoner, payload: &str) -> Reply {
    let sample = |is: fn(&Reply) -> bool| {
        let reply = samples::replies().into_iter().find(is).unwrap();
        poisoner.poison("Reply", &reply, payload)
    };
    match request {
        Request::Hello(_) => {
            let rooms =
                corpus::INJECTIONS.iter().zip(100..).map(|((_, name), id)| status(FeedId::Room(RoomId(id)), name));
            let head = (Seq(KEPT), Ordinal(KEPT), Seq(KEPT + 1), Seq(KEPT), Seq(KEPT + 1));
            let general = status(FeedId::Room(ROOM), "general");
            let (head, head_ordinal, oldest, read, next) = head;
            let general = FeedStatus { head, head_ordinal, oldest, read, next, ..general };
            let own = [general, status(FeedId::Account(ME), payload)];
            Welcome {
                version: 1,
                server: payload.to_owned(),
                account: ME,
                name: payload.to_owned(),
                device: DeviceId(1),
                conn: ConnId(1),
                registered: false,
                now: Timestamp(0),
                feeds: own.into_iter().chain(rooms).collect(),
            }
            .into()
        }
        Request::History(history) => Page {
            room: history.room,
            epoch: Epoch(1),
            events: vec![],
            oldest: Seq(KEPT + 1),
            last: Seq(KEPT),
            more_before: false,
            more_after: false,
            trimmed: None,
        }
        .into(),
        Request::ListMembers(_) => sample(|reply| matches!(reply, Reply::MemberList(_))),
        Request::GetNicks(_) => sample(|reply| matches!(reply, Reply::Nicks(_))),
        Request::GetProfile(_) => sample(|reply| matches!(reply, Reply::Profile(_))),
        Request::Whois(_) => sample(|reply| matches!(reply, Reply::Person(_))),
        Request::JoinRoom(_) => sample(|reply| matches!(reply, Reply::RoomInfo(_))),
        _ => Reject::new(RejectCode::Forbidden, payload).into(),
    }
}

fn client(server: &Server, home: &tempfile::TempDir, more: &[&str]) -> Pty {
    let mut command = program(env!("CARGO_BIN_EXE_chat-tui"));
    let host = format!("127.0.0.1:{}", server.endpoint.local_addr().unwrap().port());
    command.args(["connect", &host, "general", "--name", "ann", "--accept-new", "--data"]);
    command.arg(home.path());
    command.args(more);
    Pty::spawn(command, SIZE.0, SIZE.1)
}

/// What the program is told, payload by payload, and what the person does meanwhile. Returns everything it wrote.
async fn attacked(more: &'static [&'static str]) -> Vec<u8> {
    let home = tempfile::tempdir().unwrap();
    let mut server = Server::start();
    let mut screen = client(&server, &home, more);
    // What is waited for is waited for beside the server.
    tokio::task::spawn_blocking(move || {
        screen.wait_for_text("general");
        let poisoner = Poisoner::new();
        for (number, (_, payload)) in corpus::INJECTIONS.iter().enumerate() {
            server.attack(&poisoner, payload, number);
            screen.wait_for_text(&format!("end of {number}."));
            server.greet(payload, number);
            screen.wait_for_text(&format!("greeting {number}."));
            // Lines put nothing in front of anything.
            if more.is_empty() {
                screen.type_keys("\x1b");
                screen.wait_for("the room again", |screen| !screen.contents().contains(&format!("greeting {number}.")));
            }
        }
        // What is asked is refused with further payloads, and what is written as well.
        for line in ["/topic x", "/kick bob", "/seen bob", "/audit", "hello", "/why kick bob", "/whois bob"] {
            screen.type_keys(&format!("{line}\r"));
        }
        screen.wait_for_text("shared rooms");
        server.greet("that was all", usize::MAX);
        screen.wait_for_text("that was all");
        screen.type_keys("\x15\x11");
        screen.signal(rustix::process::Signal::TERM);
        assert!(screen.wait_for_exit().success(), "{}", screen.contents());
        screen.raw()
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_field_of_anything_a_server_sends_reaches_the_screen_but_as_text() {
    let raw = attacked(&[]).await;
    let find = |wanted: &[u8]| raw.windows(wanted.len()).position(|window| window == wanted).unwrap();
    for piece in pieces(&raw[find(b"\x1b[22;2t")..find(b"\x1b[23;2t")]) {
        // Whoever is named is called, by the bell.
        assert!(is_allowed(&piece) || piece == Piece::Control('\x07'), "{piece:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_the_lines_of_who_has_no_screen() {
    let raw = String::from_utf8(attacked(&["--linear"]).await).unwrap();
    let raw = raw.replace("\x1b[?2004h", "").replace("\x1b[?2004l", "");
    let others: Vec<char> = raw.chars().filter(|c| c.is_control() && !"\r\n\x08\x07".contains(*c)).collect();
    assert!(others.is_empty(), "{others:?}");
}
