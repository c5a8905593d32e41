//! The configuration the screen goes by while it runs: read again when its file changes, and changed by commands.
//!
//! Never: a timer. The file is looked at when something happens anyway.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use super::core::geometry::Panes;
use super::core::keymap::{Keymap, Preset};
use super::core::time::Clock as Hours;
use super::core::{Change, FILTERS_MAX, Filter, Filters, Order, Prefs};
use super::look::Looks;
use super::term::caps::{Colors, Symbols};
use super::term::ring::Ring;
use super::view::BUILT_IN;
use crate::config::{
    self, Clock, ColorDepth, Config, KeyPreset, Loaded, Notice, Problem, RoomOrder, SETTINGS, Setting, Shown, Sources,
    SymbolSet, Value,
};

/// The configuration the screen goes by.
#[derive(Clone, Debug)]
pub struct Live {
    sources: Sources,
    loaded: Loaded,
    /// Whether the screen is used for the first week.
    first_week: bool,
    stamp: Option<Stamp>,
}

/// What tells one state of a file from another without reading it.
type Stamp = (SystemTime, u64);

/// What a command about the configuration came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Something changed; what to say of it.
    Changed(String),
    /// A text to show: its title and lines.
    Shown(String, Vec<String>),
}

impl Live {
    /// What was read from these sources.
    #[must_use]
    pub fn new(sources: Sources, loaded: Loaded, first_week: bool) -> Self {
        let stamp = loaded.path.as_deref().and_then(stamp);
        Self { sources, loaded, first_week, stamp }
    }

