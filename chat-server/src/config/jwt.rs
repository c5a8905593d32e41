//! The issuer of tokens that are trusted, as it is set and as it is used.

use std::path::PathBuf;

use super::JwtAlgorithm;

/// What is set, before it is known to fit together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JwtSettings {
    /// `jwt.issuer`.
    pub issuer: Option<String>,
    /// `jwt.audience`.
    pub audience: Option<String>,
    /// `jwt.algorithm`.
    pub algorithm: Option<JwtAlgorithm>,
    /// `jwt.key_file`.
    pub key_file: Option<PathBuf>,
    /// `jwt.jwks_file`.
    pub jwks_file: Option<PathBuf>,
    /// `jwt.hs_secret_file`.
    pub hs_secret_file: Option<PathBuf>,
}

/// Whose tokens are trusted, and by which keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwt {
    /// Who makes them: their claim `iss`.
    pub issuer: String,
    /// For whom they are: their claim `aud`.
    pub audience: String,
    /// What they are signed with.
    pub keys: JwtKeys,
}

/// Where the keys are. Each is for one algorithm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JwtKeys {
    /// One public key in PEM.
    Public(JwtAlgorithm, PathBuf),
    /// A JWK set, whose keys name their algorithms.
    Set(PathBuf),
    /// The secret of HS256.
    Secret(PathBuf),
}

impl JwtSettings {
    /// The issuer, where one is set.
    ///
    /// # Errors
    /// What is missing or does not fit together.
    pub fn checked(&self) -> Result<Option<Jwt>, &'static str> {
        if *self == Self::default() {
            return Ok(None);
        }
        let (Some(issuer), Some(audience)) = (self.issuer.clone(), self.audience.clone()) else {
            return Err(
                "tokens need both jwt.issuer and jwt.audience, or one made for another service would open this one",
            );
        };
        let keys = match (&self.key_file, &self.jwks_file, &self.hs_secret_file, self.algorithm) {
            (Some(path), None, None, Some(algorithm)) => JwtKeys::Public(algorithm, path.clone()),
            (None, Some(path), None, None) => JwtKeys::Set(path.clone()),
            (None, None, Some(path), None) => JwtKeys::Secret(path.clone()),
            (Some(_), None, None, None) => return Err("jwt.key_file needs jwt.algorithm: RS256, ES256 or EdDSA"),
            (_, _, _, Some(_)) => {
                return Err("jwt.algorithm belongs to jwt.key_file: a JWK set names its own, a secret is HS256's");
            }
            (_, _, _, None) => return Err("tokens need one of jwt.key_file, jwt.jwks_file and jwt.hs_secret_file"),
        };
        Ok(Some(Jwt { issuer, audience, keys }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_has_an_audience_and_exactly_one_sort_of_key() {
        let path = || Some(PathBuf::from("k"));
        let named =
            JwtSettings { issuer: Some("i".to_owned()), audience: Some("a".to_owned()), ..JwtSettings::default() };
        assert_eq!(JwtSettings::default().checked(), Ok(None));
        let public = JwtSettings { key_file: path(), algorithm: Some(JwtAlgorithm::Es256), ..named.clone() };
        assert_eq!(public.checked().unwrap().unwrap().keys, JwtKeys::Public(JwtAlgorithm::Es256, PathBuf::from("k")));
        for wrong in [
            named.clone(),
            JwtSettings { key_file: path(), ..named.clone() },
            JwtSettings { jwks_file: path(), algorithm: Some(JwtAlgorithm::Es256), ..named.clone() },
            JwtSettings { jwks_file: path(), hs_secret_file: path(), ..named.clone() },
            JwtSettings { audience: None, jwks_file: path(), ..named },
        ] {
            assert!(wrong.checked().is_err(), "{wrong:?}");
        }
    }
}
