//! What a device signs to prove itself. No cryptography here: both ends bring their own.

use crate::id::DeviceKey;

/// The label of the TLS exporter (RFC 8446, 7.5) both ends derive [`EXPORTER_BYTES`] bytes under, with an empty context.
pub const EXPORTER_LABEL: &[u8] = b"EXPORTER-chat-auth-v1";

/// Bytes of the exported value.
pub const EXPORTER_BYTES: usize = 32;

/// The bytes whose HMAC-SHA256, keyed with a link code, shows that a new device knows the code: as with
/// [`transcript`], they belong to this one connection.
#[must_use]
pub fn link_message(exporter: &[u8; EXPORTER_BYTES], device: &DeviceKey) -> Vec<u8> {
    [b"chat-link-v1".as_slice(), exporter, &device.0].concat()
}

/// The bytes a device signs with its Ed25519 key.
///
/// The exported value belongs to this one connection, so a proof can be neither replayed nor relayed; the digest of the
/// server's public key (SHA-256 of its SubjectPublicKeyInfo, RFC 5280) names the server the client believes it speaks to.
#[must_use]
pub fn transcript(
    exporter: &[u8; EXPORTER_BYTES],
    server_key_sha256: &[u8; 32],
    device: &DeviceKey,
    name: &str,
) -> Vec<u8> {
    [b"chat-auth-v1".as_slice(), exporter, server_key_sha256, &device.0, name.as_bytes()].concat()
}
