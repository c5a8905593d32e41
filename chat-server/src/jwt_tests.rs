//! Every token that must open nothing, and those that must.
#![allow(clippy::wildcard_enum_match_arm)]

use std::path::PathBuf;

use jsonwebtoken::{EncodingKey, Header, encode};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PKCS_RSA_SHA256};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::environment::Environment;

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

fn now() -> Timestamp {
    Environment::real().now()
}

fn now_s() -> i64 {
    now().0 / 1_000_000
}

/// Claims that are good for an hour, with some changed; null takes one away.
fn claims(changed: &Value) -> Value {
    let mut claims = json!({"iss": "https://id.example", "aud": "chat", "sub": "alice@id", "exp": now_s() + 3_600});
    for (name, value) in changed.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

struct Issuer {
    place: TempDir,
    algorithm: Algorithm,
    key: EncodingKey,
    keys: JwtKeys,
}

impl Issuer {
    fn new(algorithm: Algorithm) -> Self {
        let place = tempfile::tempdir().unwrap();
        let file = |content: &[u8]| -> PathBuf {
            let path = place.path().join("key");
            std::fs::write(&path, content).unwrap();
            path
        };
        let pair = |kind| KeyPair::generate_for(kind).unwrap();
        let (key, keys) = match algorithm {
            Algorithm::EdDSA => {
                let pair = pair(&PKCS_ED25519);
                let key = EncodingKey::from_ed_pem(pair.serialize_pem().as_bytes()).unwrap();
                (key, JwtKeys::Public(JwtAlgorithm::Eddsa, file(pair.public_key_pem().as_bytes())))
            }
            Algorithm::ES256 => {
                let pair = pair(&PKCS_ECDSA_P256_SHA256);
                let key = EncodingKey::from_ec_pem(pair.serialize_pem().as_bytes()).unwrap();
                (key, JwtKeys::Public(JwtAlgorithm::Es256, file(pair.public_key_pem().as_bytes())))
            }
            Algorithm::RS256 => {
                let pair = pair(&PKCS_RSA_SHA256);
                let key = EncodingKey::from_rsa_pem(pair.serialize_pem().as_bytes()).unwrap();
                (key, JwtKeys::Public(JwtAlgorithm::Rs256, file(pair.public_key_pem().as_bytes())))
            }
            _ => (EncodingKey::from_secret(SECRET), JwtKeys::Secret(file(SECRET))),
        };
        Self { place, algorithm, key, keys }
    }

    fn verifier(&self) -> Verifier {
        let (issuer, audience) = ("https://id.example".to_owned(), "chat".to_owned());
        Verifier::open(&Jwt { issuer, audience, keys: self.keys.clone() }).unwrap()
    }

    fn token(&self, changed: &Value) -> String {
        self.token_with(&Header::new(self.algorithm), changed)
    }

    fn token_with(&self, header: &Header, changed: &Value) -> String {
        encode(header, &claims(changed), &self.key).unwrap()
    }

    fn code(&self, token: &str) -> Result<Subject, RejectCode> {
        self.verifier().verify(token, now()).map_err(|reject| reject.code)
    }
}

#[test]
fn a_good_token_of_each_algorithm_names_one_subject() {
    for algorithm in [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256, Algorithm::HS256] {
        let issuer = Issuer::new(algorithm);
        let subject = issuer.code(&issuer.token(&json!({"name": "alice"}))).unwrap();
        assert_eq!(subject.name.as_deref(), Some("alice"), "{algorithm:?}");
        assert!(subject.expires_in <= Duration::from_secs(3_605) && subject.expires_in > Duration::from_secs(3_500));
        assert_eq!(issuer.code(&issuer.token(&json!({"aud": ["chat", "mail"]}))).unwrap().key, subject.key);
        assert_ne!(issuer.code(&issuer.token(&json!({"sub": "bob@id"}))).unwrap().key, subject.key);
    }
}

#[test]
fn every_claim_is_required_and_checked() {
    let issuer = Issuer::new(Algorithm::EdDSA);
    let now = now_s();
    let invalid = [
        json!({"exp": null}),
        json!({"iss": null}),
        json!({"aud": null}),
        json!({"sub": null}),
        json!({"iss": "https://evil.example"}),
        json!({"aud": "mail"}),
        json!({"sub": ""}),
        json!({"sub": "x".repeat(300)}),
        json!({"exp": "tomorrow"}),
        json!({"exp": now + 25 * 3_600}),
    ];
    for changed in invalid {
        assert_eq!(issuer.code(&issuer.token(&changed)), Err(RejectCode::InvalidToken), "{changed}");
    }
    for changed in [json!({"exp": now - 6}), json!({"nbf": now + 60}), json!({"exp": 0})] {
        assert_eq!(issuer.code(&issuer.token(&changed)), Err(RejectCode::ExpiredToken), "{changed}");
    }
    for changed in [json!({"exp": now - 2}), json!({"nbf": now + 2}), json!({"nbf": now - 60})] {
        assert!(issuer.code(&issuer.token(&changed)).is_ok(), "{changed}");
    }
}

/// The same token with another header, its signature kept.
fn with_header(token: &str, header: &Value) -> String {
    let rest = token.split_once('.').unwrap().1;
    format!("{}.{rest}", base64url(header.to_string().as_bytes()))
}

fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        (0..=chunk.len()).for_each(|digit| text.push(char::from(ALPHABET[(group >> (18 - 6 * digit) & 63) as usize])));
    }
    text
}

