//! What reached whom: the messages that name somebody, and how far others have read.

use std::ops::Bound;
use std::sync::Arc;

use chat_proto::limits::LIST_PAGE_MAX;
use chat_proto::reach::{MentionList, ReadMark, ReadMarkList};
use chat_proto::{AccountId, Reject, RejectCode, RoomId, Seq};

use super::Hub;
use crate::core::Actor;
use crate::core::access::Action;
use crate::core::account::Account;

impl Hub {
    /// A page of the unread messages that name an account.
    ///
    /// # Errors
    /// What the store says.
    pub async fn list_mentions(
        self: &Arc<Self>,
        account: AccountId,
        before: Seq,
        limit: u16,
    ) -> Result<MentionList, Reject> {
        let limit = usize::from(limit.clamp(1, LIST_PAGE_MAX));
        let feed = self.account(account).await?;
        let page = move |account: &Account| account.mentions_before(before).take(limit + 1).collect::<Vec<_>>();
        let mut mentions = feed.look(self, move |account, _| page(account)).await?;
        let more = mentions.len() > limit;
        mentions.truncate(limit);
        self.read_directory(|directory| {
            for mention in &mut mentions {
                if let Some(name) = directory.room(mention.room) {
                    name.as_str().clone_into(&mut mention.name);
                }
            }
        });
        Ok(MentionList { mentions, more })
    }

    /// A page of how far the members of a room have read.
    ///
    /// # Errors
    /// [`RejectCode::NotMember`], [`RejectCode::Forbidden`] where the room doesn't show it, or what the store says.
    pub async fn list_read_marks(
        self: &Arc<Self>,
        by: &Actor,
        room: RoomId,
        after: AccountId,
        limit: u16,
    ) -> Result<ReadMarkList, Reject> {
        let limit = usize::from(limit.clamp(1, LIST_PAGE_MAX));
        let asker = by.account;
        let page = self.ask(by.reader(), room, Action::Read, move |_, room| {
            if !room.members().contains_key(&asker) {
                return Err(Reject::new(
                    RejectCode::NotMember,
                    "only members see how far the others have read; join first",
                ));
            }
            if !room.settings().read_receipts {
                let message = "this room doesn't show how far its members have read; its owner can change that";
                return Err(Reject::new(RejectCode::Forbidden, message));
            }
            let behind = room.members().range((Bound::Excluded(after), Bound::Unbounded)).take(limit + 1);
            Ok(behind.map(|(account, member)| (*account, member.name.clone())).collect::<Vec<_>>())
        });
        let mut members = page.await??;
        let more = members.len() > limit;
        members.truncate(limit);
        let mut marks = Vec::with_capacity(members.len());
        for (account, name) in members {
            let feed = self.account(account).await?;
            let seq = feed.look(self, move |state, _| state.read(room).seq).await?;
            marks.push(ReadMark { account, name, seq });
        }
        Ok(ReadMarkList { marks, more })
    }
}
