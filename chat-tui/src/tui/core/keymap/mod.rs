//! Which key does what: the bindings in force, which the help is made of too.
//!
//! Bindings belong to a [`Context`]. Where a key is pressed several of them hold, the nearest first. A binding may be a
//! sequence of keys; while only its beginning was typed, what may follow is known.

mod action;
mod names;
mod preset;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::str::FromStr;

use thiserror::Error;

pub use action::{Action, Deed, Toggle, Travel, WindowDeed};
pub use names::ACTIONS;

use super::composer::Composer;
use crate::tui::term::key::{Key, KeyError};

/// Where a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Context {
    /// While a line is being written.
    Composer,
    /// While messages can be read.
    Timeline,
    /// While a message is selected.
    Select,
    /// While something is in front.
    Overlay,
    /// Always.
    Global,
}

impl Context {
    /// All of them, with their names in a configuration and as headings of the help.
    pub const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::Composer, "composer", "writing"),
        (Self::Timeline, "timeline", "reading"),
        (Self::Select, "select", "with a message selected"),
        (Self::Overlay, "overlay", "in a list or text in front"),
        (Self::Global, "global", "rooms and the rest"),
    ];

    /// The context of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == name).map(|(context, _, _)| *context)
    }

    /// Contexts that hold while a line is being written, the nearest first.
    pub const WRITING: &'static [Self] = &[Self::Composer, Self::Timeline, Self::Global];
    /// Contexts that hold while messages are chosen.
    pub const CHOOSING: &'static [Self] = &[Self::Select, Self::Timeline, Self::Global];
    /// Contexts that hold while something is in front; a key that is none of the first goes to what is behind.
    pub const FRONT: &'static [Self] = &[Self::Overlay, Self::Composer, Self::Timeline, Self::Global];
}

/// A set of bindings to begin from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// Readline where text is written, the habits of chat programs everywhere else.
    #[default]
    Default,
    /// `WeeChat`.
    Weechat,
    /// irssi.
    Irssi,
    /// vim.
    Vim,
    /// Emacs.
    Emacs,
    /// Slack.
    Slack,
}

impl Preset {
    /// All of them, by name.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Default, "default"),
        (Self::Weechat, "weechat"),
        (Self::Irssi, "irssi"),
        (Self::Vim, "vim"),
        (Self::Emacs, "emacs"),
        (Self::Slack, "slack"),
    ];

    fn differences(self) -> &'static [preset::Row] {
        match self {
            Self::Default => &[],
            Self::Weechat => preset::WEECHAT,
            Self::Irssi => preset::IRSSI,
            Self::Vim => preset::VIM,
            Self::Emacs => preset::EMACS,
            Self::Slack => preset::SLACK,
        }
    }
}

impl FromStr for Preset {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(preset, _)| *preset).ok_or(())
    }
}

/// Why a binding of the person's own cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BindError {
    /// No such context.
    #[error("there is no context {0:?}; bindings belong to composer, timeline, select, overlay or global")]
    Context(String),
    /// No such key, or too many of them.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No such action.
    #[error("there is no action {given:?}{}", .near.map(|near| format!(", did you mean {near:?}?")).unwrap_or_default())]
    Action {
        /// What was written.
        given: String,
        /// What was probably meant.
        near: Option<&'static str>,
    },
}

/// What keys typed one after the other come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// An action of the nearest context that has one, then those of the contexts behind, should it have nothing to do.
    Actions(Vec<Action>),
    /// Nothing yet; more keys are to come.
    More,
    /// Nothing.
    Nothing,
}

/// The bindings in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    bindings: BTreeMap<(Context, Vec<Key>), Action>,
}

impl Default for Keymap {
    fn default() -> Self {
        Self::new(Preset::Default)
    }
}

impl Keymap {
    /// The bindings of a preset.
    #[must_use]
    pub fn new(preset: Preset) -> Self {
        let mut keymap = Self { bindings: BTreeMap::new() };
        for (context, names, action) in preset::DEFAULT.iter().chain(preset.differences()) {
            for keys in names.split(' ').filter_map(|keys| sequence(keys).ok()) {
                keymap.set(*context, keys, *action);
            }
        }
        keymap
    }

    /// Binds keys, parted by spaces if they are a sequence, to an action by its name; an empty name unbinds them.
    ///
    /// # Errors
    /// What of it there is not.
    pub fn bind(&mut self, context: &str, keys: &str, action: &str) -> Result<(), BindError> {
        let context = Context::named(context).ok_or_else(|| BindError::Context(context.to_owned()))?;
        let sequence = Key::sequence(keys)?;
        if sequence.is_empty() {
            return Err(KeyError::Empty.into());
        }
        let action = match action {
            "" => None,
            name => Some(Action::named(name).ok_or_else(|| BindError::Action {
                given: name.to_owned(),
                near: chat_proto::nearest::nearest(name, ACTIONS.iter().map(|(_, known, _)| *known)),
            })?),
        };
        self.set(context, sequence, action);
        Ok(())
    }

