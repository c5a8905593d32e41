//! Which loaded messages answer which.

use std::collections::{BTreeMap, BTreeSet};

use chat_proto::{Event, Seq};

use super::Timeline;

/// What the loaded messages answer, and how often each message is answered.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers {
    of: BTreeMap<Seq, Seq>,
    counts: BTreeMap<Seq, u32>,
}

impl Answers {
    /// A loaded event answers this, or nothing. True if a message is answered more or less often since.
    pub(super) fn set(&mut self, event: Seq, target: Option<Seq>) -> bool {
        let before = match target {
            Some(target) => self.of.insert(event, target),
            None => self.of.remove(&event),
        };
        if before == target {
            return false;
        }
        if let Some(before) = before {
            let left = self.counts.get(&before).map_or(0, |count| count - 1);
            if left == 0 {
                self.counts.remove(&before);
            } else {
                self.counts.insert(before, left);
            }
        }
        if let Some(target) = target {
            *self.counts.entry(target).or_default() += 1;
        }
        true
    }

    pub(super) fn count(&self, message: Seq) -> u32 {
        self.counts.get(&message).copied().unwrap_or(0)
    }
}

/// What a message answers.
pub(super) fn answered(event: &Event) -> Option<Seq> {
    event.body.message().and_then(|message| message.reply_to()).filter(|target| *target < event.seq)
}

impl Timeline {
    /// How many loaded messages answer a message itself.
    #[must_use]
    pub fn answers(&self, message: Seq) -> u32 {
        self.answers.count(message)
    }

    /// The message a thread began with, as far as it is loaded: what is answered by what is answered by this one.
    #[must_use]
    pub fn thread_root(&self, message: Seq) -> Seq {
        let mut root = message;
        // What is answered is older, so this ends.
        while let Some(target) = self.answers.of.get(&root) {
            root = *target;
        }
        root
    }

    /// The loaded messages that answer a message, or answer one of those, oldest first.
    #[must_use]
    pub fn thread(&self, root: Seq) -> Vec<Seq> {
        let mut known = BTreeSet::from([root]);
        let mut thread = Vec::new();
        for (answer, target) in &self.answers.of {
            if known.contains(target) {
                known.insert(*answer);
                thread.push(*answer);
            }
        }
        thread
    }

    /// Threads of loaded messages: with what each began, how many answers it has, and the newest of them; that one's newest
    /// first.
    #[must_use]
    pub fn threads(&self) -> Vec<(Seq, u32, Seq)> {
        let mut threads: BTreeMap<Seq, (u32, Seq)> = BTreeMap::new();
        for answer in self.answers.of.keys() {
            let thread = threads.entry(self.thread_root(*answer)).or_insert((0, *answer));
            *thread = (thread.0 + 1, thread.1.max(*answer));
        }
        let mut threads: Vec<_> = threads.into_iter().map(|(root, (count, newest))| (root, count, newest)).collect();
        threads.sort_by_key(|(.., newest)| std::cmp::Reverse(*newest));
        threads
    }

    /// Whether everything from an event on is loaded.
    #[must_use]
    pub fn is_whole_from(&self, seq: Seq) -> bool {
        self.at_head() && self.locate(seq).is_some_and(|(segment, _)| segment + 1 == self.segments.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_answered_as_often_as_there_are_answers_to_it() {
        let mut answers = Answers::default();
        assert!(answers.set(Seq(5), Some(Seq(2))) && answers.set(Seq(6), Some(Seq(2))));
        assert!(!answers.set(Seq(5), Some(Seq(2))), "it came once more");
        assert_eq!((answers.count(Seq(2)), answers.count(Seq(5))), (2, 0));
        assert!(answers.set(Seq(5), None) && !answers.set(Seq(5), None));
        assert_eq!(answers.count(Seq(2)), 1);
        answers.set(Seq(6), None);
        assert!(answers.counts.is_empty() && answers.of.is_empty());
    }
}