    /// What was read.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.loaded.config
    }

    /// Whether the file is another one than was read.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.loaded.path.as_deref().and_then(stamp) != self.stamp
    }

    /// Reads everything again.
    pub fn reload(&mut self) {
        self.stamp = self.loaded.path.as_deref().and_then(stamp);
        self.loaded = config::load(&self.sources);
    }

    /// What the core goes by, how it is drawn, and everything that is wrong.
    #[must_use]
    pub fn in_force(&self) -> (Prefs, Looks, Vec<Problem>) {
        let mut problems = self.loaded.problems.clone();
        let prefs = prefs(&self.loaded.config, self.first_week, &mut problems);
        let looks = looks(&self.loaded.config, &mut problems);
        (prefs, looks, problems)
    }

    /// Does what a command says.
    ///
    /// # Errors
    /// Why not, for people; nothing changed then.
    pub fn run(&mut self, change: &Change) -> Result<Outcome, String> {
        match change {
            Change::Show(part) => Ok(Outcome::Shown("settings".to_owned(), self.show(part))),
            Change::Reload => {
                self.reload();
                Ok(Outcome::Changed("the settings were read again".to_owned()))
            }
            Change::Set(key, text) => {
                let setting = config::find(key)?;
                let value = setting.parse(text)?;
                setting.set(&mut Config::default(), value.clone()).map_err(|what| format!("{key}: {what}"))?;
                self.write(|file| config::set(file, setting, &value).map(Some))?;
                Ok(Outcome::Changed(self.told(setting, &value)))
            }
            Change::Add(key, word) => {
                let setting = config::find(key)?;
                let now = setting.value(&self.loaded.config);
                let Some(Value::List(mut words)) = now else { return Err(format!("{key} is no list of words")) };
                if words.contains(word) {
                    return Err(format!("{word} is among {key} already"));
                }
                words.push(word.clone());
                let value = Value::List(words);
                self.write(|file| config::set(file, setting, &value).map(Some))?;
                Ok(Outcome::Changed(self.told(setting, &value)))
            }
            Change::Unset(key) => {
                let setting = config::find(key)?;
                let missing = || format!("{key} is not in the file");
                self.write(|file| config::unset(file, setting))?.then_some(()).ok_or_else(missing)?;
                Ok(Outcome::Changed(format!("{key} is as it was made: {}", setting.default())))
            }
            Change::Layout { name, text: Some(text) } => {
                self.write(|file| config::name(file, config::LAYOUTS, name, Some(text)))?;
                Ok(Outcome::Changed(format!("the layout {name} is kept; /set ui.layout {name} begins with it")))
            }
            Change::Layout { name, text: None } => {
                let missing = || format!("no layout is called {name}; /layout shows them");
                self.write(|file| config::name(file, config::LAYOUTS, name, None))?
                    .then_some(())
                    .ok_or_else(missing)?;
                Ok(Outcome::Changed(format!("the layout {name} is kept no more")))
            }
            Change::Filter(name, pattern) => {
                Filter::new(name, pattern)?;
                self.write(|file| config::name(file, config::FILTERS, name, Some(pattern)))?;
                Ok(Outcome::Changed(format!("filter {name} hides what has {pattern}; /filter del {name} ends it")))
            }
            Change::Unfilter(name) => {
                let missing = || format!("there is no filter {name} in the file; /filter shows them");
                self.write(|file| config::name(file, config::FILTERS, name, None))?
                    .then_some(())
                    .ok_or_else(missing)?;
                Ok(Outcome::Changed(format!("there is no filter {name} any more")))
            }
            Change::Bind { context, keys, action } => {
                Keymap::default().bind(context, keys, action).map_err(|error| error.to_string())?;
                self.write(|file| config::bind(file, context, keys, action).map(Some))?;
                Ok(Outcome::Changed(match action.as_str() {
                    "" => format!("{keys} does nothing now"),
                    action => format!("{keys} is {action} now"),
                }))
            }
        }
    }

    fn told(&self, setting: &Setting, value: &Value) -> String {
        let key = setting.key;
        // A flag or a variable may say otherwise.
        match setting.value(&self.loaded.config) {
            Some(now) if now != *value && setting.live => format!("{key} = {value} is in the file, but {now} holds"),
            Some(_) | None if setting.live => format!("{key} = {value}"),
            Some(_) | None => format!("{key} = {value}, from the next start on"),
        }
    }

    fn show(&self, part: &str) -> Vec<String> {
        let fitting = SETTINGS.iter().filter(|setting| setting.key.contains(part));
        let mut lines = Vec::new();
        for setting in fitting {
            let value =
                setting.value(&self.loaded.config).map_or_else(|| "(none)".to_owned(), |value| value.to_string());
            lines.push(format!("{} = {value}", setting.key));
            lines.push(format!("    {}", setting.meaning));
        }
        let file = self.loaded.path.as_ref().map_or_else(|| "nowhere".to_owned(), |path| path.display().to_string());
        lines.push(String::new());
        lines.push(format!("kept in {file}; /set name value changes one, /unset name takes it back"));
        lines.extend(self.in_force().2.iter().map(ToString::to_string));
        lines
    }

    /// Changes the file and reads it again. Returns whether there was something to change.
    fn write(
        &mut self,
        change: impl FnOnce(&str) -> Result<Option<String>, config::EditError>,
    ) -> Result<bool, String> {
        let path = self.loaded.path.clone().ok_or("there is no home directory to keep settings in; see --config")?;
        let place = path.display();
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            read => read.map_err(|error| format!("{place}: {error}"))?,
        };
        let Some(text) = change(&text).map_err(|error| format!("{place}: {error}"))? else { return Ok(false) };
        config::write(&path, &text).map_err(|error| format!("{place}: {error}"))?;
        self.reload();
        Ok(true)
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn prefs(config: &Config, first_week: bool, problems: &mut Vec<Problem>) -> Prefs {
    let shown = |shown: Shown| match shown {
        Shown::Auto => None,
        Shown::On => Some(true),
        Shown::Off => Some(false),
    };
    let mut keys = Keymap::new(match config.keys.preset {
        KeyPreset::Default => Preset::Default,
        KeyPreset::Weechat => Preset::Weechat,
        KeyPreset::Irssi => Preset::Irssi,
        KeyPreset::Vim => Preset::Vim,
        KeyPreset::Emacs => Preset::Emacs,
        KeyPreset::Slack => Preset::Slack,
    });
    for binding in &config.keys.bindings {
        if let Err(error) = keys.bind(&binding.context, &binding.keys, &binding.action) {
            problems.push(Problem::new(&binding.place, error.to_string()));
        }
    }
    let highlight: Vec<String> = config.highlight.iter().map(|word| word.to_lowercase()).collect();
    let mut layouts = BTreeMap::new();
    for layout in &config.layouts {
        match crate::tui::core::layouts::read(&layout.text) {
            Ok(_) => _ = layouts.insert(layout.name.clone(), layout.text.clone()),
            Err(why) => problems.push(Problem::new(&layout.place, why)),
        }
    }
    Prefs {
        keys,
        order: match config.ui.order {
            RoomOrder::Name => Order::Name,
            RoomOrder::Activity => Order::Activity,
            RoomOrder::Hand => Order::Hand,
        },
        layouts,
        layout_name: config.ui.layout.clone().unwrap_or_default(),
        filters: Arc::new(Filters { list: filters(config, problems), highlight: highlight.clone() }),
        explore: config.explore,
        exec: config.exec,
        themes: BUILT_IN.iter().map(|(name, _)| *name).collect(),
        typing: config.typing,
        highlight,
        hints: shown(config.ui.hints).unwrap_or(first_week),
        borders: config.ui.borders,
        // Its range ends far below.
        max_width: u16::try_from(config.ui.max_width).unwrap_or(u16::MAX),
        panes: Panes { rooms: shown(config.ui.rooms), members: shown(config.ui.members), bare: false },
        downloads: config.downloads.as_ref().map(|path| path.to_string_lossy().into_owned()),
        mouse: config.ui.mouse,
        paste_lines: usize::try_from(config.paste_lines).unwrap_or(usize::MAX),
        clock: match config.ui.clock {
            Clock::Hours24 => Hours::Hours24,
            Clock::Hours12 => Hours::Hours12,
        },
    }
}

