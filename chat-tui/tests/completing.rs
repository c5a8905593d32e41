//! Tab knows what may stand in each place, and the switcher offers everything there is to go to or change.

#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]
#![cfg(feature = "tui")]

mod harness;

use chat_proto::{Request, RoomId};
use chat_tui::tui::core::{Effect, Errand, Msg, Prefs, ServerId};
use harness::{BOB, GENERAL, History, SERVER, Screen, members, status, status_of};

fn screen() -> Screen {
    let all = History::default().said(BOB, "bob", "hello").events;
    let mut screen = Screen::online(120, 30, status_of(GENERAL, "general", &all, 1));
    screen.serve(&all).msg(members(GENERAL));
    let prefs = Prefs { themes: vec!["nord", "mono"], ..Prefs::default() };
    screen.msg(Msg::Prefs(Box::new(prefs))).wait(1_000).taken();
    screen
}

/// What a line becomes by Tab.
fn completed(line: &str) -> String {
    let mut screen = screen();
    screen.keys(line).keys("<tab>");
    screen.model.composer().text().to_owned()
}

#[test]
fn every_argument_is_completed_with_what_may_stand_there() {
    for (line, whole) in [
        ("/kick ca", "/kick carol "),
        ("/ban @bo", "/ban @bob "),
        ("/ban bob -t", "/ban bob -time "),
        ("/ban bob -time 1h", "/ban bob -time 1h "),
        ("/join #ran", "/join #random "),
        ("/forward #1 #d", "/forward #1 #dev "),
        ("/role bob mod", "/role bob moderator "),
        ("/set ui.hi", "/set ui.hints "),
        ("/set ui.hints of", "/set ui.hints off "),
        ("/set typing o", "/set typing on "),
        ("/set theme no", "/set theme nord "),
        ("/theme mo", "/theme mono "),
        ("/room jo", "/room join "),
        ("/room join inv", "/room join invited "),
        ("/room edits_kept f", "/room edits_kept false "),
        ("/react roc", "/react 🚀 "),
        ("/react :roc", "/react 🚀 "),
        ("/help who", "/help whois "),
        ("/bind gl", "/bind global "),
        ("/bind global x out", "/bind global x outbox "),
        ("/why kic", "/why kick "),
        ("/reconnect chat", "/reconnect chat.example.org "),
        ("/msg bob ask ca", "/msg bob ask carol "),
    ] {
        assert_eq!(completed(line), whole, "{line}");
    }
}

#[test]
fn emoji_are_written_by_their_names_and_names_with_their_sign() {
    assert_eq!(completed("well :smi"), "well 😄 ");
    assert_eq!(completed(":tada"), "🎉 ");
    assert_eq!(completed("well :)"), "well :)");
    assert_eq!(completed("hi @car"), "hi @carol ");
    let mut screen = screen();
    screen.keys(":hea<tab>");
    let first = screen.model.composer().text().to_owned();
    screen.keys("<tab>");
    assert_ne!(screen.model.composer().text(), first, "each further Tab the next one");
}

#[test]
fn any_emoji_is_reacted_with_the_frequent_ones_first() {
    let mut screen = screen();
    screen.keys("<esc>+");
    assert!(screen.text().contains("👍"), "{}", screen.text());
    screen.keys("unicorn<enter>");
    let react = screen.taken().into_iter().find_map(|effect| match effect {
        Effect::At(SERVER, Errand::Request(_, Request::React(react))) => Some(react.emoji),
        _ => None,
    });
    assert_eq!(react.as_deref(), Some("🦄"));
}

#[test]
fn the_switcher_offers_settings_and_what_other_servers_have() {
    let mut screen = screen();
    screen.keys("<ctrl-k>:paste");
    assert!(screen.text().contains(":paste_lines"), "{}", screen.text());
    screen.keys("<enter>");
    assert_eq!(screen.model.composer().text(), "/set paste_lines ");
    screen.keys("<ctrl-u>/connect al@lab.local/ops<enter>");
    screen.welcome_at(ServerId(1), vec![status(RoomId(1), "ops", 4, 4)]);
    screen.taken();
    screen.keys("<ctrl-k>@carol");
    assert!(screen.text().contains("write directly  chat.example.org"), "{}", screen.text());
    screen.keys("<enter>");
    let asked = screen.taken();
    let direct = |effect: &Effect| matches!(effect, Effect::At(SERVER, Errand::Request(_, Request::OpenDirect(_))));
    assert!(asked.iter().any(direct), "where he is: {asked:?}");
    screen.keys("<ctrl-k>#ops");
    assert!(screen.text().contains("lab.local"), "{}", screen.text());
}
