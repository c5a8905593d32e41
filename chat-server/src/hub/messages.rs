//! Messages with more to them than words, and what is done to messages afterwards.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

use chat_proto::delivery::Announced;
use chat_proto::event::{Custom, Forwarded};
use chat_proto::limits::{CUSTOM_BYTES_MAX, LINE_BYTES_MAX, PAGE_EVENTS_MAX, VISIBLE_TO_MAX};
use chat_proto::reply::{FoldList, Page, PinList};
use chat_proto::{AccountId, Event, EventBody, Extra, FeedId, Reject, RejectCode, RoomId, Seq, Style, Text};

use super::files::checked_file;
use super::gate::Reader;
use super::{Hub, reject};
use crate::core::access::Action;
use crate::core::audience::is_for;
use crate::core::command::filter::filtered;
use crate::core::command::{About, Person, Post};
use crate::core::fold::fold;
use crate::core::room::Room;
use crate::core::{AccountKind, Actor, ServerRank};

/// Rows about messages read at once.
const ABOUT_ROWS: usize = 1_000;

/// The kinds of events that are acts of those who may: pins, settings, names, roles, owners, lists, removals.
const AUDITED: [u16; 12] = [7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 22];

impl Hub {
    /// A message of a room something is to be done to, if it is for the asker.
    ///
    /// # Errors
    /// [`RejectCode::NoSuchMessage`], why the room is not for him, or what the store says.
    pub async fn about(self: &Arc<Self>, by: &Actor, room: RoomId, seq: Seq) -> Result<About, Reject> {
        let event = self.message(by.reader(), room, seq).await?;
        let author = self.person_of(event.by).unwrap_or(Person {
            account: event.by,
            name: event.body.message().map_or_else(String::new, |message| message.name.to_owned()),
            kind: AccountKind::Guest,
            rank: ServerRank::None,
        });
        Ok(About {
            seq,
            author,
            at: event.at,
            visible_to: event.body.visible_to().map(<[AccountId]>::to_vec),
            is_erased: event.body.is_erased(),
        })
    }

    /// A message of a room as it is kept, if it is for a reader.
    pub(super) async fn message(self: &Arc<Self>, by: Reader, room: RoomId, seq: Seq) -> Result<Event, Reject> {
        let from = self.may_read(by, room).await?;
        let rows = self.store().read(FeedId::Room(room), seq, 1).await.map_err(|e| reject(&e))?;
        let event = rows.into_iter().map(|row| row.event).find(|event| event.seq == seq && seq >= from);
        event.filter(|event| event.body.was_message() && is_for(event, by.account)).ok_or_else(|| {
            Reject::new(RejectCode::NoSuchMessage, format!("there is no message {seq} here, or not for you"))
        })
    }

    /// A message as somebody wants to write it, with what a client may say of it checked.
    ///
    /// # Errors
    /// What is wrong with it, or what the store says.
    pub async fn compose(
        self: &Arc<Self>,
        by: &Actor,
        room: RoomId,
        style: Style,
        text: Text,
        extras: Vec<Extra>,
    ) -> Result<Post, Reject> {
        let mut post = Post::plain(style, text);
        for extra in extras {
            let twice = match extra {
                Extra::ReplyTo(reply) => post.reply_to.replace(self.about(by, room, reply.target).await?).is_some(),
                Extra::VisibleTo(visible) => post.visible_to.replace(self.readers(visible.accounts)?).is_some(),
                Extra::Custom(custom) => post.custom.replace(checked(custom)?).is_some(),
                Extra::Attached(file) => post.file.replace(checked_file(file)?.into()).is_some(),
                Extra::Forwarded(_) | Extra::ByBot(_) => {
                    return Err(Reject::new(RejectCode::BadRequest, "that is for the server to say of a message"));
                }
                Extra::Unknown { kind, .. } => {
                    let message = format!("this server knows no extra of kind {kind}");
                    return Err(Reject::new(RejectCode::Unsupported, message));
                }
            };
            if twice {
                return Err(Reject::new(RejectCode::BadRequest, "a message carries each kind of extra once"));
            }
        }
        // An answer to a message for some is for them, or it would tell the others of it.
        if post.visible_to.is_none()
            && let Some(accounts) = post.reply_to.as_ref().and_then(|about| about.visible_to.clone())
        {
            let author = post.reply_to.as_ref().map(|about| about.author.account);
            post.visible_to =
                Some(accounts.into_iter().chain(author).filter(|account| *account != by.account).collect());
        }
        Ok(post)
    }

