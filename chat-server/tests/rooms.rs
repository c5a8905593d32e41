//! Who may do what in a room, over real QUIC: the right is gone before the command that took it is answered.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use chat_proto::delivery::{EndReason, Ended};
use chat_proto::event::{List, ReplyTo, VisibleTo};
use chat_proto::request::{
    Announce, BatchItem, ChangeRoom, CreateRoomWith, DeleteRoom, DescribeRoom, Edit, Explain, Forward, History,
    JoinRoom, Kick, ListMembers, ListPins, ListRooms, LookUpRoom, Pin, PostBatch, PostWith, PutOnList, ReadList,
    SetRole, Subscribe, TakeOffList, TransferRoom, UserRef,
};
use chat_proto::setting::{JoinPolicy, Joining, Listing, Reading, Retention, Topic, Who};
use chat_proto::{
    AccountId, Anchor, Chain, Delivery, Epoch, EventBody, FeedId, FeedState, Ordinal, Position, RejectCode, Reply,
    Role, RoomId, RoomRef, RoomSetting, Seq, Style,
};
use support::{Device, RawClient, TestServer, fresh_key, post};

fn name(name: &str) -> UserRef {
    UserRef::Name(name.to_owned())
}

fn ban(room: RoomId, who: &str) -> PutOnList {
    PutOnList { key: fresh_key(), room, user: name(who), list: List::Banned, until: None, reason: "spam".to_owned() }
}

fn change(room: RoomId, setting: impl Into<RoomSetting>) -> ChangeRoom {
    ChangeRoom { key: fresh_key(), room, changes: vec![setting.into()] }
}

fn newest(room: RoomId) -> History {
    History { room, anchor: Anchor::Before(Seq::MAX), limit: 200 }
}

async fn people<const N: usize>(server: &TestServer, names: [&str; N]) -> [RawClient; N] {
    let mut clients = Vec::new();
    for name in names {
        clients.push(RawClient::login(server, &Device::new(), name).await);
    }
    clients.try_into().map_err(|_| ()).unwrap()
}

async fn done(client: &mut RawClient, request: impl Into<chat_proto::Request>) -> Seq {
    match client.ask(request).await {
        Reply::Receipt(receipt) => receipt.seq,
        reply => panic!("{reply:?}"),
    }
}

#[tokio::test]
async fn a2_a_ban_cuts_off_at_its_seq_before_it_is_answered() {
    let server = TestServer::start();
    let [mut alice, mut bob] = people(&server, ["alice", "bob"]).await;
    let room = alice.join("dev").await.room;
    bob.join("dev").await;
    let banned = done(&mut alice, ban(room, "bob")).await;
    let after = alice.post(room, "he is gone").await.seq;
    assert!(after > banned);
    for request in [
        chat_proto::Request::from(post(room, "still here?")),
        newest(room).into(),
        JoinRoom { key: fresh_key(), room: RoomRef::Id(room), create: false }.into(),
        ListMembers { room, after: AccountId(0), limit: 10 }.into(),
    ] {
        let reject = bob.refused(request).await;
        assert_eq!(reject.code, RejectCode::Banned, "{reject:?}");
    }
    let mut last = Seq::ZERO;
    let reason = bob
        .expect(|delivery| match delivery {
            Delivery::Events(events) if events.feed == FeedId::Room(room) => {
                last = events.events.last().unwrap().seq;
                None
            }
            Delivery::Ended(Ended { feed, reason }) if *feed == FeedId::Room(room) => Some(*reason),
            _ => None,
        })
        .await;
    assert!(matches!(reason, EndReason::Left | EndReason::NoAccess), "{reason:?}");
    assert!(last >= banned && last < after, "{last} {banned} {after}");
    let position =
        Position { feed: FeedId::Room(room), epoch: Epoch(1), seq: Seq(1), chain: Chain::default(), backlog_max: 100 };
    let Reply::FeedStatus(status) = bob.ask(Subscribe { from: position }).await else { panic!() };
    assert_eq!(status.state, FeedState::NoAccess);
}

