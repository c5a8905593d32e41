//! Ways to log in with a new device, and what one's own devices are asked about.

use aws_lc_rs::hmac;
use chat_proto::auth::{EXPORTER_BYTES, EXPORTER_LABEL, link_message};
use chat_proto::code::ShortCode;
use chat_proto::identity::{DeviceInfo, LinkAuth, ListDevices, MakeLinkCode, MakeRecoveryCode, RecoverAuth};
use chat_proto::request::{DeviceAuth, Hello};
use chat_proto::{Auth, Reject, Reply, VERSION};
use quinn::Connection;

use super::{Device, RawClient, TestServer, dial, say_hello};

/// Says hello with this proof on a connection of its own.
pub async fn log_in(server: &TestServer, auth: impl FnOnce(&Connection) -> Auth) -> (Connection, Reply) {
    let connection = dial(server).await;
    let auth = auth(&connection);
    let hello =
        Hello { version_min: VERSION, version_max: VERSION, client: "raw".to_owned(), auth, resume: Vec::new() };
    let (_, _, reply) = say_hello(&connection, hello).await;
    (connection, reply)
}

pub async fn refused(server: &TestServer, auth: impl FnOnce(&Connection) -> Auth) -> Reject {
    match log_in(server, auth).await.1 {
        Reply::Reject(reject) => reject,
        reply => panic!("{reply:?}"),
    }
}

/// The proof that a device knows a code.
pub fn link(server: &TestServer, device: &Device, name: &str, code: &str) -> impl FnOnce(&Connection) -> Auth {
    move |connection| {
        let DeviceAuth { device, name, signature } = device.prove(connection, &server.key, name);
        let mut exporter = [0; EXPORTER_BYTES];
        connection.export_keying_material(&mut exporter, EXPORTER_LABEL, b"").unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, ShortCode::parse(code).unwrap().as_bytes());
        let proof = hmac::sign(&key, &link_message(&exporter, &device)).as_ref().try_into().unwrap();
        LinkAuth { device, name, signature, proof, label: "laptop".to_owned() }.into()
    }
}

pub fn recover(
    server: &TestServer,
    device: &Device,
    name: &str,
    code: &str,
    revoke_others: bool,
) -> impl FnOnce(&Connection) -> Auth {
    move |connection| {
        let DeviceAuth { device, name, signature } = device.prove(connection, &server.key, name);
        let (code, label) = (code.to_owned(), String::new());
        RecoverAuth { device, name, signature, code, label, revoke_others }.into()
    }
}

pub async fn link_code(client: &mut RawClient) -> String {
    match client.ask(MakeLinkCode {}).await {
        Reply::LinkCode(made) => made.code,
        reply => panic!("{reply:?}"),
    }
}

pub async fn devices(client: &mut RawClient) -> Vec<DeviceInfo> {
    match client.ask(ListDevices {}).await {
        Reply::DeviceList(list) => list.devices,
        reply => panic!("{reply:?}"),
    }
}

pub async fn recovery_code(client: &mut RawClient) -> String {
    match client.ask(MakeRecoveryCode {}).await {
        Reply::RecoveryCode(made) => made.code,
        reply => panic!("{reply:?}"),
    }
}
