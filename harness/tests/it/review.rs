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
    ");
}

#[test]
fn a_file_that_is_no_snapshot_ends_with_2_and_stays() {
    let program = program();
    program.write("scenarios/a.snap", "by hand\n");
    let ended = program.run(&["review"], "a\n");
    assert_eq!(ended.status, Some(2));
    assert_eq!(text(&program, "scenarios/a.snap"), Some("by hand\n".to_owned()));
}
