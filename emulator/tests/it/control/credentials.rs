//! Credentials on disk: they survive a new start, and what is wrong with them is said.

use super::bench::clock;
use pushpit_emulator::control::{Control, Door};
use pushpit_emulator::providers::rim::AppSpec;
use pushpit_emulator::world::WorldConfig;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;

fn open(folder: &Path) -> Result<Control, (String, String)> {
    let door = Arc::new(Door::new(WorldConfig::default(), clock));
    let filter = |text: String| text.replace(folder.to_str().unwrap(), "FOLDER");
    let told = |error: pushpit_emulator::control::ControlError| {
        (filter(error.to_string()), error.help().to_owned())
    };
    let control = Control::new(door, folder).map_err(told)?;
    control.prepare_apps(std::iter::empty()).map_err(told)?;
    Ok(control)
}

fn spec(name: &str) -> AppSpec {
    AppSpec { name: name.to_owned(), ..AppSpec::default() }
}

#[test]
fn apps_and_keys_come_back_at_the_next_start_also_in_another_place() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("a"), folder.path().join("b"));
    let control = open(&first).unwrap();
    control.add_app("apns", &spec("com.acme.chat")).unwrap();
    let before = control.credentials();
    let key = std::fs::read(before[0]["key_p8"].as_str().unwrap()).unwrap();
    assert_eq!(open(&first).unwrap().credentials(), before);
    std::fs::rename(&first, &second).unwrap();
    let after = open(&second).unwrap().credentials();
    assert_eq!(after.len(), 2);
    assert_eq!(std::fs::read(after[0]["key_p8"].as_str().unwrap()).unwrap(), key);
}

/// As a folder that was made before apps had certificates.
#[test]
fn what_an_app_lacks_is_made_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let before = open(folder.path()).unwrap().credentials();
    let mut old = before.clone();
    old[0].as_object_mut().unwrap().retain(|key, _| !key.starts_with("certificate"));
    let index = serde_json::json!({ "apps": old }).to_string();
    std::fs::write(folder.path().join("index.json"), index).unwrap();
    let certificate = || std::fs::read(before[0]["certificate_pem"].as_str().unwrap()).unwrap();
    let forgotten = certificate();
    assert_eq!(open(folder.path()).unwrap().credentials(), before);
    assert_ne!(certificate(), forgotten);
    let text = String::from_utf8(certificate()).unwrap();
    let lines: Vec<_> = text.lines().filter(|line| line.starts_with('-')).collect();
    let expected = [
        "-----BEGIN CERTIFICATE-----",
        "-----END CERTIFICATE-----",
        "-----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn apps_of_one_team_share_its_key_whatever_came_between() {
    let folder = tempfile::tempdir().unwrap();
    let control = open(folder.path()).unwrap();
    let mut other = spec("com.other");
    other.settings.insert("team_id".to_owned(), "OTHERTEAM1".to_owned());
    control.add_app("apns", &other).unwrap();
    let mut third = spec("com.third");
    third.settings.insert("team_id".to_owned(), "OTHERTEAM1".to_owned());
    let third = control.add_app("apns", &third).unwrap();
    let all = control.credentials();
    assert_eq!(third["key_p8"], all[1]["key_p8"]);
    assert_ne!(third["key_p8"], all[0]["key_p8"]);
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_what_is_secret() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let control = open(folder.path()).unwrap();
    let kit = control.credentials().remove(0);
    let file = |key: &str| Path::new(kit[key].as_str().unwrap()).to_owned();
    let files = ["certificate_p12", "certificate_pem", "key_p8"].map(file);
    for path in files.into_iter().chain([folder.path().join("index.json")]) {
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
}

#[test]
fn what_is_wrong_with_the_folder_is_said_with_what_to_do() {
    let mut all = String::new();
    let mut tell = |what: &str, folder: &Path| {
        let (error, help) = open(folder).expect_err(what);
        all.push_str(&format!("{what}\n  {error}\n  {help}\n"));
    };
    let folder = tempfile::tempdir().unwrap();
    let index = folder.path().join("index.json");
    open(folder.path()).unwrap();
    let good: Value = serde_json::from_slice(&std::fs::read(&index).unwrap()).unwrap();
    let key = good["apps"][0]["key_p8"].as_str().unwrap();
    std::fs::write(key, "no key").unwrap();
    tell("a broken key", folder.path());
    std::fs::remove_file(key).unwrap();
    tell("a missing key", folder.path());
    std::fs::write(&index, "{\n\"apps\": [").unwrap();
    tell("a list that ends early", folder.path());
    std::fs::write(&index, r#"{"apps": [{"provider": "apns"}]}"#).unwrap();
    tell("an app without an id", folder.path());
    std::fs::write(&index, r#"{"apps": [{"provider": "nobody", "app": "x"}]}"#).unwrap();
    tell("an unknown provider", folder.path());
    std::fs::remove_file(&index).unwrap();
    std::fs::create_dir(&index).unwrap();
    tell("a folder in place of the list", folder.path());
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    tell("a file in place of the folder", &file);
    insta::assert_snapshot!(all);
}
