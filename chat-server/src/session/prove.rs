//! Proofs of who somebody is: each way to log in, up to the account it opens.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use chat_proto::auth::{EXPORTER_BYTES, EXPORTER_LABEL, link_message, transcript};
use chat_proto::bots::BotAuth;
use chat_proto::guest::GuestAuth;
use chat_proto::identity::{JwtAuth, LinkAuth, RecoverAuth};
use chat_proto::invite::InviteAuth;
use chat_proto::password::PasswordAuth;
use chat_proto::request::DeviceAuth;
use chat_proto::{Auth, DeviceKey, Line, Reject, RejectCode};
use quinn::Connection;

use super::Context;
use super::request::bad_text;
use crate::admission::network;
use crate::core::realm::NewDevice;
use crate::hub::devices::Stranger;
use crate::hub::invites::Invited;
use crate::hub::people::Identified;

/// Whose the proof is.
///
/// # Errors
/// Why it opens nothing.
pub(super) async fn prove(connection: &Connection, context: &Context, auth: Auth) -> Result<Identified, Reject> {
    let hub = &context.hub;
    match auth {
        Auth::DeviceAuth(DeviceAuth { device, name, signature }) => {
            check_signature(connection, context, &device, &name, &signature)?;
            hub.identify(device, &name, connection.remote_address().ip()).await
        }
        Auth::LinkAuth(LinkAuth { device, name, signature, proof, label }) => {
            let exporter = check_signature(connection, context, &device, &name, &signature)?;
            let message = link_message(&exporter, &device);
            let stranger = stranger(connection, device, name, &label)?;
            hub.link(stranger, |code| {
                hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, code.as_bytes()), &message, &proof).is_ok()
            })
            .await
        }
        Auth::RecoverAuth(RecoverAuth { device, name, signature, code, label, revoke_others }) => {
            check_signature(connection, context, &device, &name, &signature)?;
            hub.recover(stranger(connection, device, name, &label)?, &code, revoke_others).await
        }
        Auth::PasswordAuth(PasswordAuth { device, name, signature, password, label }) => {
            check_signature(connection, context, &device, &name, &signature)?;
            hub.link_by_password(stranger(connection, device, name, &label)?, &password).await
        }
        Auth::InviteAuth(InviteAuth { device, name, signature, secret, room }) => {
            check_signature(connection, context, &device, &name, &signature)?;
            hub.enter(Invited { key: device, name, room, from: connection.remote_address().ip() }, &secret).await
        }
        Auth::BotAuth(BotAuth { token }) => hub.identify_bot(&token, connection.remote_address().ip()),
        Auth::JwtAuth(JwtAuth { name, token }) => {
            let Some(jwt) = &context.jwt else {
                return Err(Reject::new(RejectCode::InvalidToken, "this server trusts no issuer of tokens"));
            };
            let from = connection.remote_address().ip();
            hub.identify_subject(jwt.verify(&token, hub.now())?, &name, from).await
        }
        Auth::GuestAuth(GuestAuth { device, name, signature }) => {
            check_signature(connection, context, &device, &name, &signature)?;
            hub.identify_guest(device, &name, connection.remote_address().ip()).await
        }
        Auth::Unknown { .. } => Err(Reject::new(RejectCode::Unsupported, "this server knows no such way to log in")),
    }
}

fn stranger(connection: &Connection, key: DeviceKey, name: String, label: &str) -> Result<Stranger, Reject> {
    let label = Line::parse(label).map_err(|e| bad_text("what the device is to be called", &e))?;
    Ok(Stranger { new: NewDevice { key, label }, name, from: network(connection.remote_address().ip()) })
}

/// Checks a device's signature over this connection, and gives the value that only its two ends know.
fn check_signature(
    connection: &Connection,
    context: &Context,
    device: &DeviceKey,
    name: &str,
    signature: &[u8; 64],
) -> Result<[u8; EXPORTER_BYTES], Reject> {
    let mut exporter = [0; EXPORTER_BYTES];
    let bad = |what: &str| Reject::new(RejectCode::Unauthenticated, format!("the proof of the device's key {what}"));
    connection
        .export_keying_material(&mut exporter, EXPORTER_LABEL, b"")
        .map_err(|_| bad("needs a TLS exporter, which this connection lacks"))?;
    let signed = transcript(&exporter, &(context.server_key)(), device, name);
    UnparsedPublicKey::new(&ED25519, device.0)
        .verify(&signed, signature)
        .map_err(|_| bad("does not hold for this connection and this server's key"))?;
    Ok(exporter)
}
