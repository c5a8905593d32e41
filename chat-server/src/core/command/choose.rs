//! Choose: what a person sets for himself. The newest of each key counts; what is so already changes nothing.

use chat_proto::choice::{DraftSet, Ignored, NotifySet, RoomPinned, SettingSet};
use chat_proto::limits::{
    BLOCKED_EVER_MAX, BLOCKED_MAX, CONTACTS_EVER_MAX, CONTACTS_MAX, DRAFTS_MAX, IGNORED_EVER_MAX, IGNORED_MAX,
    SETTINGS_EVER_MAX, SETTINGS_MAX,
};
use chat_proto::profile::{StateSet, Status, StatusSet};
use chat_proto::reach::{Blocked, ContactSet, DirectPolicySet};
use chat_proto::seen::SeenPolicySet;
use chat_proto::text::{Label, SettingValue};
use chat_proto::{
    AccountId, ChoiceFact, DirectPolicy, EventBody, Line, Notify, Reject, RejectCode, RoomId, SeenPolicy, Text,
    Timestamp, UserName,
};

use super::state::StateChange;
use crate::core::account::Account;

/// What a person sets for himself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// A message begun in a room, or none.
    Draft(RoomId, Option<Text>),
    /// What of a room to be told about.
    Notify(RoomId, Notify),
    /// Whether a room is a favourite.
    Pinned(RoomId, bool),
    /// A setting of the client's own.
    Setting(Label, SettingValue),
    /// Whether somebody is ignored.
    Ignored(AccountId, UserName, bool),
    /// What he says of himself, whether he is away, and until when that holds.
    Status(Line, bool, Option<Timestamp>),
    /// Values his programs keep.
    State(StateChange),
    /// Whether somebody may not write to him.
    Blocked(AccountId, UserName, bool),
    /// Whether somebody is a contact of his.
    Contact(AccountId, UserName, bool),
    /// Who may write to him.
    DirectPolicy(DirectPolicy),
    /// Who is told when he was last there.
    SeenPolicy(SeenPolicy),
}

/// How many keys of a kind may hold something, how many there may ever be, and what they are called.
struct Bound {
    held: usize,
    ever: usize,
    what: &'static str,
}

pub(in crate::core) fn decide(account: &Account, choice: &Choice) -> Result<Option<EventBody>, Reject> {
    let body = choice.body(account)?;
    let Some(key) = body.compaction_key() else { return Ok(None) };
    let known = account.choices().get(&key).map(|event| &event.body);
    let undoes = body.choice_fact().is_some_and(|fact| is_undone(&fact));
    if known.map_or(undoes, |known| *known == body) {
        return Ok(None);
    }
    if undoes {
        return Ok(Some(body));
    }
    if let Some(room) = choice.room()
        && account.joined_room(room).is_none()
    {
        return Err(Reject::new(RejectCode::NotMember, "this is kept for rooms one is in; join the room first"));
    }
    if let Some(bound) = choice.bound() {
        let of_kind = || account.choices().of_kind(body.kind());
        let holds = known.and_then(|known| known.choice_fact()).is_some_and(|fact| !is_undone(&fact));
        if !holds {
            bound.check(of_kind().filter(|fact| !is_undone(fact)).count(), of_kind().count(), known.is_some())?;
        }
    }
    Ok(Some(body))
}

/// Whether a choice is as if it had never been made.
fn is_undone(fact: &ChoiceFact<'_>) -> bool {
    match fact {
        ChoiceFact::DraftSet(DraftSet { text, .. }) => text.is_empty(),
        ChoiceFact::NotifySet(NotifySet { rule, .. }) => *rule == Notify::All,
        ChoiceFact::RoomPinned(RoomPinned { on, .. })
        | ChoiceFact::Ignored(Ignored { on, .. })
        | ChoiceFact::Blocked(Blocked { on, .. })
        | ChoiceFact::ContactSet(ContactSet { on, .. }) => !on,
        ChoiceFact::SettingSet(SettingSet { value, .. }) => value.is_empty(),
        ChoiceFact::StatusSet(StatusSet { status }) => status.text.is_empty() && !status.away,
        ChoiceFact::StateSet(StateSet { values, public }) => values.is_empty() && public.is_empty(),
        ChoiceFact::DirectPolicySet(DirectPolicySet { policy }) => *policy == DirectPolicy::Everyone,
        ChoiceFact::SeenPolicySet(SeenPolicySet { policy }) => *policy == SeenPolicy::SharedRooms,
    }
}