    /// A sequence and its own beginning cannot both be bound in one context: the later binding stays.
    fn set(&mut self, context: Context, keys: Vec<Key>, action: Option<Action>) {
        let Some(action) = action else {
            self.bindings.remove(&(context, keys));
            return;
        };
        self.bindings.retain(|(where_, bound), _| {
            *where_ != context || *bound == keys || !(bound.starts_with(&keys) || keys.starts_with(bound))
        });
        self.bindings.insert((context, keys), action);
    }

    /// What keys come to where these contexts hold, the nearest first.
    #[must_use]
    pub fn find(&self, contexts: &[Context], keys: &[Key]) -> Found {
        let keys: Vec<Key> = keys.iter().map(|key| key.normal()).collect();
        let mut actions = Vec::new();
        for context in contexts {
            if let Some(action) = self.bindings.get(&(*context, keys.clone())) {
                actions.push(*action);
            } else if actions.is_empty() && self.goes_on(*context, &keys) {
                return Found::More;
            }
        }
        if actions.is_empty() { Found::Nothing } else { Found::Actions(actions) }
    }

    fn goes_on(&self, context: Context, keys: &[Key]) -> bool {
        self.bindings
            .keys()
            .any(|(where_, bound)| *where_ == context && bound.len() > keys.len() && bound.starts_with(keys))
    }

    /// What may follow keys typed so far, and what it does then.
    pub fn following<'a>(&'a self, contexts: &'a [Context], keys: &'a [Key]) -> impl Iterator<Item = (String, Action)> {
        let fits = move |(context, bound): &(Context, Vec<Key>)| {
            contexts.contains(context) && bound.len() > keys.len() && bound.starts_with(keys)
        };
        let fitting = self.bindings.iter().filter(move |(binding, _)| fits(binding));
        fitting.map(move |((_, bound), action)| (titles(&bound[keys.len()..]), *action))
    }

    /// The shortest keys of an action where these contexts hold, as people are shown them: `Ctrl-N`.
    #[must_use]
    pub fn shown(&self, contexts: &[Context], action: Action) -> Option<String> {
        let bound =
            self.bindings.iter().filter(|((context, _), known)| **known == action && contexts.contains(context));
        bound.map(|((_, keys), _)| titles(keys)).min_by(|a, b| (a.len(), a).cmp(&(b.len(), b)))
    }

    /// The bindings as lines: keys on the left, what they do behind column `column`, under a heading for each context.
    #[must_use]
    pub fn lines(&self, column: usize) -> Vec<String> {
        let mut lines = Vec::new();
        for (context, _, heading) in Context::ALL {
            let mut rows: Vec<(String, &str)> = Vec::new();
            for (action, _, meaning) in ACTIONS {
                let of_action = |((where_, keys), known): (&(Context, Vec<Key>), &Action)| {
                    (*where_ == context && known == action).then(|| names(keys))
                };
                let mut keys: Vec<String> = self.bindings.iter().filter_map(of_action).collect();
                keys.sort_by_key(String::len);
                if !keys.is_empty() {
                    rows.push((keys.join(", "), meaning));
                }
            }
            if rows.is_empty() {
                continue;
            }
            if !lines.is_empty() {
                lines.push(String::new());
            }
            lines.push(heading.to_owned());
            lines.extend(rows.iter().map(|(keys, meaning)| format!("  {keys:<width$} {meaning}", width = column - 3)));
        }
        lines
    }
}

/// Keys as they are written in a configuration.
#[must_use]
pub fn names(keys: &[Key]) -> String {
    let mut text = String::new();
    for key in keys {
        let space = if text.is_empty() { "" } else { " " };
        let _ = write!(text, "{space}{key}");
    }
    text
}

/// Keys as people are shown them.
#[must_use]
pub fn titles(keys: &[Key]) -> String {
    let mut text = String::new();
    for key in keys {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&key.title());
    }
    text
}

/// A sequence as the tables write it: a comma between its keys, or a comma alone as a key.
fn sequence(keys: &str) -> Result<Vec<Key>, KeyError> {
    if keys == "," { Key::sequence(keys) } else { Key::sequence(&keys.replace(',', " ")) }
}

