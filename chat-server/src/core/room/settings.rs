//! A room's settings: their usual values, what may be set, and what a change makes of them.

use chat_proto::RoomSetting;
use chat_proto::limits::{
    EMPTY_FOR_S_MAX, FILTERS_PER_ROOM_MAX, FORWARDS_PER_ROOM_MAX, LINE_BYTES_MAX, MEMBERS_PER_ROOM_MAX, SLOW_MODE_S_MAX,
};
use chat_proto::setting::{
    Archived, EditWindow, EditsKept, Filter, Filters, ForwardTo, HistoryFrom, HistoryShown, JoinPolicy, Joining,
    Lifetime, Listing, MembersMax, Posting, PresenceMode, PresenceShown, ReadReceipts, Reading, Redaction, Redactors,
    Retention, SlowMode, Title, Topic, Who,
};
use chat_proto::{Line, Reject, RejectCode, RoomId};

use crate::core::access::Ground;

/// Every setting of a room with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What it is about.
    pub topic: String,
    /// A longer name.
    pub title: String,
    /// Who may become a member.
    pub joining: JoinPolicy,
    /// Who may read.
    pub reading: Who,
    /// Who may write.
    pub posting: Who,
    /// Who finds it in lists.
    pub listing: Who,
    /// The least time between two messages of one person, seconds.
    pub slow_mode_s: u32,
    /// How long it lives without members, seconds.
    pub empty_for_s: Option<u32>,
    /// How much of its history is kept.
    pub retention: Retention,
    /// What is shown of who is there.
    pub presence: PresenceMode,
    /// From where on a member may read.
    pub history: HistoryFrom,
    /// How long a message may be edited, seconds.
    pub edit_window_s: Option<u32>,
    /// Whether earlier words of an edited message stay.
    pub edits_kept: bool,
    /// Who may remove a message.
    pub redaction: Redactors,
    /// Whether members see how far the others have read.
    pub read_receipts: bool,
    /// How many members it may have.
    pub members_max: u32,
    /// Words that are refused or replaced.
    pub filters: Vec<Filter>,
    /// Rooms its messages are copied to.
    pub forward_to: Vec<RoomId>,
    /// Whether it is closed for good.
    pub archived: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            topic: String::new(),
            title: String::new(),
            joining: JoinPolicy::Anyone,
            reading: Who::Users,
            posting: Who::Members,
            listing: Who::Users,
            slow_mode_s: 0,
            empty_for_s: None,
            retention: Retention { messages: None, age_s: None, bytes: None },
            presence: PresenceMode::Full,
            history: HistoryFrom::Beginning,
            edit_window_s: None,
            edits_kept: true,
            redaction: Redactors::AuthorAndModerators,
            read_receipts: false,
            members_max: MEMBERS_PER_ROOM_MAX,
            filters: Vec::new(),
            forward_to: Vec::new(),
            archived: false,
        }
    }
}

impl Settings {
    /// The settings of a conversation between few: nobody else finds, enters or reads it.
    #[must_use]
    pub fn direct() -> Self {
        Self { joining: JoinPolicy::Invited, reading: Who::Members, listing: Who::Members, ..Self::default() }
    }

    /// What matters of them for who may do what.
    #[must_use]
    pub fn ground(&self, direct: bool) -> Ground {
        Ground {
            direct,
            archived: self.archived,
            joining: self.joining,
            reading: self.reading,
            posting: self.posting,
            listing: self.listing,
            redaction: self.redaction,
        }
    }

    /// Every setting with its value, as a change that would make all of them so.
    #[must_use]
    pub fn all(&self) -> Vec<RoomSetting> {
        vec![
            Topic { text: self.topic.clone() }.into(),
            Title { text: self.title.clone() }.into(),
            Joining { policy: self.joining }.into(),
            Reading { who: self.reading }.into(),
            Posting { who: self.posting }.into(),
            Listing { who: self.listing }.into(),
            SlowMode { seconds: self.slow_mode_s }.into(),
            Lifetime { empty_for_s: self.empty_for_s }.into(),
            self.retention.clone().into(),
            PresenceShown { mode: self.presence }.into(),
            HistoryShown { from: self.history }.into(),
            EditWindow { seconds: self.edit_window_s }.into(),
            EditsKept { on: self.edits_kept }.into(),
            Redaction { who: self.redaction }.into(),
            ReadReceipts { on: self.read_receipts }.into(),
            MembersMax { count: self.members_max }.into(),
            Filters { rules: self.filters.clone() }.into(),
            ForwardTo { rooms: self.forward_to.clone() }.into(),
            Archived { on: self.archived }.into(),
        ]
    }

    /// Makes one setting so. One of a kind this build doesn't know changes nothing.
    pub fn apply(&mut self, change: &RoomSetting) {
        match change {
            RoomSetting::Topic(it) => self.topic.clone_from(&it.text),
            RoomSetting::Title(it) => self.title.clone_from(&it.text),
            RoomSetting::Joining(it) => self.joining = it.policy,
            RoomSetting::Reading(it) => self.reading = it.who,
            RoomSetting::Posting(it) => self.posting = it.who,
            RoomSetting::Listing(it) => self.listing = it.who,
            RoomSetting::SlowMode(it) => self.slow_mode_s = it.seconds,
            RoomSetting::Lifetime(it) => self.empty_for_s = it.empty_for_s,
            RoomSetting::Retention(it) => self.retention = it.clone(),
            RoomSetting::PresenceShown(it) => self.presence = it.mode,
            RoomSetting::HistoryShown(it) => self.history = it.from,
            RoomSetting::EditWindow(it) => self.edit_window_s = it.seconds,
            RoomSetting::EditsKept(it) => self.edits_kept = it.on,
            RoomSetting::Redaction(it) => self.redaction = it.who,
            RoomSetting::ReadReceipts(it) => self.read_receipts = it.on,
            RoomSetting::MembersMax(it) => self.members_max = it.count,
            RoomSetting::Filters(it) => self.filters.clone_from(&it.rules),
            RoomSetting::ForwardTo(it) => self.forward_to.clone_from(&it.rooms),
            RoomSetting::Archived(it) => self.archived = it.on,
            RoomSetting::Unknown { .. } => {}
        }
    }
}

