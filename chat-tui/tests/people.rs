//! What is chosen from in front: messages on their way, somebody's card, the settings of a room and who is on its lists.

#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]
#![cfg(feature = "tui")]

mod harness;

use std::time::Duration;

use chat_proto::event::{List, Named};
use chat_proto::nick::{Nick, NickPolicy, Nicks};
use chat_proto::profile::{Profile, Status};
use chat_proto::reply::{Done, Explained, ListEntries, ListEntry, Reject, RejectCode, RoomDetails};
use chat_proto::request::{ChangeRoom, DescribeRoom, Explain, ReadList, TakeOffList, UserRef};
use chat_proto::setting::{EditsKept, Filters, JoinPolicy, Joining, SlowMode, Topic};
use chat_proto::{MessageKey, Presence, Reply, Request, Role, RoomId, Seq, Style, Timestamp};
use chat_tui::client::{ClientEvent, LinkState, Outgoing};
use chat_tui::tui::core::heard::Heard;
use chat_tui::tui::core::pointer::{Gesture, Spot};
use chat_tui::tui::core::{Effect, Errand, Intent, Msg, Tag};
use harness::{BOB, DEV, GENERAL, MORNING, SERVER, Screen, members, status};

const NO_KEY: MessageKey = MessageKey([0; 16]);

fn screen() -> Screen {
    let mut screen = Screen::online(100, 30, status(GENERAL, "general", 1, 1));
    screen.msg(members(GENERAL)).wait(1_000).taken();
    screen
}

fn tags(screen: &mut Screen) -> Vec<(Tag, Request)> {
    let asked = screen.taken().into_iter().filter_map(|effect| match effect {
        Effect::At(SERVER, Errand::Request(tag, request)) => Some((tag, request)),
        _ => None,
    });
    asked.collect()
}

fn asked(screen: &mut Screen) -> Vec<Request> {
    tags(screen).into_iter().map(|(_, request)| request).collect()
}

fn answer(screen: &mut Screen, tag: Tag, reply: impl Into<Reply>) {
    screen.msg(Msg::Answer(SERVER, tag, Ok(reply.into())));
}

fn bob() -> UserRef {
    UserRef::Name("bob".to_owned())
}

fn notice(screen: &Screen) -> &str {
    screen.model.notice.as_ref().map_or("", |notice| &notice.text)
}

fn line(screen: &Screen) -> &str {
    screen.model.composer().text()
}

fn message(key: u8, room: RoomId, text: &str) -> Outgoing {
    let key = MessageKey([key; 16]);
    Outgoing { key, room, style: Style::Text, text: text.to_owned(), reply_to: None, refused: None }
}

/// Two messages that wait, and one that was refused; no connection.
fn waiting() -> Screen {
    let mut screen = screen();
    let away = LinkState::Waiting { retry_in: Duration::from_secs(60), reason: "away".to_owned() };
    screen.net(ClientEvent::Link(away));
    screen.net(ClientEvent::Queued(Outgoing { reply_to: Some(Seq(1)), ..message(1, GENERAL, "first words") }));
    screen.net(ClientEvent::Queued(message(2, DEV, "for dev")));
    let no = Some(Reject::new(RejectCode::Muted, "you are muted"));
    screen.net(ClientEvent::Refused(Outgoing { refused: no, ..message(3, DEV, "too loud") }));
    screen.taken();
    screen
}

fn take_back(screen: &mut Screen) -> Option<Tag> {
    let mut back = screen.taken().into_iter().filter_map(|effect| match effect {
        Effect::At(SERVER, Errand::TakeBack(tag)) => Some(tag),
        _ => None,
    });
    back.next()
}

