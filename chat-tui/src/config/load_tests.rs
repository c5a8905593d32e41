use super::*;
use crate::config::{KeyPreset, Shown};

fn with(text: &str, environment: &[(&str, &str)], flags: &[(&'static str, Value)]) -> Loaded {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.toml");
    std::fs::write(&path, text).unwrap();
    let environment = environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect();
    load(&Sources { environment, file: Some(path), flags: flags.to_vec() })
}

/// What is wrong with a file, with its places from the file's name on.
fn problems(text: &str) -> Vec<String> {
    let problems = with(text, &[], &[]).problems.into_iter().map(|problem| problem.to_string());
    problems.map(|problem| problem.split_once("/c.toml").unwrap().1.to_owned()).collect()
}

#[test]
fn flags_beat_variables_beat_the_file_beats_the_defaults() {
    let text = "name = 'file'\ntyping = false\n[ui]\nhints = 'off'\n";
    let environment = [("CHAT_NAME", "variable"), ("CHAT_CLIENT_UI_HINTS", "on"), ("CHAT_CLIENT_UI_MAX_WIDTH", "")];
    let loaded = with(text, &environment, &[("name", Value::Text("flag".to_owned()))]);
    assert_eq!(loaded.problems, []);
    assert_eq!(loaded.config.name.as_deref(), Some("flag"));
    assert_eq!(loaded.config.ui.hints, Shown::On);
    assert!(!loaded.config.typing && loaded.config.cache);
}

#[test]
fn a_wrong_value_has_its_place_and_the_rest_is_read() {
    let text = "typing = 'no'\nnmae = 'x'\n[ui]\nmax_width = 3\nhints = 'off'\nborder = true\n[looks]\na = 1\n";
    assert_eq!(
        problems(text),
        [
            ":1:10: typing: it takes true or false",
            ":2:1: unknown key \"nmae\", did you mean \"name\"?",
            ":4:13: ui.max_width: 3 is not from 20 to 1000",
            ":6:1: unknown key \"ui.border\", did you mean \"ui.borders\"?",
            ":7:2: unknown key \"looks\"",
        ]
    );
    assert_eq!(with(text, &[], &[]).config.ui.hints, Shown::Off);
    assert_eq!(problems("hints = 'off'\n"), [":1:1: unknown key \"hints\", did you mean \"ui.hints\"?"]);
    assert_eq!(problems("ui = 1\n"), [":1:1: \"ui\" is a section: write [ui]"]);
    assert_eq!(problems("rooms = [1]\n"), [":1:9: rooms takes strings in brackets, not this value of type array"]);
}

#[test]
fn a_file_that_is_no_toml_is_read_as_far_as_it_is() {
    let loaded = with("name = \"ada\"\ntyping = \n[ui]\nhints = \"off\"\n", &[], &[]);
    assert!(
        !loaded.problems.is_empty() && loaded.problems[0].to_string().contains("c.toml:2:"),
        "{:?}",
        loaded.problems
    );
    assert_eq!((loaded.config.name.as_deref(), loaded.config.ui.hints), (Some("ada"), Shown::Off));
}

#[test]
fn bindings_come_with_their_context_and_place_in_order() {
    let text =
        "[keys]\npreset = 'vim'\n[keys.global]\n'f9' = 'help'\n'ctrl-q' = false\n'a' = 1\n[keys.select]\n'g g' = ''\n";
    let loaded = with(text, &[], &[]);
    assert_eq!(loaded.config.keys.preset, KeyPreset::Vim);
    let bindings: Vec<_> = loaded.config.keys.bindings.iter().map(|b| (&*b.context, &*b.keys, &*b.action)).collect();
    assert_eq!(bindings, [("global", "f9", "help"), ("global", "ctrl-q", ""), ("select", "g g", "")]);
    assert!(loaded.config.keys.bindings[1].place.ends_with("c.toml:5:1"));
    assert_eq!(problems(text), [":6:7: \"a\" takes an action's name, or false, not a value of type integer"]);
}

#[test]
fn a_wrong_variable_is_named_and_one_that_is_nobodys_too() {
    let environment = [("CHAT_CLIENT_TYPING", "perhaps"), ("CHAT_CLIENT_UI_HINT", "on"), ("CHAT_LISTEN", "x")];
    let problems: Vec<String> = with("", &environment, &[]).problems.iter().map(Problem::to_string).collect();
    assert_eq!(
        problems,
        [
            "CHAT_CLIENT_TYPING: \"perhaps\" is neither true nor false",
            "CHAT_CLIENT_UI_HINT: no setting has this variable, did you mean CHAT_CLIENT_UI_HINTS?",
        ]
    );
}

#[test]
fn the_file_is_where_configurations_are_and_need_not_be_there_unless_it_was_named() {
    let path = |environment: &[(&str, &str)]| {
        default_path(&environment.iter().map(|(n, v)| (OsString::from(n), OsString::from(v))).collect())
    };
    assert_eq!(path(&[("HOME", "/h")]), Some(PathBuf::from("/h/.config/chat-tui/config.toml")));
    assert_eq!(path(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "/x")]), Some(PathBuf::from("/x/chat-tui/config.toml")));
    assert_eq!(
        path(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "x")]),
        Some(PathBuf::from("/h/.config/chat-tui/config.toml"))
    );
    assert_eq!(path(&[]), None);
    let environment = |name: &str, at: &str| [(OsString::from(name), OsString::from(at))].into_iter().collect();
    let nowhere = load(&Sources { environment: environment("HOME", "/nowhere"), ..Sources::default() });
    assert!(!nowhere.exists && nowhere.problems.is_empty());
    let named = load(&Sources { environment: environment("CHAT_CLIENT_CONFIG", "/nowhere/c"), ..Sources::default() });
    assert_eq!(named.problems.len(), 1, "{:?}", named.problems);
}

#[test]
fn the_documentation_has_every_setting_as_it_is() {
    let documentation = include_str!("../../../docs/client-configuration.md");
    let rows = SETTINGS.iter().map(|setting| {
        let Setting { key, meaning, live, .. } = setting;
        let live = if *live { "at once" } else { "next start" };
        format!("| `{key}` | `{}` | `{}` | {live} | {meaning} |", setting.variable(), setting.default())
    });
    let missing: Vec<String> = rows.filter(|row| !documentation.contains(row)).collect();
    assert!(missing.is_empty(), "docs/client-configuration.md lacks these lines:\n{}", missing.join("\n"));
}
