//! Tokens of bots as they are written: `cbot_ID_SECRET_CHECK`, so that people, and programs that look for leaked secrets,
//! recognise one, know which it is, and tell one from a word that looks like one.

use std::fmt;

use thiserror::Error;

/// What every token begins with.
pub const BOT_TOKEN_PREFIX: &str = "cbot_";

/// Characters of the part that names a token, which is no secret.
pub const BOT_TOKEN_ID_LEN: usize = 8;

/// Random bytes a token is made of, a character each.
pub const BOT_TOKEN_RANDOM: usize = BOT_TOKEN_ID_LEN + SECRET_LEN;

/// Characters of the secret: 256 bits.
const SECRET_LEN: usize = 43;

/// Characters of the checksum: 62⁶ is more than 2³².
const CHECK_LEN: usize = 6;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Why a text is no token of a bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a whole token: a bot's token is cbot_, 8 characters, _, 43 characters, _, and 6 that check the others")]
pub struct BotTokenError;

/// A token of a bot. Its `Debug` shows which one it is, and nothing of the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct BotToken(String);

impl BotToken {
    /// The token of random bytes.
    #[must_use]
    pub fn of_random(bytes: &[u8; BOT_TOKEN_RANDOM]) -> Self {
        let written: String = bytes.iter().map(|byte| digit(u32::from(*byte))).collect();
        let (id, secret) = written.split_at(BOT_TOKEN_ID_LEN);
        let body = format!("{BOT_TOKEN_PREFIX}{id}_{secret}");
        let check = check(body.as_bytes());
        Self(format!("{body}_{check}"))
    }

    /// Reads a token, white space around it dropped.
    ///
    /// # Errors
    /// It has another shape, or a character was changed.
    pub fn parse(text: &str) -> Result<Self, BotTokenError> {
        let text = text.trim();
        let rest = text.strip_prefix(BOT_TOKEN_PREFIX).ok_or(BotTokenError)?;
        let parts: Vec<&str> = rest.split('_').collect();
        let [id, secret, shown] = parts[..] else { return Err(BotTokenError) };
        let is_part = |part: &str, len| part.len() == len && part.bytes().all(|c| ALPHABET.contains(&c));
        let has_shape = is_part(id, BOT_TOKEN_ID_LEN) && is_part(secret, SECRET_LEN) && is_part(shown, CHECK_LEN);
        let body = text.len().checked_sub(CHECK_LEN + 1).filter(|_| has_shape).ok_or(BotTokenError)?;
        if check(&text.as_bytes()[..body]) == shown { Ok(Self(text.to_owned())) } else { Err(BotTokenError) }
    }

    /// The whole token.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Which one it is; no secret.
    #[must_use]
    pub fn id(&self) -> &str {
        self.0.get(BOT_TOKEN_PREFIX.len()..BOT_TOKEN_PREFIX.len() + BOT_TOKEN_ID_LEN).unwrap_or_default()
    }
}

impl fmt::Debug for BotToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BotToken({}…)", self.id())
    }
}

fn digit(number: u32) -> char {
    char::from(ALPHABET[(number % 62) as usize])
}

/// The CRC-32 of ISO-HDLC, as zip and PNG have it, in six digits.
fn check(bytes: &[u8]) -> String {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 * (crc & 1));
        }
    }
    let mut rest = !crc;
    let mut digits = ['0'; CHECK_LEN];
    for place in digits.iter_mut().rev() {
        *place = digit(rest);
        rest /= 62;
    }
    digits.iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> BotToken {
        let mut bytes = [0; BOT_TOKEN_RANDOM];
        (0..).zip(&mut bytes).for_each(|(n, byte)| *byte = n);
        BotToken::of_random(&bytes)
    }

    #[test]
    fn a_token_reads_back_and_shows_its_id_only() {
        let token = token();
        assert_eq!(token.as_str(), "cbot_01234567_89ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno_3VSvVX");
        assert_eq!(BotToken::parse(&format!(" {}\n", token.as_str())), Ok(token.clone()));
        assert_eq!((token.id(), format!("{token:?}").as_str()), ("01234567", "BotToken(01234567…)"));
    }

    #[test]
    fn the_checksum_is_the_usual_one() {
        // 0xcbf43926 is what everybody's CRC-32 makes of these digits.
        let mut number = 0u64;
        for digit in check(b"123456789").bytes() {
            number = number * 62 + ALPHABET.iter().position(|c| *c == digit).unwrap() as u64;
        }
        assert_eq!(number, 0xcbf4_3926);
    }

    #[test]
    fn one_changed_or_lost_character_is_noticed() {
        let written = token().as_str().to_owned();
        for place in 0..written.len() {
            let other = if &written[place..=place] == "x" { "y" } else { "x" };
            let changed = format!("{}{other}{}", &written[..place], &written[place + 1..]);
            assert_eq!(BotToken::parse(&changed), Err(BotTokenError), "{changed}");
            let lost = format!("{}{}", &written[..place], &written[place + 1..]);
            assert_eq!(BotToken::parse(&lost), Err(BotTokenError), "{lost}");
        }
        for text in ["", "cbot_", "cbot_a_b_c", "eyJhbGciOiJFZERTQSJ9.e30.c2ln", "cbot_é_é_é"] {
            assert_eq!(BotToken::parse(text), Err(BotTokenError));
        }
    }
}
