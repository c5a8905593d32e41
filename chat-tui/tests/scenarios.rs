//! The rules, told as scenarios: every file of `tests/scenarios` is played over real QUIC against a server of its own, which
//! a line `# server: KEY=VALUE …` at its top configures. `CHAT_SCENARIO=rooms cargo test --test scenarios` plays the files
//! with that in their name.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chat_server::claim::CLAIM_FILE;
use chat_server::config::{Config, SETTINGS};
use chat_server::server::Settings as ServerSettings;
use chat_tui::bot::Exit;
use chat_tui::bot::play::{Backstage, Play, Played, Report, Scenario};
use chat_tui::client::Environment;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use support::{PATIENCE, Remains, TestServer, settings};
use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

/// Scenarios played at once.
const AT_ONCE: usize = 4;

/// A server, as long as it is not between two lives.
enum Machine {
    Up(Box<TestServer>),
    Down(Box<Remains>),
    Between,
}

/// What `server …` does in a scenario of ours.
struct Stage {
    machine: Mutex<Machine>,
    /// What the server is configured with.
    configured: Mutex<Settled>,
    /// Its data directory.
    data: PathBuf,
}

/// Settings as the server's configuration has them: keys and values.
type Settled = Vec<(String, String)>;

impl Stage {
    async fn work(&self, words: &[&str]) -> Result<(), String> {
        let mut machine = self.machine.lock().await;
        *machine = match (std::mem::replace(&mut *machine, Machine::Between), words) {
            (Machine::Up(server), ["restart"]) => Machine::Up(Box::new(server.stop().await.start())),
            (Machine::Up(server), ["crash"]) => Machine::Up(Box::new(server.kill().start())),
            (Machine::Up(server), ["stop"]) => Machine::Down(Box::new(server.stop().await)),
            (Machine::Down(mut remains), ["start", settings @ ..]) => {
                let mut configured = self.configured.lock().await;
                configured.extend(settings.iter().map(|setting| parted(setting)));
                remains.settings = set(&configured, &self.data);
                Machine::Up(Box::new(remains.start()))
            }
            (before, _) => {
                *machine = before;
                return Err(format!(
                    "`server {}` is not possible here: restart, crash, stop, then start",
                    words.join(" ")
                ));
            }
        };
        Ok(())
    }
}

impl Backstage for Stage {
    fn server<'a>(&'a self, words: &'a [String]) -> BoxFuture<'a, Result<(), String>> {
        async move { self.work(&words.iter().map(String::as_str).collect::<Vec<_>>()).await }.boxed()
    }
}

fn parted(setting: &str) -> (String, String) {
    let (key, value) = setting.split_once('=').unwrap_or_else(|| panic!("not KEY=VALUE: {setting}"));
    (key.to_owned(), value.to_owned())
}

/// What the first lines of a scenario configure its server with.
fn configured(text: &str) -> Settled {
    let told = text.lines().filter_map(|line| line.strip_prefix("# server:"));
    told.flat_map(str::split_whitespace).map(parted).collect()
}

/// What a server is told by this configuration, and the defaults for the rest.
fn set(configured: &Settled, data: &Path) -> ServerSettings {
    let mut config = Config::new(data.to_owned());
    for (key, value) in configured {
        let setting = SETTINGS.iter().find(|setting| setting.key == key);
        let setting = setting.unwrap_or_else(|| panic!("there is no setting {key}"));
        (setting.read)(&mut config, value).unwrap_or_else(|e| panic!("{key}: {e}"));
    }
    ServerSettings::from(&config)
}

/// The code that makes somebody the server's owner, as soon as the server has written it.
async fn claim(data: &Path) -> String {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match std::fs::read_to_string(data.join(CLAIM_FILE)) {
            Ok(code) if code.ends_with('\n') => return code.trim().to_owned(),
            Ok(_) | Err(_) => assert!(Instant::now() < deadline, "the server has written no code"),
        }
        sleep(Duration::from_millis(5)).await;
    }
}

/// Makes a directory with files to be sent.
fn put_files(place: &Path) -> String {
    let folder = place.join("files");
    std::fs::create_dir(&folder).unwrap();
    for (name, content) in [("profile.txt", "all of it\n"), ("long.txt", &*"x".repeat(1_001)), ("program.wasm", "no")] {
        std::fs::write(folder.join(name), content).unwrap();
    }
    folder.to_string_lossy().into_owned()
}

