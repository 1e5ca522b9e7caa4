//! What somebody meets who gives the program something that it does not take.

use crate::program::Program;
use insta::assert_snapshot;

const GOOD: &str = "\
name: n
snapshot: false
devices:
  anna: { platform: ios }
steps:
  - advance: 3d
";

/// A folder with a file of every kind.
fn program() -> Program {
    let program = Program::new();
    program.write("folder/notes.txt", "x");
    program.write("program", b"\x7fELF\x02\x01\0\0\xff\xfe");
    program.write("utf16.yaml", b"\xff\xfen\0a\0m\0e\0");
    program.write("empty.yaml", "");
    program.write("story.yaml", GOOD);
    program.write("story.snap", "---\nsource: story.yaml\n---\nanna:\n  received: []\n");
    program.write("other.snap.new", "---\nsource: other.yaml\n---\nx: 1\n");
    program.write("package.json", "{\"name\": \"sender\", \"version\": \"1.0.0\"}");
    program.write("tabs.yaml", GOOD.replace("  ", "\t"));
    program.write("setup.yaml", "devices:\n  anna: { platform: ios }\n");
    program
}

/// What the program says of each file; it must end with 2.
fn said(args: &[&str], files: &[&str]) -> String {
    let program = program();
    let mut all = String::new();
    for file in files {
        let ended = program.run(&[args, &[file]].concat(), "");
        assert_eq!(ended.status, Some(2), "{args:?} {file}: {}{}", ended.stdout, ended.stderr);
        all.push_str(&format!("{file}\n{}{}\n", ended.stdout, ended.stderr));
    }
    all
}

const NO_SCENARIOS: &[&str] = &[
    "folder",
    "program",
    "utf16.yaml",
    "empty.yaml",
    "story",
    "story.snap",
    "other.snap.new",
    "package.json",
    "tabs.yaml",
    "setup.yaml",
];

#[test]
fn check_says_of_each_kind_of_file_what_to_do() {
    assert_snapshot!(said(&["check"], NO_SCENARIOS));
}

#[test]
fn run_says_of_each_kind_of_file_what_to_do() {
    assert_snapshot!(said(&["run"], NO_SCENARIOS));
}

#[test]
fn serve_says_of_each_kind_of_file_what_to_do() {
    let files = ["folder", "program", "empty.yaml", "story.yaml", "story.snap", "nowhere.yaml"];
    assert_snapshot!(said(&["serve", "--config"], &files));
}

#[test]
fn reviews_say_of_each_kind_of_file_what_to_do() {
    let files = ["program", "folder/notes.txt", "nowhere.yaml"];
    let all = ["review", "accept", "reject"].map(|verb| said(&[verb], &files));
    assert_eq!((&all[0], &all[0]), (&all[1], &all[2]));
    assert_snapshot!(all[0]);
}

#[test]
fn line_ends_of_windows_and_a_mark_of_the_byte_order_are_taken() {
    let program = Program::new();
    for text in [GOOD.replace('\n', "\r\n"), format!("\u{feff}{GOOD}")] {
        program.write("story.yaml", text);
        let ended = program.run(&["run", "story.yaml"], "");
        assert_eq!(ended.stdout, "ok n (story.yaml)\n  anna\n    nothing\n\n1 passed, 0 failed\n");
    }
}

#[test]
fn a_file_without_an_end_is_read_no_further_than_a_scenario_goes() {
    let ended = Program::new().run(&["check", "/dev/zero"], "");
    assert_eq!(ended.status, Some(2));
    assert_snapshot!(ended.stderr);
}

#[test]
fn what_people_call_a_platform_leads_to_its_word() {
    let program = Program::new();
    let mut all = String::new();
    for word in ["ipad", "iPadOS", "iPhone", "iOS", "Mac", "osx", "PC", "phone", "watch", "chrome"]
    {
        program.write("story.yaml", GOOD.replace("platform: ios", &format!("platform: {word}")));
        let ended = program.run(&["check", "story.yaml", "--format", "json"], "");
        let line: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        all.push_str(&format!("{word}: {}\n", line["help"].as_str().unwrap()));
    }
    assert_snapshot!(all, @r"
    ipad: did you mean `ipados`?
    iPadOS: did you mean `ipados`?
    iPhone: did you mean `ios`?
    iOS: did you mean `ios`?
    Mac: did you mean `macos`?
    osx: did you mean `macos`?
    PC: did you mean `windows`?
    phone: choose `android` or `ios`
    watch: did you mean `watchos`?
    chrome: did you mean `browser`?
    ");
}
