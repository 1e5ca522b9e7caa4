//! Real senders, unmodified, against the program: each story with each sender whose runtime is here.
//!
//! What is skipped is named. With `PUSHPIT_REQUIRE_SENDERS=all`, as in CI, nothing may be skipped.

#![expect(clippy::print_stderr, reason = "what is skipped is told to whoever runs the tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// A sender: its folder under `fixtures/senders`, and how it is prepared and run from there.
struct Sender {
    folder: &'static str,
    runtime: &'static str,
    prepare: &'static [&'static str],
    run: &'static [&'static str],
    /// What it does with a push that was answered with 503.
    on_503: Lost,
    /// With what a GOAWAY leaves out.
    on_goaway: Lost,
    /// With a stream that is refused.
    on_refusal: Lost,
    /// What it says when its client certificate is not taken.
    on_bad_certificate: &'static str,
}

/// What a sender does with a push that was not taken.
enum Lost {
    Repeats,
    /// It sends again, and may lose one.
    Races,
    Reports,
}

const SENDERS: &[Sender] = &[
    Sender {
        folder: "go-apns2",
        runtime: "go",
        prepare: &["FOLDER/build"],
        run: &["FOLDER/target/pushpit-sender-apns2"],
        on_503: Lost::Reports,
        on_goaway: Lost::Repeats,
        on_refusal: Lost::Repeats,
        on_bad_certificate: "context deadline exceeded",
    },
    NANOMDM,
    Sender {
        folder: "java-pushy",
        runtime: "mvn",
        prepare: &["FOLDER/build"],
        run: &["java", "-jar", "FOLDER/target/pushpit-sender-pushy.jar"],
        on_503: Lost::Reports,
        on_goaway: Lost::Reports,
        on_refusal: Lost::Repeats,
        on_bad_certificate: "Stream closed before a reply was received",
    },
    Sender {
        folder: "node-node-apn",
        runtime: "node",
        prepare: &["FOLDER/build"],
        run: &["node", "FOLDER/main.js"],
        on_503: Lost::Repeats,
        on_goaway: Lost::Reports,
        on_refusal: Lost::Reports,
        on_bad_certificate: "NGHTTP2_REFUSED_STREAM",
    },
    Sender {
        folder: "python-aioapns",
        runtime: "python3",
        prepare: &["FOLDER/build"],
        run: &["FOLDER/.venv/bin/python", "FOLDER/main.py"],
        on_503: Lost::Reports,
        on_goaway: Lost::Races,
        on_refusal: Lost::Repeats,
        on_bad_certificate: "MaxAttemptsExceeded",
    },
    Sender {
        folder: "rust-apple-apns",
        runtime: "cargo",
        prepare: &["FOLDER/build", "--quiet"],
        run: &["FOLDER/target/debug/pushpit-sender-apple-apns"],
        on_503: Lost::Reports,
        on_goaway: Lost::Repeats,
        on_refusal: Lost::Repeats,
        on_bad_certificate: "error sending request for url",
    },
];

/// An MDM server, which has a story of its own.
const NANOMDM: Sender = Sender {
    folder: "go-nanomdm",
    runtime: "go",
    prepare: &["FOLDER/build"],
    run: &["FOLDER/target/pushpit-sender-nanomdm"],
    on_503: Lost::Reports,
    on_goaway: Lost::Repeats,
    on_refusal: Lost::Repeats,
    on_bad_certificate: "http2: client conn could not be established",
};

const STORIES: &[(&str, &str)] = &[
    ("aged-token", include_str!("stories/aged-token.yaml")),
    ("certificate", include_str!("stories/certificate.yaml")),
    ("certificate-environment", include_str!("stories/certificate-environment.yaml")),
    ("cleanup", include_str!("stories/cleanup.yaml")),
    ("dead-token", include_str!("stories/dead-token.yaml")),
    ("hundred-at-once", include_str!("stories/hundred-at-once.yaml")),
    ("lowered-limit", include_str!("stories/lowered-limit.yaml")),
    ("one-stream-at-first", include_str!("stories/one-stream-at-first.yaml")),
    ("options", include_str!("stories/options.yaml")),
];

