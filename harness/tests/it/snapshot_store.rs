//! Snapshots on disk: what is written when, and that insta reads what we write.

use proptest::prelude::*;
use pushpit::diagnostic::Style;
use pushpit::snapshot::review::{Reviewed, find, review};
use pushpit::snapshot::store::{
    Accepted, Settled, Snapshot, Update, accept, path_beside, pending_path, read, settle,
};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().expect("a folder can be made"))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.0.path())
            .expect("the folder is there")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

fn snapshot(text: &str) -> Snapshot {
    Snapshot {
        source: "scenarios/a.yaml".to_owned(),
        description: "A switched-off iPhone: \"only\" the newest".to_owned(),
        text: text.to_owned(),
    }
}

fn settled(path: &Path, text: &str, update: Update) -> Settled {
    settle(path, &snapshot(text), update).expect("the folder can be written")
}

/// Description and text; insta drops white space at a text's end.
fn through_insta(path: &Path) -> (String, String) {
    let snapshot = insta::Snapshot::from_file(path).expect("insta reads it");
    let text = snapshot.as_text().expect("it is a text").to_string();
    (snapshot.metadata().description().unwrap_or_default().to_owned(), text)
}

#[test]
fn a_snapshot_file_has_insta_s_form() {
    let folder = Folder::new();
    let path = folder.file("a.snap");
    assert_eq!(settled(&path, "anna:\n  received: []", Update::Always), Settled::Written);
    insta::assert_snapshot!(fs::read_to_string(&path).expect("it was written"), @r#"
    ---
    source: scenarios/a.yaml
    description: "A switched-off iPhone: \"only\" the newest"
    ---
    anna:
      received: []
    "#);
}

#[test]
fn a_new_snapshot_waits_for_a_review() {
    let folder = Folder::new();
    let path = folder.file("a.snap");
    let pending = Some(pending_path(&path));
    let found = "x".to_owned();
    let differs = Settled::Differs { expected: Accepted::Nothing, found, pending };
    assert_eq!(settled(&path, "x", Update::New), differs);
    assert_eq!(folder.names(), ["a.snap.new"]);
    accept(&pending_path(&path)).expect("it can be renamed");
    assert_eq!(settled(&path, "x", Update::New), Settled::Same);
    assert_eq!(folder.names(), ["a.snap"]);
}

#[test]
fn with_no_nothing_is_written_or_removed() {
    let folder = Folder::new();
    let path = folder.file("a.snap");
    settled(&path, "x", Update::Always);
    settled(&path, "y", Update::New);
    let before = folder.names();
    for text in ["x", "y"] {
        settled(&path, text, Update::Always.in_ci(true));
    }
    assert_eq!(folder.names(), before);
    assert_eq!(read(&path).expect("it is there"), Some("x".to_owned()));
}

#[test]
fn unseen_accepts_what_is_new_and_nothing_that_differs() {
    let folder = Folder::new();
    let path = folder.file("a.snap");
    assert_eq!(settled(&path, "x", Update::Unseen), Settled::Written);
    let differs = Settled::Differs {
        expected: Accepted::Text("x".to_owned()),
        found: "y".to_owned(),
        pending: Some(pending_path(&path)),
    };
    assert_eq!(settled(&path, "y", Update::Unseen), differs);
}

#[test]
fn what_is_right_again_leaves_nothing_pending() {
    let folder = Folder::new();
    let path = folder.file("a.snap");
    settled(&path, "x", Update::Always);
    settled(&path, "y", Update::New);
    assert_eq!(settled(&path, "x", Update::New), Settled::Same);
    assert_eq!(folder.names(), ["a.snap"]);
}

#[test]
fn line_ends_of_windows_make_no_difference() {
    let folder = Folder::new();
    let path = folder.file("a.snap");
    settled(&path, "x\ny", Update::Always);
    let text = fs::read_to_string(&path).expect("it was written").replace('\n', "\r\n");
    fs::write(&path, text).expect("it can be written");
    assert_eq!(settled(&path, "x\ny", Update::No), Settled::Same);
    assert_eq!(through_insta(&path).1, "x\ny");
}

#[test]
fn a_broken_snapshot_differs_from_everything_until_it_is_written_anew() {
    let folder = Folder::new();
    let path = folder.file("a.snap");
    let texts: [&[u8]; 5] = [b"", b"anna: []\n", b"---\nsource: a\n", b"---", b"---\n---\n\xff"];
    for text in texts {
        fs::write(&path, text).expect("it can be written");
        for update in [Update::New, Update::No, Update::Unseen] {
            let settled = settled(&path, "x", update);
            let Settled::Differs { expected: Accepted::Broken(why), pending, .. } = settled else {
                panic!("{settled:?}")
            };
            assert!(why.contains("a.snap"), "{why}");
            assert_eq!(pending.is_some(), update != Update::No);
            assert_eq!(fs::read(&path).expect("it is there"), text);
        }
        assert_eq!(settled(&path, "x", Update::Always), Settled::Written);
        assert_eq!(read(&path).expect("it is there").as_deref(), Some("x"));
        assert_eq!(folder.names(), ["a.snap"]);
    }
}

#[test]
fn odd_texts_come_back_from_insta_as_they_were() {
    let folder = Folder::new();
    let path = folder.file("a.snap");
    for text in ["---\n---", "a\n---\nsource: b\n---\nc", "trailing  \nspaces ", "", "é\u{1f600}\t"]
    {
        settled(&path, text, Update::Always);
        assert_eq!(through_insta(&path), (snapshot("").description, text.trim_end().to_owned()));
        assert_eq!(read(&path).expect("it is there").as_deref(), Some(text));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_comes_back(text in "[ -~\n\té-]{0,60}", description in any::<String>()) {
        let folder = Folder::new();
        let path = folder.file("a.snap");
        let mut snapshot = snapshot(&text);
        snapshot.description.clone_from(&description);
        settle(&path, &snapshot, Update::Always).expect("the folder can be written");
        let text = text.trim_end_matches('\n').to_owned();
        prop_assert_eq!(read(&path).expect("it is there"), Some(text.clone()));
        prop_assert_eq!(through_insta(&path), (description, text.trim_end().to_owned()));
    }
}

/// Two pending snapshots in a folder of a scenario's, and one where nobody looks.
fn with_pending() -> Folder {
    let folder = Folder::new();
    settled(&folder.file("a.snap"), "old", Update::Always);
    settled(&folder.file("a.snap"), "new", Update::New);
    settled(&folder.file("b.snap"), "first", Update::New);
    fs::create_dir(folder.file("node_modules")).expect("a folder can be made");
    settled(&folder.file("node_modules/c.snap"), "x", Update::New);
    folder
}

fn reviewed(folder: &Folder, keys: &str) -> (Reviewed, String) {
    let pending = find(&[folder.0.path().to_owned()]).expect("the folder can be read");
    let mut output = Vec::new();
    let reviewed = review(&pending, &mut keys.as_bytes(), &mut output, Style::Plain);
    let output = String::from_utf8(output).expect("it is text");
    let output = output.replace(&folder.0.path().display().to_string(), "scenarios");
    (reviewed.expect("files can be written"), output)
}

#[test]
fn a_review_shows_each_and_does_what_is_said() {
    let folder = with_pending();
    let (done, output) = reviewed(&folder, "a\nwhat?\nr\n");
    assert_eq!(done, Reviewed { accepted: 1, rejected: 1, skipped: 0 });
    insta::assert_snapshot!(output, @"
    snapshot 1 of 2: scenarios/a.snap
    - expected  + found
    - old
    + new
    [a]ccept, [r]eject, [s]kip, [q]uit? snapshot 2 of 2: scenarios/b.snap, which is new
    - expected  + found
    + first
    [a]ccept, [r]eject, [s]kip, [q]uit? there is no answer `what?`
    [a]ccept, [r]eject, [s]kip, [q]uit?
    ");
    assert_eq!(folder.names(), ["a.snap", "node_modules"]);
    assert_eq!(read(&folder.file("a.snap")).expect("it is there"), Some("new".to_owned()));
}

#[test]
fn skipping_quitting_and_the_end_of_the_input_leave_all_as_it_was() {
    for keys in ["s\ns\n", "s\nq\n", "q\n", ""] {
        let folder = with_pending();
        let before = folder.names();
        assert_eq!(reviewed(&folder, keys).0, Reviewed { skipped: 2, ..Reviewed::default() });
        assert_eq!(folder.names(), before);
    }
}

#[test]
fn a_pending_snapshot_is_found_by_its_scenario_too() {
    let folder = with_pending();
    fs::write(folder.file("a.yaml"), "name: a\n").expect("it can be written");
    let pending = vec![folder.file("a.snap.new")];
    for name in ["a.yaml", "a.snap", "a.snap.new"] {
        assert_eq!(find(&[folder.file(name)]).expect("it is there"), pending, "{name}");
    }
    assert_eq!(path_beside(&folder.file("a.yaml")), folder.file("a.snap"));
}
