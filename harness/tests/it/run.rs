//! `pushpit run` as a user meets it: what holds, what does not, and how it says so.

use crate::program::{Ended, Program};
use insta::assert_snapshot;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) const HEAD: &str = "\
name: A story
apps:
  chat: { provider: apns, bundle_id: com.example.chat }
devices:
  anna: { platform: ios, apps: [chat] }
";

/// Runs a scenario of these steps, without a snapshot.
fn run(steps: &str) -> Ended {
    let program = Program::new();
    program.write("story.yaml", format!("{HEAD}snapshot: false\nsteps:\n{steps}"));
    program.run(&["run", "story.yaml"], "")
}

#[test]
fn every_scenario_of_the_project_holds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    // Some of them drive a sender that needs more than Rust.
    let has_node = crate::senders::is_ready(NODE);
    let all = fs::read_dir(root.join("scenarios/apns")).unwrap().map(|entry| entry.unwrap().path());
    let stories = all.filter(|path| path.extension().is_some_and(|it| it == "yaml"));
    let can_run = |path: &PathBuf| has_node || !fs::read_to_string(path).unwrap().contains(NODE);
    let stories: Vec<_> = stories.filter(can_run).collect();
    assert!(!stories.is_empty());
    let run = Command::new(env!("CARGO_BIN_EXE_pushpit"))
        .args(["run", "--update=no"])
        .args(stories)
        .current_dir(&root)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&run.stdout);
    assert_eq!(run.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&run.stderr));
    let text = text.replace(&format!("{}/", root.display()), "");
    let first = text.split("\n\n").find(|it| it.contains("switched-off-iphone.yaml")).unwrap();
    assert!(include_str!("../../../README.md").contains(first.trim()), "{first}");
}

/// The folder of that sender.
const NODE: &str = "node-node-apn";

#[test]
fn an_app_comes_goes_and_gets_another_token_step_by_step() {
    let app = "http: { url: \"${control.url}/api/v1/addresses?address=";
    let steps = format!(
        "  - run: {{ shell: 'printf %s ${{devices.anna.chat.token}} > one' }}
  - rotate: {{ anna: chat }}
  - run: {{ shell: 'test \"$(cat one)\" != ${{devices.anna.chat.token}}' }}
  - run: {{ shell: 'printf %s ${{devices.anna.chat.token}} > two' }}
  - uninstall: {{ anna: chat }}
  - {app}${{devices.anna.chat.token}}\" }}
  - install: {{ anna: chat }}
  - run: {{ shell: 'printf %s ${{devices.anna.chat.token}} > three' }}
  - run: {{ shell: 'cat one two three | wc -c', stdout: {{ contains: '192' }} }}
"
    );
    let program = Program::new();
    program.write("story.yaml", format!("{HEAD}snapshot: false\nsteps:\n{steps}"));
    let ended = program.run(&["run", "story.yaml"], "");
    assert_eq!(ended.status, Some(0), "{}", ended.stdout);
    let tokens = ["one", "two", "three"].map(|it| fs::read_to_string(program.path(it)).unwrap());
    assert!(tokens[0] != tokens[1] && tokens[1] != tokens[2], "{tokens:?}");
}

#[test]
fn what_a_program_writes_is_kept_up_to_a_bound_its_newest_part() {
    let long = "shell: 'yes | head -c 2000000; echo the end'";
    for text in ["bytes before this were not kept", "the end"] {
        let ended = run(&format!("  - run: {{ {long}, stdout: {{ contains: {text} }} }}\n"));
        assert_eq!(ended.status, Some(0), "{}", ended.stdout);
    }
    let whole = run(&format!("  - run: {{ {long}, stdout: {{ contains: nowhere }} }}\n"));
    assert_eq!(whole.status, Some(1));
    assert!(whole.stdout.len() < 1_100_000, "{}", whole.stdout.len());
}

