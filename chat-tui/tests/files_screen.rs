//! Files on the screen: sent, fetched, stopped, and how far they are.

#![allow(clippy::unwrap_used, clippy::panic, unreachable_pub)]
#![cfg(all(unix, feature = "tui"))]

mod harness;
mod pty;
mod support;

use std::fs;

use chat_proto::event::PostedWith;
use chat_proto::{Attached, FileHash, Seq, Style};
use chat_server::config::Files;
use chat_server::hub::HubSettings;
use chat_server::hub::files::FileSettings;
use chat_server::server::Settings as ServerSettings;
use chat_tui::client::{Progress, Stage};
use chat_tui::tui::core::picture::Picture;
use chat_tui::tui::core::{Effect, Errand, Msg, Prefs};
use harness::{BOB, GENERAL, History, SERVER, Screen, status_of};
use pty::{Pty, program};
use support::TestServer;
use tempfile::TempDir;

fn screen() -> Screen {
    let history = History::default().said(BOB, "bob", "hello").events;
    let mut screen = Screen::online(100, 24, status_of(GENERAL, "general", &history, 1));
    screen.serve(&history).taken();
    screen
}

fn errands(screen: &mut Screen) -> Vec<Errand> {
    let errand = |effect| if let Effect::At(SERVER, errand) = effect { Some(errand) } else { None };
    let files = |errand: &Errand| matches!(errand, Errand::Upload { .. } | Errand::Download { .. } | Errand::Stop(_));
    screen.taken().into_iter().filter_map(errand).filter(files).collect()
}

fn moving(stage: Stage, done: u64, total: u64) -> Progress {
    Progress { stage, name: "flame\u{1b}[31m.svg".to_owned(), done, total }
}

#[test]
fn a_file_is_sent_with_its_words_and_answers_what_is_answered() {
    let mut screen = screen();
    screen.keys("/upload \"my file.svg\" the profile<enter>");
    let upload = |number, path: &str, caption: &str, reply_to| Errand::Upload {
        number,
        room: GENERAL,
        path: path.to_owned(),
        caption: caption.to_owned(),
        reply_to,
    };
    assert_eq!(errands(&mut screen), [upload(1, "my file.svg", "the profile", None)]);
    screen.keys("<esc>R/upload a.txt<enter>");
    assert_eq!(errands(&mut screen), [upload(2, "a.txt", "", Some(Seq(1)))]);
    screen.msg(Msg::Prefs(Box::new(Prefs { explore: true, ..Prefs::default() })));
    screen.keys("/upload a.txt<enter>");
    assert_eq!(errands(&mut screen), [], "who only looks sends nothing");
}

#[test]
fn it_is_told_how_far_it_is_and_what_became_of_it() {
    let mut screen = screen();
    screen.keys("/upload a.txt<enter>/upload b.txt<enter>");
    screen.msg(Msg::Moving(2, moving(Stage::Hashing, 0, 4_000)));
    assert!(screen.text().contains("reading flame␛[31m.svg and 1 more"), "{}", screen.text());
    screen.msg(Msg::Moving(2, moving(Stage::Moving, 1_000, 4_000)));
    assert!(screen.text().contains("━━━━━┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄ 25 % sending flame␛[31m.svg"), "{}", screen.text());
    assert!(screen.text_ascii().contains("=====--------------- 25 %"), "{}", screen.text_ascii());
    screen.keys("/transfers<enter>");
    assert!(screen.text().contains("25 %  3.9 KB"), "{}", screen.text());
    screen.taken();
    screen.keys("<down><enter>");
    assert_eq!(errands(&mut screen), [Errand::Stop(2)]);
    screen.msg(Msg::Moved(2, Err("the session has ended".to_owned())));
    screen.msg(Msg::Moved(1, Err("a.txt: no such file".to_owned())));
    assert!(screen.text().contains("a.txt: no such file") && screen.model.transfers.is_empty());
    screen.keys("/transfers<enter>");
    assert!(screen.text().contains("no file is on its way"));
}

#[test]
fn there_is_an_end_to_what_is_begun_at_once_and_a_message_without_a_file_has_none() {
    let mut screen = screen();
    screen.keys("/download<enter>");
    assert!(screen.text().contains("this message carries no file"), "{}", screen.text());
    screen.keys("<ctrl-u>/download #7 ~/x<enter>");
    let download = Errand::Download { number: 1, room: GENERAL, seq: Seq(7), directory: Some("~/x".to_owned()) };
    assert_eq!(errands(&mut screen), [download], "what is not loaded may carry one");
    for _ in 0..40 {
        screen.keys("<ctrl-u>/upload x<enter>");
    }
    assert_eq!(screen.model.transfers.len(), 32);
    assert!(screen.text().contains("32 files are on their way"), "{}", screen.text());
}

