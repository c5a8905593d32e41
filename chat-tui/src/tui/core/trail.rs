//! The rooms that were gone to, one after the other, to be gone through back and on again.

use super::server::RoomKey;

/// Rooms remembered; beyond that the first are forgotten.
const TRAIL_MAX: usize = 64;

/// The rooms that were gone to.
#[derive(Clone, Debug, Default)]
pub(super) struct Trail {
    rooms: Vec<RoomKey>,
    at: usize,
}

impl Trail {
    /// A room is looked at. Unless the trail led there, what lay ahead on it is forgotten.
    pub(super) fn visit(&mut self, room: RoomKey) {
        if self.rooms.get(self.at) == Some(&room) {
            return;
        }
        self.rooms.truncate(self.at + 1);
        self.rooms.push(room);
        if self.rooms.len() > TRAIL_MAX {
            self.rooms.remove(0);
        }
        self.at = self.rooms.len() - 1;
    }

    /// The nearest room back or on that can be gone to; the trail stands there then.
    pub(super) fn step(&mut self, back: bool, can: impl Fn(RoomKey) -> bool) -> Option<RoomKey> {
        let here = self.rooms.get(self.at).copied();
        let fits = |at: &usize| self.rooms.get(*at).is_some_and(|room| Some(*room) != here && can(*room));
        let found = if back { (0..self.at).rev().find(fits) } else { (self.at + 1..self.rooms.len()).find(fits) }?;
        self.at = found;
        self.rooms.get(found).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::core::server::ServerId;
    use chat_proto::RoomId;

    fn key(room: u64) -> RoomKey {
        RoomKey::new(ServerId::default(), RoomId(room))
    }

    #[test]
    fn a_trail_is_gone_back_and_on_and_forks_where_one_leaves_it() {
        let mut trail = Trail::default();
        for room in [1, 2, 3] {
            trail.visit(key(room));
        }
        let all = |_: RoomKey| true;
        assert_eq!(trail.step(true, all), Some(key(2)));
        trail.visit(key(2));
        assert_eq!(trail.step(false, all), Some(key(3)), "going along it changes nothing");
        assert_eq!(trail.step(false, all), None);
        assert_eq!(trail.step(true, |room| room != key(2)), Some(key(1)), "what is left is passed by");
        trail.visit(key(4));
        assert_eq!(trail.step(false, all), None, "what lay ahead is forgotten");
        assert_eq!(trail.step(true, all), Some(key(1)));
    }

    #[test]
    fn a_trail_has_an_end() {
        let mut trail = Trail::default();
        for room in 0..2 * TRAIL_MAX as u64 {
            trail.visit(key(room));
        }
        let steps = std::iter::from_fn(|| trail.step(true, |_| true)).count();
        assert_eq!(steps, TRAIL_MAX - 1);
    }
}