/// Plays one scenario against a server of its own.
async fn play(name: &str, text: &str) -> Report {
    let scenario = Scenario::read(name, text).unwrap_or_else(|error| panic!("{error}"));
    let place = TempDir::new().unwrap();
    let data = place.path().join("server");
    std::fs::create_dir(&data).unwrap();
    let configured = configured(text);
    let server = TestServer::start_with(set(&configured, &data));
    let settings = settings(server.named(), "", &place.path().join("actors"));
    let mut variables = vec![];
    if text.contains("${claim}") {
        variables.push(("claim".to_owned(), claim(&data).await));
    }
    if text.contains("${place}") {
        variables.push(("place".to_owned(), put_files(place.path())));
    }
    let machine = Mutex::new(Machine::Up(Box::new(server)));
    let play = Play {
        settings,
        environment: Environment::default(),
        seed: 1,
        repeat: 1,
        parallel: 1,
        timeout: PATIENCE / 2,
        variables,
        backstage: Some(Arc::new(Stage { machine, configured: Mutex::new(configured), data })),
    };
    play.play(&[scenario], |_| {}).await
}

/// Every scenario, sorted; those that `CHAT_SCENARIO` names if it does.
fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let wanted = std::env::var("CHAT_SCENARIO").unwrap_or_default();
    files.retain(|file| file.extension().is_some_and(|end| end == "chat") && file.to_string_lossy().contains(&wanted));
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rule_holds_as_it_is_told() {
    let files = files();
    assert!(!files.is_empty());
    let played = stream::iter(files).map(|file| async move {
        let text = std::fs::read_to_string(&file).unwrap();
        play(&file.display().to_string(), &text).await
    });
    let reports: Vec<Report> = played.buffer_unordered(AT_ONCE).collect().await;
    let runs: Vec<&Played> = reports.iter().flat_map(|report| &report.runs).collect();
    for run in &runs {
        println!("{run}");
    }
    let troubles: Vec<String> = runs.iter().filter_map(|run| run.trouble.as_ref().map(ToString::to_string)).collect();
    assert!(troubles.is_empty(), "{} of {} failed\n{}", troubles.len(), runs.len(), troubles.join("\n\n"));
}

/// A scenario that must fail, and what it must say.
async fn fails(text: &str, line: usize, said: &str) {
    let report = play("t.chat", text).await;
    assert_ne!(report.exit(), Exit::Clean, "{text}");
    let trouble = report.runs[0].trouble.as_ref().unwrap();
    assert_eq!(trouble.place.line(), line, "{text}\n{trouble}");
    assert!(trouble.to_string().contains(said), "{text}\n{trouble}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scenario_that_is_not_so_fails_at_its_line() {
    let cases = [
        ("alice: expect message /never/ within 50ms", "expected message /never/ within 50ms; it did not come"),
        ("alice: send #r \"x\" ; expect message /x/ within 50ms", "it did not come"),
        ("bob: join #r ; send \"x\" ; alice: expect next message /y/", "next; it was {\"ev\":\"message\""),
        ("bob: join #nowhere", "it was refused with no_such_room"),
        ("bob: join #r -> refused", "it was done; it should have been refused"),
        ("bob: join #nowhere -> refused forbidden", "expected to be refused with forbidden"),
        ("alice: assert members #r == 7", "expected == 7; it is 1"),
        ("alice: send #r x colour=red", "bad_request"),
        ("alice: dance", "there is no op"),
        ("bob: disconnect ; join #r", "bob is not connected"),
        ("carol: join #r", "there is no actor carol; there are: alice, bob"),
        ("bob[2]: join #r", "bob has 1 connections"),
        ("alice: send #r \"${nothing}\"", "there is no variable nothing"),
        ("assert 1 == 2", "expected == 2; it is 1"),
        ("actor eve as \"alice\"", "name_taken"),
        ("bob: join #r ; not alice: expect join by bob within 5s", "was not to come; it is"),
        ("exit 1", "the scenario says that this is wrong"),
        ("alice: send #r a ; expect latency p50 < 1ms", "no message that was sent here was delivered"),
        ("server dance", "`server dance` is not possible"),
    ];
    for (step, said) in cases {
        fails(&format!("actor alice\nactor bob\nalice: create #r\n\n{step}\nalice: ping"), 5, said).await;
    }
    let heard = "the last events of bob:\n        {\"ev\":\"ready\"";
    fails("actor bob\nrepeat 2 parallel 2 {\n  exit 1\n}", 3, heard).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sections_of_a_run_are_its_cases() {
    let text = "actor a\nsection \"one\"\na: ping\nsection \"two <&>\"\nexit 1\nsection \"three\"\na: ping";
    let report = play("t.chat", text).await;
    let names: Vec<&str> = report.runs[0].sections.iter().map(|section| section.name.as_str()).collect();
    assert_eq!((names, report.runs[0].skipped.as_slice()), (vec!["one", "two <&>"], &["three".to_owned()][..]));
    let junit = report.to_junit();
    for part in ["tests=\"3\" failures=\"1\" skipped=\"1\"", "name=\"two &lt;&amp;&gt;\"", "<failure", "<skipped/>"] {
        assert!(junit.contains(part), "{part} is not in {junit}");
    }
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!((&json["passed"], &json["runs"][0]["trouble"]["line"]), (&false.into(), &5.into()));
    assert_eq!(json["runs"][0]["sections"][0]["passed"], true);
}