impl Action {
    /// Whether it would leave the line being written as it is: then a binding further away may have its turn.
    #[must_use]
    pub fn is_idle(self, composer: &Composer) -> bool {
        if let Self::Go(span) | Self::Delete(span) | Self::Kill(span) = self { !composer.reaches(span) } else { false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(keymap: &Keymap, contexts: &[Context], keys: &str) -> Found {
        keymap.find(contexts, &Key::sequence(keys).unwrap())
    }

    #[test]
    fn every_row_of_every_preset_is_a_key_named_once_and_an_action_with_a_name() {
        for (preset, name) in Preset::ALL {
            let keymap = Keymap::new(preset);
            for rows in [preset::DEFAULT, preset.differences()] {
                let mut seen = Vec::new();
                for (context, names, action) in rows {
                    for keys in names.split(' ') {
                        let keys = sequence(keys).unwrap();
                        assert!(!seen.contains(&(*context, keys.clone())), "{name}: {names}");
                        seen.push((*context, keys));
                    }
                    assert!(action.is_none_or(|action| !action.described().0.is_empty()), "{name}: {names}");
                }
            }
            for (context, names, action) in preset.differences() {
                for keys in names.split(' ') {
                    let in_force = keymap.bindings.get(&(*context, sequence(keys).unwrap()));
                    assert_eq!(in_force, action.as_ref(), "{name}: {keys} is taken away again");
                }
            }
            assert_eq!(name.parse(), Ok(preset));
            assert!(
                [Action::Quit, Action::Help].iter().all(|action| keymap.shown(Context::WRITING, *action).is_some()),
                "{name}"
            );
        }
    }

    #[test]
    fn a_row_of_a_preset_takes_away_only_what_there_is() {
        for (preset, name) in Preset::ALL {
            for (context, names, _) in preset.differences().iter().filter(|(_, _, action)| action.is_none()) {
                for keys in names.split(' ') {
                    let key = (*context, sequence(keys).unwrap());
                    assert!(Keymap::default().bindings.contains_key(&key), "{name}: {context:?} {keys}");
                }
            }
        }
    }

    #[test]
    fn the_nearest_context_comes_first_and_those_behind_it_are_known() {
        let mut keymap = Keymap::default();
        keymap.bind("global", "ctrl-k", "help").unwrap();
        let both = vec![Action::Kill(super::super::composer::Span::LineEnd), Action::Help];
        assert_eq!(find(&keymap, Context::WRITING, "ctrl-k"), Found::Actions(both));
        assert_eq!(find(&keymap, &[Context::Global], "ctrl-k"), Found::Actions(vec![Action::Help]));
        assert_eq!(find(&keymap, Context::WRITING, "x"), Found::Nothing);
    }

    #[test]
    fn a_sequence_is_found_key_by_key_and_what_follows_is_known() {
        let keymap = Keymap::new(Preset::Emacs);
        assert_eq!(find(&keymap, Context::WRITING, "ctrl-x"), Found::More);
        assert_eq!(find(&keymap, Context::WRITING, "ctrl-x ctrl-c"), Found::Actions(vec![Action::Quit]));
        assert_eq!(find(&keymap, Context::WRITING, "ctrl-x z"), Found::Nothing);
        let typed = Key::sequence("ctrl-x").unwrap();
        let following: Vec<_> = keymap.following(Context::WRITING, &typed).collect();
        assert!(following.contains(&("u".to_owned(), Action::Undo)), "{following:?}");
        assert!(following.contains(&("Ctrl-C".to_owned(), Action::Quit)), "{following:?}");
    }

    #[test]
    fn a_binding_replaces_the_beginning_of_itself_and_what_it_is_the_beginning_of() {
        let mut keymap = Keymap::new(Preset::Emacs);
        keymap.bind("global", "ctrl-x", "redraw").unwrap();
        assert_eq!(find(&keymap, &[Context::Global], "ctrl-x"), Found::Actions(vec![Action::Redraw]));
        assert_eq!(find(&keymap, &[Context::Global], "ctrl-x b"), Found::Nothing);
        keymap.bind("global", "ctrl-x x", "quit").unwrap();
        assert_eq!(find(&keymap, &[Context::Global], "ctrl-x"), Found::More);
    }

    #[test]
    fn what_is_unbound_does_nothing_and_what_is_unknown_changes_nothing() {
        let mut keymap = Keymap::default();
        keymap.bind("global", "ctrl-q", "").unwrap();
        assert_eq!(find(&keymap, Context::WRITING, "ctrl-q"), Found::Nothing);
        let before = keymap.clone();
        for (context, keys, action, why) in [
            ("globl", "x", "quit", "context"),
            ("global", "ctrl-foo", "quit", "ctrl-foo"),
            ("global", "", "quit", "missing"),
            ("global", "x", "quti", "did you mean \"quit\"?"),
        ] {
            let error = keymap.bind(context, keys, action).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
        assert_eq!(keymap, before);
    }

    #[test]
    fn the_help_lists_every_binding_in_force_under_its_context() {
        let mut keymap = Keymap::default();
        keymap.bind("global", "ctrl-q", "").unwrap();
        keymap.bind("select", "g g", "oldest").unwrap();
        let lines = keymap.lines(28);
        assert!(lines.contains(&"  ctrl-j, alt-enter, shift-enter begin another line".to_owned()), "{lines:#?}");
        assert!(lines.contains(&"  g g                       oldest loaded message".to_owned()), "{lines:#?}");
        assert!(!lines.iter().any(|line| line.contains("ctrl-q")), "{lines:#?}");
    }
}
