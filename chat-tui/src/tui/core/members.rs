//! The members of a room as the pane shows them: owners, who is there, who isn't.

use chat_proto::{Presence, Role};

use crate::client::view::{MemberView, RoomView};

/// Members under one heading.
#[derive(Debug)]
pub struct MemberGroup<'a> {
    /// The heading.
    pub title: &'static str,
    /// By name.
    pub members: Vec<&'a MemberView>,
}

/// The members known of a room, in groups; an empty group is left out.
#[must_use]
pub fn member_groups(room: &RoomView) -> Vec<MemberGroup<'_>> {
    let mut groups =
        ["owner", "moderators", "online", "offline"].map(|title| MemberGroup { title, members: Vec::new() });
    for member in room.members.values() {
        let group = match (member.role, member.presence) {
            (Role::Owner, _) => 0,
            (Role::Admin | Role::Moderator, _) => 1,
            (Role::Member, Presence::Online | Presence::Away) => 2,
            (Role::Member, Presence::Offline) => 3,
        };
        groups[group].members.push(member);
    }
    for group in &mut groups {
        group.members.sort_by_cached_key(|member| member.name.to_lowercase());
    }
    groups.into_iter().filter(|group| !group.members.is_empty()).collect()
}