impl Choice {
    fn body(&self, account: &Account) -> Result<EventBody, Reject> {
        let named = |name: &UserName| name.as_str().to_owned();
        Ok(match self {
            Self::Draft(room, text) => {
                let text = text.as_ref().map_or_else(String::new, |text| text.as_str().to_owned());
                DraftSet { room: *room, text }.into()
            }
            Self::Notify(room, rule) => NotifySet { room: *room, rule: *rule }.into(),
            Self::Pinned(room, on) => RoomPinned { room: *room, on: *on }.into(),
            Self::Setting(name, value) => {
                SettingSet { name: name.as_str().to_owned(), value: value.as_str().to_owned() }.into()
            }
            Self::Ignored(account, name, on) => Ignored { account: *account, name: named(name), on: *on }.into(),
            Self::Status(text, away, until) => {
                let status = Status { text: text.as_str().to_owned(), away: *away, until: *until };
                StatusSet { status }.into()
            }
            Self::State(change) => change.apply(account.choices().state())?.into(),
            Self::Blocked(account, name, on) => Blocked { account: *account, name: named(name), on: *on }.into(),
            Self::Contact(account, name, on) => ContactSet { account: *account, name: named(name), on: *on }.into(),
            Self::DirectPolicy(policy) => DirectPolicySet { policy: *policy }.into(),
            Self::SeenPolicy(policy) => SeenPolicySet { policy: *policy }.into(),
        })
    }

    /// Whether others see it.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        matches!(self, Self::Status(..) | Self::State(_))
    }

    fn room(&self) -> Option<RoomId> {
        match self {
            Self::Draft(room, _) | Self::Notify(room, _) | Self::Pinned(room, _) => Some(*room),
            Self::Setting(..)
            | Self::Ignored(..)
            | Self::Status(..)
            | Self::State(_)
            | Self::Blocked(..)
            | Self::Contact(..)
            | Self::DirectPolicy(_)
            | Self::SeenPolicy(_) => None,
        }
    }

    fn bound(&self) -> Option<Bound> {
        match self {
            Self::Draft(..) => Some(Bound { held: DRAFTS_MAX, ever: usize::MAX, what: "drafts" }),
            Self::Setting(..) => Some(Bound { held: SETTINGS_MAX, ever: SETTINGS_EVER_MAX, what: "settings" }),
            Self::Ignored(..) => Some(Bound { held: IGNORED_MAX, ever: IGNORED_EVER_MAX, what: "ignored people" }),
            Self::Blocked(..) => Some(Bound { held: BLOCKED_MAX, ever: BLOCKED_EVER_MAX, what: "blocked people" }),
            Self::Contact(..) => Some(Bound { held: CONTACTS_MAX, ever: CONTACTS_EVER_MAX, what: "contacts" }),
            // One for each room one is in, or one altogether.
            Self::Notify(..)
            | Self::Pinned(..)
            | Self::Status(..)
            | Self::State(_)
            | Self::DirectPolicy(_)
            | Self::SeenPolicy(_) => None,
        }
    }
}

impl Bound {
    fn check(&self, held: usize, ever: usize, known: bool) -> Result<(), Reject> {
        let Self { held: held_max, ever: ever_max, what } = self;
        let message = if held >= *held_max {
            format!("you have {held} {what}, the most one account may have; undo one first")
        } else if !known && ever >= *ever_max {
            format!("you have had {ever} different {what}, the most one account may ever have; take one of those again")
        } else {
            return Ok(());
        };
        Err(Reject::new(RejectCode::LimitExceeded, message))
    }
}

