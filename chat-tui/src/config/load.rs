//! From flags, environment and file to a [`Config`], with everything that is wrong said at once.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use chat_proto::nearest::nearest;

use super::setting::{Setting, find};
use super::table::SETTINGS;
use super::value::Value;
use super::{Config, Problem, file};

/// Where settings come from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The environment; of it only what a setting or the file is named by is looked at.
    pub environment: BTreeMap<OsString, OsString>,
    /// The file named by a flag.
    pub file: Option<PathBuf>,
    /// Settings given as flags: key and value.
    pub flags: Vec<(&'static str, Value)>,
}

/// A configuration, and what is wrong with where it came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// The configuration; what is wrong has its default.
    pub config: Config,
    /// The file, whether it is there or not; none where there is no place for it.
    pub path: Option<PathBuf>,
    /// Whether the file is there.
    pub exists: bool,
    /// Everything that is wrong.
    pub problems: Vec<Problem>,
}

/// The environment of this process, and a file named by a flag.
#[must_use]
pub fn system(file: Option<PathBuf>, flags: Vec<(&'static str, Value)>) -> Sources {
    Sources { environment: std::env::vars_os().collect(), file, flags }
}

/// The configuration of these sources.
#[must_use]
pub fn load(sources: &Sources) -> Loaded {
    let mut loaded = Loaded::default();
    let named = sources.environment.get(&OsString::from(FILE_VARIABLE)).map(PathBuf::from);
    let named = sources.file.clone().or(named.filter(|path| !path.as_os_str().is_empty()));
    loaded.path = named.clone().or_else(|| default_path(&sources.environment));
    if let Some(path) = loaded.path.clone() {
        loaded.exists = read_file(&path, named.is_some(), &mut loaded);
    }
    read_environment(&sources.environment, &mut loaded);
    for (key, value) in &sources.flags {
        let set = find(key).and_then(|setting| setting.set(&mut loaded.config, value.clone()));
        if let Err(what) = set {
            loaded.problems.push(Problem::new(format!("--{}", key.replace('_', "-")), what));
        }
    }
    loaded
}

/// Returns whether the file is there. One that nobody named need not be.
fn read_file(path: &Path, named: bool, loaded: &mut Loaded) -> bool {
    let place = path.display().to_string();
    match std::fs::read(path).map(String::from_utf8) {
        Ok(Ok(text)) => file::read(path, &text, &mut loaded.config, &mut loaded.problems),
        Ok(Err(_)) => loaded.problems.push(Problem::new(place, "the file is not UTF-8 text")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !named => return false,
        Err(error) => {
            loaded.problems.push(Problem::new(place, error.to_string()));
            return false;
        }
    }
    true
}

fn read_environment(environment: &BTreeMap<OsString, OsString>, loaded: &mut Loaded) {
    let known: Vec<String> = SETTINGS.iter().map(Setting::variable).collect();
    for (name, value) in environment {
        let name = name.to_string_lossy();
        let setting = SETTINGS.iter().find(|setting| setting.variable() == name);
        let result = match (setting, value.to_str()) {
            // As for other programs, an empty variable is none.
            (Some(_), Some("")) => Ok(()),
            (Some(setting), Some(value)) => {
                setting.parse(value).and_then(|value| setting.set(&mut loaded.config, value))
            }
            (Some(_), None) => Err("the value is not UTF-8 text".to_owned()),
            (None, _) if name.starts_with(PREFIX) && name != FILE_VARIABLE => {
                let near = nearest(&name, known.iter().map(String::as_str));
                Err(format!(
                    "no setting has this variable{}",
                    near.map(|n| format!(", did you mean {n}?")).unwrap_or_default()
                ))
            }
            (None, _) => Ok(()),
        };
        if let Err(what) = result {
            loaded.problems.push(Problem::new(name, what));
        }
    }
}

/// Where the file is when nothing names one: in the directory of configurations, as the XDG specification has it.
#[must_use]
pub fn default_path(environment: &BTreeMap<OsString, OsString>) -> Option<PathBuf> {
    // The specification says to ignore a path that is not absolute.
    let directory =
        |name: &str| environment.get(&OsString::from(name)).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = directory("XDG_CONFIG_HOME").or_else(|| directory("HOME").map(|home| home.join(".config")));
    base.map(|base| base.join("chat-tui").join("config.toml"))
}

/// The variable that names the file.
const FILE_VARIABLE: &str = "CHAT_CLIENT_CONFIG";

/// What variables of settings begin with, and nothing else.
const PREFIX: &str = "CHAT_CLIENT_";

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
