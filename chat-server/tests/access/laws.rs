//! What holds in every room: those of the table, and those of any other settings.

use chat_proto::setting::{JoinPolicy, Redactors, Who};
use chat_proto::{RejectCode, Role};
use chat_server::core::access::{Action, Ground, Standing, Target, access, may_stay};
use chat_server::core::{AccountKind, ServerRank};

use crate::cells::{Aim, Cell, Kind, Place};

const WHO: [Who; 5] = [Who::Everyone, Who::Users, Who::Members, Who::Moderators, Who::Admins];
const MODES: [(JoinPolicy, Redactors); 3] = [
    (JoinPolicy::Anyone, Redactors::AuthorAndModerators),
    (JoinPolicy::Users, Redactors::Moderators),
    (JoinPolicy::Invited, Redactors::Nobody),
];

/// What is done to a person, by who stands above him.
const FROM_ABOVE: [Action; 7] = [
    Action::Kick,
    Action::Ban,
    Action::Mute,
    Action::Purge,
    Action::MakeMember,
    Action::MakeModerator,
    Action::MakeAdmin,
];

/// From the least on, each with at least the rights of the one before.
const LADDER: [Place; 6] =
    [Place::Outsider, Place::Member, Place::Moderator, Place::Admin, Place::Owner, Place::ServerInside];

fn grounds() -> Vec<Ground> {
    let mut grounds: Vec<Ground> = Kind::ALL.map(Kind::ground).into();
    for (joining, redaction) in MODES {
        for archived in [false, true] {
            for reading in WHO {
                for posting in WHO {
                    grounds.extend(WHO.map(|listing| Ground {
                        direct: false,
                        archived,
                        joining,
                        reading,
                        posting,
                        listing,
                        redaction,
                    }));
                }
            }
        }
    }
    grounds
}

fn answer(actor: &Standing, action: Action, ground: &Ground, target: Target) -> Option<RejectCode> {
    access(actor, action, ground, target).err().map(|reject| reject.code)
}

/// Every question of every room, with its answer.
fn each(mut check: impl FnMut(Cell, &Ground, Option<RejectCode>)) {
    for ground in grounds() {
        let kind = if ground.direct { Kind::Direct } else { Kind::Open };
        for cell in Cell::of(kind) {
            check(cell, &ground, cell.ask(&ground).err().map(|reject| reject.code));
        }
    }
}

#[test]
fn who_stands_higher_never_may_less() {
    each(|cell, ground, answer| {
        let Some(rung) = LADDER.iter().position(|place| *place == cell.actor) else { return };
        let Some(above) = LADDER.get(rung + 1) else { return };
        // An owner does not step down: he gives the room away.
        let steps_down = *above == Place::Owner && cell.aim == Aim::Himself && FROM_ABOVE.contains(&cell.action);
        if answer.is_none() && !steps_down {
            let higher = Cell { actor: *above, ..cell }.ask(ground);
            assert!(higher.is_ok(), "{cell:?} in {ground:?}, but not {above:?}: {higher:?}");
        }
    });
}

#[test]
fn a_ban_beats_everything_but_the_servers_owner_and_leaving() {
    each(|cell, ground, before| {
        if ground.direct || cell.actor == Place::Nobody {
            return;
        }
        let banned = Standing { banned: true, ..cell.actor.standing() };
        let after = answer(&banned, cell.action, ground, cell.aim.target());
        let is_free = banned.rank == ServerRank::Owner || cell.action == Action::Leave;
        let expected = if is_free { before } else { Some(RejectCode::Banned) };
        assert_eq!(after, expected, "{cell:?} in {ground:?}");
    });
}

#[test]
fn who_has_not_logged_in_may_nothing() {
    each(|cell, ground, answer| {
        if cell.actor == Place::Nobody {
            assert_eq!(answer, Some(RejectCode::Unauthenticated), "{cell:?} in {ground:?}");
        }
    });
}

#[test]
fn to_whom_may_not_find_a_room_there_is_none() {
    each(|cell, ground, answer| {
        let finds = Cell { action: Action::Find, aim: Aim::Nobody, ..cell }.ask(ground);
        if finds.is_err_and(|reject| reject.code == RejectCode::NoSuchRoom) {
            assert_eq!(answer, Some(RejectCode::NoSuchRoom), "{cell:?} in {ground:?}");
            assert!(cell.actor.standing().rank != ServerRank::Owner || ground.direct, "{cell:?} in {ground:?}");
        }
    });
}

#[test]
fn nobody_acts_on_whom_he_does_not_stand_above() {
    each(|cell, ground, answer| {
        let Aim::At(target) = cell.aim else { return };
        let (ours, theirs) = (cell.actor.height(), target.height());
        let may_not = FROM_ABOVE.contains(&cell.action) && ours <= theirs;
        let may_not_remove = cell.action == Action::Redact && ours < theirs;
        if may_not || may_not_remove {
            assert!(answer.is_some(), "{cell:?} in {ground:?}");
        }
    });
}

#[test]
fn the_owner_of_a_room_stays_and_is_neither_banned_nor_muted() {
    let owner = Place::Owner.standing();
    for ground in grounds() {
        for kind in [AccountKind::User, AccountKind::Bot] {
            for (muted, invited) in [(false, false), (false, true), (true, false), (true, true)] {
                let owner = Standing { kind: Some(kind), muted, invited, ..owner };
                assert!(may_stay(&owner, &ground), "{owner:?} in {ground:?}");
            }
        }
    }
    each(|cell, ground, answer| {
        if cell.aim == Aim::At(Place::Owner) && matches!(cell.action, Action::Ban | Action::Mute) {
            assert!(answer.is_some(), "{cell:?} in {ground:?}");
        }
    });
}

#[test]
fn who_may_join_may_stay() {
    each(|cell, ground, answer| {
        if cell.action == Action::Join && answer.is_none() && cell.actor.standing().role.is_none() {
            let member = Standing { role: Some(Role::Member), ..cell.actor.standing() };
            let free = member.rank == ServerRank::Owner;
            assert!(free || may_stay(&member, ground), "{cell:?} in {ground:?}");
        }
    });
}