#[cfg(test)]
mod tests {
    use chat_proto::{Epoch, Ordinal, Seq};

    use super::*;
    use crate::core::account::Marker;
    use crate::core::command::testing::{Log, actor};
    use crate::core::command::{AccountCommand, NoteJoined, NoteLeft};

    const ROOM: RoomId = RoomId(7);

    fn log() -> Log<Account> {
        let mut log = Log::default();
        let at = Marker { seq: Seq(1), ordinal: Ordinal(0) };
        let joined = NoteJoined { room: ROOM, epoch: Epoch(1), name: "dev".to_owned(), at };
        log.give(&actor(1, "alice"), &AccountCommand::NoteJoined(joined)).unwrap();
        log
    }

    fn choose(log: &mut Log<Account>, choice: Choice) -> Result<bool, RejectCode> {
        let outcome = log.give(&actor(1, "alice"), &AccountCommand::Choose(choice));
        outcome.map(|event| event.is_some()).map_err(|reject| reject.code)
    }

    fn draft(text: &str) -> Choice {
        Choice::Draft(ROOM, Text::parse(text).ok())
    }

    fn setting(number: usize, value: &str) -> Choice {
        Choice::Setting(Label::parse(&format!("s{number}")).unwrap(), SettingValue::parse(value).unwrap())
    }

    #[test]
    fn what_is_so_already_changes_nothing_and_what_never_was_needs_no_undoing() {
        let mut log = log();
        for undone in [draft(""), Choice::Notify(ROOM, Notify::All), Choice::Pinned(ROOM, false), setting(1, "")] {
            assert_eq!(choose(&mut log, undone), Ok(false));
        }
        for (choice, is_news) in [
            (draft("hel"), true),
            (draft("hello"), true),
            (draft("hello"), false),
            (draft(""), true),
            (draft(""), false),
            (Choice::Notify(ROOM, Notify::Nothing), true),
            (Choice::Pinned(ROOM, true), true),
            (Choice::Pinned(ROOM, true), false),
        ] {
            assert_eq!(choose(&mut log, choice.clone()), Ok(is_news), "{choice:?}");
        }
        assert_eq!(log.state.choices().draft(ROOM), "");
        assert_eq!(log.state.since(Seq::ZERO).len(), 4);
    }

    #[test]
    fn a_room_must_be_ones_own_but_undoing_is_always_possible() {
        let mut log = log();
        let elsewhere = Choice::Draft(RoomId(8), Text::parse("x").ok());
        assert_eq!(choose(&mut log, elsewhere), Err(RejectCode::NotMember));
        choose(&mut log, draft("x")).unwrap();
        let left = AccountCommand::NoteLeft(NoteLeft { room: ROOM, seq: Seq(9) });
        log.give(&actor(1, "alice"), &left).unwrap();
        assert_eq!(choose(&mut log, draft("y")), Err(RejectCode::NotMember));
        assert_eq!(log.state.choices().draft(ROOM), "x");
        assert_eq!(choose(&mut log, draft("")), Ok(true));
    }

    #[test]
    fn the_bounds_hold_for_what_is_held_and_for_what_ever_was() {
        let mut log = log();
        for number in 0..SETTINGS_MAX {
            choose(&mut log, setting(number, "x")).unwrap();
        }
        assert_eq!(choose(&mut log, setting(SETTINGS_MAX, "x")), Err(RejectCode::LimitExceeded));
        assert_eq!(choose(&mut log, setting(0, "other")), Ok(true), "a setting that is held may change");
        for number in 0..SETTINGS_EVER_MAX {
            choose(&mut log, setting(number, "")).unwrap();
            choose(&mut log, setting(number + SETTINGS_MAX, "x")).ok();
        }
        assert_eq!(log.state.choices().of_kind(107).count(), SETTINGS_EVER_MAX);
        choose(&mut log, setting(1, "")).unwrap();
        assert_eq!(choose(&mut log, setting(9_999, "x")), Err(RejectCode::LimitExceeded));
    }
}
