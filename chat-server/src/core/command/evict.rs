//! Evict: who lost the right to be a member is none any more. Never asked for: it follows from what took the right.

use chat_proto::EventBody;
use chat_proto::event::{Evicted, Named};

/// Members named in one event; more of them take several.
const MEMBERS_PER_EVENT: usize = 500;

/// The events that put members out.
pub(in crate::core) fn evicted(members: &[Named]) -> Vec<EventBody> {
    let reason = "the room no longer lets them in";
    let event = |members: &[Named]| Evicted { members: members.to_vec(), reason: reason.to_owned() }.into();
    members.chunks(MEMBERS_PER_EVENT).map(event).collect()
}
