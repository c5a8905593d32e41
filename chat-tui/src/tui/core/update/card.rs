//! The card of somebody: asked for piece by piece, and shown as the pieces come.

use std::collections::BTreeMap;

use chat_proto::nick::{GetNicks, Nicks};
use chat_proto::profile::{GetProfile, Profile};
use chat_proto::reply::Explained;
use chat_proto::request::{Explain, UserRef};
use chat_proto::seen::{AskSeen, LastSeen};

use super::answer::last_seen;
use crate::tui::core::card::{Card, RIGHTS};
use crate::tui::core::effect::{Effects, Tag};
use crate::tui::core::model::Model;
use crate::tui::core::picker::Subject;
use crate::tui::core::server::ServerId;

/// Asks who somebody is.
pub(super) fn ask(at: ServerId, name: &str, effects: &mut Effects) {
    let name = name.trim_start_matches('@').to_owned();
    effects.ask(at, Tag::Whois(name.clone()), GetProfile { user: UserRef::Name(name) });
}

/// Shows him, and asks what else there is to show.
pub(super) fn show(model: &mut Model, at: ServerId, profile: Profile, effects: &mut Effects) {
    let account = profile.account;
    let user = || UserRef::Name(profile.name.clone());
    effects.ask(at, Tag::Called, GetNicks { accounts: vec![account] });
    effects.ask(at, Tag::CardSeen, AskSeen { user: user() });
    let room = model.current().filter(|key| key.server == at);
    let others = account != model.at(at).account.me.account;
    let rules = room.filter(|key| others && model.view(*key).is_some_and(|room| !room.is_conversation()));
    for right in RIGHTS.iter().filter(|_| rules.is_some()) {
        let target = (*right != "invite").then(user);
        let room = rules.unwrap_or_default().room;
        effects.ask(at, Tag::May(account, right), Explain { room, action: (*right).to_owned(), target });
    }
    let card = Card { at, room, profile, nick: None, seen: None, rights: BTreeMap::new() };
    model.overlay = None;
    model.picker = Some(card.picker(model));
}

/// What he is called.
pub(super) fn called(model: &mut Model, nicks: Nicks) {
    change(model, |card| {
        let nick = nicks.nicks.into_iter().find(|nick| nick.name == card.profile.name);
        card.nick = nick.map(|nick| nick.nick).or(card.nick.take());
    });
}

/// When he was last there.
pub(super) fn seen(model: &mut Model, seen: &LastSeen) {
    let words = last_seen(model, seen);
    change(model, |card| {
        if card.account() == seen.account {
            card.seen = Some(words);
        }
    });
}

/// Whether something may be done to him.
pub(super) fn may(model: &mut Model, tag: &Tag, answer: Result<Explained, String>) {
    let Tag::May(account, right) = tag else { return };
    change(model, |card| {
        if card.account() == *account {
            let may = answer.and_then(|answer| answer.refusal.map_or(Ok(()), |reject| Err(reject.message)));
            card.rights.insert(right, may);
        }
    });
}

/// Changes the card in front, if there is one.
fn change(model: &mut Model, work: impl FnOnce(&mut Card)) {
    let Some(before) = model.picker.take() else { return };
    let Subject::Card(card) = &before.subject else {
        model.picker = Some(before);
        return;
    };
    let mut card = card.clone();
    work(&mut card);
    model.picker = Some(card.picker(model).in_place_of(&before));
}
