//! One value of every kind about bots.

use chat_proto::bots::*;
use chat_proto::realm::*;
use chat_proto::*;

use super::{NOON, text};

const TOKEN: &str = "cbot_01234567_89ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno_3VSvVX";

pub(super) fn auths() -> Vec<Auth> {
    vec![BotAuth { token: text(TOKEN) }.into()]
}

pub(super) fn requests() -> Vec<Request> {
    vec![
        MakeBotToken { name: text("ci"), rooms: vec![RoomRef::Id(RoomId(3))], for_s: Some(86_400) }.into(),
        ListBotTokens { name: text("ci") }.into(),
        RevokeBotToken { id: text("01234567") }.into(),
    ]
}

pub(super) fn replies() -> Vec<Reply> {
    let bot = Named { account: AccountId(30), name: text("ci") };
    let owner = Named { account: AccountId(17), name: text("alice") };
    let rooms = vec![BotRoom { room: RoomId(3), name: text("ops") }];
    let info = BotTokenInfo {
        id: text("01234567"),
        bot: bot.clone(),
        owner,
        rooms,
        since: NOON,
        until: Some(NOON),
        online: true,
    };
    vec![BotTokenMade { bot, token: text(TOKEN) }.into(), BotTokenList { tokens: vec![info] }.into()]
}

pub(super) fn bodies() -> Vec<EventBody> {
    let (bot, device, id) = (AccountId(30), DeviceId(31), text("01234567"));
    let let_in = BotLetIn {
        bot,
        name: text("ci"),
        owner: AccountId(17),
        device,
        id: id.clone(),
        rooms: vec![RoomId(3)],
        until: None,
    };
    vec![let_in.into(), BotTokenRevoked { bot, device, id }.into()]
}
