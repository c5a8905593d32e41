//! Commands that do something on this machine, and short ways to say what others say at length.

#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]
#![cfg(feature = "tui")]

mod harness;

use chat_proto::event::List;
use chat_proto::request::{PutOnList, SetRole};
use chat_proto::{Request, Role, Style};
use chat_tui::tui::core::{Change, Effect, Errand, Msg, Prefs, Ran};
use harness::{BOB, DEV, GENERAL, History, SERVER, Screen, key, status_of};

fn screen() -> Screen {
    let all = History::default().said(BOB, "bob", "hello").events;
    let mut screen = Screen::online(100, 24, status_of(GENERAL, "general", &all, 1));
    screen.serve(&all).wait(1_000).taken();
    screen
}

fn allowed() -> Screen {
    let mut screen = screen();
    screen.msg(Msg::Prefs(Box::new(Prefs { exec: true, ..Prefs::default() }))).taken();
    screen
}

fn notice(screen: &Screen) -> &str {
    screen.model.notice.as_ref().map_or("", |notice| &notice.text)
}

fn said(screen: &mut Screen) -> Option<String> {
    screen.taken().into_iter().find_map(|effect| match effect {
        Effect::At(SERVER, Errand::Send { room: GENERAL, style: Style::Text, text, .. }) => Some(text),
        _ => None,
    })
}

fn ran(say: bool, output: &str, wrong: Option<&str>) -> Msg {
    let (say, wrong) = (say.then_some(key(GENERAL)), wrong.map(str::to_owned));
    Msg::Ran(Ran { line: "date".to_owned(), say, output: output.to_owned(), wrong })
}

#[test]
fn programs_are_run_only_where_a_setting_allows_it() {
    let mut screen = screen();
    screen.keys("/exec date<enter>");
    assert_eq!(screen.taken(), []);
    assert!(notice(&screen).contains("/set exec on"), "{}", notice(&screen));
    let mut screen = allowed();
    screen.keys("/exec -o date '+%s' | tail -1<enter>");
    let run = Effect::Run { line: "date '+%s' | tail -1".to_owned(), say: Some(key(GENERAL)) };
    assert_eq!(screen.taken(), [run]);
    screen.keys("/exec date<enter>");
    assert_eq!(screen.taken(), [Effect::Run { line: "date".to_owned(), say: None }]);
}

#[test]
fn what_a_program_prints_is_shown_or_said_and_many_lines_wait_for_enter() {
    let mut screen = allowed();
    screen.msg(ran(false, "today\n", None));
    assert!(screen.text().contains("today") && said(&mut screen).is_none());
    screen.keys("<esc>").msg(ran(true, "today\n", None));
    assert_eq!(said(&mut screen).as_deref(), Some("today"));
    screen.msg(ran(true, "half", Some("exit status: 3")));
    assert!(screen.text().contains("exit status: 3") && said(&mut screen).is_none(), "it went wrong");
    screen.keys("<esc>").msg(ran(true, "1\n2\n3\n4\n5\n6\n", None));
    assert_eq!((said(&mut screen), screen.model.composer().text()), (None, "1\n2\n3\n4\n5\n6"));
    screen.keys("<enter>");
    assert!(said(&mut screen).is_none() && notice(&screen).contains("6 lines were pasted"));
    screen.keys("<enter>");
    assert!(said(&mut screen).is_some());
    screen.keys("mine").msg(ran(true, "theirs", None));
    assert_eq!((said(&mut screen), screen.model.composer().text()), (None, "mine"), "what is typed stays");
    screen.keys("<ctrl-u>/password<enter>").msg(ran(true, "1\n2\n3\n4\n5\n6\n", None));
    assert!(screen.text().contains("date"), "it is shown: {}", screen.text());
}

#[test]
fn a_room_is_exported_with_what_is_loaded_of_it() {
    let mut screen = screen();
    screen.keys("/export -f ~/talk about it.md<enter>");
    let [Effect::At(SERVER, Errand::Export(export))] = &screen.taken()[..] else { panic!("it is written") };
    assert_eq!(
        (export.room, &*export.label, &*export.file, export.force),
        (GENERAL, "#general", "~/talk about it.md", true)
    );
    assert_eq!(export.loaded.len(), 1);
    screen.keys("/export #dev a.txt<enter>");
    let [Effect::At(SERVER, Errand::Export(export))] = &screen.taken()[..] else { panic!("it is written") };
    assert_eq!((export.room, export.force), (DEV, false));
    screen.keys("/export #nowhere a.txt<enter>");
    assert!(notice(&screen).contains("not in #nowhere"));
    screen.keys("<ctrl-u>/export #dev<enter>");
    assert!(notice(&screen).contains("usage: /export"), "{}", notice(&screen));
}

#[test]
fn what_has_a_name_of_its_own_asks_for_the_same() {
    let mut screen = screen();
    let request = |screen: &mut Screen, line: &str| {
        screen.keys(line).keys("<enter>");
        screen.taken().into_iter().find_map(|effect| match effect {
            Effect::At(SERVER, Errand::Request(_, request)) => Some(request),
            _ => None,
        })
    };
    for (line, expected) in [("/op bob", Role::Moderator), ("/deop bob", Role::Member)] {
        let asked = request(&mut screen, line);
        assert!(matches!(&asked, Some(Request::SetRole(SetRole { role, .. })) if *role == expected), "{asked:?}");
    }
    let lists = [("/kickban bob", List::Banned), ("/deny bob", List::Banned), ("/allow bob", List::Invited)];
    for (line, expected) in lists {
        let asked = request(&mut screen, line);
        assert!(matches!(&asked, Some(Request::PutOnList(PutOnList { list, .. })) if *list == expected), "{asked:?}");
    }
    screen.keys("/shrug well<enter>");
    assert_eq!(said(&mut screen).as_deref(), Some(r"well ¯\_(ツ)_/¯"));
    screen.keys("/tableflip<enter>");
    assert_eq!(said(&mut screen).as_deref(), Some("(╯°□°)╯︵ ┻━┻"));
    let change = |screen: &mut Screen, line: &str| {
        screen.keys(line).keys("<enter>");
        screen
            .taken()
            .into_iter()
            .find_map(|effect| if let Effect::Configure(change) = effect { Some(change) } else { None })
    };
    assert_eq!(change(&mut screen, "/theme nord"), Some(Change::Set("theme".to_owned(), "nord".to_owned())));
    assert_eq!(change(&mut screen, "/theme"), Some(Change::Show("theme".to_owned())));
    assert_eq!(change(&mut screen, "/highlight oops"), Some(Change::Add("highlight".to_owned(), "oops".to_owned())));
    screen.keys("/mouse<enter>");
    assert!(screen.taken().contains(&Effect::Mouse(false)));
    screen.keys("/keys<enter>");
    assert!(screen.text().contains("begin another line") && !screen.text().contains("/join"), "{}", screen.text());
    screen.keys("<esc>/version<enter>");
    assert!(notice(&screen).starts_with("chat-tui "));
    screen.keys("/ping<enter>");
    assert!(notice(&screen).contains("chat.example.org"), "{}", notice(&screen));
}
