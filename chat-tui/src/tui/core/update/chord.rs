//! A key, on its own or as one of a sequence: which action it comes to.

use super::{keys, notice, secret};
use crate::tui::core::chord::{Chord, SHOWN_AFTER, TEXT_AFTER};
use crate::tui::core::effect::Effects;
use crate::tui::core::keymap::{Found, names};
use crate::tui::core::model::Model;
use crate::tui::term::key::{Key, KeyCode};

pub(super) fn key(model: &mut Model, key: Key, effects: &mut Effects) {
    if model.secret.is_some() {
        return secret::key(model, key, effects);
    }
    model.chord.keys.push(key);
    match model.prefs.keys.find(model.contexts(), &model.chord.keys) {
        Found::More => {
            model.chord.at = model.now.mono;
            effects.dirty |= std::mem::take(&mut model.notice).is_some() || model.chord.shown;
        }
        Found::Actions(actions) => {
            model.chord = Chord::default();
            let composer = model.composer();
            let busy = actions.iter().find(|action| !action.is_idle(composer));
            let action = busy.or(actions.first()).copied();
            keys::press(model, key, action, effects);
        }
        Found::Nothing => nothing(model, key, effects),
    }
}

/// What was begun comes to nothing: characters are text after all, and the last key is one of its own.
fn nothing(model: &mut Model, key: Key, effects: &mut Effects) {
    let typed = std::mem::take(&mut model.chord);
    let Some((_, begun)) = typed.keys.split_last().filter(|(_, begun)| !begun.is_empty()) else {
        return keys::press(model, key, None, effects);
    };
    effects.dirty = true;
    if begun.iter().all(|key| key.typed().is_some()) {
        begun.iter().for_each(|key| keys::press(model, *key, None, effects));
        self::key(model, key, effects);
    } else if key.code != KeyCode::Esc {
        notice(model, effects, true, format!("{} does nothing", names(&typed.keys)));
    }
}

pub(super) fn tick(model: &mut Model, effects: &mut Effects) {
    let since = model.now.mono.saturating_sub(model.chord.at);
    if model.chord.keys.is_empty() {
        return;
    }
    if model.chord.is_text() && since >= TEXT_AFTER {
        let typed = std::mem::take(&mut model.chord);
        typed.keys.iter().for_each(|key| keys::press(model, *key, None, effects));
    } else if since >= SHOWN_AFTER && !model.chord.shown {
        model.chord.shown = true;
        effects.dirty = true;
    }
}
