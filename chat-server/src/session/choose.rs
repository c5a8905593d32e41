//! What a person sets for himself, as it comes over the wire.

use chat_proto::choice::{SetDraft, SetSetting};
use chat_proto::reply::Done;
use chat_proto::text::{Label, SettingValue};
use chat_proto::{AccountId, MessageKey, Reject, RejectCode, Text, UserName};

use super::Session;
use super::request::{Answer, bad_text, check_key};
use crate::core::command::Choice;

impl Session {
    /// Writes a choice into the account's own feed.
    pub(super) async fn choose(self, key: MessageKey, choice: Choice) -> Answer {
        check_key(key)?;
        self.hub.choose(&self.actor, key, choice).await?;
        Ok(Done {}.into())
    }

    /// The name of somebody there is, and who is not the asker.
    pub(super) fn somebody_else(&self, account: AccountId) -> Result<UserName, Reject> {
        if account == self.actor.account {
            return Err(Reject::new(RejectCode::BadRequest, "this is possible with others only, not with yourself"));
        }
        self.hub.name_of(account).ok_or_else(|| Reject::new(RejectCode::NoSuchUser, "there is no such person"))
    }
}

pub(super) fn draft(SetDraft { room, text, .. }: &SetDraft) -> Result<Choice, Reject> {
    let text = match text.is_empty() {
        true => None,
        false => Some(Text::parse(text).map_err(|e| bad_text("the draft", &e))?),
    };
    Ok(Choice::Draft(*room, text))
}

pub(super) fn setting(SetSetting { name, value, .. }: &SetSetting) -> Result<Choice, Reject> {
    let name = Label::parse(name).map_err(|e| bad_text("the name of the setting", &e))?;
    let value = SettingValue::parse(value).map_err(|e| bad_text("the setting", &e))?;
    Ok(Choice::Setting(name, value))
}
