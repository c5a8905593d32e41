//! JSON Web Tokens (RFC 7519) of an issuer the operator trusts: who somebody is, for as long as the token says.
//!
//! A token chooses nothing: the key says which algorithm it is checked with, `kid` only picks among the keys that were
//! configured, and what a token brings along (`jwk`, `jku`, `x5u`) is not looked at.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use chat_proto::limits::TOKEN_BYTES_MAX;
use chat_proto::{DeviceKey, Reject, RejectCode, Timestamp};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{JwkSet, KeyAlgorithm};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use thiserror::Error;

use crate::config::{Jwt, JwtAlgorithm, JwtKeys};

/// How far the issuer's clock and this one may be apart, seconds.
const LEEWAY_S: u64 = 5;

/// The longest a token may still live, seconds.
const LIFETIME_S_MAX: u64 = 24 * 60 * 60;

/// The shortest secret of HS256, bytes: as long as its digest (RFC 7518, 3.2).
const SECRET_BYTES_MIN: usize = 32;

/// The longest subject, bytes.
const SUBJECT_BYTES_MAX: usize = 255;

/// Why the keys cannot be used.
#[derive(Debug, Error)]
pub enum JwtError {
    /// The file cannot be read.
    #[error("cannot read {file}: {source}")]
    Read {
        /// Which file.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// What is in it is no such key.
    #[error("{file}: {what}")]
    Key {
        /// Which file.
        file: String,
        /// What is wrong with it.
        what: String,
    },
}

/// One key, and the one algorithm it is for.
struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

/// Checks tokens. A clone is the same one.
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    issuer: String,
    audience: String,
    keys: Vec<Key>,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("issuer", &self.0.issuer).finish_non_exhaustive()
    }
}

impl PartialEq for Verifier {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Verifier {}

/// Whom a token speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// What the subject is known under in the registry: a digest of issuer and subject in place of a device's key. Nobody has
    /// the secret half, so that it opens nothing but by a token.
    pub key: DeviceKey,
    /// The claim `name`, unchecked.
    pub name: Option<String>,
    /// How long the token holds from now.
    pub expires_in: Duration,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    exp: u64,
    name: Option<String>,
}

impl Verifier {
    /// Reads the configured keys.
    ///
    /// # Errors
    /// Which file is of no use, and why.
    pub fn open(config: &Jwt) -> Result<Self, JwtError> {
        let keys = match &config.keys {
            JwtKeys::Public(algorithm, path) => vec![public_key(*algorithm, path)?],
            JwtKeys::Set(path) => key_set(path)?,
            JwtKeys::Secret(path) => vec![secret(path)?],
        };
        Ok(Self(Arc::new(Inner { issuer: config.issuer.clone(), audience: config.audience.clone(), keys })))
    }

    /// Whom a token speaks of.
    ///
    /// # Errors
    /// [`RejectCode::TooLarge`], [`RejectCode::InvalidToken`] and [`RejectCode::ExpiredToken`], with what to do.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Subject, Reject> {
        if token.len() > TOKEN_BYTES_MAX {
            let message = format!("a token of {} bytes; at most {TOKEN_BYTES_MAX} are allowed", token.len());
            return Err(Reject::new(RejectCode::TooLarge, message));
        }
        let header = decode_header(token).map_err(|_| invalid("it is no signed JSON Web Token"))?;
        // RFC 7515, 4.1.11: who doesn't understand what is critical refuses the token; nothing of it is understood here.
        if header.crit.is_some() {
            return Err(invalid("its header `crit` asks for what this server doesn't know"));
        }
        let Inner { issuer, audience, keys } = &*self.0;
        let chosen = match &header.kid {
            Some(kid) if keys.len() > 1 => keys.iter().find(|key| key.id.as_ref() == Some(kid)),
            Some(kid) => keys.first().filter(|key| key.id.as_ref().is_none_or(|id| id == kid)),
            None => keys.first().filter(|_| keys.len() == 1),
        };
        let Some(Key { algorithm, key, .. }) = chosen else {
            return Err(invalid("it names none of the keys this server trusts"));
        };
        let mut validation = Validation::new(*algorithm);
        validation.leeway = LEEWAY_S;
        validation.validate_nbf = true;
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let claims = decode::<Claims>(token, key, &validation).map_err(|error| refused(error.kind()))?.claims;
        self.subject(claims, now)
    }

    fn subject(&self, Claims { sub, exp, name }: Claims, now: Timestamp) -> Result<Subject, Reject> {
        let now_s = u64::try_from(now.0 / 1_000_000).unwrap_or(0);
        if exp > now_s + LIFETIME_S_MAX + LEEWAY_S {
            return Err(invalid("it lives longer than 24 hours; ask for one that expires sooner"));
        }
        if sub.is_empty() || sub.len() > SUBJECT_BYTES_MAX {
            return Err(invalid(&format!("its subject has {} bytes; 1 to {SUBJECT_BYTES_MAX} are allowed", sub.len())));
        }
        let mut key = DeviceKey::default();
        let issuer = &self.0.issuer;
        let named = format!("chat-jwt-v1 {} {issuer}|{sub}", issuer.len());
        key.0.copy_from_slice(digest(&SHA256, named.as_bytes()).as_ref());
        Ok(Subject { key, name, expires_in: Duration::from_secs((exp + LEEWAY_S).saturating_sub(now_s)) })
    }
}

