//! What the table is about: kinds of rooms, places in them, and to whom something is done.

use chat_proto::setting::{Archived, JoinPolicy, Joining, Listing, Posting, Reading, Redaction, Redactors, Who};
use chat_proto::{Reject, Role, RoomSetting};
use chat_server::core::access::{Action, Ground, Standing, Target, access};
use chat_server::core::room::Settings;
use chat_server::core::{AccountKind, ServerRank};

/// A kind of room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Open,
    InviteOnly,
    Announcement,
    Hidden,
    Archived,
    Lobby,
    OnRecord,
    Direct,
}

impl Kind {
    pub const ALL: [Self; 8] = [
        Self::Open,
        Self::InviteOnly,
        Self::Announcement,
        Self::Hidden,
        Self::Archived,
        Self::Lobby,
        Self::OnRecord,
        Self::Direct,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::InviteOnly => "invite_only",
            Self::Announcement => "announcement",
            Self::Hidden => "hidden",
            Self::Archived => "archived",
            Self::Lobby => "lobby",
            Self::OnRecord => "on_record",
            Self::Direct => "direct",
        }
    }

    pub fn meaning(self) -> &'static str {
        match self {
            Self::Open => "the usual settings: users find, read and join it, members write",
            Self::InviteOnly => "everybody with an account finds it, the invited join it, members read",
            Self::Announcement => "moderators write, and only they remove messages",
            Self::Hidden => "only members find and read it",
            Self::Archived => "an open room that was closed",
            Self::Lobby => "guests find and read it, users join it, and write without joining",
            Self::OnRecord => "an open room where nothing is removed",
            Self::Direct => "a conversation between few",
        }
    }

    /// What makes an open room one of this kind. A conversation is begun as one.
    pub fn changes(self) -> Vec<RoomSetting> {
        match self {
            Self::Open | Self::Direct => Vec::new(),
            Self::InviteOnly => {
                vec![Joining { policy: JoinPolicy::Invited }.into(), Reading { who: Who::Members }.into()]
            }
            Self::Announcement => {
                vec![Posting { who: Who::Moderators }.into(), Redaction { who: Redactors::Moderators }.into()]
            }
            Self::Hidden => vec![Listing { who: Who::Members }.into(), Reading { who: Who::Members }.into()],
            Self::Archived => vec![Archived { on: true }.into()],
            Self::Lobby => vec![
                Listing { who: Who::Everyone }.into(),
                Reading { who: Who::Everyone }.into(),
                Joining { policy: JoinPolicy::Users }.into(),
                Posting { who: Who::Users }.into(),
            ],
            Self::OnRecord => vec![Redaction { who: Redactors::Nobody }.into()],
        }
    }

    pub fn ground(self) -> Ground {
        if self == Self::Direct {
            return Settings::direct().ground(true);
        }
        let mut settings = Settings::default();
        self.changes().iter().for_each(|change| settings.apply(change));
        settings.ground(false)
    }
}

/// What somebody is in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Owner,
    Admin,
    Moderator,
    Member,
    Guest,
    Muted,
    Banned,
    Invited,
    Outsider,
    Passing,
    ServerInside,
    ServerOutside,
    Nobody,
}

impl Place {
    pub const ALL: [Self; 13] = [
        Self::Owner,
        Self::Admin,
        Self::Moderator,
        Self::Member,
        Self::Guest,
        Self::Muted,
        Self::Banned,
        Self::Invited,
        Self::Outsider,
        Self::Passing,
        Self::ServerInside,
        Self::ServerOutside,
        Self::Nobody,
    ];

