//! How `pushpit run` is told to run: in CI, and several scenarios at once.

use crate::program::Program;
use std::fs;

#[test]
fn where_ci_is_set_no_snapshot_is_written() {
    let program = Program::new();
    program.write("story.yaml", "name: n\nsteps:\n  - advance: 1s\n");
    for update in [None, Some("--update"), Some("--update=new"), Some("--update=unseen")] {
        let mut command = program.command(&["run", "story.yaml"]);
        let output = command.args(update).env("CI", "true").output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{update:?}");
        let files = fs::read_dir(program.path("")).unwrap();
        let files: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
        assert_eq!(files, ["story.yaml"], "{update:?}");
    }
}

#[test]
fn as_many_scenarios_run_at_once_as_were_asked_for_and_are_told_in_order() {
    let program = Program::new();
    let story = |name: &str, other: &str| {
        // Neither ends before the other has begun.
        let shell = format!("touch {name}.up; until [ -e {other}.up ]; do :; done");
        let steps = format!("steps:\n  - run: {{ shell: '{shell}' }}\n");
        program.write(&format!("{name}.yaml"), format!("name: {name}\nsnapshot: false\n{steps}"));
    };
    story("a", "b");
    story("b", "a");
    let ended = program.run(&["run", "a.yaml", "b.yaml", "--jobs", "2"], "");
    assert_eq!(ended.status, Some(0), "{}", ended.stdout);
    assert_eq!(ended.stdout, "ok a (a.yaml)\n\nok b (b.yaml)\n\n2 passed, 0 failed\n");
}