    fn readers(&self, mut accounts: Vec<AccountId>) -> Result<Vec<AccountId>, Reject> {
        accounts.sort_unstable();
        accounts.dedup();
        if accounts.len() > VISIBLE_TO_MAX {
            let message = format!("a message is for everybody or for at most {VISIBLE_TO_MAX}");
            return Err(Reject::new(RejectCode::LimitExceeded, message));
        }
        match accounts.iter().find(|account| self.person_of(**account).is_none()) {
            Some(account) => Err(Reject::new(RejectCode::NoSuchUser, format!("there is no account {account}"))),
            None => Ok(accounts),
        }
    }

    /// The copy of a message that stands elsewhere.
    ///
    /// # Errors
    /// Why it can't be copied, or what the store says.
    pub async fn forwarded(self: &Arc<Self>, by: &Actor, room: RoomId, target: Seq) -> Result<Post, Reject> {
        let event = self.message(by.reader(), room, target).await?;
        let private = || Reject::new(RejectCode::Forbidden, "a message only some may see stays where it is");
        if event.body.visible_to().is_some() {
            return Err(private());
        }
        let is_direct = self.ask(by.reader(), room, Action::Read, |_, room| room.is_direct()).await?;
        if is_direct {
            return Err(private());
        }
        let Some(message) = event.body.message() else {
            return Err(Reject::new(RejectCode::NoSuchMessage, format!("message {target} was removed")));
        };
        // As it stands now: what its author took back is not to go on elsewhere.
        let about = self.all_about(room, target..=target).await?;
        let reworded = fold(&about, &BTreeSet::new(), by.account).into_iter().find_map(|fold| fold.text);
        let text = Text::parse(reworded.as_deref().unwrap_or(message.text))
            .map_err(|e| Reject::new(RejectCode::InvalidText, format!("the message: {e}")))?;
        let room_name = self.ask(by.reader(), room, Action::Read, |_, room| room.name().to_owned()).await?;
        let origin = message.forwarded().cloned().unwrap_or(Forwarded {
            room,
            room_name,
            seq: target,
            by: event.by,
            name: message.name.to_owned(),
        });
        let (custom, file) = (message.custom().cloned(), message.file().cloned().map(Box::new));
        Ok(Post { custom, file, forwarded: Some(origin), ..Post::plain(message.style, text) })
    }

    /// Tells those who are in a room something that is not stored, if its author might write there.
    ///
    /// # Errors
    /// Why not, or what the store says.
    pub async fn announce_in(
        self: &Arc<Self>,
        by: &Actor,
        room: RoomId,
        style: Style,
        text: Text,
    ) -> Result<(), Reject> {
        self.check_write(by, room).await?;
        let filters = self.ask(by.reader(), room, Action::Post, |_, room| room.settings().filters.clone()).await?;
        let text = filtered(&filters, text.as_str())?;
        let (account, name) = (by.account, by.name.as_str().to_owned());
        self.room(room).await?.shared.signal(|signals| {
            signals.announce(Announced { room, account, name, style, text });
            true
        });
        Ok(())
    }

    /// How the messages between two places of a room stand now, where that is not as they were written.
    ///
    /// # Errors
    /// [`RejectCode::LimitExceeded`] for too many, why they are not for him, or what the store says.
    pub async fn list_folds(
        self: &Arc<Self>,
        by: Reader,
        room: RoomId,
        from: Seq,
        to: Seq,
    ) -> Result<FoldList, Reject> {
        if to.0.saturating_sub(from.0) >= u64::from(PAGE_EVENTS_MAX) {
            let message = format!("at most {PAGE_EVENTS_MAX} events at once; ask for them in parts");
            return Err(Reject::new(RejectCode::LimitExceeded, message));
        }
        let from = from.max(self.may_read(by, room).await?);
        if from > to {
            return Ok(FoldList { room, folds: Vec::new() });
        }
        let pins = move |_: &Self, room: &Room| room.pins().range(from..=to).copied().collect();
        let pins: BTreeSet<Seq> = self.ask(by, room, Action::Read, pins).await?;
        let about = self.all_about(room, from..=to).await?;
        Ok(FoldList { room, folds: fold(&about, &pins, by.account) })
    }