/// Whether a setting can have this value, whoever sets it.
///
/// # Errors
/// What is wrong with it, and what would do.
pub fn check(change: &RoomSetting) -> Result<(), Reject> {
    match change {
        RoomSetting::Topic(it) => line("the topic", &it.text),
        RoomSetting::Title(it) => line("the title", &it.text),
        RoomSetting::SlowMode(it) => {
            within("the slow mode", u64::from(it.seconds), u64::from(SLOW_MODE_S_MAX), "seconds")
        }
        RoomSetting::MembersMax(it) if it.count == 0 => {
            Err(Reject::new(RejectCode::BadRequest, "a room has place for at least one member"))
        }
        RoomSetting::MembersMax(it) => {
            within("the number of members", u64::from(it.count), u64::from(MEMBERS_PER_ROOM_MAX), "members")
        }
        RoomSetting::Filters(it) => {
            within("the list of filters", it.rules.len() as u64, FILTERS_PER_ROOM_MAX as u64, "filters")?;
            it.rules.iter().try_for_each(filter)
        }
        RoomSetting::Lifetime(Lifetime { empty_for_s: Some(seconds) }) => {
            within("the time without members", u64::from(*seconds), u64::from(EMPTY_FOR_S_MAX), "seconds")
        }
        RoomSetting::ForwardTo(it) => {
            within("the list of rooms to copy to", it.rooms.len() as u64, FORWARDS_PER_ROOM_MAX as u64, "rooms")
        }
        RoomSetting::Joining(_)
        | RoomSetting::Reading(_)
        | RoomSetting::Posting(_)
        | RoomSetting::Listing(_)
        | RoomSetting::Lifetime(_)
        | RoomSetting::Retention(_)
        | RoomSetting::PresenceShown(_)
        | RoomSetting::HistoryShown(_)
        | RoomSetting::EditWindow(_)
        | RoomSetting::EditsKept(_)
        | RoomSetting::Redaction(_)
        | RoomSetting::ReadReceipts(_)
        | RoomSetting::Archived(_) => Ok(()),
        RoomSetting::Unknown { kind, .. } => {
            Err(Reject::new(RejectCode::Unsupported, format!("this server knows no setting of kind {kind}")))
        }
    }
}

fn line(what: &str, text: &str) -> Result<(), Reject> {
    let code = if text.len() > LINE_BYTES_MAX { RejectCode::TooLarge } else { RejectCode::InvalidText };
    Line::parse(text).map(drop).map_err(|e| Reject::new(code, format!("{what}: {e}")))
}

fn filter(filter: &Filter) -> Result<(), Reject> {
    line("a filtered word", &filter.word)?;
    line("the replacement of a filtered word", &filter.with)?;
    if filter.word.chars().any(char::is_alphanumeric) {
        return Ok(());
    }
    Err(Reject::new(RejectCode::InvalidText, "a filtered word has at least one letter or digit"))
}

fn within(what: &str, given: u64, max: u64, unit: &str) -> Result<(), Reject> {
    if given <= max {
        return Ok(());
    }
    Err(Reject::new(RejectCode::LimitExceeded, format!("{what} is {given}; at most {max} {unit} are allowed")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_settings_applied_to_the_usual_ones_make_the_same() {
        let mut odd = Settings { topic: "x".to_owned(), slow_mode_s: 3, archived: true, ..Settings::direct() };
        odd.filters.push(Filter {
            word: "spam".to_owned(),
            action: chat_proto::setting::FilterAction::Reject,
            with: String::new(),
        });
        let mut made = Settings::default();
        odd.all().iter().for_each(|change| made.apply(change));
        assert_eq!(made, odd);
        assert_eq!(odd.all().len(), RoomSetting::KINDS.len());
    }

    #[test]
    fn values_over_their_limit_or_with_control_characters_are_refused() {
        let refused = |change: RoomSetting| check(&change).unwrap_err().code;
        assert_eq!(refused(Topic { text: "a\u{1b}[2J".to_owned() }.into()), RejectCode::InvalidText);
        assert_eq!(refused(Title { text: "x".repeat(LINE_BYTES_MAX + 1) }.into()), RejectCode::TooLarge);
        assert_eq!(refused(SlowMode { seconds: SLOW_MODE_S_MAX + 1 }.into()), RejectCode::LimitExceeded);
        assert_eq!(refused(MembersMax { count: 0 }.into()), RejectCode::BadRequest);
        let unknown = RoomSetting::Unknown { kind: 999, bytes: vec![1] };
        assert_eq!(refused(unknown), RejectCode::Unsupported);
        let empty =
            Filter { word: " - ".to_owned(), action: chat_proto::setting::FilterAction::Reject, with: "".to_owned() };
        assert_eq!(refused(Filters { rules: vec![empty] }.into()), RejectCode::InvalidText);
        Settings::default().all().iter().for_each(|usual| check(usual).unwrap());
    }
}
