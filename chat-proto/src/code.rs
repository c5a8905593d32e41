//! Codes people copy from one screen to another: letters and digits that are not mistaken for each other (Crockford's base 32).

use std::fmt;

use thiserror::Error;

/// The characters of a code, five bits each. No I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Characters between two dashes, where a code is shown.
const GROUP: usize = 4;

/// Why a text is no code.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("a code has {expected} letters and digits, without I, L, O and U; dashes and spaces don't count")]
pub struct CodeError {
    /// The characters it should have.
    pub expected: usize,
}

/// A secret of `LEN` characters. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Code<const LEN: usize>([u8; LEN]);

/// Used once and soon: 60 bits.
pub type ShortCode = Code<12>;

/// Kept for long: 130 bits.
pub type LongCode = Code<26>;

impl<const LEN: usize> Code<LEN> {
    /// The code of random bytes, of which five bits each are used.
    #[must_use]
    pub fn of_random(bytes: [u8; LEN]) -> Self {
        Self(bytes.map(|byte| ALPHABET[usize::from(byte % 32)]))
    }

    /// Reads a code as somebody typed it: in any case, with or without dashes and spaces, O for 0, I and L for 1.
    ///
    /// # Errors
    /// It has another length, or a character no code has.
    pub fn parse(typed: &str) -> Result<Self, CodeError> {
        let mut code = [0; LEN];
        let mut read = typed.chars().filter(|c| !matches!(c, '-' | ' ' | '\r' | '\n'));
        for place in &mut code {
            *place = read.next().and_then(symbol).ok_or(CodeError { expected: LEN })?;
        }
        if read.next().is_some() {
            return Err(CodeError { expected: LEN });
        }
        Ok(Self(code))
    }

    /// The one spelling that is hashed: upper case, no dashes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

fn symbol(typed: char) -> Option<u8> {
    let upper = match u8::try_from(typed).ok()?.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    ALPHABET.contains(&upper).then_some(upper)
}

impl<const LEN: usize> fmt::Display for Code<LEN> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, symbol) in self.0.iter().enumerate() {
            if place > 0 && place % GROUP == 0 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(*symbol))?;
        }
        Ok(())
    }
}

impl<const LEN: usize> fmt::Debug for Code<LEN> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = ShortCode::of_random([0, 1, 31, 10, 32, 255, 18, 19, 20, 21, 22, 23]);
        assert_eq!(code.to_string(), "01ZA-0ZJK-MNPQ");
        for typed in ["01ZA-0ZJK-MNPQ", "01za0zjkmnpq", " olza ozjk mnpq\n", "0-I-Z-A-0-Z-J-K-M-N-P-Q"] {
            assert_eq!(ShortCode::parse(typed), Ok(code.clone()), "{typed:?}");
        }
        for typed in ["", "01ZA-0ZJK-MNP", "01ZA-0ZJK-MNPQR", "01ZA-0ZJK-MNPU", "01ZA-0ZJK-MNPé", "01ZA_0ZJK_MNPQ"] {
            assert_eq!(ShortCode::parse(typed), Err(CodeError { expected: 12 }), "{typed:?}");
        }
    }

    #[test]
    fn a_code_is_not_in_what_is_written_for_programmers() {
        assert_eq!(format!("{:?}", LongCode::of_random([7; 26])), "Code(…)");
    }
}
