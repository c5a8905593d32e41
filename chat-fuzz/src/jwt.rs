//! Tokens of an issuer that is trusted, and of everybody else.

use std::sync::LazyLock;
use std::time::SystemTime;

use aws_lc_rs::hmac;
use chat_proto::Timestamp;
use chat_server::config::{Jwt, JwtKeys};
use chat_server::jwt::Verifier;
use serde_json::Value;

use crate::input::Input;

const ISSUER: &str = "https://id.example";
const AUDIENCE: &str = "chat";
const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

/// Stands in claims for an hour from now, so that what is kept does not expire.
const SOON: &str = "99999";

/// Public keys whose other halves nobody has.
const KEYS: &str = r#"{"keys":[
{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"b","x":"Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE"}]}"#;

struct Verifiers {
    secret: Verifier,
    keys: Verifier,
}

static VERIFIERS: LazyLock<Verifiers> = LazyLock::new(|| {
    let place = tempfile::tempdir().expect("a directory");
    let open = |name: &str, content: &[u8], keys: fn(std::path::PathBuf) -> JwtKeys| {
        let path = place.path().join(name);
        std::fs::write(&path, content).expect("a file");
        let jwt = Jwt { issuer: ISSUER.to_owned(), audience: AUDIENCE.to_owned(), keys: keys(path) };
        Verifier::open(&jwt).expect("keys")
    };
    Verifiers { secret: open("secret", SECRET, JwtKeys::Secret), keys: open("keys", KEYS.as_bytes(), JwtKeys::Set) }
});

/// The first byte says whether the rest is a token nobody signed, or header and claims that are signed, parted by a zero.
pub fn jwt(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let micros = Timestamp(i64::try_from(now * 1_000_000).unwrap_or(i64::MAX));
    let is_signed = input.flag();
    let text = String::from_utf8_lossy(input.rest()).replace(SOON, &(now + 3_600).to_string());
    if !is_signed {
        assert!(VERIFIERS.secret.verify(&text, micros).is_err(), "nobody signed {text:?}");
        assert!(VERIFIERS.keys.verify(&text, micros).is_err(), "nobody signed {text:?}");
        return;
    }
    let (header, claims) = text.split_once('\0').unwrap_or((&text, ""));
    let signed = format!("{}.{}", base64(header.as_bytes()), base64(claims.as_bytes()));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), signed.as_bytes());
    let token = format!("{signed}.{}", base64(tag.as_ref()));
    assert!(
        VERIFIERS.keys.verify(&token, micros).is_err(),
        "signed with a secret, and public keys are trusted: {token}"
    );
    let unsigned = format!("{signed}.");
    assert!(VERIFIERS.secret.verify(&unsigned, micros).is_err(), "nobody signed {unsigned}");
    if let Ok(subject) = VERIFIERS.secret.verify(&token, micros) {
        is_trusted(header, claims, now);
        assert!(subject.expires_in.as_secs() <= 24 * 3_600 + 10, "{:?}", subject.expires_in);
        assert_eq!(VERIFIERS.secret.verify(&token, micros).ok().map(|it| it.key), Some(subject.key));
    }
}

/// What every token that opens something says of itself, read by another reader.
fn is_trusted(header: &str, claims: &str, now: u64) {
    let header: Value = serde_json::from_str(header).expect("a header is JSON");
    assert_eq!(header["alg"], "HS256");
    assert!(header["crit"].is_null(), "{header}");
    let claims: Value = serde_json::from_str(claims).expect("claims are JSON");
    let names = |claim: &Value, wanted: &str| {
        claim == wanted || claim.as_array().is_some_and(|several| several.iter().any(|one| one == wanted))
    };
    assert!(names(&claims["iss"], ISSUER) && names(&claims["aud"], AUDIENCE), "{claims}");
    assert!(claims["exp"].as_f64().is_some_and(|exp| exp + 10.0 >= now as f64), "{claims}");
    assert!(claims["sub"].as_str().is_some_and(|sub| (1..=255).contains(&sub.len())), "{claims}");
}

/// Base 64 for URLs, without padding (RFC 4648, 5).
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::with_capacity(bytes.len() * 4 / 3 + 3);
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | u32::from(group.get(at).copied().unwrap_or(0)));
        for place in 0..=group.len() {
            let index = bits >> (18 - 6 * place) & 63;
            text.push(char::from(ALPHABET[index as usize]));
        }
    }
    text
}
