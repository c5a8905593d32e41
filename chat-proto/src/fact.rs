//! Event bodies sorted by the feed they belong to, so that whoever reads one kind of feed answers for its facts and for no others.

use crate::ban::{ServerBanned, ServerPurged, ServerUnbanned};
use crate::choice::{DraftSet, Ignored, NotifySet, RoomPinned, SettingSet};
use crate::defence::DefenceSet;
use crate::event::{
    Created, Deleted, DirectCreated, Edited, Erased, ErasedFor, EventBody, Evicted, Joined, Kicked, Left, Listed,
    Mentioned, OwnerChanged, Pinned, Posted, PostedWith, Purged, Reacted, ReadMarked, Redacted, RedactedFor, Renamed,
    RoleSet, RoomChanged, RoomJoined, RoomLeft, Unlisted,
};
use crate::identity::{DeviceChanged, SecretChanged};
use crate::nick::NickSet;
use crate::password::{PasswordSet, PasswordUsed};
use crate::profile::{StateSet, StatusSet};
use crate::reach::{Blocked, ContactSet, DirectPolicySet};
use crate::realm::{
    BotLetIn, BotTokenRevoked, ClaimOffered, DeviceAdded, DeviceRevoked, InviteMade, InviteRevoked, InviteUsed,
    OwnerClaimed, RecoverySet, RecoveryUsed,
};
use crate::seen::{SeenPolicySet, WasSeen};

macro_rules! facts {
    ($($(#[$doc:meta])* $sort:ident $name:ident { $($fact:ident)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub enum $name<'a> {
                $(
                    #[doc = concat!("See [`", stringify!($fact), "`].")]
                    $fact(&'a $fact),
                )*
            }
        )*

        /// A body, by the feed it belongs to.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Fact<'a> {
            $(
                #[doc = concat!("See [`", stringify!($name), "`].")]
                $sort($name<'a>),
            )*
            /// Nothing this reader can see: withheld from him, or of a kind this build doesn't know.
            Opaque,
        }

        impl EventBody {
            /// What it says, by the feed it belongs to.
            #[must_use]
            pub fn fact(&self) -> Fact<'_> {
                match self {
                    $($(Self::$fact(fact) => Fact::$sort($name::$fact(fact)),)*)*
                    Self::Withheld(_) | Self::Unknown { .. } => Fact::Opaque,
                }
            }
        }
    };
}

facts! {
    /// What happens in a room.
    Room RoomFact {
        Created
        Joined
        Left
        Posted
        PostedWith
        Edited
        Redacted
        Reacted
        Pinned
        RoomChanged
        Renamed
        RoleSet
        OwnerChanged
        Listed
        Unlisted
        Kicked
        Evicted
        Purged
        Deleted
        Erased
        DirectCreated
        RedactedFor
        ErasedFor
    }
    /// What follows a person's devices.
    Account AccountFact {
        RoomJoined
        RoomLeft
        ReadMarked
        Mentioned
        WasSeen
        DeviceChanged
        SecretChanged
    }
    /// What a person set for himself; see [`Choices`](crate::choices::Choices).
    Choice ChoiceFact {
        DraftSet
        NotifySet
        RoomPinned
        SettingSet
        Ignored
        StatusSet
        StateSet
        Blocked
        ContactSet
        DirectPolicySet
        SeenPolicySet
    }
    /// What is done about the server itself.
    Server ServerFact {
        ClaimOffered
        OwnerClaimed
        DeviceAdded
        DeviceRevoked
        RecoverySet
        RecoveryUsed
        ServerBanned
        ServerUnbanned
        ServerPurged
        DefenceSet
        NickSet
        PasswordSet
        PasswordUsed
        InviteMade
        InviteUsed
        InviteRevoked
        BotLetIn
        BotTokenRevoked
    }
}

impl EventBody {
    /// What it says of a room; nothing for a body of another feed.
    #[must_use]
    pub fn room_fact(&self) -> Option<RoomFact<'_>> {
        if let Fact::Room(fact) = self.fact() { Some(fact) } else { None }
    }

    /// What it says of an account; nothing for a body of another feed.
    #[must_use]
    pub fn account_fact(&self) -> Option<AccountFact<'_>> {
        if let Fact::Account(fact) = self.fact() { Some(fact) } else { None }
    }

    /// What a person set for himself by it; nothing for any other body.
    #[must_use]
    pub fn choice_fact(&self) -> Option<ChoiceFact<'_>> {
        if let Fact::Choice(fact) = self.fact() { Some(fact) } else { None }
    }

    /// What it says of the server; nothing for a body of another feed.
    #[must_use]
    pub fn server_fact(&self) -> Option<ServerFact<'_>> {
        if let Fact::Server(fact) = self.fact() { Some(fact) } else { None }
    }
}