fn filters(config: &Config, problems: &mut Vec<Problem>) -> Vec<Filter> {
    let mut filters = Vec::new();
    for filter in &config.filters {
        match Filter::new(&filter.name, &filter.text) {
            Ok(_) if filters.len() >= FILTERS_MAX => {
                problems.push(Problem::new(&filter.place, format!("at most {FILTERS_MAX} filters hold")));
            }
            Ok(filter) => filters.push(filter),
            Err(why) => problems.push(Problem::new(&filter.place, why)),
        }
    }
    filters
}

fn looks(config: &Config, problems: &mut Vec<Problem>) -> Looks {
    let mut looks = Looks {
        colors: match config.ui.colors {
            ColorDepth::Auto => None,
            ColorDepth::None => Some(Colors::None),
            ColorDepth::Ansi16 => Some(Colors::Ansi16),
            ColorDepth::Ansi256 => Some(Colors::Ansi256),
            ColorDepth::True => Some(Colors::True),
        },
        symbols: match config.ui.symbols {
            SymbolSet::Auto => None,
            SymbolSet::Unicode => Some(Symbols::Unicode),
            SymbolSet::Ascii => Some(Symbols::Ascii),
        },
        ring: match config.notify {
            Notice::Auto => None,
            Notice::Off => Some(Ring::Off),
            Notice::Bell => Some(Ring::Bell),
            Notice::Osc9 => Some(Ring::Osc9),
            Notice::Osc99 => Some(Ring::Osc99),
            Notice::Osc777 => Some(Ring::Osc777),
        },
        notify_command: config.notify_command.clone(),
        mouse: config.ui.mouse,
        linear: config.linear,
        borders: config.ui.borders,
        links: config.ui.links,
        ..Looks::default()
    };
    if let Err(error) = looks.choose_theme(&config.theme) {
        problems.push(Problem::new(format!("the theme {}", config.theme), error.to_string()));
    }
    looks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(text: &str) -> (tempfile::TempDir, Live) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        fs::write(&path, text).unwrap();
        let sources = Sources { file: Some(path), ..Sources::default() };
        let loaded = config::load(&sources);
        (dir, Live::new(sources, loaded, false))
    }

    fn text(dir: &tempfile::TempDir) -> String {
        fs::read_to_string(dir.path().join("config.toml")).unwrap()
    }

    #[test]
    fn what_is_set_is_in_the_file_and_in_force() {
        let (dir, mut live) = live("# mine\n[ui]\nhints = \"off\" # quiet\n");
        assert!(!live.in_force().0.hints);
        let set = |key: &str, to: &str| Change::Set(key.to_owned(), to.to_owned());
        let outcome = live.run(&set("ui.hints", "on")).unwrap();
        assert_eq!(outcome, Outcome::Changed("ui.hints = \"on\"".to_owned()));
        assert_eq!(text(&dir), "# mine\n[ui]\nhints = \"on\" # quiet\n");
        assert!(live.in_force().0.hints);
        assert!(live.run(&set("ui.hints", "never")).unwrap_err().contains("none of auto, on, off"));
        assert!(live.run(&set("ui.hint", "on")).unwrap_err().contains("did you mean \"ui.hints\"?"));
        assert!(matches!(live.run(&set("name", "eve")), Ok(Outcome::Changed(told)) if told.contains("next start")));
        live.run(&Change::Unset("ui.hints".to_owned())).unwrap();
        assert!(!live.in_force().0.hints, "the first week is over");
        assert!(live.run(&Change::Unset("ui.hints".to_owned())).is_err());
    }

    #[test]
    fn a_word_is_added_to_those_there_are() {
        let (dir, mut live) = live("highlight = [\"deploy\"] # mine\n");
        let add = |key: &str, word: &str| Change::Add(key.to_owned(), word.to_owned());
        live.run(&add("highlight", "outage")).unwrap();
        assert_eq!(text(&dir), "highlight = [\"deploy\", \"outage\"] # mine\n");
        assert_eq!(live.in_force().0.highlight, ["deploy", "outage"]);
        assert!(live.run(&add("highlight", "outage")).unwrap_err().contains("already"));
        assert!(live.run(&add("theme", "outage")).unwrap_err().contains("no list"));
    }

    #[test]
    fn a_key_is_bound_in_the_file_and_in_force() {
        let (dir, mut live) = live("");
        let bind = |keys: &str, action: &str| Change::Bind {
            context: "global".to_owned(),
            keys: keys.to_owned(),
            action: action.to_owned(),
        };
        live.run(&bind("ctrl-x q", "quit")).unwrap();
        live.run(&bind("ctrl-q", "")).unwrap();
        assert_eq!(text(&dir), "[keys.global]\n\"ctrl-x q\" = \"quit\"\nctrl-q = false\n");
        let mut expected = Keymap::default();
        expected.bind("global", "ctrl-x q", "quit").unwrap();
        expected.bind("global", "ctrl-q", "").unwrap();
        assert_eq!(live.in_force().0.keys, expected);
        assert!(live.run(&bind("ctrl-foo", "quit")).is_err());
    }

    #[test]
    fn a_filter_is_kept_in_the_file_and_in_force_and_a_bad_one_is_told_with_its_place() {
        let (dir, mut live) = live("# mine\n[filters]\nbots = 'bot:' # all\nbad = '/a(/'\n");
        let names = |live: &Live| live.in_force().0.filters.list.iter().map(|f| f.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&live), ["bots"]);
        let problem = live.in_force().2[0].to_string();
        assert!(problem.contains("config.toml:4:1: the filter bad: unclosed group"), "{problem}");
        live.run(&Change::Filter("ads".to_owned(), "buy now".to_owned())).unwrap();
        assert_eq!(names(&live), ["bots", "ads"]);
        assert!(
            text(&dir).starts_with("# mine\n[filters]\nbots = 'bot:' # all\n")
                && text(&dir).contains("ads = \"buy now\"")
        );
        assert!(live.run(&Change::Filter("x".to_owned(), "/(/".to_owned())).is_err());
        live.run(&Change::Unfilter("bots".to_owned())).unwrap();
        assert_eq!(names(&live), ["ads"]);
        assert!(live.run(&Change::Unfilter("bots".to_owned())).unwrap_err().contains("/filter shows them"));
    }

    #[test]
    fn a_flag_stays_above_what_is_set() {
        let (_dir, mut live) = live("");
        live.sources.flags.push(("typing", Value::Flag(false)));
        let outcome = live.run(&Change::Set("typing".to_owned(), "on".to_owned())).unwrap();
        assert_eq!(outcome, Outcome::Changed("typing = true is in the file, but false holds".to_owned()));
    }

    #[test]
    fn a_changed_file_is_noticed_and_what_is_wrong_in_it_told_with_its_place() {
        let (dir, mut live) = live("");
        assert!(!live.is_stale());
        fs::write(dir.path().join("config.toml"), "[keys.global]\n'f9' = 'help'\n'f99' = 'help'\n").unwrap();
        assert!(live.is_stale());
        live.reload();
        assert!(!live.is_stale());
        let (prefs, _, problems) = live.in_force();
        assert_ne!(prefs.keys, Keymap::default());
        assert_eq!(problems.len(), 1);
        assert!(problems[0].to_string().contains("config.toml:3:1: `f99` is no key"), "{}", problems[0]);
    }

    #[test]
    fn every_preset_of_the_configuration_is_one_of_the_screens() {
        for word in KeyPreset::WORDS {
            let (_dir, live) = live(&format!("keys.preset = '{word}'"));
            assert_eq!(live.in_force().0.keys, Keymap::new(word.parse().unwrap()), "{word}");
        }
    }
}