#[test]
fn no_token_chooses_its_own_algorithm_or_key() {
    let issuer = Issuer::new(Algorithm::RS256);
    let good = issuer.token(&json!({}));
    let refused = |token: &str| assert_eq!(issuer.code(token), Err(RejectCode::InvalidToken), "{token}");
    for alg in ["none", "nOnE", "None", "HS256", "ES256", "EdDSA", "RS512", "PS256"] {
        refused(&with_header(&good, &json!({"alg": alg})));
        refused(&format!("{}.", with_header(&good, &json!({"alg": alg})).rsplit_once('.').unwrap().0));
    }
    // Signed with the public key as if it were a shared secret.
    let JwtKeys::Public(_, path) = &issuer.keys else { unreachable!() };
    let public = std::fs::read(path).unwrap();
    let forged =
        encode(&Header::new(Algorithm::HS256), &claims(&json!({})), &EncodingKey::from_secret(&public)).unwrap();
    refused(&forged);
    // Signed by a key of its own, which it brings along.
    let stranger = Issuer::new(Algorithm::RS256);
    let mut header = Header::new(Algorithm::RS256);
    header.jwk = Some(jsonwebtoken::jwk::Jwk::from_encoding_key(&stranger.key, Algorithm::RS256).unwrap());
    header.jku = Some("https://evil.example/keys".to_owned());
    refused(&stranger.token_with(&header, &json!({})));
    // What a good token brings along is not looked at.
    assert!(issuer.code(&issuer.token_with(&header, &json!({}))).is_ok());
}

#[test]
fn what_was_signed_can_be_neither_changed_nor_left_unsigned() {
    let issuer = Issuer::new(Algorithm::ES256);
    let good = issuer.token(&json!({}));
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let other = issuer.token(&json!({"sub": "root@id"}));
    let swapped = other.split('.').nth(1).unwrap();
    for token in [
        format!("{header}.{swapped}.{signature}"),
        format!("{header}.{payload}."),
        format!("{header}.{payload}"),
        format!("{header}.{payload}.{signature}.x"),
        String::new(),
        "..".to_owned(),
        "nonsense".to_owned(),
    ] {
        assert_eq!(issuer.code(&token), Err(RejectCode::InvalidToken), "{token}");
    }
    assert_eq!(issuer.code(&"x".repeat(TOKEN_BYTES_MAX + 1)), Err(RejectCode::TooLarge));
}

#[test]
fn what_is_critical_and_unknown_is_refused() {
    let issuer = Issuer::new(Algorithm::EdDSA);
    for crit in [vec![], vec!["b64".to_owned()], vec!["exp".to_owned()]] {
        let header = Header { crit: Some(crit.clone()), ..Header::new(Algorithm::EdDSA) };
        assert_eq!(issuer.code(&issuer.token_with(&header, &json!({}))), Err(RejectCode::InvalidToken), "{crit:?}");
    }
}

#[test]
fn a_kid_picks_among_the_configured_keys_and_nothing_else() {
    let (one, other) = (Issuer::new(Algorithm::RS256), Issuer::new(Algorithm::ES256));
    let jwk = |issuer: &Issuer, kid: &str| {
        let mut jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(&issuer.key, issuer.algorithm).unwrap();
        jwk.common.key_id = Some(kid.to_owned());
        serde_json::to_value(jwk).unwrap()
    };
    let path = one.place.path().join("jwks");
    let open = |keys: Vec<Value>| {
        std::fs::write(&path, json!({"keys": keys}).to_string()).unwrap();
        let (issuer, audience) = ("https://id.example".to_owned(), "chat".to_owned());
        Verifier::open(&Jwt { issuer, audience, keys: JwtKeys::Set(path.clone()) })
    };
    let verifier = open(vec![jwk(&one, "1"), jwk(&other, "2")]).unwrap();
    let with_kid = |issuer: &Issuer, kid: Option<&str>| {
        let header = Header { kid: kid.map(str::to_owned), ..Header::new(issuer.algorithm) };
        verifier.verify(&issuer.token_with(&header, &json!({})), now()).map_err(|reject| reject.code)
    };
    assert!(with_kid(&one, Some("1")).is_ok() && with_kid(&other, Some("2")).is_ok());
    for (issuer, kid) in [(&one, Some("2")), (&other, Some("1")), (&one, Some("../../etc/passwd")), (&one, None)] {
        assert_eq!(with_kid(issuer, kid), Err(RejectCode::InvalidToken), "{kid:?}");
    }
    let shared = json!({"kty": "oct", "kid": "3", "alg": "HS256", "k": base64url(SECRET)});
    for wrong in [vec![], vec![shared], vec![jwk(&one, "1"), jwk(&other, "1")]] {
        assert!(open(wrong).is_err());
    }
}

#[test]
fn a_short_secret_and_a_file_that_is_no_key_are_refused_at_the_start() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("key");
    std::fs::write(&path, b"too short\n").unwrap();
    for keys in [JwtKeys::Secret(path.clone()), JwtKeys::Public(JwtAlgorithm::Eddsa, path.clone()), JwtKeys::Set(path)]
    {
        let jwt = Jwt { issuer: "i".to_owned(), audience: "a".to_owned(), keys };
        assert!(Verifier::open(&jwt).is_err(), "{jwt:?}");
    }
}