#[test]
fn apns2_of_go_lives_through_every_story() {
    tell_all("go-apns2");
}

#[test]
fn node_apn_lives_through_every_story() {
    tell_all("node-node-apn");
}

#[test]
fn node_apn_runs_the_guides_examples() {
    let sender = SENDERS.iter().find(|sender| sender.folder == "node-node-apn").unwrap();
    if !prepare(sender) {
        return;
    }
    let guide = include_str!("../../../docs/scenarios.md");
    let blocks = guide.split("```yaml\n").skip(1).map(|it| it.split("\n```").next().unwrap());
    let examples: Vec<_> =
        blocks.filter(|it| it.contains("fixtures/senders/node-node-apn")).collect();
    assert_eq!(examples.len(), 2, "the guide has lost its whole examples");
    let folder = tempfile::tempdir().unwrap();
    for (number, example) in examples.iter().enumerate() {
        let example = example.replace("fixtures/senders", fixtures().to_str().unwrap());
        let path = folder.path().join(format!("{number}.yaml"));
        fs::write(path, format!("{example}\nsnapshot: false\n")).unwrap();
    }
    run_all(sender.folder, folder.path());
}

#[test]
fn apple_apns_lives_through_every_story() {
    tell_all("rust-apple-apns");
}

#[test]
fn aioapns_lives_through_every_story() {
    tell_all("python-aioapns");
}

#[test]
fn pushy_lives_through_every_story() {
    tell_all("java-pushy");
}

/// Cases 32 and 92 of the fact sheet. Of the reason in the GOAWAY this version of Go tells nothing.
#[test]
fn nanomdm_pushes_by_certificate_alone() {
    if !prepare(&NANOMDM) {
        return;
    }
    let stories = tempfile::tempdir().unwrap();
    let story = include_str!("stories/mdm.yaml").replace("SENDER", &words(&NANOMDM));
    let story = story.replace("TOLD", NANOMDM.on_bad_certificate);
    fs::write(stories.path().join("mdm.yaml"), story).unwrap();
    run_all(NANOMDM.folder, stories.path());
}

#[test]
fn apns_case_88_aioapns_has_its_answer_at_once() {
    tell("python-aioapns", include_str!("stories/case-88.yaml"));
}

#[test]
fn apns_case_89_node_apn_sends_four_times_what_is_answered_429() {
    tell("node-node-apn", include_str!("stories/case-89.yaml"));
}

#[test]
fn apns_case_90_pushy_without_alpn_reads_the_timestamp_of_a_410_whole() {
    let story = include_str!("stories/case-90-91.yaml").replace("KEPT", "1760000000123");
    tell("java-pushy", &story);
}

#[test]
fn apns_case_91_apns2_reads_the_timestamp_of_a_410_in_whole_seconds() {
    let story = include_str!("stories/case-90-91.yaml").replace("KEPT", "1760000000000");
    tell("go-apns2", &story);
}

#[test]
fn every_sender_of_the_fixtures_has_a_test() {
    let folders = fs::read_dir(fixtures()).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = folders
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    found.sort();
    let known: Vec<_> = SENDERS.iter().map(|sender| sender.folder.to_owned()).collect();
    assert_eq!(found, known);
}

impl Sender {
    /// The stories that senders live through in different ways.
    fn own_stories(&self) -> [(&'static str, &'static str); 3] {
        let unavailable = match self.on_503 {
            Lost::Repeats | Lost::Races => include_str!("stories/unavailable-repeated.yaml"),
            Lost::Reports => include_str!("stories/unavailable-reported.yaml"),
        };
        let goaway = match self.on_goaway {
            Lost::Repeats => include_str!("stories/goaway-repeated.yaml"),
            Lost::Races => include_str!("stories/goaway-raced.yaml"),
            Lost::Reports => include_str!("stories/goaway-lost.yaml"),
        };
        let refused = match self.on_refusal {
            Lost::Repeats | Lost::Races => include_str!("stories/refused-repeated.yaml"),
            Lost::Reports => include_str!("stories/refused-reported.yaml"),
        };
        [("unavailable", unavailable), ("goaway", goaway), ("refused", refused)]
    }
}

