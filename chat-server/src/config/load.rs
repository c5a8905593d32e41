//! From flags, environment and file to a [`Config`], with everything that is wrong said at once.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use super::nearest;
use super::setting::SETTINGS;
use super::{Config, file};

/// Where settings come from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The environment; only what begins with `CHAT_`, `HOME` and `XDG_DATA_HOME` are looked at.
    pub environment: BTreeMap<OsString, OsString>,
    /// The file named by a flag.
    pub file: Option<PathBuf>,
    /// Settings given as flags: key and value.
    pub flags: Vec<(&'static str, String)>,
    /// Whether the process runs as root.
    pub root: bool,
}

/// A configuration, and what was odd about where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Variables that look like settings and are none.
    pub unknown: Vec<UnknownVariable>,
}

/// A `CHAT_*` variable nobody reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownVariable {
    /// Its name.
    pub name: String,
    /// The variable that was probably meant.
    pub nearest: Option<String>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    place: String,
    what: String,
}

impl Problem {
    pub(super) fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Everything that is wrong, a line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// The configuration of these sources.
///
/// # Errors
/// Everything that is wrong in any of them, each with its place.
pub fn load(sources: &Sources) -> Result<Loaded, Problems> {
    let mut problems = Vec::new();
    let mut config = Config::new(default_data(sources).unwrap_or_default());

    let named = sources.environment.get(&OsString::from(CONFIG_VARIABLE)).map(PathBuf::from);
    if let Some(path) = sources.file.as_ref().or(named.as_ref()) {
        read_file(path, &mut config, &mut problems);
    }
    let unknown = read_environment(sources, &mut config, &mut problems);
    for (key, value) in &sources.flags {
        let flag = format!("--{}", key.replace('_', "-"));
        set(key, value, &flag, &mut config, &mut problems);
    }

    if config.data.as_os_str().is_empty() && problems.is_empty() {
        problems.push(Problem::new("data", "there is no HOME to keep data in: name a directory with --data DIR"));
    }
    if config.key.is_some() && config.cert.is_none() {
        problems.push(Problem::new("key", "a private key without its certificate: name that with --cert FILE"));
    }
    if !config.server.motd.is_empty() && config.server.motd_file.is_some() {
        problems.push(Problem::new("server.motd_file", "there is server.motd as well: set one of the two"));
    }
    if let Err(what) = config.jwt.checked() {
        problems.push(Problem::new("jwt", what));
    }
    if problems.is_empty() { Ok(Loaded { config, unknown }) } else { Err(Problems(problems)) }
}

fn read_file(path: &Path, config: &mut Config, problems: &mut Vec<Problem>) {
    match std::fs::read(path).map(String::from_utf8) {
        Ok(Ok(text)) => file::read(path, &text, config, problems),
        Ok(Err(_)) => problems.push(Problem::new(path.display().to_string(), "the file is not UTF-8 text")),
        Err(error) => problems.push(Problem::new(path.display().to_string(), error.to_string())),
    }
}

fn read_environment(sources: &Sources, config: &mut Config, problems: &mut Vec<Problem>) -> Vec<UnknownVariable> {
    let mut unknown = Vec::new();
    let known: Vec<String> =
        SETTINGS.iter().map(super::Setting::variable).chain([CONFIG_VARIABLE.to_owned()]).collect();
    for (name, value) in &sources.environment {
        let name = name.to_string_lossy();
        if !name.starts_with("CHAT_")
            || name == CONFIG_VARIABLE
            || CLIENT_VARIABLES.contains(&name.as_ref())
            || name.starts_with("CHAT_CLIENT_")
        {
            continue;
        }
        let Some(setting) = SETTINGS.iter().find(|setting| setting.variable() == name) else {
            let nearest = nearest(&name, known.iter().map(String::as_str)).map(str::to_owned);
            unknown.push(UnknownVariable { name: name.into_owned(), nearest });
            continue;
        };
        match value.to_str() {
            Some(value) => set(setting.key, value, &name, config, problems),
            None => problems.push(Problem::new(name, "the value is not UTF-8 text")),
        }
    }
    unknown
}

fn set(key: &str, value: &str, place: &str, config: &mut Config, problems: &mut Vec<Problem>) {
    let result = match SETTINGS.iter().find(|setting| setting.key == key) {
        Some(setting) => (setting.read)(config, value),
        None => Err(format!("there is no setting {key:?}")),
    };
    if let Err(what) = result {
        problems.push(Problem::new(place, what));
    }
}

/// Where data is kept when nothing says where: the XDG base directory, or the system's for a root without a home.
fn default_data(sources: &Sources) -> Option<PathBuf> {
    // The XDG specification says to ignore a path that is not absolute.
    let directory = |name: &str| {
        sources.environment.get(&OsString::from(name)).map(PathBuf::from).filter(|path| path.is_absolute())
    };
    let base = directory("XDG_DATA_HOME").or_else(|| directory("HOME").map(|home| home.join(".local/share")));
    base.or_else(|| sources.root.then(|| PathBuf::from("/var/lib"))).map(|base| base.join("chat-server"))
}

/// The variable that names the file.
const CONFIG_VARIABLE: &str = "CHAT_CONFIG";

/// Variables the client reads; the server takes no notice of them.
const CLIENT_VARIABLES: &[&str] =
    &["CHAT_NAME", "CHAT_PIN", "CHAT_ACCEPT_NEW", "CHAT_IDENTITY", "CHAT_CA", "CHAT_THEME", "CHAT_LINEAR"];

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
