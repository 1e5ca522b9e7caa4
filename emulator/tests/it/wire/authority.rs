//! The local CA and the state folder on disk.

use super::bench::{long_ago, permitted};
use pushpit_emulator::server::{Authority, Origin, Permitted, Renewal, ServerError, StateFolder};
use rcgen::{CertificateParams, Issuer, KeyPair};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn open(folder: &Path, permitted: Permitted, days: u32) -> (String, Origin) {
    let (authority, origin) = Authority::open(folder, permitted, long_ago() + DAY * days).unwrap();
    (authority.certificate_pem().to_owned(), origin)
}

#[test]
fn the_ca_is_kept_with_a_private_key_file() {
    let folder = tempfile::tempdir().unwrap();
    let (pem, origin) = open(folder.path(), permitted(), 0);
    assert_eq!(origin, Origin::Created);
    assert_eq!(fs::read_to_string(folder.path().join("ca.pem")).unwrap(), pem);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |name| fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!((mode("ca-key.pem") & 0o777, mode("ca.pem") & 0o777), (0o600, 0o644));
    }
    assert_eq!(open(folder.path(), permitted(), 600), (pem, Origin::Loaded));
    let files = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(files, 2);
}

#[cfg(unix)]
#[test]
fn a_key_that_others_could_read_is_taken_from_them_and_told() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (pem, _) = open(folder.path(), permitted(), 0);
    let path = folder.path().join("ca-key.pem");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let exposed = Origin::Exposed { path: path.clone(), mode: 0o644, mended: true };
    let told = format!(
        "others could read the local CA's key `{}` (mode 0644); it has 0600 now",
        path.display()
    );
    assert_eq!(exposed.to_string(), told);
    assert_eq!(open(folder.path(), permitted(), 0), (pem.clone(), exposed));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(open(folder.path(), permitted(), 0), (pem, Origin::Loaded));
}

#[test]
fn a_ca_that_cannot_be_kept_is_made_anew_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let renewed = |permitted, days| match open(folder.path(), permitted, days).1 {
        Origin::Renewed(reason) => reason,
        other => panic!("{other:?}"),
    };
    open(folder.path(), permitted(), 0);
    assert_eq!(renewed(permitted(), 720), Renewal::EndsSoon { days: 10 });
    let more = || Permitted::new(["push.example.com", "ci.example", "10.0.0.7"]);
    assert_eq!(renewed(more(), 720), Renewal::Lacks { name: "ci.example".to_owned() });
    assert_eq!(open(folder.path(), permitted(), 720).1, Origin::Loaded);
    fs::write(path("ca.pem"), "rubbish").unwrap();
    assert_eq!(renewed(more(), 720), Renewal::Unreadable { path: path("ca.pem") });
    fs::write(path("ca-key.pem"), [0xff]).unwrap();
    assert_eq!(renewed(more(), 720), Renewal::Unreadable { path: path("ca-key.pem") });
    fs::remove_file(path("ca-key.pem")).unwrap();
    assert_eq!(renewed(more(), 720), Renewal::Missing { path: path("ca-key.pem") });
    fs::write(path("ca-key.pem"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
    assert_eq!(renewed(more(), 720), Renewal::Mismatched);
    assert_eq!(open(folder.path(), more(), 720).1, Origin::Loaded);
}

#[test]
fn who_steals_the_key_cannot_speak_for_other_names() {
    let folder = tempfile::tempdir().unwrap();
    let (pem, _) = open(folder.path(), permitted(), 0);
    let key = fs::read_to_string(folder.path().join("ca-key.pem")).unwrap();
    let issuer = Issuer::from_ca_cert_pem(&pem, KeyPair::from_pem(&key).unwrap()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier =
        WebPkiServerVerifier::builder_with_provider(roots.into(), provider).build().unwrap();
    let at = long_ago().duration_since(std::time::UNIX_EPOCH).unwrap() + DAY;
    let believed = |name: &str| {
        let leaf_key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let leaf = params.signed_by(&leaf_key, &issuer).unwrap();
        let server_name = ServerName::try_from(name.to_owned()).unwrap();
        let now = UnixTime::since_unix_epoch(at);
        verifier.verify_server_cert(leaf.der(), &[], &server_name, &[], now).is_ok()
    };
    let names =
        ["a.push.example.com", "localhost", "127.9.9.9", "www.example.com", "10.0.0.1", "::2"];
    assert_eq!(names.map(believed), [true, true, true, false, false, false]);
}

#[test]
fn the_state_folder_is_found_upwards_and_ignores_itself() {
    let root = tempfile::tempdir().unwrap();
    let deep = root.path().join("a/b");
    fs::create_dir_all(&deep).unwrap();
    let made = StateFolder::find(root.path()).unwrap();
    assert_eq!(made.path(), root.path().join(".pushpit"));
    assert_eq!(fs::read_to_string(made.path().join(".gitignore")).unwrap(), "*\n");
    let path = made.path().to_owned();
    drop(made);
    assert_eq!(StateFolder::find(&deep).unwrap().path(), path);
}

#[test]
fn a_second_process_learns_who_has_the_folder() {
    let root = tempfile::tempdir().unwrap();
    let held = StateFolder::open(root.path()).unwrap();
    let error = StateFolder::open(root.path()).unwrap_err();
    let pid = std::process::id();
    let expected =
        format!("the state folder `{}` is in use by process {pid}", root.path().display());
    assert_eq!(error.to_string(), expected);
    drop(held);
    StateFolder::open(root.path()).unwrap();
}

#[test]
fn a_folder_that_cannot_be_made_is_told_with_help() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    fs::write(&file, "").unwrap();
    let error = StateFolder::open(&file.join("state")).unwrap_err();
    assert!(matches!(error, ServerError::File { act: "create", .. }), "{error}");
    assert!(error.help().contains("--state DIR"));
}

#[test]
fn a_temporary_state_keeps_its_key_in_memory() {
    let root = tempfile::tempdir().unwrap();
    let state = StateFolder::temporary(root.path().to_owned());
    let (authority, origin) = state.authority(permitted(), long_ago()).unwrap();
    assert_eq!(origin, Origin::Created);
    assert_eq!(fs::read_to_string(state.ca_path()).unwrap(), authority.certificate_pem());
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
}