#[test]
fn what_is_on_its_way_is_listed_with_its_room_and_how_it_stands() {
    let mut screen = waiting();
    screen.keys("/outbox<enter>");
    let text = screen.text();
    for words in
        ["3 not sent yet", "#general  first words", "waits for the connection, since 11:50", "refused: you are"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    screen.net(ClientEvent::Sent { key: MessageKey([2; 16]), room: DEV, receipt: receipt() });
    assert!(screen.text().contains("2 not sent yet"), "{}", screen.text());
    screen.keys("<esc><f3>");
    assert!(screen.text().contains("2 not sent yet"));
}

fn receipt() -> chat_proto::reply::Receipt {
    chat_proto::reply::Receipt {
        seq: Seq(1),
        at: Timestamp(MORNING),
        ordinal: chat_proto::Ordinal(1),
        duplicate: false,
    }
}

#[test]
fn one_is_taken_back_into_its_rooms_line_only_when_nobody_will_send_it_any_more() {
    let mut screen = waiting();
    screen.keys("<f3><enter>");
    let tag = take_back(&mut screen).unwrap();
    assert_eq!(tag, Tag::TakeBack(GENERAL, MessageKey([1; 16]), true));
    assert_eq!(line(&screen), "", "it may be under way");
    screen.msg(Msg::Answer(SERVER, tag.clone(), Err("the server may have it already".to_owned())));
    assert!(notice(&screen).contains("may have it already") && line(&screen).is_empty());
    assert!(screen.text().contains("3 not sent yet"), "it is where it was");
    answer(&mut screen, tag, Done {});
    assert_eq!((line(&screen), screen.model.room().unwrap().intent), ("first words", Intent::Reply(Seq(1))));
    assert_eq!(screen.model.picker, None);
    screen.keys("<esc><ctrl-u>/outbox<enter><enter>");
    let tag = take_back(&mut screen).unwrap();
    answer(&mut screen, tag, Done {});
    assert_eq!((screen.current(), line(&screen)), (Some(DEV), "for dev"), "its room is gone to");
    screen.keys("<f3><enter>");
    assert_eq!(take_back(&mut screen), None);
    assert!(notice(&screen).contains("something is being written in #dev"), "{}", notice(&screen));
}

#[test]
fn one_is_thrown_away_and_a_refused_one_sent_again_by_letters() {
    let mut screen = waiting();
    screen.keys("<f3>r");
    assert!(notice(&screen).contains("it was not refused"), "{}", notice(&screen));
    screen.keys("<down><down>r");
    assert!(screen.taken().contains(&Effect::At(SERVER, Errand::Retry(MessageKey([3; 16])))));
    screen.keys("<up><up>d");
    let tag = take_back(&mut screen).unwrap();
    assert_eq!(tag, Tag::TakeBack(GENERAL, MessageKey([1; 16]), false));
    answer(&mut screen, tag, Done {});
    assert!(screen.text().contains("2 not sent yet"), "{}", screen.text());
    assert_eq!(line(&screen), "");
}

#[test]
fn leaving_with_unsent_messages_asks_once_and_says_what_becomes_of_them() {
    let mut screen = waiting();
    screen.keys("<ctrl-q>");
    assert!(!screen.taken().contains(&Effect::Quit));
    let told = "2 messages are not sent yet and will be next time, 1 refused by the server will be kept";
    assert!(notice(&screen).starts_with(told), "{}", notice(&screen));
    screen.keys("/quit<enter>");
    assert!(screen.taken().contains(&Effect::Quit));
    screen.keys("/quit<enter>").wait(11_000).keys("<ctrl-q>");
    assert!(!screen.taken().contains(&Effect::Quit), "what was asked long ago is asked anew");
    let mut calm = self::screen();
    calm.keys("<ctrl-q>");
    assert!(calm.taken().contains(&Effect::Quit));
}

fn profile() -> Profile {
    Profile {
        account: BOB,
        name: "bob".to_owned(),
        since: Timestamp(MORNING),
        presence: Presence::Online,
        status: Status { text: "at lunch".to_owned(), away: false, until: None },
        state: vec![],
        shared_rooms: vec!["general".to_owned()],
    }
}

/// A card of bob whom one may kick, but not make an admin.
fn card() -> Screen {
    let mut screen = screen();
    screen.keys("/whois @bob<enter>");
    let [(whois, _)] = tags(&mut screen).try_into().unwrap();
    answer(&mut screen, whois, profile());
    for (tag, request) in tags(&mut screen) {
        match (tag, request) {
            (Tag::Called, _) => {
                let nick = Nick { account: BOB, name: "bob".to_owned(), nick: "Bobby".to_owned() };
                answer(&mut screen, Tag::Called, Nicks { policy: NickPolicy::default(), nicks: vec![nick] });
            }
            (tag @ Tag::May(..), Request::Explain(Explain { room, action, target })) => {
                assert_eq!(room, GENERAL);
                assert_eq!(target, (action != "invite").then(bob));
                let refusal =
                    (action == "ban").then(|| Reject::new(RejectCode::Forbidden, "only moderators keep people out"));
                if action != "mute" {
                    answer(&mut screen, tag, Explained { refusal });
                }
            }
            (Tag::CardSeen, _) => {}
            other => panic!("{other:?}"),
        }
    }
    screen
}

#[test]
fn a_card_says_who_somebody_is_and_what_the_server_lets_one_do_to_him() {
    let mut screen = card();
    let text = screen.text();
    for words in ["called        Bobby", "status        at lunch", "role          member in #general", "k  put him out"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(text.contains("only moderators keep people out"), "{text}");
    screen.keys("b");
    assert_eq!((notice(&screen), line(&screen)), ("only moderators keep people out", ""));
    screen.keys("M");
    assert!(notice(&screen).contains("has not said yet"), "{}", notice(&screen));
    assert!(screen.model.picker.is_some());
    screen.keys("k");
    assert_eq!((line(&screen), screen.model.picker.is_none()), ("/kick bob ", true));
    assert_eq!(asked(&mut screen), [], "Enter says that it is meant");
}

#[test]
fn every_line_of_a_card_is_chosen_by_its_letter_by_enter_or_by_a_click() {
    let mut screen = card();
    screen.keys("m");
    assert_eq!(line(&screen), "bob: ");
    let mut screen = card();
    screen.keys("o");
    assert_eq!(line(&screen), "/role bob moderator");
    let mut screen = card();
    let text = screen.text();
    let row = text.lines().position(|line| line.contains("q  write to him")).unwrap();
    let spot = screen.hits().at(40, u16::try_from(row).unwrap());
    assert!(matches!(spot, Some(Spot::Item(1))), "{spot:?}");
    screen.msg(Msg::Point(Gesture::Click, spot.unwrap()));
    assert!(matches!(&asked(&mut screen)[..], [Request::OpenDirect(it)] if it.with == [bob()]));
    let mut screen = card();
    screen.keys("i");
    assert!(matches!(&asked(&mut screen)[..], [Request::Ignore(it)] if it.account == BOB && it.on));
    let mut screen = card();
    screen.keys("B");
    assert!(matches!(&asked(&mut screen)[..], [Request::Block(it)] if it.account == BOB && it.on));
}

#[test]
fn a_card_is_told_line_by_line_to_who_has_no_screen() {
    let mut heard = Heard::default();
    let mut screen = screen();
    heard.news(&screen.model);
    screen.keys("/whois bob<enter>");
    let [(whois, _)] = tags(&mut screen).try_into().unwrap();
    answer(&mut screen, whois, profile());
    let told = heard.news(&screen.model);
    assert_eq!(told[0], "-- bob:");
    assert!(told.contains(&"   status        at lunch".to_owned()), "{told:?}");
    assert!(told.iter().any(|line| line.starts_with("   k  put him out")), "{told:?}");
    let nick = Nick { account: BOB, name: "bob".to_owned(), nick: "Bobby".to_owned() };
    answer(&mut screen, Tag::Called, Nicks { policy: NickPolicy::default(), nicks: vec![nick] });
    assert_eq!(heard.news(&screen.model), ["   called        Bobby"]);
}

fn details(rights: &[&str]) -> RoomDetails {
    RoomDetails {
        room: GENERAL,
        name: "general".to_owned(),
        owner: None,
        role: Some(Role::Admin),
        settings: vec![
            Topic { text: "what we build".to_owned() }.into(),
            Joining { policy: JoinPolicy::Anyone }.into(),
            SlowMode { seconds: 5 }.into(),
            EditsKept { on: true }.into(),
            Filters { rules: vec![] }.into(),
        ],
        rights: rights.iter().map(|right| (*right).to_owned()).collect(),
    }
}

fn form(rights: &[&str]) -> Screen {
    let mut screen = screen();
    screen.keys("<f2>");
    let [(tag, request)] = tags(&mut screen).try_into().unwrap();
    assert_eq!(request, DescribeRoom { room: GENERAL }.into());
    answer(&mut screen, tag, details(rights));
    screen
}

fn changed(screen: &mut Screen) -> Tag {
    let [(tag, Request::ChangeRoom(ChangeRoom { key: NO_KEY, room: GENERAL, .. }))] = &tags(screen)[..] else {
        panic!("one change of the room")
    };
    tag.clone()
}

#[test]
fn a_room_is_set_by_a_form_a_switch_a_choice_and_a_line() {
    let mut screen = form(&["change"]);
    let text = screen.text();
    for words in ["topic          what we build", "who may become a member", "edits_kept     true", "banned"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    screen.keys("edits<enter>");
    let tag = changed(&mut screen);
    assert_eq!(
        format!("{tag:?}"),
        format!("{:?}", Tag::Ask(chat_tui::tui::core::command::Ask::Set(EditsKept { on: false }.into())))
    );
    answer(&mut screen, tag, Done {});
    let [(again, Request::DescribeRoom(_))] = &tags(&mut screen)[..] else { panic!("it is asked for again") };
    answer(&mut screen, again.clone(), details(&["change"]));
    screen.keys("join<enter>");
    assert!(screen.text().contains("as it is"), "{}", screen.text());
    screen.keys("<down><down><enter>");
    let tag = changed(&mut screen);
    assert!(format!("{tag:?}").contains("Invited"), "{tag:?}");
    answer(&mut screen, tag, Done {});
    let [(again, _)] = tags(&mut screen).try_into().unwrap();
    answer(&mut screen, again, details(&["change"]));
    screen.keys("slow<enter>");
    screen.keys("x<enter>");
    assert!(screen.text().contains("slow_mode_s is a whole number"), "{}", screen.text());
    assert_eq!(asked(&mut screen), [], "what is wrong is told in place");
    screen.keys("<backspace>0<enter>");
    let tag = changed(&mut screen);
    assert!(format!("{tag:?}").contains("50"), "{tag:?}");
    screen.msg(Msg::Answer(SERVER, tag, Ok(Reply::Reject(Reject::new(RejectCode::BadRequest, "at most 40")))));
    assert!(screen.text().contains("> 50") && notice(&screen) == "at most 40", "it can be mended");
    screen.keys("<esc>");
    assert!(matches!(&asked(&mut screen)[..], [Request::DescribeRoom(_)]), "back to the form");
}

#[test]
fn who_may_not_change_a_room_asks_why() {
    let mut screen = form(&["post"]);
    screen.keys("topic<enter>");
    let why = Explain { room: GENERAL, action: "change".to_owned(), target: None };
    assert_eq!(asked(&mut screen), [why.into()]);
}

#[test]
fn a_list_of_a_room_is_opened_and_somebody_taken_off_it() {
    let mut screen = form(&["change"]);
    screen.keys("banned<enter>");
    let [(tag, Request::ReadList(ReadList { list: List::Banned, .. }))] = &tags(&mut screen)[..] else {
        panic!("the list is asked for")
    };
    let entry = |name: &str| ListEntry {
        who: Named { account: BOB, name: name.to_owned() },
        until: None,
        reason: "too loud".to_owned(),
        by: BOB,
        since: Timestamp(MORNING),
    };
    let entries = vec![entry("bob"), entry("eve")];
    answer(&mut screen, tag.clone(), ListEntries { list: List::Banned, entries, more: false });
    screen.keys("<down>d");
    let [(tag, Request::TakeOffList(TakeOffList { user, list: List::Banned, .. }))] = &tags(&mut screen)[..] else {
        panic!("somebody is taken off")
    };
    assert_eq!(*user, UserRef::Name("eve".to_owned()));
    answer(&mut screen, tag.clone(), Done {});
    assert!(matches!(&asked(&mut screen)[..], [Request::ReadList(_)]), "it is shown as it is now");
}

#[test]
fn a_click_on_the_header_opens_the_form_and_a_room_gone_to_closes_it() {
    let mut screen = screen();
    screen.msg(Msg::Point(Gesture::Click, screen.hits().at(3, 0).unwrap()));
    assert!(matches!(&asked(&mut screen)[..], [Request::DescribeRoom(_)]));
    let mut screen = form(&["change"]);
    screen.msg(Msg::Point(Gesture::Click, Spot::Room(harness::key(DEV))));
    assert_eq!((screen.current(), screen.model.picker.is_some()), (Some(DEV), false));
}

#[test]
fn every_size_draws_what_is_chosen_from_with_what_is_said_above_it() {
    for columns in [1, 3, 20, 50, 80, 200] {
        for rows in 1..20 {
            for mut screen in [card(), form(&["change"]), waiting()] {
                screen.keys("<f3>");
                screen.msg(Msg::Resize(columns, rows));
                screen.text();
                screen.text_ascii();
            }
        }
    }
}
