//! One value of every kind about who one is to the server.

use chat_proto::identity::*;
use chat_proto::realm::*;
use chat_proto::*;

use super::{NOON, text};

pub(super) fn requests() -> Vec<Request> {
    vec![ClaimServer { code: text("01ZA-0ZJK-MNPQ") }.into(), ListAudit { before: Seq::MAX, limit: 50 }.into()]
}

pub(super) fn replies() -> Vec<Reply> {
    let entry = AuditEntry {
        seq: Seq(2),
        at: NOON,
        by: AccountId(17),
        name: text("alice"),
        text: text("became the server's first owner"),
    };
    vec![AuditPage { entries: vec![entry], more: true }.into()]
}

pub(super) fn bodies() -> Vec<EventBody> {
    vec![ClaimOffered { code: SecretHash([0x5e; 32]) }.into(), OwnerClaimed { name: text("alice") }.into()]
}
