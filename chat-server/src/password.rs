//! What is kept of a password: an Argon2id hash (RFC 9106) as a PHC string. Slow and hungry for memory on purpose.

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use chat_proto::password::Password;

/// What is kept of a password.
///
/// # Errors
/// There is no memory for it, in words for the log.
pub(crate) fn hash(password: &Password, salt: [u8; 16]) -> Result<String, String> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|e| e.to_string())?;
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon.hash_password_with_salt(password.as_str().as_bytes(), &salt).map_err(|e| e.to_string())?;
    Ok(hash.to_string())
}

/// Whether a password is the one that was kept. Where nothing was, it is as much work and the answer no.
pub(crate) fn is_kept(password: &Password, kept: Option<&str>) -> bool {
    let verified = Argon2::default().verify_password(password.as_str().as_bytes(), kept.unwrap_or(NOBODYS));
    verified.is_ok() && kept.is_some()
}

/// Memory of one hash, KiB.
const MEMORY_KIB: u32 = 19_456;

/// How often the memory is gone over.
const PASSES: u32 = 2;

/// Threads one hash could use.
const LANES: u32 = 1;

/// What is hashed against where nothing is kept, of the same cost.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

#[cfg(test)]
mod tests {
    use super::*;

    fn password(typed: &str) -> Password {
        Password::parse(typed).unwrap()
    }

    #[test]
    fn a_password_is_known_by_its_hash_which_no_two_salts_share() {
        let words = password("correct horse battery");
        let kept = hash(&words, [7; 16]).unwrap();
        assert!(is_kept(&words, Some(&kept)));
        assert!(!is_kept(&password("correct horse batterY"), Some(&kept)));
        assert!(!is_kept(&words, None));
        assert!(!is_kept(&words, Some("nonsense")));
        assert_ne!(hash(&words, [8; 16]).unwrap(), kept);
    }

    #[test]
    fn nobodys_hash_costs_what_everybodys_does() {
        let cost = |hash: &str| hash.rsplitn(3, '$').nth(2).unwrap().to_owned();
        let kept = hash(&password("correct horse battery"), [7; 16]).unwrap();
        assert_eq!(cost(NOBODYS), cost(&kept));
        assert_eq!(NOBODYS.len(), kept.len());
        assert_eq!(cost(NOBODYS), format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}"));
    }
}
