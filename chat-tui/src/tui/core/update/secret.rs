//! Keys while a secret is being typed. They go past the bindings: nothing else sees them.

use chat_proto::password::SetPassword;

use super::notice;
use crate::tui::core::effect::{Effects, Tag};
use crate::tui::core::model::Model;
use crate::tui::core::secret::{Secret, Typed};
use crate::tui::core::server::ServerId;
use crate::tui::term::key::{Key, KeyCode};

/// Asks for a new password.
pub(super) fn begin(model: &mut Model, effects: &mut Effects) {
    model.secret = Some(Secret::default());
    notice(
        model,
        effects,
        false,
        "a few words that don't belong together are best; Enter goes on, Esc leaves it as it is",
    );
}

/// Takes the password away.
pub(super) fn remove(at: ServerId, effects: &mut Effects) {
    let set = SetPassword { password: None, revoke_others: false };
    effects.ask(at, Tag::Done("your account has no password any more"), set);
}

/// Takes a key.
pub(super) fn key(model: &mut Model, key: Key, effects: &mut Effects) {
    effects.dirty = true;
    let Some(secret) = &mut model.secret else { return };
    if let Some(c) = key.typed() {
        return secret.insert(c.encode_utf8(&mut [0; 4]));
    }
    let control = |letter| key.ctrl && key.code == KeyCode::Char(letter);
    if key.code == KeyCode::Enter {
        enter(model, effects);
    } else if key.code == KeyCode::Backspace || control('h') {
        secret.erase();
    } else if control('u') {
        secret.clear();
    } else if key.code == KeyCode::Esc || control('c') || control('d') || control('q') {
        leave(model, effects);
    }
}

fn leave(model: &mut Model, effects: &mut Effects) {
    model.secret = None;
    notice(model, effects, false, "the password is as it was");
}

fn enter(model: &mut Model, effects: &mut Effects) {
    let Some(secret) = &mut model.secret else { return };
    match secret.enter() {
        Typed::Nothing => leave(model, effects),
        Typed::Again => model.notice = None,
        Typed::Wrong(why) => notice(model, effects, true, why),
        Typed::Done(password) => {
            model.secret = None;
            let set = SetPassword { password: Some(password.as_str().to_owned()), revoke_others: false };
            effects.ask(model.server, Tag::Done(SET), set);
        }
    }
}

/// What is said when the password is set.
const SET: &str = "your password is set; it links new devices. Those that another one let in stay: see /devices";