#[tokio::test]
async fn a_hidden_room_looks_as_if_there_were_none() {
    let server = TestServer::start();
    let [mut alice, mut bob] = people(&server, ["alice", "bob"]).await;
    let settings = vec![
        Listing { who: Who::Members }.into(),
        Reading { who: Who::Members }.into(),
        Joining { policy: JoinPolicy::Invited }.into(),
    ];
    let create = CreateRoomWith { key: fresh_key(), name: "secret".to_owned(), settings };
    let Reply::RoomInfo(info) = alice.ask(create).await else { panic!() };
    let room = info.room;
    let Reply::RoomList(list) = bob.ask(ListRooms { after: RoomId(0), limit: 10 }).await else { panic!() };
    assert!(list.rooms.is_empty());
    for request in [
        chat_proto::Request::from(LookUpRoom { room: RoomRef::Id(room) }),
        newest(room).into(),
        post(room, "hello?").into(),
        JoinRoom { key: fresh_key(), room: RoomRef::Id(room), create: false }.into(),
        ListPins { room }.into(),
        DescribeRoom { room }.into(),
        Kick { key: fresh_key(), room, user: name("alice"), reason: String::new() }.into(),
    ] {
        assert_eq!(bob.refused(request.clone()).await.code, RejectCode::NoSuchRoom, "{request:?}");
    }
    let named = |name: &str| RoomRef::Name(name.to_owned());
    for ask in [
        |room| chat_proto::Request::from(LookUpRoom { room }),
        |room| JoinRoom { key: fresh_key(), room, create: false }.into(),
    ] {
        let (hidden, none) = (bob.refused(ask(named("secret"))).await, bob.refused(ask(named("nothing"))).await);
        assert_eq!(hidden, none, "one is told the same");
    }
    let invite = PutOnList {
        key: fresh_key(),
        room,
        user: name("bob"),
        list: List::Invited,
        until: None,
        reason: String::new(),
    };
    done(&mut alice, invite).await;
    let Reply::RoomList(list) = bob.ask(ListRooms { after: RoomId(0), limit: 10 }).await else { panic!() };
    assert_eq!(list.rooms.len(), 1);
    assert!(bob.join("secret").await.member);
}

#[tokio::test]
async fn b2_a_change_of_mode_puts_out_whoever_lost_the_right_and_never_its_owner() {
    let server = TestServer::start();
    let [mut alice, mut bob, mut carol] = people(&server, ["alice", "bob", "carol"]).await;
    let room = alice.join("dev").await.room;
    bob.join("dev").await;
    carol.join("dev").await;
    let role = SetRole { key: fresh_key(), room, user: name("bob"), role: Role::Admin };
    done(&mut alice, role).await;
    done(&mut alice, change(room, Joining { policy: JoinPolicy::Invited })).await;
    let members = ListMembers { room, after: AccountId(0), limit: 10 };
    let Reply::MemberList(list) = alice.ask(members.clone()).await else { panic!() };
    let names: Vec<_> = list.members.iter().map(|member| (member.name.as_str(), member.role)).collect();
    assert_eq!(names, [("alice", Role::Owner), ("bob", Role::Admin)]);
    assert_eq!(carol.refused(post(room, "hi")).await.code, RejectCode::NotMember);
    done(&mut alice, SetRole { key: fresh_key(), room, user: name("bob"), role: Role::Member }).await;
    let Reply::MemberList(list) = alice.ask(members).await else { panic!() };
    assert_eq!(list.total, 1);
    assert_eq!(bob.refused(post(room, "hi")).await.code, RejectCode::NotMember);
}

