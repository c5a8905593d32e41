use super::*;
use crate::config::{CreatePolicy, Durability};

fn sources(environment: &[(&str, &str)], flags: &[(&'static str, &str)]) -> Sources {
    let environment = [("HOME", "/home/ada")].iter().chain(environment);
    Sources {
        environment: environment.map(|(name, value)| (OsString::from(name), OsString::from(value))).collect(),
        file: None,
        flags: flags.iter().map(|(key, value)| (*key, (*value).to_owned())).collect(),
        root: false,
    }
}

fn with_file(text: &str) -> (tempfile::TempDir, Sources) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("chat.toml");
    std::fs::write(&path, text).unwrap();
    (directory, Sources { file: Some(path), ..sources(&[], &[]) })
}

fn problems_of(text: &str) -> Vec<String> {
    let (directory, sources) = with_file(text);
    let prefix = format!("{}/", directory.path().display());
    load(&sources).unwrap_err().0.iter().map(|problem| problem.to_string().replace(&prefix, "")).collect()
}

#[test]
fn without_any_source_the_defaults_hold() {
    let loaded = load(&sources(&[], &[])).unwrap();
    assert_eq!(loaded.config, Config::new(PathBuf::from("/home/ada/.local/share/chat-server")));
    assert_eq!(loaded.unknown, []);
}

#[test]
fn data_goes_where_the_machine_keeps_data() {
    let data = |environment: &[(&str, &str)], root: bool| {
        let environment = environment.iter().map(|(n, v)| (OsString::from(n), OsString::from(v))).collect();
        load(&Sources { environment, root, ..Sources::default() }).map(|loaded| loaded.config.data)
    };
    assert_eq!(data(&[("HOME", "/h"), ("XDG_DATA_HOME", "/x")], false), Ok(PathBuf::from("/x/chat-server")));
    assert_eq!(
        data(&[("HOME", "/h"), ("XDG_DATA_HOME", "x")], false),
        Ok(PathBuf::from("/h/.local/share/chat-server"))
    );
    assert_eq!(data(&[], true), Ok(PathBuf::from("/var/lib/chat-server")));
    assert!(data(&[], false).unwrap_err().to_string().contains("--data DIR"));
}

#[test]
fn flags_beat_variables_beat_the_file_beats_the_defaults() {
    let (_directory, mut sources) = with_file("listen = '127.0.0.1:1'\ndurability = 'os'\nlog = 'warn'\n");
    sources.environment.insert("CHAT_LISTEN".into(), "127.0.0.1:2".into());
    sources.environment.insert("CHAT_DURABILITY".into(), "memory".into());
    sources.flags.push(("listen", "127.0.0.1:3".to_owned()));
    let config = load(&sources).unwrap().config;
    assert_eq!(config.listen.port(), 3);
    assert_eq!(config.durability, Durability::Memory);
    assert_eq!(config.log, "warn");
    assert_eq!(config.rooms.create, CreatePolicy::OnJoin);
}

#[test]
fn everything_wrong_in_a_file_is_said_at_once_with_line_and_column() {
    let problems = problems_of(
        "listne = '[::]:1'\ndata = 7\n\n[rooms]\ncreate = 'everybody'\n[limits]\n  connections = 0\n[room]\ncreate = 'users'\n",
    );
    assert_eq!(
        problems,
        [
            "chat.toml:2:8: data takes a string, not a value of type integer",
            "chat.toml:7:17: limits.connections: \"0\" is not a whole number from 1 to 1000000",
            "chat.toml:1:1: unknown key \"listne\", did you mean \"listen\"?",
            "chat.toml:8:2: unknown key \"room\"",
            "chat.toml:5:10: rooms.create: \"everybody\" is none of on_join, users, nobody",
        ]
    );
}

#[test]
fn a_key_in_the_wrong_section_a_section_as_a_value_and_broken_toml_are_refused() {
    assert_eq!(problems_of("[rooms]\nlisten = '[::]:1'\n"), ["chat.toml:2:1: unknown key \"rooms.listen\""]);
    assert_eq!(problems_of("limits = 3\n"), ["chat.toml:1:1: \"limits\" is a section: write [limits]"]);
    assert!(problems_of("log = 'info'\nlog = 'warn'\n")[0].starts_with("chat.toml:2:1: duplicate key"));
    assert!(problems_of("log = \n")[0].starts_with("chat.toml:1:"));
}

#[test]
fn a_missing_file_is_an_error_that_names_it() {
    let sources = Sources { file: Some("/nowhere/chat.toml".into()), ..sources(&[], &[]) };
    assert!(load(&sources).unwrap_err().to_string().starts_with("/nowhere/chat.toml: No such file"));
}

#[test]
fn a_wrong_value_names_its_flag_or_variable() {
    let sources = sources(&[("CHAT_PRESENCE_GRACE_MS", "soon")], &[("log_format", "xml"), ("listen", "localhost")]);
    assert_eq!(
        load(&sources).unwrap_err().to_string().lines().collect::<Vec<_>>(),
        [
            "CHAT_PRESENCE_GRACE_MS: \"soon\" is not a whole number from 0 to 600000",
            "--log-format: \"xml\" is none of text, json",
            "--listen: \"localhost\" is not ADDRESS:PORT, such as 0.0.0.0:4433 or [::1]:4433",
        ]
    );
}

#[test]
fn an_unknown_variable_is_reported_and_the_clients_are_not() {
    let environment = [("CHAT_LISTNE", "x"), ("CHAT_NAME", "ada"), ("CHAT_SOMETHING", "y"), ("CHATTER", "z")];
    let unknown = load(&sources(&environment, &[])).unwrap().unknown;
    assert_eq!(
        unknown,
        [
            UnknownVariable { name: "CHAT_LISTNE".to_owned(), nearest: Some("CHAT_LISTEN".to_owned()) },
            UnknownVariable { name: "CHAT_SOMETHING".to_owned(), nearest: None },
        ]
    );
}

#[test]
fn a_key_without_a_certificate_is_refused() {
    let error = load(&sources(&[], &[("key", "k.pem")])).unwrap_err();
    assert_eq!(error.to_string(), "key: a private key without its certificate: name that with --cert FILE");
}

#[test]
fn what_is_shown_reads_back_as_the_same_configuration() {
    let mut config = Config::new(PathBuf::from("/a \"quoted\" path\\with\nall"));
    config.cert = Some("c.pem".into());
    config.key = Some("k.pem".into());
    config.rooms.create = CreatePolicy::Nobody;
    config.limits.connections = 7;
    let (_directory, sources) = with_file(&config.to_toml());
    assert_eq!(load(&sources).unwrap().config, config);
}

#[test]
fn every_default_is_the_one_the_table_says() {
    let config = Config::new(PathBuf::from("/d"));
    for setting in SETTINGS.iter().filter(|setting| !setting.default.starts_with('(')) {
        let shown = (setting.show)(&config).unwrap();
        assert_eq!(shown.trim_matches('"'), setting.default, "{}", setting.key);
    }
}

#[test]
fn every_setting_is_in_the_documentation_as_the_table_has_it() {
    let documentation = include_str!("../../../docs/configuration.md");
    for setting in SETTINGS {
        let row =
            format!("| `{}` | `{}` | `{}` | {} |", setting.key, setting.variable(), setting.default, setting.meaning);
        assert!(documentation.contains(&row), "docs/configuration.md lacks this line:\n{row}");
    }
}