    /// Whether somebody's reaction to a message holds.
    ///
    /// # Errors
    /// What the store says.
    pub async fn has_reacted(
        self: &Arc<Self>,
        account: AccountId,
        room: RoomId,
        target: Seq,
        emoji: &str,
    ) -> Result<bool, Reject> {
        let about = self.all_about(room, target..=target).await?;
        let own = about.iter().rev().filter(|event| event.by == account).find_map(|event| {
            let EventBody::Reacted(it) = &event.body else { return None };
            (it.emoji == emoji).then_some(it.on)
        });
        Ok(own.unwrap_or(false))
    }

    /// Everything that was done to the messages of a range.
    pub(super) async fn all_about(
        self: &Arc<Self>,
        room: RoomId,
        targets: RangeInclusive<Seq>,
    ) -> Result<Vec<Event>, Reject> {
        let mut all: Vec<Event> = Vec::new();
        let mut after = Seq::ZERO;
        loop {
            let rows = self.store().annotations(FeedId::Room(room), targets.clone(), after, ABOUT_ROWS).await;
            let rows = rows.map_err(|e| reject(&e))?;
            let Some(last) = rows.last() else { return Ok(all) };
            after = last.event.seq;
            all.extend(rows.into_iter().map(|row| row.event));
        }
    }

    /// What those who may did to a room and to people in it, a page of it.
    ///
    /// # Errors
    /// Why it is not for him, or what the store says.
    pub async fn audit_room(
        self: &Arc<Self>,
        by: Reader,
        room: RoomId,
        before: Seq,
        limit: u16,
    ) -> Result<Page, Reject> {
        self.ask(by, room, Action::ReadLists, |_, _| ()).await?;
        let meta = self.room(room).await?.shared.meta();
        let limit = usize::from(limit.clamp(1, PAGE_EVENTS_MAX));
        let rows = self.store().of_kinds(FeedId::Room(room), AUDITED.to_vec(), before, limit + 1).await;
        let mut rows = rows.map_err(|e| reject(&e))?;
        let more_before = rows.len() > limit;
        rows.truncate(limit);
        let events: Vec<Event> = rows.into_iter().rev().map(|row| row.event).collect();
        let (epoch, oldest, last) = (meta.epoch, meta.oldest, meta.head);
        Ok(Page { room, epoch, events, oldest, last, more_before, more_after: before <= last, trimmed: None })
    }

    /// The pinned messages of a room.
    ///
    /// # Errors
    /// Why they are not for him, or what the store says.
    pub async fn list_pins(self: &Arc<Self>, by: Reader, room: RoomId) -> Result<PinList, Reject> {
        let from = self.may_read(by, room).await?;
        let pins: Vec<Seq> = self.ask(by, room, Action::Read, |_, room| room.pins().iter().copied().collect()).await?;
        let mut events = Vec::with_capacity(pins.len());
        for pin in pins.into_iter().filter(|pin| *pin >= from) {
            let rows = self.store().read(FeedId::Room(room), pin, 1).await.map_err(|e| reject(&e))?;
            events.extend(rows.into_iter().map(|row| row.event).filter(|event| event.seq == pin));
        }
        Ok(PinList { room, events })
    }
}

fn checked(custom: Custom) -> Result<Custom, Reject> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | '+');
    if custom.kind.is_empty() || custom.kind.len() > LINE_BYTES_MAX || !custom.kind.chars().all(is_word) {
        let message = "the kind of a custom message is one word of letters, digits and . - _ / +";
        return Err(Reject::new(RejectCode::BadRequest, message));
    }
    if custom.bytes.len() > CUSTOM_BYTES_MAX {
        let message = format!("{} bytes of data; a message carries at most {CUSTOM_BYTES_MAX}", custom.bytes.len());
        return Err(Reject::new(RejectCode::TooLarge, message));
    }
    Ok(custom)
}
