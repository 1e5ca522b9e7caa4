//! `pushpit check`.

use crate::program::Program;
use insta::assert_snapshot;

const GOOD: &str = "\
name: A switched-off iPhone gets only the newest push
apps:
  chat: { provider: apns, bundle_id: com.example.chat }
devices:
  anna: { platform: ios, apps: [chat] }
steps:
  - set: { anna: { connection: offline } }
  - run: [node, send.js, \"${devices.anna.chat.token}\", Dinner?]
  - run: [node, send.js, \"${devices.anna.chat.token}\", Dinner at eight]
  - await: { requests: { provider: apns, status: 200, exactly: 2 }, timeout: 5s }   # real time
  - advance: 3d
  - set: { anna: { connection: online } }
  - expect:
      anna: { exactly: [{ payload: { aps: { alert: Dinner at eight } } }], collapsed: 1 }
";

fn program() -> Program {
    let program = Program::new();
    program.write("scenarios/good.yaml", GOOD);
    program
}

#[test]
fn good_scenarios_end_with_0() {
    let program = program();
    program.write("scenarios/deeper/also-good.yml", GOOD);
    program.write("scenarios/node_modules/package/bad.yaml", "x");
    program.write("scenarios/.hidden.yaml", "x");
    program.write("scenarios/notes.txt", "x");
    let ended = program.run(&["check"], "");
    assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""));
    assert_eq!(ended.stdout, "2 scenarios are fine\n");
}

#[test]
fn two_files_of_one_snapshot_are_refused() {
    let program = program();
    program.write("scenarios/good.yml", GOOD);
    let ended = program.run(&["check"], "");
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(2), ""));
    assert_snapshot!(ended.stderr, @"
    error: `scenarios/good.yaml` and `scenarios/good.yml` would have the same snapshot
    help: give one of them a name that differs before its ending
    ");
}

#[test]
fn a_misspelt_key_ends_with_2_and_shows_line_column_and_the_near_name() {
    let program = program();
    program.write("scenarios/bad.yaml", GOOD.replace("connection", "conection"));
    program.write("scenarios/worse.yaml", b"name: \xff\n");
    let ended = program.run(&["check"], "");
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(2), ""));
    assert_snapshot!(ended.stderr, @"
    error: unknown key `conection`
     --> scenarios/bad.yaml:7:20
      |
    7 |   - set: { anna: { conection: offline } }
      |                    ^^^^^^^^^
      |
      = help: did you mean `connection`?

    error: unknown key `conection`
      --> scenarios/bad.yaml:12:20
       |
    12 |   - set: { anna: { conection: online } }
       |                    ^^^^^^^^^
       |
       = help: did you mean `connection`?

    error: expected UTF-8, found a byte that is no part of it
     --> scenarios/worse.yaml:1:7
      |
    1 | name: �
      |       ^
      |
      = help: save the file as UTF-8
    ");
}

#[test]
fn a_devices_settings_that_a_provider_cannot_read_are_found_before_the_run() {
    let program = program();
    let bad = GOOD
        .replace("connection: offline", "apns: { chanels: all }")
        .replace("connection: online", "apns: { apps: { com.example.chat: asleep } }");
    program.write("scenarios/bad.yaml", bad);
    let named = GOOD.replace("connection: offline", "apns: { chanels: \"${apps.chat.key_id}\" }");
    program.write("scenarios/named.yaml", named);
    let ended = program.run(&["check"], "");
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(2), ""));
    assert_snapshot!(ended.stderr, @r#"
    error: `apns`: unknown key `chanels`
     --> scenarios/bad.yaml:7:20
      |
    7 |   - set: { anna: { apns: { chanels: all } } }
      |                    ^^^^
      |
      = help: did you mean `channels`?

    error: `apns`: expected `running` or `suspended` or `force-quit`, found `"asleep"`
      --> scenarios/bad.yaml:12:20
       |
    12 |   - set: { anna: { apns: { apps: { com.example.chat: asleep } } } }
       |                    ^^^^
       |
       = help: such as `{"channels": "all", "notifications": {"com.example.chat": "disabled"}}`
    "#);
}

#[test]
fn programs_get_a_line_of_json_for_each_thing_that_is_wrong() {
    let program = program();
    program.write("bad.yaml", GOOD.replace("platform: ios", "platform: ioss"));
    let ended = program.run(&["check", "bad.yaml", "scenarios", "--format", "json"], "");
    assert_eq!((ended.status, ended.stderr.as_str()), (Some(2), ""));
    assert_snapshot!(ended.stdout, @r#"
    {"column":21,"file":"bad.yaml","help":"did you mean `ios`?","line":5,"message":"unknown word `ioss`"}
    "#);
}

#[test]
fn colors_come_when_asked_for() {
    let program = program();
    program.write("bad.yaml", "nam: n\n");
    let plain = program.run(&["check", "bad.yaml"], "").stderr;
    let colored = program.run(&["check", "bad.yaml", "--color", "always"], "").stderr;
    assert!(!plain.contains('\u{1b}') && colored.contains('\u{1b}'), "{plain}{colored}");
}

#[test]
fn a_path_without_scenarios_ends_with_2() {
    let program = Program::new();
    program.write("empty/notes.txt", "");
    program.write("story.YAML", "");
    let said: Vec<String> = [&["check"][..], &["check", "empty"], &["check", "stori.yml"]]
        .into_iter()
        .map(|args| program.run(args, ""))
        .map(|ended| {
            assert_eq!((ended.status, ended.stdout.as_str()), (Some(2), ""));
            ended.stderr
        })
        .collect();
    assert_snapshot!(said.concat(), @"
    error: cannot look for scenarios in `scenarios`: No such file or directory (os error 2)
    help: name a scenario file, or a folder with such files
    error: expected a scenario (`.yaml` or `.yml`) in `empty`, found none
    help: write one: docs/scenarios.md of the project explains how
    error: cannot look for scenarios in `stori.yml`: No such file or directory (os error 2)
    help: did you mean `story.YAML`?
    ");
}