#[test]
fn a_file_goes_from_one_screen_to_another_and_is_saved_with_a_letter() {
    let kept = TempDir::new().unwrap();
    let files = Some(FileSettings { directory: kept.path().to_owned(), rules: Files::default() });
    let hub = HubSettings { files, ..HubSettings::default() };
    let server = TestServer::start_with(ServerSettings { hub, ..ServerSettings::default() });
    let homes = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let start = |home: &TempDir, name: &str| {
        let mut command = program(env!("CARGO_BIN_EXE_chat-tui"));
        let address = server.address.to_string();
        command.args(["connect", &address, "general", "--name", name, "--accept-new"]);
        command.env("CHAT_CLIENT_DATA", home.path().join("data"));
        command.env("CHAT_CLIENT_DOWNLOADS", home.path().join("got"));
        command.env("CHAT_CLIENT_NOTIFY", "off");
        command.env("TZ", "UTC");
        Pty::spawn(command, 100, 24)
    };
    let bytes: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    let file = homes[0].path().join("flame graph.bin");
    fs::write(&file, &bytes).unwrap();
    fs::create_dir(homes[1].path().join("got")).unwrap();
    let mut alice = start(&homes[0], "alice");
    alice.wait_for_text("alice created the room");
    let mut bob = start(&homes[1], "bob");
    alice.wait_for_text("bob joined");
    alice.type_keys(&format!("/upload \"{}\" the profile\r", file.display()));
    alice.wait_for_text("flame graph.bin was sent");
    bob.wait_for_text("file: flame graph.bin 1.1 MB");
    bob.type_keys("\x1b");
    bob.wait_for_text("r answer");
    bob.type_keys("s");
    bob.wait_for_text("flame graph.bin is in ");
    assert_eq!(fs::read(homes[1].path().join("got/flame graph.bin")).unwrap(), bytes);
    bob.type_keys("s");
    bob.wait_for_text("flame graph (1).bin");
    for person in [&mut alice, &mut bob] {
        person.type_keys("\x11");
        assert!(person.wait_for_exit().success());
    }
}

#[test]
fn a_picture_is_looked_at_in_half_blocks_and_without_colours_in_signs() {
    let file = |size| Attached {
        name: "cat\u{1b}[31m.png".to_owned(),
        media_type: "image/png".to_owned(),
        size,
        hash: FileHash([1; 32]),
    };
    let posted = |size| PostedWith {
        name: "bob".to_owned(),
        style: Style::Text,
        text: "look".to_owned(),
        mentions: Vec::new(),
        extras: vec![file(size).into()],
    };
    let history = History::default().push(BOB, posted(1_000).into()).push(BOB, posted(1 << 40).into()).events;
    let mut screen = Screen::online(100, 24, status_of(GENERAL, "general", &history, 2));
    screen.serve(&history).taken();
    screen.keys("<esc>v");
    assert!(screen.text().contains("is larger than the 16 MB that are looked at here"), "{}", screen.text());
    screen.taken();
    screen.keys("kv");
    let asked = screen.taken();
    let view = Effect::At(SERVER, Errand::View { number: 1, room: GENERAL, seq: Seq(1) });
    assert!(asked.contains(&view), "{asked:?}");
    let points = (0..8).map(|at| if at % 4 < 2 { [255, 255, 255] } else { [0, 0, 0] }).collect();
    let picture = Picture::new(4, 2, points).unwrap();
    screen.msg(Msg::Picture(1, Ok(("cat\u{1b}[31m.png".to_owned(), picture))));
    let text = screen.text();
    assert!(text.contains("cat␛[31m.png") && text.matches('▀').count() > 100, "{text}");
    let ascii = screen.text_ascii();
    assert!(ascii.contains("@@@@@@@@") && !ascii.contains('▀'), "{ascii}");
    for (columns, rows) in [(1, 1), (20, 3), (300, 100), (5, 50)] {
        screen.msg(Msg::Resize(columns, rows));
        let _ = (screen.text(), screen.text_ascii());
    }
    screen.keys("<esc>");
    assert!(screen.model.overlay.is_none() && screen.model.transfers.is_empty());
    screen.keys("v");
    screen.msg(Msg::Picture(2, Err("cat.png: no picture can be read from it".to_owned())));
    screen.msg(Msg::Resize(100, 24));
    assert!(screen.text().contains("no picture can be read from it"), "{}", screen.text());
}
