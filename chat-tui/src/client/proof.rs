//! What is shown at the login: the key of this device, and what else it takes for the key to open the account.

use std::fmt;

use aws_lc_rs::hmac;
use chat_proto::Auth;
use chat_proto::auth::{EXPORTER_BYTES, link_message, transcript};
use chat_proto::bots::BotAuth;
use chat_proto::code::{LongCode, ShortCode};
use chat_proto::guest::GuestAuth;
use chat_proto::identity::{JwtAuth, LinkAuth, RecoverAuth};
use chat_proto::invite::InviteAuth;
use chat_proto::password::{Password, PasswordAuth};
use chat_proto::request::DeviceAuth;
use chat_proto::token::{BOT_TOKEN_PREFIX, BotToken};

use super::ServerAddress;
use super::identity::{GuestKey, Identity};

/// How this device comes to open the account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Login {
    /// It does already, or the name is free.
    #[default]
    Device,
    /// By a code that another device of the account made.
    Link {
        /// The code.
        code: ShortCode,
        /// What this device is to be called.
        label: String,
    },
    /// By an invitation: the name is taken if it is free, and the room is joined.
    Invite {
        /// Its secret.
        secret: LongCode,
        /// The room the link leads to; may be empty.
        room: String,
    },
    /// By a bot's token, or a JSON Web Token of an issuer the server trusts, for as long as it holds.
    Token(Token),
    /// By the account's password.
    Password {
        /// The password.
        password: Password,
        /// What this device is to be called.
        label: String,
    },
    /// As a guest: nothing is kept of him here, and he is gone when this process is.
    Guest(GuestKey),
    /// By the account's recovery code.
    Recover {
        /// The code.
        code: LongCode,
        /// What this device is to be called.
        label: String,
        /// Whether every other device of the account is revoked.
        revoke_others: bool,
    },
}

/// A token. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The token somebody was given, white space around it dropped.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// What a bot's token is called, which is no secret; none for another token.
    #[must_use]
    pub fn bot_id(&self) -> Option<String> {
        BotToken::parse(&self.0).ok().map(|token| token.id().to_owned())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl Login {
    /// The login of an address: by its invitation, where it has one.
    #[must_use]
    pub fn of_address(server: &ServerAddress) -> Self {
        let Some(secret) = server.invite.clone() else { return Self::Device };
        Self::Invite { secret, room: server.room.clone().unwrap_or_default() }
    }

    /// Whether it is shown once: the device's key opens the account from then on.
    pub(crate) fn is_once(&self) -> bool {
        match self {
            Self::Link { .. } | Self::Password { .. } | Self::Recover { .. } | Self::Invite { .. } => true,
            Self::Device | Self::Token(_) | Self::Guest(_) => false,
        }
    }

    /// The proof for one connection to a server.
    pub(super) fn prove(
        &self,
        identity: &Identity,
        exporter: &[u8; EXPORTER_BYTES],
        server_key: &[u8; 32],
        name: &str,
    ) -> Auth {
        let device = identity.public();
        let signature = identity.sign(&transcript(exporter, server_key, &device, name));
        let name = name.to_owned();
        match self {
            Self::Device => DeviceAuth { device, name, signature }.into(),
            Self::Guest(_) => GuestAuth { device, name, signature }.into(),
            Self::Link { code, label } => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, code.as_bytes());
                let mut proof = [0; 32];
                proof.copy_from_slice(hmac::sign(&key, &link_message(exporter, &device)).as_ref());
                LinkAuth { device, name, signature, proof, label: label.clone() }.into()
            }
            Self::Invite { secret, room } => {
                let (secret, room) = (secret.to_string(), room.clone());
                InviteAuth { device, name, signature, secret, room }.into()
            }
            Self::Token(Token(token)) if token.starts_with(BOT_TOKEN_PREFIX) => BotAuth { token: token.clone() }.into(),
            Self::Token(token) => JwtAuth { name, token: token.0.clone() }.into(),
            Self::Password { password, label } => {
                let (password, label) = (password.as_str().to_owned(), label.clone());
                PasswordAuth { device, name, signature, password, label }.into()
            }
            Self::Recover { code, label, revoke_others } => {
                let (code, label, revoke_others) = (code.to_string(), label.clone(), *revoke_others);
                RecoverAuth { device, name, signature, code, label, revoke_others }.into()
            }
        }
    }
}
