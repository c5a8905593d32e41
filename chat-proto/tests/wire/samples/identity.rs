//! One value of every kind about who one is to the server.

use chat_proto::guest::GuestAuth;
use chat_proto::identity::*;
use chat_proto::password::*;
use chat_proto::realm::*;
use chat_proto::*;

use super::{NOON, text};

const KEY: DeviceKey = DeviceKey([0xd1; 32]);

pub(super) fn auths() -> Vec<Auth> {
    let (name, signature, label) = (text("alice"), [0x51; 64], text("laptop"));
    let link = LinkAuth { device: KEY, name: name.clone(), signature, proof: [0x9f; 32], label: label.clone() };
    let code = text("01ZA-0ZJK-MNPQ-01ZA-0ZJK-MNPQ-01");
    let token = JwtAuth { name: name.clone(), token: text("eyJhbGciOiJFZERTQSJ9.e30.c2ln") };
    let password = PasswordAuth {
        device: KEY,
        name: name.clone(),
        signature,
        password: text("correct horse battery"),
        label: label.clone(),
    };
    let guest = GuestAuth { device: KEY, name: text("eve"), signature };
    let recover = RecoverAuth { device: KEY, name, signature, code, label, revoke_others: true };
    vec![link.into(), recover.into(), token.into(), guest.into(), password.into()]
}

pub(super) fn requests() -> Vec<Request> {
    vec![
        ClaimServer { code: text("01ZA-0ZJK-MNPQ") }.into(),
        ListAudit { before: Seq::MAX, limit: 50 }.into(),
        MakeLinkCode {}.into(),
        ListDevices {}.into(),
        RevokeDevice { device: DeviceId(22) }.into(),
        MakeRecoveryCode {}.into(),
        SetPassword { password: Some(text("correct horse battery")), revoke_others: true }.into(),
        SetPassword { password: None, revoke_others: false }.into(),
    ]
}

pub(super) fn replies() -> Vec<Reply> {
    let entry = AuditEntry {
        seq: Seq(2),
        at: NOON,
        by: AccountId(17),
        name: text("alice"),
        text: text("became the server's first owner"),
    };
    let device =
        DeviceInfo { device: DeviceId(22), key: KEY, label: text("laptop"), since: NOON, online: true, own: false };
    vec![
        AuditPage { entries: vec![entry], more: true }.into(),
        LinkCode { code: text("01ZA-0ZJK-MNPQ"), expires_ms: 600_000 }.into(),
        DeviceList { devices: vec![device] }.into(),
        RecoveryCode { code: text("01ZA-0ZJK-MNPQ-01ZA-0ZJK-MNPQ-01") }.into(),
    ]
}

pub(super) fn bodies() -> Vec<EventBody> {
    let (code, device, label) = (SecretHash([0x5e; 32]), DeviceId(22), text("laptop"));
    let (by, seq) = (DeviceId(21), Seq(9));
    let changed = |change| DeviceChanged { device, label: text("laptop"), change, by, seq };
    let secret = |change| SecretChanged { secret: Secret::RecoveryCode, change, by, seq };
    vec![
        ClaimOffered { code }.into(),
        OwnerClaimed { name: text("alice") }.into(),
        DeviceAdded { device, key: KEY, label: label.clone() }.into(),
        DeviceRevoked { account: AccountId(17), device }.into(),
        RecoverySet { code }.into(),
        RecoveryUsed { device, key: KEY, label: label.clone() }.into(),
        PasswordSet { hash: Some(text("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaA")) }.into(),
        PasswordSet { hash: None }.into(),
        PasswordUsed { device, key: KEY, label }.into(),
        changed(DeviceChange::ByPassword).into(),
        SecretChanged { secret: Secret::Password, change: SecretChange::Removed, by, seq }.into(),
        changed(DeviceChange::Linked).into(),
        changed(DeviceChange::Recovered).into(),
        changed(DeviceChange::Revoked).into(),
        secret(SecretChange::Set).into(),
        secret(SecretChange::Used).into(),
    ]
}