#[tokio::test]
async fn a_message_for_some_is_withheld_from_the_others_on_every_path() {
    let server = TestServer::start();
    let [mut alice, mut bob, mut carol] = people(&server, ["alice", "bob", "carol"]).await;
    let room = alice.join("dev").await.room;
    bob.join("dev").await;
    carol.join("dev").await;
    let extras = vec![VisibleTo { accounts: vec![bob.welcome.account] }.into()];
    let text = "psst @bob @carol".to_owned();
    let secret = PostWith { key: fresh_key(), room, style: Style::Text, text, extras };
    let seq = done(&mut alice, secret).await;
    let answer = vec![ReplyTo { target: seq }.into()];
    let reply = |key| PostWith { key, room, style: Style::Text, text: "what?".to_owned(), extras: answer.clone() };
    assert_eq!(carol.refused(reply(fresh_key())).await.code, RejectCode::NoSuchMessage);
    let answered = done(&mut bob, reply(fresh_key())).await;
    let public = alice.post(room, "lunch?").await;
    assert_eq!(public.ordinal, Ordinal(1), "what only some see counts for nobody");
    let live = |client: RawClient| async move {
        let mut client = client;
        let mut bodies = Vec::new();
        while bodies.len() < 3 {
            bodies
                .extend(client.events(room).await.into_iter().filter(|event| event.seq >= seq).map(|event| event.body));
        }
        (client, bodies)
    };
    let (mut carol, heard) = live(carol).await;
    assert!(matches!(heard[..], [EventBody::Withheld(_), EventBody::Withheld(_), EventBody::Posted(_)]), "{heard:?}");
    let (_bob, heard) = live(bob).await;
    assert!(heard.iter().all(|body| body.message().is_some()), "{heard:?}");
    let Reply::Page(page) = carol.ask(newest(room)).await else { panic!() };
    let hidden: Vec<_> = page.events.iter().filter(|event| event.seq == seq || event.seq == answered).collect();
    assert_eq!(hidden.len(), 2);
    assert!(hidden.iter().all(|event| event.body == EventBody::Withheld(chat_proto::event::Withheld {})));
    assert!(hidden.iter().all(|event| event.by == AccountId(0)));
    let elsewhere = carol.join("other").await.room;
    let forward = Forward { key: fresh_key(), room, target: seq, to: elsewhere };
    assert_eq!(carol.refused(forward).await.code, RejectCode::NoSuchMessage);
    let edit = Edit { key: fresh_key(), room, target: seq, text: "psst, bob".to_owned() };
    done(&mut alice, edit).await;
    let Reply::Page(page) = carol.ask(newest(room)).await else { panic!() };
    assert!(matches!(page.events.last().unwrap().body, EventBody::Withheld(_)));
}

#[tokio::test]
async fn roles_lists_pins_and_details_are_told_to_members() {
    let server = TestServer::start();
    let [mut alice, mut bob] = people(&server, ["alice", "bob"]).await;
    let room = alice.join("dev").await.room;
    bob.join("dev").await;
    let said = bob.post(room, "read this").await.seq;
    assert_eq!(bob.refused(Pin { key: fresh_key(), room, target: said, on: true }).await.code, RejectCode::Forbidden);
    done(&mut alice, SetRole { key: fresh_key(), room, user: name("bob"), role: Role::Moderator }).await;
    done(&mut bob, Pin { key: fresh_key(), room, target: said, on: true }).await;
    let Reply::PinList(pins) = bob.ask(ListPins { room }).await else { panic!() };
    assert_eq!(pins.events[0].seq, said);
    let Reply::RoomDetails(details) = bob.ask(DescribeRoom { room }).await else { panic!() };
    assert_eq!(details.role, Some(Role::Moderator));
    assert!(
        details.rights.iter().any(|right| right == "kick") && !details.rights.iter().any(|right| right == "delete")
    );
    let explain =
        |action: &str, target: Option<&str>| Explain { room, action: action.to_owned(), target: target.map(name) };
    let Reply::Explained(why) = bob.ask(explain("kick", Some("alice"))).await else { panic!() };
    assert_eq!(why.refusal.unwrap().code, RejectCode::Forbidden);
    let Reply::Explained(why) = bob.ask(explain("post", None)).await else { panic!() };
    assert_eq!(why.refusal, None);
    assert_eq!(bob.refused(explain("dance", None)).await.code, RejectCode::BadRequest);
    let mute = PutOnList { list: List::Muted, ..ban(room, "nobody") };
    assert_eq!(bob.refused(mute).await.code, RejectCode::NoSuchUser);
    done(&mut alice, TransferRoom { key: fresh_key(), room, user: name("bob") }).await;
    assert_eq!(alice.refused(ban(room, "bob")).await.code, RejectCode::Forbidden);
}

#[tokio::test]
async fn a_batch_has_a_result_for_each_and_an_announcement_leaves_no_trace() {
    let server = TestServer::start();
    let [mut alice, mut bob] = people(&server, ["alice", "bob"]).await;
    let room = alice.join("dev").await.room;
    bob.join("dev").await;
    let item = |text: &str| BatchItem { key: fresh_key(), style: Style::Text, text: text.to_owned() };
    let batch = PostBatch { room, posts: vec![item("one"), item("bad\u{1b}"), item("two")] };
    let Reply::BatchReceipt(receipt) = alice.ask(batch).await else { panic!() };
    let stored: Vec<bool> =
        receipt.results.iter().map(|result| matches!(result, chat_proto::reply::BatchResult::Stored(_))).collect();
    assert_eq!(stored, [true, false, true]);
    let head = alice.join("dev").await.head;
    alice.ask(Announce { room, style: Style::Text, text: "now only".to_owned() }).await;
    let told = bob.expect(|delivery| match delivery {
        Delivery::Announced(announced) => Some(announced.text.clone()),
        _ => None,
    });
    assert_eq!(told.await, "now only");
    assert_eq!(alice.join("dev").await.head, head);
    let Reply::ListEntries(list) =
        alice.ask(ReadList { room, list: List::Banned, after: AccountId(0), limit: 9 }).await
    else {
        panic!()
    };
    assert!(list.entries.is_empty());
    done(&mut alice, ban(room, "bob")).await;
    let lifted = TakeOffList { key: fresh_key(), room, user: name("bob"), list: List::Banned, reason: String::new() };
    done(&mut alice, lifted).await;
    assert!(bob.join("dev").await.member);
}

