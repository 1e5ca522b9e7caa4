//! Long-running senders: how the program tells of those that do not start, wait or live.

use crate::program::{Ended, Program};
use crate::run::{HEAD, told};
use insta::assert_snapshot;

#[test]
fn a_sender_that_is_not_ready_is_told_what_was_looked_for_and_what_was_found() {
    for (ready, found) in [
        ("{ line: listening }", "no line contained `listening`"),
        ("{ port: '1' }", "nobody listens on port 1: "),
        ("{ http: 'http://127.0.0.1:1/health' }", "no answer from `http://127.0.0.1:1/health`: "),
    ] {
        let program = Program::new();
        let sender = format!("sender: {{ shell: 'sleep 600', ready: {ready}, timeout: 250ms }}\n");
        program.write("story.yaml", format!("{HEAD}{sender}steps:\n  - advance: 1s\n"));
        let ended = program.run(&["run", "story.yaml"], "");
        let what = format!("sender `sender` was not ready within 250ms: {found}");
        let place = "  story.yaml:6:38: ";
        assert!(ended.stdout.contains(&format!("{place}{what}")), "{}", ended.stdout);
        assert!(ended.stdout.contains("help: it wrote nothing"), "{}", ended.stdout);
    }
}

#[test]
fn a_sender_that_dies_before_it_is_ready_is_named_with_its_output() {
    let program = Program::new();
    let sender = "sender: { shell: 'echo broken; exit 3', ready: { line: listening } }\n";
    let steps = "snapshot: false\nsteps:\n  - advance: 1s\n";
    program.write("story.yaml", format!("{HEAD}{sender}{steps}"));
    let ended = program.run(&["run", "story.yaml"], "");
    assert_eq!(ended.status, Some(1));
    assert_snapshot!(ended.stdout, @r"
    failed A story (story.yaml)
      anna
        nothing
      story.yaml:6:18: sender `sender` ended with status 3 before it was ready: no line contained `listening`
      help: look at its output below
      output of sender `sender`:
        broken

    0 passed, 1 failed
    ");
    let line = told(&program, &[]);
    assert_eq!(line["detail"]["place"], serde_json::json!({"line": 6, "column": 18}));
    assert_eq!(line["detail"]["step"], serde_json::Value::Null);
}

#[test]
fn a_sender_whose_program_or_folder_is_not_there_is_told_with_its_place() {
    let program = Program::new();
    let steps = "snapshot: false\nsteps:\n  - advance: 1s\n";
    for (sender, what) in [
        ("{ run: [no-such-program], ready: { port: '1' } }", "could not start `no-such-program`"),
        ("{ run: [ls], dir: nowhere }", "the folder `"),
    ] {
        program.write("story.yaml", format!("{HEAD}senders:\n  backend: {sender}\n{steps}"));
        let ended = program.run(&["run", "story.yaml"], "");
        assert_eq!(ended.status, Some(1));
        let told = format!("\n  story.yaml:7:19: {what}");
        assert!(ended.stdout.contains(&told), "{}", ended.stdout);
    }
}

#[test]
fn a_sender_that_dies_without_a_word_is_told_with_its_place_and_the_step() {
    let program = Program::new();
    let sender = "sender: { shell: 'echo no key; exit 3' }\n";
    // It is gone by one of them.
    let steps = format!("snapshot: false\nsteps:\n{}", "  - run: [\"true\"]\n".repeat(50));
    program.write("story.yaml", format!("{HEAD}{sender}{steps}"));
    let ended = program.run(&["run", "story.yaml"], "");
    assert_eq!(ended.status, Some(1));
    let step: u64 = told(&program, &[])["detail"]["step"]["number"].as_u64().unwrap();
    assert!((1..=50).contains(&step), "{step}");
    let what = "  story.yaml:6:18: sender `sender` ended by itself with status 3\n  story.yaml:";
    assert!(ended.stdout.contains(what), "{}", ended.stdout);
    assert!(ended.stdout.contains(":5: found at step "), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("  output of sender `sender`:\n    no key\n"),
        "{}",
        ended.stdout
    );
}

/// Runs steps beside a sender that ends as soon as it is ready.
fn run_beside_dead_sender(shell: &str, steps: &str, args: &[&str]) -> Ended {
    let program = Program::new();
    let backend = format!("senders:\n  backend: {{ shell: '{shell}', ready: {{ line: up }} }}\n");
    let head = format!("{HEAD}ports: [free]\n{backend}snapshot: false\nsteps:\n");
    program.write("story.yaml", format!("{head}{steps}"));
    program.run(&[&["run", "story.yaml"], args].concat(), "")
}

#[test]
fn a_failed_step_names_the_sender_that_had_died_and_its_last_output() {
    let shell = "echo up; echo out of keys >&2; exit 1";
    let steps = [
        "await: { requests: { provider: apns }, timeout: 10ms }",
        "http: { url: \"http://127.0.0.1:${ports.free}/send\" }",
        "expect: { anna: { exactly: 1 } }",
    ];
    for step in steps {
        let ended = run_beside_dead_sender(shell, &format!("  - {step}\n"), &[]);
        assert_eq!(ended.status, Some(1), "{step}");
        let named = "  story.yaml:8:21: the sender `backend` ended with status 1 before this\n";
        let output = "  output of sender `backend`:\n    up\n    out of keys\n";
        let name = step.split(':').next().unwrap();
        assert!(ended.stdout.contains(&format!("step 1 `{name}`")), "{}", ended.stdout);
        assert!(ended.stdout.contains(named), "{step}: {}", ended.stdout);
        assert!(ended.stdout.contains(output), "{step}: {}", ended.stdout);
    }
    let steps = "  - expect: { anna: { exactly: 1 } }\n";
    let ended = run_beside_dead_sender(shell, steps, &["--format", "json"]);
    let line: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let place = serde_json::json!({"line": 8, "column": 21});
    let named = serde_json::json!([{"name": "backend", "status": 1, "place": place}]);
    assert_eq!(line["detail"]["ended_senders"], named);
}

#[test]
fn a_sender_that_dies_while_a_step_fails_is_named_too() {
    let shell = "echo up; until [ -e go ]; do :; done; exit 4";
    let ended = run_beside_dead_sender(shell, "  - run: { shell: 'touch go; exit 1' }\n", &[]);
    assert_eq!(ended.status, Some(1));
    assert!(ended.stdout.contains("sender `backend` ended with status 4"), "{}", ended.stdout);
}

#[test]
fn a_failed_step_says_nothing_of_senders_that_still_run() {
    let shell = "echo up; exec sleep 600";
    let ended = run_beside_dead_sender(shell, "  - expect: { anna: { exactly: 1 } }\n", &[]);
    assert_eq!(ended.status, Some(1));
    assert!(!ended.stdout.contains("ended with"), "{}", ended.stdout);
}