fn invalid(what: &str) -> Reject {
    Reject::new(RejectCode::InvalidToken, format!("the token is refused: {what}"))
}

fn refused(kind: &ErrorKind) -> Reject {
    let expired = |what: &str| Reject::new(RejectCode::ExpiredToken, format!("the token {what}; get a fresh one"));
    // The library's list is open, and all its other reasons are of one sort.
    if matches!(kind, ErrorKind::ExpiredSignature) {
        expired("has expired")
    } else if matches!(kind, ErrorKind::ImmatureSignature) {
        expired("is not valid yet")
    } else if let ErrorKind::MissingRequiredClaim(claim) = kind {
        invalid(&format!("it lacks the claim `{claim}`"))
    } else if matches!(kind, ErrorKind::InvalidIssuer | ErrorKind::InvalidAudience) {
        invalid("it is of another issuer, or for somebody else than this server")
    } else if matches!(kind, ErrorKind::InvalidAlgorithm) {
        invalid("it is signed with another algorithm than its key is for")
    } else if matches!(kind, ErrorKind::InvalidSignature) {
        invalid("its signature does not hold")
    } else {
        invalid("it is malformed")
    }
}

fn read(path: &Path) -> Result<(String, Vec<u8>), JwtError> {
    let file = path.display().to_string();
    match std::fs::read(path) {
        Ok(bytes) => Ok((file, bytes)),
        Err(source) => Err(JwtError::Read { file, source }),
    }
}

fn public_key(algorithm: JwtAlgorithm, path: &Path) -> Result<Key, JwtError> {
    let (file, pem) = read(path)?;
    let (algorithm, key) = match algorithm {
        JwtAlgorithm::Rs256 => (Algorithm::RS256, DecodingKey::from_rsa_pem(&pem)),
        JwtAlgorithm::Es256 => (Algorithm::ES256, DecodingKey::from_ec_pem(&pem)),
        JwtAlgorithm::Eddsa => (Algorithm::EdDSA, DecodingKey::from_ed_pem(&pem)),
    };
    let key = key.map_err(|e| JwtError::Key { file, what: format!("no public key for {algorithm:?} in PEM: {e}") })?;
    Ok(Key { id: None, algorithm, key })
}

fn secret(path: &Path) -> Result<Key, JwtError> {
    let (file, bytes) = read(path)?;
    let secret = bytes.trim_ascii_end();
    if secret.len() < SECRET_BYTES_MIN {
        let what = format!("a secret of {} bytes; HS256 needs at least {SECRET_BYTES_MIN}", secret.len());
        return Err(JwtError::Key { file, what });
    }
    Ok(Key { id: None, algorithm: Algorithm::HS256, key: DecodingKey::from_secret(secret) })
}

/// The keys of a JWK set (RFC 7517), each for the algorithm it names. A shared secret has no place in one.
fn key_set(path: &Path) -> Result<Vec<Key>, JwtError> {
    let (file, json) = read(path)?;
    let wrong = |what: String| JwtError::Key { file: file.clone(), what };
    let set: JwkSet = serde_json::from_slice(&json).map_err(|e| wrong(format!("no set of keys in JSON: {e}")))?;
    let mut keys = Vec::with_capacity(set.keys.len());
    for jwk in &set.keys {
        let id = jwk.common.key_id.clone().ok_or_else(|| wrong("a key without `kid`".to_owned()))?;
        let named = jwk.common.key_algorithm;
        let of = |one: KeyAlgorithm, algorithm| (named == Some(one)).then_some(algorithm);
        let algorithm = of(KeyAlgorithm::RS256, Algorithm::RS256)
            .or_else(|| of(KeyAlgorithm::ES256, Algorithm::ES256))
            .or_else(|| of(KeyAlgorithm::EdDSA, Algorithm::EdDSA))
            .ok_or_else(|| wrong(format!("the key {id:?} names none of RS256, ES256 and EdDSA as its `alg`")))?;
        let key = DecodingKey::from_jwk(jwk).map_err(|e| wrong(format!("the key {id:?}: {e}")))?;
        if keys.iter().any(|known: &Key| known.id.as_ref() == Some(&id)) {
            return Err(wrong(format!("two keys are called {id:?}")));
        }
        keys.push(Key { id: Some(id), algorithm, key });
    }
    if keys.is_empty() {
        return Err(wrong("there is no key in it".to_owned()));
    }
    Ok(keys)
}

#[cfg(test)]
#[path = "jwt_tests.rs"]
mod tests;
