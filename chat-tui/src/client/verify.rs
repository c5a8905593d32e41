//! The check of a server's certificate during the handshake: what is expected, and what was found.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{CertificateError, DigitallySignedStruct, Error, PeerIncompatible, RootCertStore, SignatureScheme};

use super::Clock;
use super::trust::Fingerprint;

/// What a server must show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// The key of this fingerprint.
    Key(String),
    /// A certificate an authority vouches for, as ever before.
    Vouched,
    /// Nothing is known of it.
    Nothing,
}

/// What a server showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The key expected.
    Expected(Fingerprint),
    /// A certificate an authority vouches for, where that is enough.
    Vouched(Fingerprint),
    /// A key nobody knows or vouches for. The handshake goes on; nothing may be sent.
    Unknown(Fingerprint),
    /// Another key than the one expected.
    Other(Fingerprint),
    /// A certificate nobody vouches for, where somebody must; and why not.
    NotVouched(Fingerprint, String),
}

/// Certificate authorities: those of a file, and the system's, which are read when first needed.
#[derive(Debug)]
pub(super) struct Authorities {
    provider: Arc<CryptoProvider>,
    file: Option<Arc<WebPkiServerVerifier>>,
    system: OnceLock<Option<rustls_platform_verifier::Verifier>>,
}

impl Authorities {
    /// The error says what is wrong with the file.
    pub(super) fn load(file: Option<&Path>, provider: Arc<CryptoProvider>) -> Result<Self, String> {
        let file = file.map(|path| {
            let failed = |e: &dyn fmt::Display| format!("certificate authorities of {}: {e}", path.display());
            let mut roots = RootCertStore::empty();
            for certificate in CertificateDer::pem_file_iter(path).map_err(|e| failed(&e))? {
                roots.add(certificate.map_err(|e| failed(&e))?).map_err(|e| failed(&e))?;
            }
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()
                .map_err(|e| failed(&e))
        });
        Ok(Self { file: file.transpose()?, provider, system: OnceLock::new() })
    }

    /// A system without authorities, such as a bare container, vouches for nobody.
    fn vouch(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Error> {
        let by_file = self.file.as_ref().map(|file| file.verify_server_cert(certificate, chain, name, &[], now));
        if let Some(Ok(_)) = by_file {
            return Ok(());
        }
        let system =
            self.system.get_or_init(|| rustls_platform_verifier::Verifier::new(Arc::clone(&self.provider)).ok());
        match system {
            Some(system) => system.verify_server_cert(certificate, chain, name, &[], now).map(|_| ()),
            None => Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)),
        }
    }
}

/// The check of one handshake.
#[derive(Debug)]
pub(super) struct Check {
    expected: Expected,
    authorities: Arc<Authorities>,
    found: Mutex<Option<Found>>,
}

impl Check {
    pub(super) fn new(expected: Expected, authorities: Arc<Authorities>) -> Self {
        Self { expected, authorities, found: Mutex::new(None) }
    }

    /// What the server showed, once it has.
    pub(super) fn found(&self) -> Option<Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn judge(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<Found, Error> {
        let shown =
            Fingerprint::of_certificate(certificate).ok_or(Error::InvalidCertificate(CertificateError::BadEncoding))?;
        let vouched = || self.authorities.vouch(certificate, chain, name, now);
        Ok(match &self.expected {
            Expected::Key(key) if *key == shown.to_string() => Found::Expected(shown),
            Expected::Key(_) => Found::Other(shown),
            Expected::Vouched => match vouched() {
                Ok(()) => Found::Vouched(shown),
                Err(e) => Found::NotVouched(shown, e.to_string()),
            },
            Expected::Nothing if vouched().is_ok() => Found::Vouched(shown),
            Expected::Nothing => Found::Unknown(shown),
        })
    }
}

impl ServerCertVerifier for Check {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let found = self.judge(certificate, chain, name, now)?;
        let refused = matches!(found, Found::Other(_) | Found::NotVouched(..));
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        if refused {
            return Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure));
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.authorities.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authorities.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The session's wall clock, for the validity of certificates.
#[derive(Debug)]
pub(super) struct CertificateClock(pub(super) Clock);

impl TimeProvider for CertificateClock {
    fn current_time(&self) -> Option<UnixTime> {
        let micros = u64::try_from(self.0.now().0).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_micros(micros)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, PublicKeyData};

    struct Shown {
        certificate: CertificateDer<'static>,
        fingerprint: Fingerprint,
    }

    /// A server's certificate for `chat.example.org`, and a file with the authority that signed it.
    fn signed(dir: &Path) -> (Shown, std::path::PathBuf) {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let file = dir.join("ca.pem");
        std::fs::write(&file, authority.pem()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["chat.example.org".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        let fingerprint = Fingerprint::of(&key.subject_public_key_info());
        (Shown { certificate: certificate.der().clone(), fingerprint }, file)
    }

    fn find(expected: Expected, ca: Option<&Path>, shown: &Shown, name: &str, year: u64) -> (Found, bool) {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let authorities = Arc::new(Authorities::load(ca, provider).unwrap());
        let check = Check::new(expected, authorities);
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let now = UnixTime::since_unix_epoch(Duration::from_secs((year - 1970) * 31_556_952));
        let accepted = check.verify_server_cert(&shown.certificate, &[], &name, &[], now).is_ok();
        (check.found().unwrap(), accepted)
    }

    #[test]
    fn an_authority_vouches_for_its_own_names_while_they_are_valid() {
        let dir = tempfile::tempdir().unwrap();
        let (shown, ca) = signed(dir.path());
        let key = shown.fingerprint;
        let judge = |expected, ca, name, year| find(expected, ca, &shown, name, year);
        let (ca, name) = (Some(ca.as_path()), "chat.example.org");
        assert_eq!(judge(Expected::Nothing, ca, name, 2026), (Found::Vouched(key), true));
        assert_eq!(judge(Expected::Vouched, ca, name, 2026), (Found::Vouched(key), true));
        assert_eq!(judge(Expected::Nothing, None, name, 2026), (Found::Unknown(key), true));
        assert_eq!(judge(Expected::Nothing, ca, "other.example.org", 2026), (Found::Unknown(key), true));
        for (ca, name, year) in [(None, name, 2026), (ca, "other.example.org", 2026), (ca, name, 5_000)] {
            let (found, accepted) = judge(Expected::Vouched, ca, name, year);
            assert!(matches!(found, Found::NotVouched(shown, _) if shown == key), "{found:?}");
            assert!(!accepted);
        }
    }

    #[test]
    fn a_known_key_counts_whatever_the_certificate_says_and_no_other_does() {
        let dir = tempfile::tempdir().unwrap();
        let (shown, ca) = signed(dir.path());
        let known = Expected::Key(shown.fingerprint.to_string());
        assert_eq!(find(known, None, &shown, "any.example.org", 5_000), (Found::Expected(shown.fingerprint), true));
        let other = Expected::Key(Fingerprint::of(b"another").to_string());
        let found = find(other, Some(&ca), &shown, "chat.example.org", 2026);
        assert_eq!(found, (Found::Other(shown.fingerprint), false));
    }

    #[test]
    fn a_file_without_authorities_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("ca.pem");
        let provider = || Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let error = Authorities::load(Some(&file), provider()).unwrap_err();
        assert!(error.contains("ca.pem"), "{error}");
        std::fs::write(&file, "nothing of the kind").unwrap();
        assert!(Authorities::load(Some(&file), provider()).is_err());
    }
}
