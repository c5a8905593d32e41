//! Everything that can be done in a room, by name.

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident $words:literal,)*) => {
        /// Everything that can be done in a room.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action {
            $($(#[$doc])* $name,)*
        }

        impl Action {
            /// Every action, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name in the table, and in requests.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $words,)*
                }
            }
        }
    };
}

actions! {
    /// Find the room in a list, or know that it is there.
    Find "find",
    /// Read its history, members, settings and lists.
    Read "read",
    /// Become a member.
    Join "join",
    /// Stop being a member.
    Leave "leave",
    /// Write a message.
    Post "post",
    /// React to a message.
    React "react",
    /// Change the words of a message.
    Edit "edit",
    /// Remove a message for good.
    Redact "redact",
    /// Pin a message, or take it down.
    Pin "pin",
    /// Read who is on its lists, and what was done by those who may.
    ReadLists "read_lists",
    /// Invite somebody, or take an invitation back.
    Invite "invite",
    /// Mute a member.
    Mute "mute",
    /// Take a mute back.
    Unmute "unmute",
    /// Ban somebody.
    Ban "ban",
    /// Take a ban back.
    Unban "unban",
    /// Put a member out.
    Kick "kick",
    /// Remove all messages of somebody for good.
    Purge "purge",
    /// Take a member's role from him.
    MakeMember "make_member",
    /// Make a member a moderator.
    MakeModerator "make_moderator",
    /// Make a member an admin.
    MakeAdmin "make_admin",
    /// Give the room to a member.
    Transfer "transfer",
    /// Change its settings.
    Change "change",
    /// Give it another name.
    Rename "rename",
    /// Close it for good, or open it again.
    Archive "archive",
    /// Delete it.
    Delete "delete",
}

impl Action {
    /// The action of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.name() == name)
    }

    /// Whether it is done to somebody, or to a message of somebody.
    #[must_use]
    pub fn has_target(self) -> bool {
        match self {
            Self::Edit
            | Self::Redact
            | Self::Mute
            | Self::Ban
            | Self::Kick
            | Self::Purge
            | Self::MakeMember
            | Self::MakeModerator
            | Self::MakeAdmin
            | Self::Transfer => true,
            Self::Find
            | Self::Read
            | Self::Join
            | Self::Leave
            | Self::Post
            | Self::React
            | Self::Pin
            | Self::ReadLists
            | Self::Invite
            | Self::Unmute
            | Self::Unban
            | Self::Change
            | Self::Rename
            | Self::Archive
            | Self::Delete => false,
        }
    }
}
