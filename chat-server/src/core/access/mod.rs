//! Who may do what in a room: one pure function, asked before a command is decided, before anything is read, and again over
//! all members after whatever could have changed the answer.
//!
//! `docs/access.txt` is its whole table, which a test compares with the function and another one with the running server.

mod action;

use chat_proto::setting::{JoinPolicy, Redactors, Who};
use chat_proto::{Reject, RejectCode, Retry, Role};

use super::{AccountKind, ServerRank};

pub use action::Action;

/// What somebody is, as far as a room is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What his account is; none before login.
    pub kind: Option<AccountKind>,
    /// What he may do to the server itself.
    pub rank: ServerRank,
    /// What he is in the room; none for one who is no member.
    pub role: Option<Role>,
    /// Whether he is banned from it just now.
    pub banned: bool,
    /// Whether he is muted in it just now.
    pub muted: bool,
    /// Whether he is invited to it just now.
    pub invited: bool,
}

/// What matters of a room's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ground {
    /// Whether it is a conversation between few.
    pub direct: bool,
    /// Whether it is closed for good.
    pub archived: bool,
    /// Who may become a member.
    pub joining: JoinPolicy,
    /// Who may read.
    pub reading: Who,
    /// Who may write.
    pub posting: Who,
    /// Who finds it in lists.
    pub listing: Who,
    /// Who may remove a message.
    pub redaction: Redactors,
}

/// To whom something is done, or whose message it is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Nobody.
    Nobody,
    /// The actor himself.
    Himself,
    /// Somebody else.
    Other(Standing),
}

impl Standing {
    /// How much he may, to be compared: 0 outside the room, then member, moderator, admin, owner, and the server's owner.
    fn weight(&self) -> u8 {
        match (self.rank, self.role) {
            (ServerRank::Owner, _) => SERVER_OWNER,
            (ServerRank::None, Some(role)) => role.rank() + MEMBER,
            (ServerRank::None, None) => OUTSIDE,
        }
    }

    /// Whether he may ever be trusted with more than a member may.
    fn may_lead(&self) -> bool {
        self.kind == Some(AccountKind::User)
    }

    fn is_guest(&self) -> bool {
        self.kind == Some(AccountKind::Guest)
    }

    fn is_among(&self, who: Who) -> bool {
        match who {
            Who::Everyone => true,
            Who::Users => !self.is_guest() || self.weight() >= MEMBER,
            Who::Members => self.weight() >= MEMBER,
            Who::Moderators => self.weight() >= MODERATOR,
            Who::Admins => self.weight() >= ADMIN,
        }
    }
}

/// Whether somebody may do something in a room.
///
/// The words of a reject name no room: whoever asks for somebody says where.
///
/// # Errors
/// Why not, and what to do.
pub fn access(actor: &Standing, action: Action, room: &Ground, target: Target) -> Result<(), Reject> {
    if actor.kind.is_none() {
        return deny(RejectCode::Unauthenticated, "log in first");
    }
    if room.direct {
        return direct(actor, action, room, target);
    }
    let is_free = actor.rank == ServerRank::Owner;
    if actor.banned && !is_free && action != Action::Leave {
        return deny(RejectCode::Banned, "you are banned from this room; its moderators can lift that");
    }
    if !may_find(actor, room) {
        return deny(RejectCode::NoSuchRoom, "there is no such room; /create makes one");
    }
    // What is done to a message is done by who may read it, or it would tell of messages.
    if is_about_message(action) {
        need(may_read(actor, room), RejectCode::NotMember, "only members do that; /join first")?;
    }
    // Being a member already changes nothing, in an archived room too.
    let is_so = action == Action::Join && actor.role.is_some();
    if room.archived && !is_so && !survives_archiving(action) {
        return deny(RejectCode::Archived, "this room is archived: it is only read; its owner can open it again");
    }
    match action {
        Action::Find | Action::Leave => Ok(()),
        Action::Read => need(may_read(actor, room), RejectCode::NotMember, "only members read here; /join first"),
        Action::Join => join(actor, room),
        Action::Post => post(actor, room),
        Action::React => {
            unmuted(actor)?;
            member(actor)
        }
        Action::Edit => {
            let own = target == Target::Himself;
            need(own, RejectCode::Forbidden, "only its author changes a message; moderators can remove it")?;
            unmuted(actor)
        }
        Action::Redact => redact(actor, room.redaction, target),
        Action::ReadLists => member(actor),
        Action::Pin | Action::Invite | Action::Unmute | Action::Unban => at_least(actor, MODERATOR),
        Action::Mute | Action::Ban => restrict(actor, target),
        Action::Kick | Action::Purge => {
            at_least(actor, MODERATOR)?;
            below(actor, target)
        }
        Action::MakeMember => give(actor, target, MEMBER),
        Action::MakeModerator => give(actor, target, MODERATOR),
        Action::MakeAdmin => give(actor, target, ADMIN),
        Action::Transfer => transfer(actor, target),
        Action::Change | Action::Rename => at_least(actor, ADMIN),
        Action::Archive | Action::Delete => at_least(actor, OWNER),
    }
}

