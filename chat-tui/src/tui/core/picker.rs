//! Something to choose from, in front of the timeline: what is typed leaves those that fit.

use chat_proto::event::List;
use chat_proto::{MessageKey, Seq};

use super::card::Card;
use super::command::{Ask, room_setting};
use super::find::{Find, Source};
use super::fuzzy::score;
use super::server::{RoomKey, ServerId};

/// What choosing does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Go to a room.
    Room(RoomKey),
    /// Go to a message.
    Message(RoomKey, Seq),
    /// Become a member of a room of the server being looked at, and go there.
    Join(String),
    /// Go to the conversation with somebody of a server.
    Person(ServerId, String),
    /// Write the beginning of a command.
    Write(String),
    /// Search on the server.
    Search(String),
    /// Go where a link leads.
    Open(String),
    /// Show a message of a room and what answers it.
    Thread(RoomKey, Seq),
    /// Stop a file that is on its way.
    StopFile(u64),
    /// Trust the key of a server, or don't.
    Trust(ServerId, bool),
    /// React to a message.
    React(RoomKey, Seq, String),
    /// Do something with a message that is on its way.
    Outgoing(RoomKey, MessageKey, Handling),
    /// Ask the server for something.
    Ask(Ask),
    /// Type the value of a setting of the room; this is the present one.
    Fill(&'static str, String),
    /// Choose the value of a setting of the room; this is the present one.
    Choose(&'static str, String),
    /// Show who somebody is.
    Card(String),
    /// Show the members who are more than members.
    Roles,
    /// Name somebody in the line.
    Mention(String),
    /// Nothing; why not, for people.
    Denied(String),
}

/// What is done with a message that is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handling {
    /// It goes back into the line.
    Edit,
    /// It is thrown away.
    Drop,
    /// It is sent again.
    Retry,
}

/// What there is to choose from, where it changes by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Subject {
    /// Something that stays as it is.
    #[default]
    Fixed,
    /// What is on its way at a server.
    Outbox(ServerId),
    /// Somebody.
    Card(Box<Card>),
    /// The settings of a room.
    Room(RoomKey),
    /// The value of a setting of a room.
    Value(RoomKey, &'static str),
    /// Who is on a list of a room.
    List(RoomKey, List),
}

/// One thing to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is called; what is typed is compared with this.
    pub name: String,
    /// What else there is to say.
    pub detail: String,
    /// What choosing it does.
    pub goal: Goal,
}

/// Something to choose from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picker {
    /// What it is.
    pub title: String,
    /// What was typed.
    pub typed: String,
    /// Everything there is.
    items: Vec<Item>,
    /// Those that fit, the best first, by their place.
    fitting: Vec<usize>,
    /// Which of those is chosen.
    chosen: usize,
    /// What is made of what was typed, besides the items.
    free: Option<Free>,
    /// What not choosing anything does.
    otherwise: Option<Goal>,
    /// Lines above all of it.
    pub head: Vec<String>,
    /// Letters that do something: with which of the items, and what. While there are some, nothing is typed.
    letters: Vec<(char, usize, Goal)>,
    /// What it is about.
    pub subject: Subject,
    /// What the list is made of, where it follows what happens; then all of it is shown, whatever was typed.
    pub(super) source: Option<Source>,
    /// Whether a digit chooses.
    pub(super) numbered: bool,
    /// What the list was made of when it was made last: nothing is looked through twice.
    pub(super) seen: Option<(u64, usize, Seq)>,
}

/// What is made of words that are typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Free {
    /// A search on the server.
    Search,
    /// A reaction to this message.
    React(RoomKey, Seq),
    /// The value of a setting of the room.
    Value(&'static str),
}

impl Picker {
    /// Everything can be chosen, the first is.
    #[must_use]
    pub fn new(title: impl Into<String>, items: Vec<Item>, free: Option<Free>) -> Self {
        let fitting = (0..items.len()).collect();
        Self { title: title.into(), items, fitting, free, ..Self::default() }
    }

    /// Things that letters do something with.
    #[must_use]
    pub fn lettered(title: impl Into<String>, items: Vec<Item>, letters: Vec<(char, usize, Goal)>) -> Self {
        Self { letters, ..Self::new(title, items, None) }
    }

    /// The same, with something said above it, and about something.
    #[must_use]
    pub fn about(self, subject: Subject, head: Vec<String>) -> Self {
        Self { subject, head, ..self }
    }

    /// The same, with something typed already.
    #[must_use]
    pub fn typed(mut self, text: &str) -> Self {
        self.insert(text);
        self
    }

    /// Takes the place of what there was of the same subject: what was chosen there stays chosen.
    #[must_use]
    pub fn in_place_of(mut self, before: &Self) -> Self {
        self.chosen = before.chosen.min(self.fitting.len().saturating_sub(1));
        self
    }

    /// Whether letters do something here, rather than being typed.
    #[must_use]
    pub fn has_letters(&self) -> bool {
        !self.letters.is_empty()
    }

