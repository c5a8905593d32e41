use super::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::parse_x509_certificate;

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn made(directory: &Path) -> Made {
    make(directory, &["chat.example.org".to_owned(), "192.0.2.1".to_owned()], now()).unwrap()
}

fn refusal(cert: &Path, key: &Path) -> String {
    ServerIdentity::from_files(cert.to_owned(), key.to_owned()).unwrap_err().to_string()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_fingerprint_is_the_unpadded_base64_of_the_digest() {
    assert_eq!(base64_unpadded(b""), "");
    assert_eq!(base64_unpadded(b"f"), "Zg");
    assert_eq!(base64_unpadded(b"fo"), "Zm8");
    assert_eq!(base64_unpadded(b"foobar"), "Zm9vYmFy");
    assert_eq!(fingerprint(&[0xff; 32]), format!("SHA256:{}8", "/".repeat(42)));
}

#[test]
fn the_self_signed_pair_is_made_once_and_kept_for_its_owner_only() {
    let directory = tempfile::tempdir().unwrap();
    let config = Config::new(directory.path().to_owned());
    let first = ServerIdentity::open(&config, now()).unwrap();
    let second = ServerIdentity::open(&config, now()).unwrap();
    assert_eq!(first.fingerprint(), second.fingerprint());
    assert_eq!(mode(&directory.path().join("server.key")), 0o600);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2, "nothing unfinished is left");
}

#[test]
fn a_lost_certificate_is_made_again_from_the_key_clients_pinned() {
    let directory = tempfile::tempdir().unwrap();
    let config = Config::new(directory.path().to_owned());
    let first = ServerIdentity::open(&config, now()).unwrap();
    fs::remove_file(directory.path().join("server.crt")).unwrap();
    assert_eq!(ServerIdentity::open(&config, now()).unwrap().fingerprint(), first.fingerprint());
    fs::remove_file(directory.path().join("server.key")).unwrap();
    let error = ServerIdentity::open(&config, now()).unwrap_err().to_string();
    assert!(error.contains("server.key"), "{error}");
}

#[test]
fn a_made_certificate_holds_its_names_and_is_valid_for_ten_years() {
    let directory = tempfile::tempdir().unwrap();
    let made = made(directory.path());
    let der = CertificateDer::from_pem_file(&made.cert).unwrap();
    let (_, certificate) = parse_x509_certificate(&der).unwrap();
    let named = &certificate.subject_alternative_name().unwrap().unwrap().value.general_names;
    assert!(format!("{named:?}").contains("chat.example.org"), "{named:?}");
    let validity = certificate.validity();
    assert_eq!(validity.not_before.timestamp(), 1_800_000_000 - 24 * 60 * 60);
    assert_eq!(validity.not_after.timestamp(), 1_800_000_000 + 10 * 365 * 24 * 60 * 60);
}

#[test]
fn making_a_pair_overwrites_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let made = made(directory.path());
    let before = fs::read(&made.key).unwrap();
    let error = make(directory.path(), &[], now()).unwrap_err().to_string();
    assert!(error.contains("server.key exists already"), "{error}");
    assert_eq!(fs::read(&made.key).unwrap(), before);
}

#[test]
fn the_key_may_stand_in_the_file_of_the_certificate() {
    let directory = tempfile::tempdir().unwrap();
    let made = made(directory.path());
    let both = directory.path().join("both.pem");
    let text = fs::read_to_string(&made.cert).unwrap() + &fs::read_to_string(&made.key).unwrap();
    fs::write(&both, text).unwrap();
    set_mode(&both, 0o600);
    let config = Config { cert: Some(both), ..Config::new(directory.path().to_owned()) };
    let expected = ServerIdentity::from_files(made.cert, made.key).unwrap().fingerprint();
    assert_eq!(ServerIdentity::open(&config, now()).unwrap().fingerprint(), expected);
}

#[test]
fn each_way_a_file_can_be_wrong_has_its_own_message() {
    let directory = tempfile::tempdir().unwrap();
    let good = made(directory.path());
    let other = made_in(directory.path(), "other");
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        set_mode(&path, 0o600);
        path
    };
    let pem = fs::read_to_string(&good.key).unwrap();
    let cases = [
        (refusal(&directory.path().join("none"), &good.key), "none: No such file"),
        (refusal(&good.cert, &other.key), "do not belong together"),
        (refusal(&good.key, &good.key), "holds no PEM certificate"),
        (refusal(&good.cert, &good.cert), "holds no PEM private key"),
        (refusal(&good.cert, &file("e", &pem.replace("PRIVATE", "ENCRYPTED PRIVATE"))), "is encrypted"),
        (refusal(&good.cert, &file("cut", &pem[..60])), "is not valid PEM"),
        (refusal(&file("noise", "\u{1b}]0;x\u{7}"), &good.key), "holds no PEM certificate"),
        (
            refusal(&file("odd", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), &good.key),
            "cannot be used",
        ),
    ];
    for (error, expected) in cases {
        assert!(error.contains(expected), "{error:?} should say {expected:?}");
    }
}

fn made_in(directory: &Path, name: &str) -> Made {
    made(&directory.join(name))
}

#[test]
fn a_key_that_others_may_read_is_refused_with_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let made = made(directory.path());
    for exposed in [0o640, 0o604, 0o620] {
        set_mode(&made.key, exposed);
        let error = refusal(&made.cert, &made.key);
        assert!(error.contains("run chmod 600"), "{error}");
    }
    set_mode(&made.key, 0o400);
    assert!(ServerIdentity::from_files(made.cert, made.key).is_ok());
}

#[test]
fn changed_files_are_read_again_and_broken_ones_leave_the_old_pair() {
    let directory = tempfile::tempdir().unwrap();
    let used = made(directory.path());
    let renewed = made_in(directory.path(), "renewed");
    let identity = ServerIdentity::from_files(used.cert.clone(), used.key.clone()).unwrap();
    let later = |seconds| Instant::now() + RELOAD_INTERVAL * seconds;
    let first = identity.spki_sha256();

    // Half a renewal: the certificate is there, its key is not.
    fs::rename(&renewed.cert, &used.cert).unwrap();
    assert_eq!(identity.files.current(later(2)).spki_sha256, first);
    fs::rename(&renewed.key, &used.key).unwrap();
    assert_eq!(identity.files.current(later(2)).spki_sha256, first, "looked at again too early");
    let second = identity.files.current(later(4)).spki_sha256;
    assert_ne!(second, first);
    assert_eq!(identity.spki_sha256(), second);

    fs::write(&used.cert, "garbage").unwrap();
    assert_eq!(identity.files.current(later(6)).spki_sha256, second);
    fs::remove_file(&used.cert).unwrap();
    assert_eq!(identity.files.current(later(8)).spki_sha256, second);
}