/// Whether a member may stay one.
#[must_use]
pub fn may_stay(member: &Standing, room: &Ground) -> bool {
    // A role is a trust of its own: it stands above lists, and whoever takes it away lets the lists speak.
    let trusted = member.weight() >= MODERATOR;
    let invited = room.joining != JoinPolicy::Invited || member.invited || trusted;
    let known = room.joining != JoinPolicy::Users || !member.is_guest();
    room.direct || (!member.banned || member.rank == ServerRank::Owner) && invited && known
}

fn direct(actor: &Standing, action: Action, room: &Ground, target: Target) -> Result<(), Reject> {
    let is_inside = actor.role.is_some();
    if !is_inside && !actor.invited {
        return deny(RejectCode::NoSuchRoom, "there is no such room; /create makes one");
    }
    if !matches!(action, Action::Find | Action::Leave | Action::Join) {
        member(actor)?;
    }
    match action {
        Action::Find | Action::Leave | Action::Join | Action::Read | Action::Post | Action::React | Action::Pin => {
            Ok(())
        }
        Action::Edit => need(target == Target::Himself, RejectCode::Forbidden, "only its author changes a message"),
        Action::Redact => {
            let own = target == Target::Himself && room.redaction != Redactors::Nobody;
            need(own, RejectCode::Forbidden, "only its author removes a message of a conversation")
        }
        Action::ReadLists
        | Action::Invite
        | Action::Mute
        | Action::Unmute
        | Action::Ban
        | Action::Unban
        | Action::Kick
        | Action::Purge
        | Action::MakeMember
        | Action::MakeModerator
        | Action::MakeAdmin
        | Action::Transfer
        | Action::Change
        | Action::Rename
        | Action::Archive
        | Action::Delete => deny(RejectCode::Forbidden, "a conversation belongs to nobody; block who writes too much"),
    }
}

/// Whether somebody may know that a room is there: who may read, find or join it, or is on its way in.
fn may_find(actor: &Standing, room: &Ground) -> bool {
    actor.is_among(room.listing) || actor.is_among(Who::Members) || actor.invited
}

fn may_read(actor: &Standing, room: &Ground) -> bool {
    actor.is_among(room.reading) || actor.is_among(Who::Members)
}

fn is_about_message(action: Action) -> bool {
    matches!(action, Action::React | Action::Edit | Action::Redact | Action::Pin)
}

fn survives_archiving(action: Action) -> bool {
    matches!(
        action,
        Action::Find
            | Action::Read
            | Action::Leave
            | Action::ReadLists
            | Action::Archive
            | Action::Delete
            | Action::Redact
    )
}

fn join(actor: &Standing, room: &Ground) -> Result<(), Reject> {
    if actor.is_among(Who::Members) {
        return Ok(());
    }
    match room.joining {
        JoinPolicy::Anyone => Ok(()),
        JoinPolicy::Users => {
            need(!actor.is_guest(), RejectCode::Forbidden, "guests don't enter here; take a name first")
        }
        JoinPolicy::Invited => {
            need(actor.invited, RejectCode::Forbidden, "only who was invited enters; ask a moderator for an invitation")
        }
    }
}

fn post(actor: &Standing, room: &Ground) -> Result<(), Reject> {
    unmuted(actor)?;
    match room.posting {
        Who::Everyone | Who::Users if actor.is_among(room.posting) => Ok(()),
        Who::Everyone | Who::Users | Who::Members => member(actor),
        Who::Moderators => {
            member(actor)?;
            need(actor.is_among(Who::Moderators), RejectCode::Forbidden, "only its moderators write in this room")
        }
        Who::Admins => {
            member(actor)?;
            need(actor.is_among(Who::Admins), RejectCode::Forbidden, "only its admins write in this room")
        }
    }
}