    /// What a letter does: with the chosen item, or with the one it belongs to.
    #[must_use]
    pub fn letter(&self, letter: char) -> Option<Goal> {
        let mut of_letter = self.letters.iter().filter(|(known, ..)| *known == letter);
        let chosen = self.fitting.get(self.chosen);
        let own = of_letter.clone().find(|(_, index, _)| Some(index) == chosen);
        own.or_else(|| of_letter.next()).map(|(.., goal)| goal.clone())
    }

    /// Chooses what is at a place among what fits. False if nothing is there.
    pub fn choose(&mut self, place: usize) -> bool {
        let there = place < self.fitting.len();
        self.chosen = if there { place } else { self.chosen };
        there
    }

    /// Chooses the first item whose goal is as it should be.
    pub fn choose_goal(&mut self, is_it: impl Fn(&Goal) -> bool) {
        let place = self.fitting.iter().position(|index| is_it(&self.items[*index].goal));
        self.chosen = place.unwrap_or(self.chosen);
    }

    /// The same, where not to choose is an answer too.
    #[must_use]
    pub fn or_else(self, otherwise: Goal) -> Self {
        Self { otherwise: Some(otherwise), ..self }
    }

    /// Whether a question stands here that is not put away by going elsewhere.
    #[must_use]
    pub fn must_be_answered(&self) -> bool {
        matches!(self.otherwise, Some(Goal::Trust(..)))
    }

    /// A list that follows what happens; it is filled with [`Picker::fill`].
    #[must_use]
    pub(super) fn following(source: Source, typed: &str) -> Self {
        let mut picker = Self { source: Some(source), ..Self::default() };
        picker.insert(typed);
        picker
    }

    /// The same, where a digit chooses.
    #[must_use]
    pub(super) fn numbered(self) -> Self {
        Self { numbered: true, ..self }
    }

    /// What is looked for, if messages are.
    #[must_use]
    pub fn find(&self) -> Option<&Find> {
        match &self.source {
            Some(Source::Find(find)) => Some(find),
            Some(Source::Thread(_)) | None => None,
        }
    }

    pub(super) fn find_mut(&mut self) -> Option<&mut Find> {
        match &mut self.source {
            Some(Source::Find(find)) => Some(find),
            Some(Source::Thread(_)) | None => None,
        }
    }

    /// Fills the list anew; what was chosen stays so if it is still there.
    pub(super) fn fill(&mut self, title: String, items: Vec<Item>) {
        let chosen = self.goal();
        let same = items.iter().position(|item| chosen.as_ref() == Some(&item.goal));
        self.fitting = (0..items.len()).collect();
        (self.title, self.items, self.chosen) = (title, items, same.unwrap_or(0));
    }

    /// What is listed.
    pub(super) fn items(&self) -> Vec<Item> {
        self.items.clone()
    }

    /// What not choosing anything does.
    #[must_use]
    pub fn otherwise(&self) -> Option<Goal> {
        self.otherwise.clone()
    }

    /// What fits, the best first, and whether it is the chosen one.
    pub fn shown(&self) -> impl ExactSizeIterator<Item = (&Item, bool)> {
        self.fitting.iter().enumerate().map(|(place, index)| (&self.items[*index], place == self.chosen))
    }

    /// The place of the chosen one among what fits.
    #[must_use]
    pub fn chosen(&self) -> usize {
        self.chosen
    }

    /// Types.
    pub fn insert(&mut self, text: &str) {
        let most = if let Some(Free::Value(_)) = self.free { VALUE_BYTES_MAX } else { TYPED_BYTES_MAX };
        let room = most.saturating_sub(self.typed.len());
        let kept = text.chars().filter(|c| !c.is_control());
        let mut taken = 0;
        self.typed.extend(kept.take_while(|c| {
            taken += c.len_utf8();
            taken <= room
        }));
        self.refresh();
    }

    /// Takes the last letter back. False if there is none.
    pub fn erase(&mut self) -> bool {
        let erased = self.typed.pop().is_some();
        self.refresh();
        erased
    }

    /// Takes everything typed back.
    pub fn clear(&mut self) {
        self.typed.clear();
        self.refresh();
    }

    /// Chooses another one, so many places on or back.
    pub fn step(&mut self, by: isize) {
        let last = self.fitting.len().saturating_sub(1);
        self.chosen = self.chosen.saturating_add_signed(by).min(last);
    }

    /// What the chosen one does.
    #[must_use]
    pub fn goal(&self) -> Option<Goal> {
        self.fitting.get(self.chosen).map(|index| self.items[*index].goal.clone())
    }

