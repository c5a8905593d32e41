//! Filters: listing them, and doing without them for a while.

use std::sync::Arc;

use super::{notice, room};
use crate::tui::core::effect::Effects;
use crate::tui::core::model::{Model, Overlay};
use crate::tui::core::timeline::Scroll;

/// Lets the filters hold, or shows everything.
pub(super) fn switch(model: &mut Model, on: bool, effects: &mut Effects) {
    model.reading.unfiltered = !on;
    let told = match (on, model.prefs.filters.list.len()) {
        (_, 0) => "there is no filter; /filter add NAME PATTERN makes one".to_owned(),
        (true, _) => "filters hide messages".to_owned(),
        (false, _) => "everything is shown, whatever filters say".to_owned(),
    };
    notice(model, effects, false, told);
}

/// The filters, and what they hide.
pub(super) fn list(model: &Model) -> Overlay {
    let filters = &model.prefs.filters.list;
    let mut lines: Vec<String> = filters.iter().map(|it| format!("{:<20} {}", it.name, it.pattern)).collect();
    if lines.is_empty() {
        lines.push("there is none".to_owned());
    }
    lines.push(String::new());
    lines
        .push("/filter add NAME PATTERN hides messages that have PATTERN: words, or /a regular expression/".to_owned());
    lines.push("they are compared with \"name: text\"; your own messages and those that name you stay".to_owned());
    Overlay {
        title: if model.reading.unfiltered { "filters, which are off" } else { "filters" }.to_owned(),
        lines,
        ..Overlay::default()
    }
}

/// Lets the filters in force hide what is loaded.
pub(super) fn settle(model: &mut Model, effects: &mut Effects) {
    let set = &model.prefs.filters;
    let filters = (!model.reading.unfiltered && !set.list.is_empty()).then(|| Arc::clone(set));
    let mut changed = false;
    for server in &mut model.servers {
        let me = server.account.me.account;
        for room in server.rooms.values_mut() {
            changed |= room.timeline.filter(filters.as_ref(), me);
        }
    }
    if changed {
        // What is left may fit; then its end is seen.
        room::scroll(model, Scroll::Down(0), effects);
    }
}