fn redact(actor: &Standing, redaction: Redactors, target: Target) -> Result<(), Reject> {
    let weight = actor.weight();
    let own = target == Target::Himself;
    match redaction {
        // What must go, must go: the server's owner answers for what is on his disk.
        Redactors::Nobody => {
            need(weight >= SERVER_OWNER, RejectCode::Forbidden, "nothing is removed in this room, by its settings")
        }
        Redactors::AuthorAndModerators if own => Ok(()),
        Redactors::AuthorAndModerators | Redactors::Moderators => {
            at_least(actor, MODERATOR)?;
            let above = match target {
                Target::Nobody | Target::Himself => true,
                Target::Other(author) => weight >= author.weight(),
            };
            need(above, RejectCode::Forbidden, "its author stands above you here")
        }
    }
}

fn restrict(actor: &Standing, target: Target) -> Result<(), Reject> {
    at_least(actor, MODERATOR)?;
    below(actor, target)?;
    let Target::Other(target) = target else { return Ok(()) };
    let plain = target.weight() < MODERATOR;
    need(plain, RejectCode::Conflict, "take the role away first: nobody is both trusted and restricted")
}

fn give(actor: &Standing, target: Target, weight: u8) -> Result<(), Reject> {
    let Target::Other(target) = target else {
        // Whoever steps down needs nobody's leave; an owner would leave the room without one.
        let steps_down = target == Target::Himself && actor.role.is_some() && actor.weight() > weight;
        let is_owner = actor.role == Some(Role::Owner);
        need(steps_down, RejectCode::Forbidden, "nobody raises himself")?;
        return need(!is_owner, RejectCode::Conflict, "give the room to somebody else first");
    };
    at_least(actor, ADMIN)?;
    need(target.role.is_some(), RejectCode::NotMember, "only members have roles; have him join first")?;
    need(target.may_lead() || weight <= MEMBER, RejectCode::Forbidden, "guests and bots have no roles")?;
    let above = actor.weight() > target.weight() && actor.weight() > weight;
    need(above, RejectCode::Forbidden, "only who stands above both the member and the role gives it")?;
    // Else the room would have an owner who is none.
    let owns = target.role == Some(Role::Owner);
    need(!owns, RejectCode::Conflict, "give the room to somebody else first; /transfer does that")
}

fn transfer(actor: &Standing, target: Target) -> Result<(), Reject> {
    at_least(actor, OWNER)?;
    let Target::Other(target) = target else {
        let own = actor.role == Some(Role::Owner);
        need(!own, RejectCode::Conflict, "the room is yours already")?;
        // The server's owner may take a room, but to have it he has to be in it.
        return need(actor.role.is_some(), RejectCode::NotMember, "only a member can own the room; /join first");
    };
    need(target.role.is_some(), RejectCode::NotMember, "only a member can own the room; have him join first")?;
    need(target.may_lead(), RejectCode::Forbidden, "a guest or a bot can't own a room")
}

fn unmuted(actor: &Standing) -> Result<(), Reject> {
    let is_free = !actor.muted || actor.rank == ServerRank::Owner;
    need(is_free, RejectCode::Muted, "you are muted in this room; its moderators can lift that")
}

fn member(actor: &Standing) -> Result<(), Reject> {
    let inside = actor.role.is_some() || actor.rank == ServerRank::Owner;
    need(inside, RejectCode::NotMember, "you are no member; /join first")
}

fn at_least(actor: &Standing, weight: u8) -> Result<(), Reject> {
    let message = match weight {
        MODERATOR => "moderators do that",
        ADMIN => "admins do that",
        _ => "the owner does that",
    };
    need(actor.weight() >= weight, RejectCode::Forbidden, message)
}

fn below(actor: &Standing, target: Target) -> Result<(), Reject> {
    match target {
        Target::Nobody => Ok(()),
        Target::Himself => deny(RejectCode::Forbidden, "not to yourself; /part leaves the room"),
        Target::Other(target) => {
            let above = actor.weight() > target.weight();
            need(above, RejectCode::Forbidden, "that is for who stands above him")
        }
    }
}

fn need(is_so: bool, code: RejectCode, message: &str) -> Result<(), Reject> {
    if is_so { Ok(()) } else { deny(code, message) }
}

fn deny(code: RejectCode, message: &str) -> Result<(), Reject> {
    // None of these passes by itself, whatever the code says in general.
    Err(Reject { retry: Retry::AfterChange, retry_after_ms: 0, ..Reject::new(code, message) })
}

/// What [`Standing::weight`] makes of each place.
const OUTSIDE: u8 = 0;
const MEMBER: u8 = 1;
const MODERATOR: u8 = 2;
const ADMIN: u8 = 3;
const OWNER: u8 = 4;
const SERVER_OWNER: u8 = 5;
