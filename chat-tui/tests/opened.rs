//! What a person is told of the devices and secrets that open his account.

#![allow(clippy::unwrap_used)]
#![cfg(feature = "tui")]

mod harness;

use chat_proto::delivery::Events;
use chat_proto::identity::{DeviceChange, DeviceChanged, Secret, SecretChange, SecretChanged};
use chat_proto::{Chain, DeviceId, Epoch, Event, EventBody, FeedId, Seq};
use chat_tui::client::ClientEvent;
use chat_tui::tui::core::heard::Heard;
use harness::{ALICE, GENERAL, History, Screen, status};

fn device(device: u64, label: &str, change: DeviceChange, by: u64) -> EventBody {
    let label = label.to_owned();
    DeviceChanged { device: DeviceId(device), label, change, by: DeviceId(by), seq: Seq(device) }.into()
}

/// A screen, on device 1, that hears of its own account.
fn screen(bodies: Vec<EventBody>) -> Screen {
    let mut screen = Screen::online(120, 24, status(GENERAL, "general", 0, 0));
    tell(&mut screen, bodies);
    screen
}

fn tell(screen: &mut Screen, bodies: Vec<EventBody>) {
    let history = bodies.into_iter().fold(History::default(), |history, body| history.push(ALICE, body));
    let events: Vec<Event> = history.events;
    let feed = FeedId::Account(ALICE);
    screen.net(ClientEvent::Events(Events { feed, epoch: Epoch(1), events, chain: Chain::default() }));
}

fn told(screen: &Screen) -> String {
    screen.model.notice.as_ref().map(|notice| notice.text.clone()).unwrap_or_default()
}

#[test]
fn a_device_that_comes_is_told_with_what_to_do_until_it_was_seen() {
    let mut screen = screen(vec![device(3, "laptop", DeviceChange::Linked, 3)]);
    let words = "a new device, \"laptop\", opens your account; /revoke 3 if it isn't yours";
    screen.wait(60_000);
    assert!(screen.text().contains(words), "{}", screen.text());
    let lines = Heard::default().news(&screen.model);
    assert!(lines.contains(&format!("-- {words}")), "{lines:?}");
}

#[test]
fn whoever_is_typing_sees_it_too() {
    let mut screen = screen(Vec::new());
    screen.keys("hel");
    tell(&mut screen, vec![device(3, "laptop", DeviceChange::Linked, 3)]);
    screen.keys("lo").wait(5_000).keys("!");
    assert!(told(&screen).contains("/revoke 3"));
    screen.wait(60_000);
    assert!(told(&screen).contains("/revoke 3"), "nobody has done anything since");
    screen.keys("!");
    assert_eq!(told(&screen), "");
}

#[test]
fn what_this_device_did_and_what_was_before_it_came_is_no_news() {
    assert_eq!(told(&screen(vec![device(3, "old", DeviceChange::Revoked, 1)])), "");
    let before = vec![device(2, "phone", DeviceChange::Linked, 2), device(1, "this", DeviceChange::Linked, 1)];
    assert_eq!(told(&screen(before.clone())), "");
    let since = [before, vec![device(2, "phone", DeviceChange::Revoked, 4)]].concat();
    assert_eq!(told(&screen(since)), "the device \"phone\" was revoked: it opens your account no more");
}

#[test]
fn of_several_changes_the_newest_is_told_and_how_many_others_there_are() {
    let set = SecretChanged { secret: Secret::RecoveryCode, change: SecretChange::Set, by: DeviceId(2), seq: Seq(8) };
    let used = SecretChanged { change: SecretChange::Used, seq: Seq(9), ..set };
    let mut screen = screen(vec![device(5, "", DeviceChange::Recovered, 5), used.into()]);
    let recovered = "a new device, 5, opens your account by the recovery code; /revoke 5 if it isn't yours";
    assert_eq!(told(&screen), recovered);
    tell(&mut screen, vec![device(6, "b", DeviceChange::Linked, 6), set.into()]);
    let text = told(&screen);
    assert!(text.starts_with("your device 2 made a recovery code"), "{text}");
    assert!(text.contains("1 more changed"), "{text}");
}

#[test]
fn a_label_is_words_and_nothing_a_terminal_obeys() {
    let screen = screen(vec![device(3, "a\u{1b}[2Jb\u{202e}c", DeviceChange::Linked, 3)]);
    let text = screen.text();
    assert!(text.contains("/revoke 3"), "{text}");
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text:?}");
}