fn tell_all(folder: &str) {
    let sender = SENDERS.iter().find(|sender| sender.folder == folder).unwrap();
    if !prepare(sender) {
        return;
    }
    let stories = tempfile::tempdir().unwrap();
    for (name, story) in STORIES.iter().chain(&sender.own_stories()) {
        let path = stories.path().join(format!("{name}.yaml"));
        let story = story.replace("SENDER", &words(sender));
        fs::write(&path, story.replace("TOLD", sender.on_bad_certificate)).unwrap();
    }
    run_all(folder, stories.path());
}

/// Lets a sender live through one story.
fn tell(folder: &str, story: &str) {
    let sender = SENDERS.iter().find(|sender| sender.folder == folder).unwrap();
    if !prepare(sender) {
        return;
    }
    let stories = tempfile::tempdir().unwrap();
    fs::write(stories.path().join("story.yaml"), story.replace("SENDER", &words(sender))).unwrap();
    run_all(folder, stories.path());
}

/// Runs the scenarios in a folder; all must hold.
pub(crate) fn run_all(sender: &str, stories: &Path) {
    let program = env!("CARGO_BIN_EXE_pushpit");
    let run = Command::new(program).arg("run").arg(stories).output().unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert_eq!(run.status.code(), Some(0), "{sender}:\n{text}");
}

/// Makes the sender in a folder ready; `false` when its runtime is not here and need not be.
pub(crate) fn is_ready(folder: &str) -> bool {
    prepare(SENDERS.iter().find(|sender| sender.folder == folder).unwrap())
}

/// Makes the sender in a folder ready; its command as it stands in a list of a scenario.
pub(crate) fn ready(folder: &str) -> Option<String> {
    let sender = SENDERS.iter().find(|sender| sender.folder == folder).unwrap();
    prepare(sender).then(|| words(sender))
}

/// Makes a sender ready; `false` when its runtime is not here and need not be.
fn prepare(sender: &Sender) -> bool {
    // Two tests may want the same one.
    let _one_at_a_time = PREPARING.lock();
    let is_here = Command::new(sender.runtime).arg("--version").output().is_ok();
    let folder = fixtures().join(sender.folder);
    let ready = is_here && prepared(sender, &folder);
    let what = format!("the sender `{}`", sender.folder);
    match (is_here, ready) {
        (false, _) => skip(&what, &format!("`{}`", sender.runtime)),
        (true, false) => skip(&what, &format!("`{}` to succeed", sender.prepare.join(" "))),
        (true, true) => {}
    }
    ready
}

/// Names what is skipped and what it needs; a failure where nothing may be skipped.
pub(crate) fn skip(what: &str, needs: &str) {
    #[expect(clippy::disallowed_methods, reason = "CI says so by the environment")]
    let required = std::env::var_os("PUSHPIT_REQUIRE_SENDERS").is_some();
    assert!(!required, "{what} cannot be run here, but must: it needs {needs}");
    eprintln!("skipped: {what} needs {needs}");
}

fn prepared(sender: &Sender, folder: &Path) -> bool {
    let program = sender.prepare[0].replace("FOLDER", folder.to_str().unwrap());
    let run = Command::new(program).args(&sender.prepare[1..]).current_dir(folder).output();
    match run {
        Ok(run) if run.status.success() => true,
        Ok(run) => {
            eprintln!("{}", String::from_utf8_lossy(&run.stderr));
            false
        }
        Err(_) => false,
    }
}

/// The sender's command as it stands in a list of a scenario.
fn words(sender: &Sender) -> String {
    let folder = fixtures().join(sender.folder);
    let folder = folder.to_str().unwrap();
    let words = sender.run.iter().map(|word| format!("{:?}", word.replace("FOLDER", folder)));
    words.collect::<Vec<_>>().join(", ")
}

static PREPARING: Mutex<()> = Mutex::new(());

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/senders").canonicalize().unwrap()
}
