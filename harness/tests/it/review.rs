//! `pushpit review`, `accept` and `reject`.

use crate::program::Program;
use insta::assert_snapshot;
use std::fs;

fn snapshot(alert: &str) -> String {
    format!("---\nsource: a.yaml\ndescription: a\n---\nanna:\n  alert: {alert}\n  sound: bell\n")
}

fn program() -> Program {
    let program = Program::new();
    program.write("scenarios/a.yaml", "name: a\n");
    program.write("scenarios/a.snap", snapshot("Dinner?"));
    program.write("scenarios/a.snap.new", snapshot("Dinner at eight"));
    program.write("scenarios/b.snap.new", snapshot("Lunch"));
    program
}

fn text(program: &Program, name: &str) -> Option<String> {
    fs::read_to_string(program.path(name)).ok()
}

#[test]
fn review_shows_a_diff_and_accepts() {
    let program = program();
    let ended = program.run(&["review"], "a\ns\n");
    assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""));
    assert_snapshot!(ended.stdout, @"
    snapshot 1 of 2: ./scenarios/a.snap
    - expected  + found
      anna:
    -   alert: Dinner?
    +   alert: Dinner at eight
        sound: bell
    [a]ccept, [r]eject, [s]kip, [q]uit? snapshot 2 of 2: ./scenarios/b.snap, which is new
    - expected  + found
    + anna:
    +   alert: Lunch
    +   sound: bell
    [a]ccept, [r]eject, [s]kip, [q]uit? 1 accepted, 0 rejected, 1 left
    ");
    assert_eq!(text(&program, "scenarios/a.snap"), Some(snapshot("Dinner at eight")));
    assert_eq!(text(&program, "scenarios/a.snap.new"), None);
    assert_eq!(text(&program, "scenarios/b.snap.new"), Some(snapshot("Lunch")));
}

#[test]
fn accept_takes_all_or_what_is_named() {
    let program = program();
    let ended = program.run(&["accept", "scenarios/a.yaml"], "");
    assert_eq!((ended.status, &*ended.stdout), (Some(0), "accepted scenarios/a.snap\n"));
    let ended = program.run(&["accept", "scenarios"], "");
    assert_eq!((ended.status, &*ended.stdout), (Some(0), "accepted scenarios/b.snap\n"));
    let ended = program.run(&["accept"], "");
    assert_eq!((ended.status, &*ended.stdout), (Some(0), "nothing to review\n"));
}

#[test]
fn reject_removes_what_waits_and_keeps_what_was_accepted() {
    let program = program();
    let ended = program.run(&["reject", "scenarios"], "");
    assert_eq!(ended.status, Some(0));
    assert_eq!(text(&program, "scenarios/a.snap"), Some(snapshot("Dinner?")));
    assert_eq!(text(&program, "scenarios/a.snap.new"), None);
    assert_eq!(text(&program, "scenarios/b.snap.new"), None);
}

#[test]
fn a_path_that_is_not_there_ends_with_2() {
    let ended = Program::new().run(&["accept", "nowhere"], "");
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(2), ""));
    assert_snapshot!(ended.stderr, @"
    error: cannot look for snapshots in `nowhere`: No such file or directory (os error 2)
    help: name a scenario, its snapshot, or a folder with such files
    ");
}

#[test]
fn a_broken_snapshot_is_replaced_by_accepting_what_waits() {
    for (args, input) in [(["review", "scenarios/a.yaml"], "a\n"), (["accept", "scenarios"], "")] {
        let program = program();
        program.write("scenarios/a.snap", "by hand\n");
        let ended = program.run(&args, input);
        assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""), "{args:?}");
        let said = "what was accepted is broken; accepting replaces it: expected a snapshot";
        assert_eq!(ended.stdout.contains(said), args[0] == "review", "{}", ended.stdout);
        assert_eq!(text(&program, "scenarios/a.snap"), Some(snapshot("Dinner at eight")));
    }
}

#[test]
fn what_waits_and_is_broken_can_only_be_rejected() {
    let program = program();
    program.write("scenarios/a.snap.new", "half a file");
    let ended = program.run(&["accept", "scenarios"], "");
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(2), "accepted scenarios/b.snap\n"));
    assert_snapshot!(ended.stderr, @"
    error: expected a snapshot that begins with a header between two lines `---`, found something else in `scenarios/a.snap.new`
    help: write a snapshot anew with `pushpit run SCENARIO --update`, or remove one that waits for a review with `pushpit reject`
    ");
    assert_eq!(text(&program, "scenarios/a.snap"), Some(snapshot("Dinner?")));
    let ended = program.run(&["review", "scenarios"], "a\nr\n");
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    assert_snapshot!(ended.stdout, @"
    snapshot 1 of 1: scenarios/a.snap
    what waits is broken and can only be rejected: expected a snapshot that begins with a header between two lines `---`, found something else in `scenarios/a.snap.new`
    [r]eject, [s]kip, [q]uit? there is no answer `a`
    [r]eject, [s]kip, [q]uit? 0 accepted, 1 rejected, 0 left
    ");
    assert_eq!(text(&program, "scenarios/a.snap"), Some(snapshot("Dinner?")));
    assert_eq!(text(&program, "scenarios/a.snap.new"), None);
}