    fn refresh(&mut self) {
        if let Some(Free::Value(name)) = self.free {
            self.items = vec![value(name, &self.typed)];
            (self.fitting, self.chosen) = (vec![0], 0);
            return;
        }
        if self.source.is_some() {
            return;
        }
        // What was made of earlier words goes first.
        self.items.retain(|item| !matches!(item.goal, Goal::Search(_)) && item.detail != TYPED);
        // A sign says of which sort it is to be.
        let (sign, typed) = match self.typed.chars().next() {
            Some(sign @ ('#' | '@' | '>' | '?' | ':')) => (Some(sign), &self.typed[1..]),
            _ => (None, self.typed.as_str()),
        };
        let sort = |item: &Item| sign.is_none_or(|sign| item.name.starts_with(sign));
        // Of so many emoji some have the letters of any word.
        let by_letters = !matches!(self.free, Some(Free::React(..)));
        let mut fits: Vec<(i32, usize)> = self
            .items
            .iter()
            .enumerate()
            .filter(|(_, item)| sort(item))
            .filter(|(_, item)| by_letters || typed.split_whitespace().all(|word| item.name.contains(word)))
            .filter_map(|(index, item)| Some((score(typed, item.name.trim_start_matches(SIGNS))?, index)))
            .collect();
        if !typed.trim().is_empty() {
            fits.sort_by_key(|(score, index)| (std::cmp::Reverse(*score), *index));
        }
        self.fitting = fits.into_iter().map(|(_, index)| index).collect();
        let typed = typed.trim().to_owned();
        let free = match self.free {
            Some(Free::Search) if typed.starts_with(LINK) => {
                Some(Item { name: typed.clone(), detail: TYPED.to_owned(), goal: Goal::Open(typed) })
            }
            Some(Free::Search) if !typed.is_empty() && matches!(sign, None | Some('?')) => Some(Item {
                name: format!("? {typed}"),
                detail: "search on the server".to_owned(),
                goal: Goal::Search(typed),
            }),
            Some(Free::React(room, seq)) if !typed.is_empty() => {
                Some(Item { name: typed.clone(), detail: TYPED.to_owned(), goal: Goal::React(room, seq, typed) })
            }
            Some(Free::Search | Free::React(..) | Free::Value(_)) | None => None,
        };
        if let Some(item) = free {
            self.items.push(item);
            self.fitting.push(self.items.len() - 1);
        }
        self.chosen = 0;
    }
}

/// What a typed value of a setting does, or what is wrong with it.
fn value(name: &'static str, typed: &str) -> Item {
    let (detail, goal) = match room_setting(name, typed) {
        Ok(setting) => ("Enter sets it".to_owned(), Goal::Ask(Ask::Set(setting))),
        Err(why) => (why.clone(), Goal::Denied(why)),
    };
    Item { name: if typed.is_empty() { "(nothing)".to_owned() } else { typed.to_owned() }, detail, goal }
}

const SIGNS: [char; 5] = ['#', '@', '>', '?', ':'];

/// What a link to a room or a message begins with.
const LINK: &str = "chat://";

/// What is said of a reaction or a link that was typed.
const TYPED: &str = "as typed";

/// What can be typed, bytes.
const TYPED_BYTES_MAX: usize = 256;

/// The value of a setting that can be typed, bytes.
const VALUE_BYTES_MAX: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;
    use chat_proto::RoomId;

    fn key(room: u64) -> RoomKey {
        RoomKey::new(ServerId::default(), RoomId(room))
    }

    fn picker(free: Option<Free>) -> Picker {
        let item =
            |name: &str, room| Item { name: name.to_owned(), detail: String::new(), goal: Goal::Room(key(room)) };
        Picker::new("go to", vec![item("#dev", 1), item("#ops", 2), item("@dave", 3)], free)
    }

    fn names(picker: &Picker) -> Vec<&str> {
        picker.shown().map(|(item, _)| item.name.as_str()).collect()
    }

    #[test]
    fn what_is_typed_leaves_what_fits_and_a_sign_the_sort() {
        let mut picker = picker(None);
        assert_eq!(names(&picker), ["#dev", "#ops", "@dave"]);
        picker.insert("d");
        assert_eq!(names(&picker), ["#dev", "@dave"]);
        picker.clear();
        picker.insert("@");
        assert_eq!(names(&picker), ["@dave"]);
        assert!(picker.erase() && !picker.erase());
        assert_eq!(names(&picker).len(), 3);
    }

    #[test]
    fn choosing_stays_within_what_fits() {
        let mut picker = picker(None);
        picker.step(-1);
        assert_eq!(picker.goal(), Some(Goal::Room(key(1))));
        picker.step(9);
        assert_eq!(picker.goal(), Some(Goal::Room(key(3))));
        picker.insert("nobody");
        assert_eq!(picker.goal(), None);
    }

    #[test]
    fn words_can_be_searched_and_are_made_once() {
        let mut picker = picker(Some(Free::Search));
        picker.insert("de");
        picker.insert("v");
        assert_eq!(names(&picker), ["#dev", "? dev"]);
        picker.clear();
        picker.insert("?disk full");
        assert_eq!(picker.goal(), Some(Goal::Search("disk full".to_owned())));
        picker.insert("\u{1b}[2J");
        assert_eq!(picker.typed, "?disk full[2J");
    }
}
