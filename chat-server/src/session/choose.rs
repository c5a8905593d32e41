//! What a person sets for himself, as it comes over the wire.

use chat_proto::choice::{SetDraft, SetSetting};
use chat_proto::profile::{SetState, StateValue, Status};
use chat_proto::reply::Done;
use chat_proto::text::{Label, SettingValue, StateText};
use chat_proto::{AccountId, Line, MessageKey, Reject, RejectCode, Text, UserName};

use super::Session;
use super::request::{Answer, bad_text, check_key};
use crate::core::command::{Choice, StateChange};

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

pub(super) fn status(Status { text, away, until }: &Status) -> Result<Choice, Reject> {
    let text = Line::parse(text).map_err(|e| bad_text("the status", &e))?;
    Ok(Choice::Status(text, *away, *until))
}

pub(super) fn state(SetState { set, unset, public, .. }: &SetState) -> Result<Choice, Reject> {
    let label = |name: &String| Label::parse(name).map_err(|e| bad_text("the name of a value", &e));
    let value = |StateValue { name, value }: &StateValue| {
        let value = StateText::parse(value).map_err(|e| bad_text("the value", &e))?;
        Ok((label(name)?, value))
    };
    Ok(Choice::State(StateChange {
        set: set.iter().map(value).collect::<Result<_, Reject>>()?,
        unset: unset.iter().map(label).collect::<Result<_, Reject>>()?,
        public: public.as_ref().map(|names| names.iter().map(label).collect::<Result<_, Reject>>()).transpose()?,
    }))
}