#[test]
fn a_folder_for_temporary_files_that_is_none_ends_with_3() {
    let program = Program::new();
    program.write("story.yaml", format!("{HEAD}snapshot: false\nsteps:\n  - advance: 1s\n"));
    program.write("file", "");
    let mut command = program.command(&["run", "story.yaml"]);
    command.env("TMPDIR", program.path("file"));
    let ended = Program::end(command, "");
    assert_eq!(ended.status, Some(3), "{}", ended.stdout);
    assert!(ended.stdout.contains("could not make a temporary folder"), "{}", ended.stdout);
    assert!(ended.stdout.contains("help: look at the space"), "{}", ended.stdout);
}

#[test]
fn what_cannot_be_set_of_a_device_is_told_with_what_to_do() {
    let disabled = "apns: { notifications: { com.example.other: disabled } }";
    let ended = run(&format!("  - set: {{ anna: {{ power: low, {disabled} }} }}\n"));
    assert_eq!(ended.status, Some(1));
    assert_snapshot!(ended.stdout, @r"
    failed A story (story.yaml)
      anna
        nothing
      story.yaml:8:5: step 1 `set`: `apns`: app `com.example.other` is not on the device
      help: give its bundle ID, and install it before

    0 passed, 1 failed
    ");
}

#[test]
fn a_snapshot_that_was_changed_by_hand_ends_with_1_and_a_diff_until_it_is_accepted() {
    let program = Program::new();
    let story = "steps:\n  - set: { anna: { connection: offline } }\n";
    program.write("story.yaml", format!("{HEAD}{story}"));
    assert_eq!(program.run(&["run", "story.yaml", "--update=always"], "").status, Some(0));
    assert_eq!(program.run(&["run", "story.yaml"], "").status, Some(0));
    let snapshot = program.path("story.snap");
    let text = fs::read_to_string(&snapshot).unwrap();
    fs::write(&snapshot, text.replace("received: []", "received: nothing")).unwrap();
    let changed = program.run(&["run", "story.yaml"], "");
    assert_eq!(changed.status, Some(1));
    assert_snapshot!(changed.stdout, @r"
    changed A story (story.yaml)
      anna
        nothing
      what the devices got is not what story.snap says:
        - expected  + found
          anna:
        -   received: nothing
        +   received: []
      help: look at it with `pushpit review`

    0 passed, 1 failed
    ");
    assert_eq!(program.run(&["review"], "a\n").status, Some(0));
    assert_eq!(program.run(&["run", "story.yaml"], "").status, Some(0));
    assert_eq!(fs::read_to_string(&snapshot).unwrap(), text);
}

#[test]
fn a_broken_snapshot_says_what_to_do_and_is_written_anew() {
    let program = Program::new();
    program.write("story.yaml", format!("{HEAD}steps:\n  - advance: 1s\n"));
    program.write("story.snap", "half a fi");
    let broken = program.run(&["run", "story.yaml"], "");
    assert_eq!(broken.status, Some(1));
    assert_snapshot!(broken.stdout, @"
    broken A story (story.yaml)
      anna
        nothing
      the snapshot is broken: expected a snapshot that begins with a header between two lines `---`, found something else in `story.snap`; it would be:
        anna:
          received: []
      help: write it anew with `pushpit run story.yaml --update`, or look at it with `pushpit review`

    0 passed, 1 failed
    ");
    assert_eq!(fs::read_to_string(program.path("story.snap")).unwrap(), "half a fi");
    assert_eq!(program.run(&["run", "story.yaml", "--update"], "").status, Some(0));
    assert_eq!(program.run(&["run", "story.yaml"], "").status, Some(0));
}

/// The JSON that a run tells, with the machine's own values out of it.
pub(crate) fn told(program: &Program, args: &[&str]) -> serde_json::Value {
    let args = [&["run", "story.yaml", "--format", "json"], args].concat();
    let mut line: serde_json::Value = serde_json::from_str(&program.run(&args, "").stdout).unwrap();
    line["milliseconds"] = 0.into();
    line
}

#[test]
fn a_missing_a_changed_and_a_broken_snapshot_have_verdicts_of_their_own() {
    let program = Program::new();
    program.write("story.yaml", format!("{HEAD}steps:\n  - advance: 1s\n"));
    let missing = program.run(&["run", "story.yaml"], "");
    assert_eq!(missing.status, Some(1));
    assert_snapshot!(missing.stdout, @"
    new A story (story.yaml)
      anna
        nothing
      there is no snapshot story.snap yet; it would be:
        anna:
          received: []
      help: look at it with `pushpit review`

    0 passed, 0 failed, 1 new
    ");
    let words = |line: serde_json::Value| {
        (
            line["verdict"].clone(),
            line["snapshot"]["state"].clone(),
            line["snapshot"]["pending"].clone(),
        )
    };
    let pending = "story.snap.new";
    assert_eq!(words(told(&program, &[])), ("new".into(), "new".into(), pending.into()));
    fs::remove_file(program.path(pending)).unwrap();
    let unwritten = program.run(&["run", "story.yaml", "--update=no"], "").stdout;
    let help = "  help: write it with `pushpit run story.yaml --update`, without `CI`\n";
    assert!(unwritten.contains(help), "{unwritten}");
    let unwritten = words(told(&program, &["--update=no"]));
    assert_eq!(unwritten, ("new".into(), "new".into(), serde_json::Value::Null));
    let written = words(told(&program, &["--update"]));
    assert_eq!(written, ("held".into(), "written".into(), serde_json::Value::Null));
    let text = fs::read_to_string(program.path("story.snap")).unwrap();
    program.write("story.snap", text.replace("received: []", "received: nothing"));
    assert_eq!(words(told(&program, &[])), ("changed".into(), "changed".into(), pending.into()));
    program.write("story.snap", "x");
    assert_eq!(words(told(&program, &[])), ("broken".into(), "broken".into(), pending.into()));
}

#[test]
fn a_misspelt_key_ends_with_2_and_its_place() {
    let ended = run("  - set: { anna: { conection: offline } }\n");
    assert_eq!(ended.status, Some(2));
    assert!(ended.stdout.contains("story.yaml:8:20"), "{}", ended.stdout);
    assert!(ended.stdout.contains("did you mean `connection`?"), "{}", ended.stdout);
}

#[test]
fn an_expectation_that_fails_says_what_is_missing() {
    let ended = run("  - expect: { anna: { exactly: [{ payload: { aps: { alert: Hi } } }] } }\n");
    assert_eq!(ended.status, Some(1));
    assert_snapshot!(ended.stdout, @r#"
    failed A story (story.yaml)
      anna
        nothing
      story.yaml:8:5: step 1 `expect`: not what was expected
      device `anna`: entry 1 is missing
        expected  {"payload":{"aps":{"alert":"Hi"}}}
      no request reached the emulator since the `expect` before
        help: senders push to `${push.url}`, which they also find as `PUSHPIT_PUSH_URL`

    0 passed, 1 failed
    "#);
}

#[test]
fn a_request_written_by_hand_gets_the_providers_answer() {
    let path = "/3/device/${devices.anna.chat.token}";
    let ended = run(&format!(
        "  - request: {{ path: \"{path}\", json: {{ aps: {{}} }}, status: 403, reason: MissingProviderToken }}\n"
    ));
    assert_eq!(ended.status, Some(0), "{}", ended.stdout);
}

#[test]
fn a_program_that_hangs_is_stopped_and_named() {
    let ended = run("  - run: { command: [sleep, '600'], timeout: 100ms }\n");
    assert_eq!(ended.status, Some(1));
    assert!(
        ended.stdout.contains("`sleep` did not end within 100ms and was stopped"),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_program_that_leaves_others_behind_is_named_and_they_are_stopped() {
    let program = Program::new();
    let pid = program.path("pid");
    let shell = format!("sleep 600 >/dev/null 2>&1 & echo $! > {}", pid.display());
    program.write(
        "story.yaml",
        format!("{HEAD}snapshot: false\nsteps:\n  - run: {{ shell: '{shell}' }}\n"),
    );
    let ended = program.run(&["run", "story.yaml"], "");
    assert_eq!(ended.status, Some(1));
    assert!(ended.stdout.contains("left processes running"), "{}", ended.stdout);
    assert_gone(&pid);
}

/// Fails if the process whose number is in a file still runs.
fn assert_gone(pid: &Path) {
    let pid: u32 = fs::read_to_string(pid).unwrap().trim().parse().expect("a process's number");
    let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z "), "it still runs: {state}");
}

#[test]
fn an_interrupted_run_ends_with_1_and_leaves_nothing_behind() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        interrupt(signal);
    }
}

fn interrupt(signal: Signal) {
    let program = Program::new();
    let path = program.path("pid");
    // The scenario's `$$` is one `$`, the shell's two.
    let shell = format!("echo $$$$ > {0}.new; mv {0}.new {0}; sleep 600", path.display());
    let steps = format!("snapshot: false\nsteps:\n  - run: {{ shell: '{shell}' }}\n");
    program.write("story.yaml", format!("{HEAD}{steps}"));
    let run = program.command(&["run", "story.yaml"]).spawn().unwrap();
    while !path.exists() {
        std::thread::yield_now();
    }
    kill(Pid::from_raw(run.id().try_into().unwrap()), signal).unwrap();
    let ended = run.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("interrupted"));
    assert_gone(&path);
}

#[test]
fn a_program_that_fails_shows_its_own_output() {
    let ended = run("  - run: { shell: 'echo no such key >&2; exit 7' }\n");
    assert_eq!(ended.status, Some(1));
    assert!(ended.stdout.contains("expected exit status 0, found 7"), "{}", ended.stdout);
    assert!(ended.stdout.contains("no such key"), "{}", ended.stdout);
}

#[test]
fn a_program_that_is_not_there_is_named_with_what_to_do() {
    let ended = run("  - run: [no-such-program]\n");
    assert_eq!(ended.status, Some(1));
    assert!(ended.stdout.contains("could not start `no-such-program`"), "{}", ended.stdout);
    assert!(ended.stdout.contains("help: install it"), "{}", ended.stdout);
}

#[test]
fn a_folder_that_is_not_there_is_named_in_place_of_the_program() {
    let ended = run("  - run: { command: [ls], dir: sub/../../nowhere }\n");
    let what = "nowhere` for `ls` does not exist";
    assert!(ended.stdout.contains(what) && !ended.stdout.contains(".."), "{}", ended.stdout);
    assert!(ended.stdout.contains("help: `dir` is relative"), "{}", ended.stdout);
}

#[test]
fn a_program_that_a_signal_ends_is_told_so() {
    let ended = run("  - run: { shell: 'kill -9 $$$$' }\n");
    let what = "expected exit status 0, but it ended by signal 9 (status 137)";
    assert!(ended.stdout.contains(what), "{}", ended.stdout);
}

#[test]
fn a_program_gets_its_whole_input_and_gives_its_status_or_its_signal() {
    let input = "x".repeat(500_000);
    for (shell, status) in [
        ("[ \"$(wc -c)\" -eq 500000 ] && exit 5", 5),
        // Nobody reads it.
        ("exit 6", 6),
        ("kill -KILL $$$$", 137),
    ] {
        let step = format!("{{ shell: '{shell}', stdin: {input}, status: {status} }}");
        let ended = run(&format!("  - run: {step}\n"));
        assert_eq!(ended.status, Some(0), "{shell}: {}", ended.stdout);
    }
}

#[test]
fn advancing_into_the_past_is_refused() {
    let step = "  - advance: { to: 2029-01-01T00:00:00Z }\n";
    let ended = run(step);
    assert_eq!(ended.status, Some(2));
    assert!(ended.stdout.contains("cannot go back"), "{}", ended.stdout);
    // Where a running clock stands is known to the run alone.
    let ended = run(&format!("{step}clock: {{ mode: running, start: 2031-01-01T00:00:00Z }}\n"));
    assert_eq!(ended.status, Some(1));
    assert!(ended.stdout.contains("story.yaml:8:5: step 1 `advance`: "), "{}", ended.stdout);
    assert!(ended.stdout.contains("can't go back"), "{}", ended.stdout);
}

#[test]
fn a_step_that_fails_tells_what_was_rejected_and_why() {
    let story = format!(
        "{HEAD}snapshot: false\nsteps:\n{}  - run: {{ shell: exit 3 }}\n",
        "  - request: { path: /3/device/abcdef, json: {}, status: 403 }\n"
    );
    let program = Program::new();
    program.write("story.yaml", story);
    let ended = program.run(&["run", "story.yaml"], "");
    assert_eq!(ended.status, Some(1));
    assert_snapshot!(ended.stdout, @"
    failed A story (story.yaml)
      anna
        nothing
      story.yaml:9:5: step 2 `run`: expected exit status 0, found 3
      rejected: request 1 POST /3/device/abcdef: 403 MissingProviderToken: the request has no header `authorization`

    0 passed, 1 failed
    ");
    let line = told(&program, &[]);
    assert_eq!(line["detail"]["rejected"].as_array().unwrap().len(), 1, "{line}");
}

#[test]
fn a_step_that_fails_tells_of_what_never_became_a_request() {
    let program = Program::new();
    // Connections that begin with bytes of no protocol.
    let talk = r#"exec 3<>/dev/tcp/$0/$1; printf "\377\377\377\377" >&3; cat <&3"#;
    let shell = format!("for i in 1 2; do {talk}; done");
    let run =
        format!("{{ command: [bash, -c, '{shell}', \"${{push.host}}\", \"${{push.port}}\"] }}");
    program.write(
        "story.yaml",
        format!("{HEAD}snapshot: false\nsteps:\n  - run: {run}\n  - run: [\"false\"]\n"),
    );
    let ended = program.run(&["run", "story.yaml"], "");
    assert_eq!(ended.status, Some(1));
    assert_snapshot!(ended.stdout, @"
    failed A story (story.yaml)
      anna
        nothing
      story.yaml:9:5: step 2 `run`: expected exit status 0, found 1
      no request: expected TLS, HTTP/2, HTTP/1.1 or CONNECT, found the bytes `ffffffff` (2 times)
        help: look at the sender's host, port and protocol settings

    0 passed, 1 failed
    ");
    let line = told(&program, &[]);
    assert_eq!(line["detail"]["no_requests"][0]["times"], 2, "{line}");
}

#[test]
fn programs_get_one_line_of_json_for_each_scenario() {
    let program = Program::new();
    program.write("story.yaml", format!("{HEAD}snapshot: false\nsteps:\n  - advance: 1s\n"));
    let ended = program.run(&["run", "story.yaml", "--format", "json"], "");
    let mut line: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    line["milliseconds"] = 0.into();
    assert_snapshot!(line.to_string(), @r#"{"detail":null,"file":"story.yaml","idle_faults":[],"milliseconds":0,"name":"A story","snapshot":null,"steps":1,"verdict":"held"}"#);
}

#[test]
fn an_expectation_that_fails_shows_what_the_sender_wrote() {
    let ended =
        run("  - run: { shell: 'echo sent nothing' }\n  - expect: { anna: { exactly: 1 } }\n");
    assert_eq!(ended.status, Some(1));
    assert!(ended.stdout.contains("expected exactly 1, found 0"), "{}", ended.stdout);
    assert!(ended.stdout.contains("    sent nothing"), "{}", ended.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_end_is_called_and_its_answer_judged() {
    use wiremock::matchers::{body_json, header, method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    let back_end = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/send"))
        .and(header("x-key", "secret"))
        .and(body_json(serde_json::json!({"text": "Hi"})))
        .respond_with(ResponseTemplate::new(202))
        .expect(2)
        .mount(&back_end)
        .await;
    let call = |status: u16| {
        let url = format!("{}/send", back_end.uri());
        let steps = format!(
            "  - http: {{ url: \"{url}\", headers: {{ x-key: secret }}, json: {{ text: Hi }}, status: {status} }}\n"
        );
        tokio::task::spawn_blocking(move || run(&steps))
    };
    let held = call(202).await.unwrap();
    assert_eq!(held.status, Some(0), "{}", held.stdout);
    let failed = call(200).await.unwrap();
    assert_eq!(failed.status, Some(1));
    assert!(failed.stdout.contains("expected status 200, found 202"), "{}", failed.stdout);
}