    /// The head of its column.
    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Moderator => "mod",
            Self::Member => "member",
            Self::Guest => "guest",
            Self::Muted => "muted",
            Self::Banned => "banned",
            Self::Invited => "invited",
            Self::Outsider => "outside",
            Self::Passing => "passing",
            Self::ServerInside => "server+",
            Self::ServerOutside => "server",
            Self::Nobody => "nobody",
        }
    }

    pub fn meaning(self) -> &'static str {
        match self {
            Self::Owner => "the room's owner",
            Self::Admin => "an admin of it",
            Self::Moderator => "a moderator of it",
            Self::Member => "a member",
            Self::Guest => "a member who is a guest on the server",
            Self::Muted => "a member who is muted",
            Self::Banned => "a user who is banned",
            Self::Invited => "a user who is invited, and no member",
            Self::Outsider => "a user who is no member",
            Self::Passing => "a guest on the server who is no member",
            Self::ServerInside => "the server's owner, a plain member here",
            Self::ServerOutside => "the server's owner, no member here",
            Self::Nobody => "who has not logged in",
        }
    }

    pub fn standing(self) -> Standing {
        let user = Standing {
            kind: Some(AccountKind::User),
            rank: ServerRank::None,
            role: None,
            banned: false,
            muted: false,
            invited: false,
        };
        let member = Standing { role: Some(Role::Member), ..user };
        let guest = Some(AccountKind::Guest);
        match self {
            Self::Owner => Standing { role: Some(Role::Owner), ..user },
            Self::Admin => Standing { role: Some(Role::Admin), ..user },
            Self::Moderator => Standing { role: Some(Role::Moderator), ..user },
            Self::Member => member,
            Self::Guest => Standing { kind: guest, ..member },
            Self::Muted => Standing { muted: true, ..member },
            Self::Banned => Standing { banned: true, ..user },
            Self::Invited => Standing { invited: true, ..user },
            Self::Outsider => user,
            Self::Passing => Standing { kind: guest, ..user },
            Self::ServerInside => Standing { rank: ServerRank::Owner, ..member },
            Self::ServerOutside => Standing { rank: ServerRank::Owner, ..user },
            Self::Nobody => Standing { kind: None, ..user },
        }
    }

    /// How high it stands: outside, member, moderator, admin, owner, the server's owner.
    pub fn height(self) -> usize {
        match self {
            Self::Banned | Self::Invited | Self::Outsider | Self::Passing | Self::Nobody => 0,
            Self::Member | Self::Guest | Self::Muted => 1,
            Self::Moderator => 2,
            Self::Admin => 3,
            Self::Owner => 4,
            Self::ServerInside | Self::ServerOutside => 5,
        }
    }
}

/// To whom something is done, or whose message it is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aim {
    Nobody,
    Himself,
    At(Place),
}

impl Aim {
    /// In the order of the signs of a cell.
    const SOMEBODY: [Self; 6] = [
        Self::Himself,
        Self::At(Place::Member),
        Self::At(Place::Moderator),
        Self::At(Place::Admin),
        Self::At(Place::Owner),
        Self::At(Place::Outsider),
    ];

    /// At whom an action is aimed, one after the other.
    pub fn all(action: Action) -> &'static [Self] {
        if action.has_target() { &Self::SOMEBODY } else { &[Self::Nobody] }
    }

    pub fn target(self) -> Target {
        match self {
            Self::Nobody => Target::Nobody,
            Self::Himself => Target::Himself,
            Self::At(place) => Target::Other(place.standing()),
        }
    }
}

/// One question of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    pub kind: Kind,
    pub action: Action,
    pub actor: Place,
    pub aim: Aim,
}

impl Cell {
    /// Those of a kind of room.
    pub fn of(kind: Kind) -> impl Iterator<Item = Self> {
        Action::ALL.iter().flat_map(move |action| {
            let aims = Aim::all(*action).iter();
            aims.flat_map(move |aim| Place::ALL.map(|actor| Self { kind, action: *action, actor, aim: *aim }))
        })
    }

    /// What the pure function answers, in a room of any settings.
    pub fn ask(self, ground: &Ground) -> Result<(), Reject> {
        access(&self.actor.standing(), self.action, ground, self.aim.target())
    }
}