#[tokio::test]
async fn retention_keeps_the_newest_messages_and_says_what_is_gone() {
    let server = TestServer::start();
    let [mut alice, mut bob] = people(&server, ["alice", "bob"]).await;
    let room = alice.join("dev").await.room;
    bob.join("dev").await;
    let retention = Retention { messages: Some(10), age_s: None, bytes: None };
    done(&mut alice, change(room, retention)).await;
    for number in 0..60 {
        alice.post(room, &format!("message {number}")).await;
    }
    // What is forgotten waits until it is noted what it means for accounts.
    let (last, page) = loop {
        let last = alice.post(room, "one more").await.seq;
        let Reply::Page(page) = bob.ask(newest(room)).await else { panic!() };
        if page.oldest > Seq(40) {
            break (last, page);
        }
    };
    assert!(page.events.len() <= 20, "{}", page.events.len());
    assert_eq!(page.last, last);
    let trimmed = page.trimmed.unwrap();
    assert_eq!(trimmed.to.next(), page.oldest);
    let Reply::Page(old) = bob.ask(History { room, anchor: Anchor::After(Seq(0)), limit: 5 }).await else { panic!() };
    assert!(old.trimmed.is_some());
}

#[tokio::test]
async fn a_deleted_room_is_gone_for_everybody_with_its_history_and_another_one_of_its_name_inherits_nothing() {
    let server = TestServer::start();
    let [mut alice, mut bob] = people(&server, ["alice", "bob"]).await;
    let room = alice.join("dev").await.room;
    bob.join("dev").await;
    bob.post(room, "remember me").await;
    let delete = |if_empty| DeleteRoom { key: fresh_key(), room, if_empty, reason: "over".to_owned() };
    assert_eq!(bob.refused(delete(false)).await.code, RejectCode::Forbidden);
    assert_eq!(alice.refused(delete(true)).await.code, RejectCode::Forbidden);
    done(&mut alice, delete(false)).await;
    let ended = bob.expect(|delivery| match delivery {
        Delivery::Ended(Ended { feed, reason }) if *feed == FeedId::Room(room) => Some(*reason),
        _ => None,
    });
    assert_eq!(ended.await, EndReason::Deleted);
    for request in [
        chat_proto::Request::from(post(room, "still here?")),
        newest(room).into(),
        JoinRoom { key: fresh_key(), room: RoomRef::Name("dev".to_owned()), create: false }.into(),
        LookUpRoom { room: RoomRef::Id(room) }.into(),
    ] {
        assert_eq!(bob.refused(request).await.code, RejectCode::NoSuchRoom);
    }
    let Reply::RoomList(list) = bob.ask(ListRooms { after: RoomId(0), limit: 10 }).await else { panic!() };
    assert!(list.rooms.is_empty());
    let again = CreateRoomWith { key: fresh_key(), name: "dev".to_owned(), settings: Vec::new() };
    let Reply::RoomInfo(another) = bob.ask(again).await else { panic!() };
    assert_ne!(another.room, room);
    assert_eq!(alice.refused(newest(room)).await.code, RejectCode::NoSuchRoom, "the number leads nowhere");
    assert_eq!(
        alice.refused(change(another.room, Topic { text: "mine".to_owned() })).await.code,
        RejectCode::Forbidden
    );
    let Reply::Page(page) = bob.ask(newest(another.room)).await else { panic!() };
    assert_eq!((page.oldest, page.events.len()), (Seq(1), 1));
    let kept = server.store.read(FeedId::Room(room), Seq(1), 100).await.unwrap();
    assert!(!format!("{kept:?}").contains("remember me"), "{kept:?}");
}
