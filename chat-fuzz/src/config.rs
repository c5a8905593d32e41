//! The files of both programs' settings.

use std::path::Path;

use chat_server::config as server;
use chat_tui::config as client;

/// The bytes are a file. Whatever is in it is a configuration and a list of what is wrong, each with its place; and what was read
/// without fault is the same when it is written and read again.
pub fn config(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    of_server(&text);
    of_client(&text);
}

const PATH: &str = "config.toml";

fn of_server(text: &str) {
    let defaults = || server::Config::new("data".into());
    let (mut config, mut problems) = (defaults(), Vec::new());
    server::read(Path::new(PATH), text, &mut config, &mut problems);
    problems.iter().for_each(|problem| placed(&problem.to_string()));
    let _ = config.jwt.checked();
    let (mut again, mut problems) = (defaults(), Vec::new());
    server::read(Path::new(PATH), &config.to_toml(), &mut again, &mut problems);
    assert_eq!(problems, [], "of what the server shows:\n{}", config.to_toml());
    assert_eq!(again, config);
}

fn of_client(text: &str) {
    let read = |text: &str| {
        let (mut config, mut problems) = (client::Config::default(), Vec::new());
        client::read(Path::new(PATH), text, &mut config, &mut problems);
        problems.iter().for_each(|problem| placed(&problem.to_string()));
        (config, problems)
    };
    let (config, problems) = read(text);
    for setting in client::SETTINGS {
        let Some(value) = setting.value(&config) else { continue };
        let mut again = config.clone();
        assert_eq!(setting.set(&mut again, value.clone()), Ok(()), "{}", setting.key);
        assert_eq!(again, config, "{}", setting.key);
        // What the program writes into the file is what it reads there; a file that is no TOML it leaves alone.
        let Ok(written) = client::set(text, setting, &value) else { continue };
        let (after, still) = read(&written);
        assert_eq!(setting.value(&after), Some(value), "{} in:\n{written}", setting.key);
        assert!(still.len() <= problems.len(), "{} in:\n{written}", setting.key);
    }
}

/// A problem says where, and is one that can be shown.
fn placed(problem: &str) {
    let place = problem.strip_prefix(PATH).and_then(|rest| rest.strip_prefix(':'));
    let number = place.and_then(|rest| rest.split(':').next()).and_then(|line| line.parse::<usize>().ok());
    assert!(number.is_some_and(|line| line > 0), "{problem:?}");
}
