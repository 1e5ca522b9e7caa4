//! `pushpit env` and `pushpit exec`: statuses, signals, what is left running, what is set, and
//! emulators that are not there.

use super::program::{Ended, Program};
use super::serve::Serving;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::process::Command;

/// What it told after it had said where the emulator is, and at which grade it runs.
pub(crate) fn told(ended: &Ended) -> String {
    let mut lines = ended.stderr.lines();
    let (place, grade) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    assert!(place.starts_with("pushpit: push https://127.0.0.1:"), "{}", ended.stderr);
    assert_eq!(grade, "pushpit: not isolated: what ignores its environment is not redirected");
    lines.collect::<Vec<_>>().join("\n")
}

fn sh(line: &str) -> [&str; 7] {
    ["exec", "--isolate", "off", "--", "sh", "-c", line]
}

#[test]
fn without_a_command_the_call_is_wrong() {
    let ended = Program::new().run(&["exec"], "");
    assert_eq!((ended.status, &*ended.stdout), (Some(2), ""));
    insta::assert_snapshot!(ended.stderr, @r#"
    error: the following required arguments were not provided:
      <CMD>...

    Usage: pushpit exec <CMD>...

    For more information, try '--help'.
    "#);
}

#[test]
fn what_cannot_be_run_has_the_status_of_shells() {
    let program = Program::new();
    program.write("data", "no program");
    let missing = program.run(&["exec", "--isolate", "off", "--", "./nowhere"], "");
    let data = program.run(&["exec", "--isolate", "off", "--", "./data"], "");
    assert_eq!((missing.status, data.status), (Some(127), Some(126)));
    insta::assert_snapshot!([told(&missing), told(&data)].join("\n"), @r#"
    error: cannot run `./nowhere`: No such file or directory (os error 2)
    help: install it, or write its path
    error: cannot run `./data`: Permission denied (os error 13)
    help: look at the file, its permissions and its first line
    "#);
}

#[test]
fn the_sender_s_own_input_output_and_status_are_handed_on() {
    let ended = Program::new().run(&sh("cat; echo to stderr >&2; exit 7"), "from stdin");
    assert_eq!((ended.status, &*ended.stdout), (Some(7), "from stdin"));
    assert_eq!(told(&ended), "to stderr\npushpit: no request came");
    let killed = Program::new().run(&sh("kill -KILL $$"), "");
    assert_eq!((killed.status, told(&killed)), (Some(137), "pushpit: no request came".to_owned()));
}

#[test]
fn a_signal_is_handed_on_and_the_sender_may_take_it_as_it_likes() {
    let line = "trap 'echo caught; exit 5' TERM; sleep 1000 & echo ready; wait";
    let program = Program::new();
    let mut child = program.command(&sh(line)).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut ready = String::new();
    stdout.read_line(&mut ready).unwrap();
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!((&*ready, &*rest), ("ready\n", "caught\n"));
    assert_eq!(child.wait().unwrap().code(), Some(5));
}

#[test]
fn a_sender_that_hangs_is_killed_when_it_is_asked_to_end_for_the_second_time() {
    let line = "trap 'echo caught' INT; echo ready; while :; do sleep 1000 & wait; done";
    let program = Program::new();
    let mut child = program.command(&sh(line)).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut lines = String::new();
    let pid = Pid::from_raw(child.id().try_into().unwrap());
    for expected in ["ready\n", "caught\n"] {
        lines.clear();
        stdout.read_line(&mut lines).unwrap();
        assert_eq!(lines, expected);
        // The terminal of whoever runs the tests is no business of this program's.
        kill(pid, if expected == "ready\n" { Signal::SIGINT } else { Signal::SIGTERM }).unwrap();
    }
    assert_eq!(child.wait().unwrap().code(), Some(137));
}

#[test]
#[cfg(target_os = "linux")]
fn what_a_sender_leaves_running_is_stopped_and_told() {
    // All of it holds the output open: this test would not end if it were not stopped.
    let line = "(setsid sleep 1000 &); trap '' TERM; sleep 1000 & echo done";
    let ended = Program::new().run(&sh(line), "");
    assert_eq!((ended.status, &*ended.stdout), (Some(0), "done\n"));
    assert_eq!(
        told(&ended),
        "pushpit: stopped processes that it left running: 2\npushpit: no request came"
    );
}

#[test]
fn senders_case_47_what_is_preset_is_replaced_and_the_roots_that_it_named_stay() {
    let program = Program::new();
    let serving = Serving::start(&program);
    let root = std::fs::read_to_string(serving.line["ca"].as_str().unwrap()).unwrap();
    program.write("mine.pem", &root);
    let line = "cat $REQUESTS_CA_BUNDLE; echo; echo $REQUESTS_CA_BUNDLE $HTTPS_PROXY $NO_PROXY \
                $NODE_OPTIONS $JAVA_TOOL_OPTIONS; cat $NODE_EXTRA_CA_CERTS";
    let mut command = program.command(&sh(line));
    command
        .env("REQUESTS_CA_BUNDLE", program.path("mine.pem"))
        .env("NODE_EXTRA_CA_CERTS", program.path("mine.pem"))
        .env("HTTPS_PROXY", "http://proxy.example:3128")
        .env("NO_PROXY", "db.example,.apple.com")
        .env("NODE_OPTIONS", "--no-warnings")
        .env("JAVA_TOOL_OPTIONS", "-Xmx64m");
    let output = command.output().unwrap();
    serving.stop(Signal::SIGTERM);
    let stdout = String::from_utf8(output.stdout).unwrap();
    let (bundle, rest) = stdout.split_once("\n\n").unwrap();
    let (words, extra) = rest.split_once('\n').unwrap();
    assert!(format!("{bundle}\n").contains(&root), "the preset root is gone");
    let words: Vec<_> = words.split(' ').collect();
    assert!(words[0].ends_with("/environment/bundle.pem"), "{words:?}");
    assert!(words[1].starts_with("http://127.0.0.1:"), "{words:?}");
    assert_eq!((words[2], words[3]), ("localhost,127.0.0.1,::1,db.example", "--no-warnings"));
    assert!(words[4].starts_with("--require=/") && words[5] == "-Xmx64m", "{words:?}");
    assert!(words[6].starts_with("-Djavax.net.ssl.trustStore=/"), "{words:?}");
    assert_eq!(extra.matches("BEGIN CERTIFICATE").count(), 2, "{extra}");
    assert!(extra.starts_with(&root), "{extra}");
}

#[test]
fn nothing_of_an_emulator_of_its_own_stays() {
    let program = Program::new();
    let ended = program.run(&sh("echo $PUSHPIT_CREDENTIALS"), "");
    let folder = ended.stdout.trim();
    assert!(folder.starts_with('/') && !std::path::Path::new(folder).exists(), "{folder}");
    assert!(!program.path(".pushpit").exists());
    let ended = program.run(&["exec", "--state", "kept", "--", "true"], "");
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    assert!(program.path("kept/credentials/index.json").exists());
}

#[test]
fn no_emulator_can_be_attached_to_where_there_is_none() {
    let program = Program::new();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = format!("http://{free}");
    let mut all = String::new();
    for url in [&*nobody, "nonsense", "https://127.0.0.1:1", "http://example.com"] {
        let exec = program.run(&["exec", "--attach", url, "--", "true"], "");
        let env = program.run(&["env", "--attach", url], "");
        let status = if url == nobody { 3 } else { 2 };
        assert_eq!((exec.status, env.status), (Some(status), Some(status)));
        assert_eq!((&*env.stdout, &env.stderr), ("", &exec.stderr));
        all.push_str(&exec.stderr.replace(&free.to_string(), "NOBODY"));
    }
    insta::assert_snapshot!(all, @r#"
    error: no answer from `http://NOBODY/api/v1/emulator`: Connection refused (os error 111)
    help: start one with `pushpit serve`; it prints the URL of its control API, which `--attach` takes
    error: expected a URL such as `http://127.0.0.1:8080/send`, found `nonsense`
    help: such as `--attach http://127.0.0.1:7080`
    error: expected a URL that begins with `http://`, found `https://127.0.0.1:1`
    help: such as `--attach http://127.0.0.1:7080`
    error: expected a URL of this machine, found `http://example.com`
    help: such as `--attach http://127.0.0.1:7080`
    "#);
}

#[tokio::test]
async fn what_is_no_emulator_cannot_be_attached_to() {
    let server = wiremock::MockServer::start().await;
    let url = server.uri();
    let ended = tokio::task::spawn_blocking(move || {
        Program::new().run(&["exec", "--attach", &url, "--", "true"], "")
    });
    let ended = ended.await.unwrap();
    assert_eq!(ended.status, Some(3));
    insta::assert_snapshot!(ended.stderr.replace(&server.uri(), "URL"), @r#"
    error: `URL/api/v1/emulator` is no control API of Pushpit: it answered 404
    help: `--attach` takes the URL of the control API that `pushpit serve` prints, of a Pushpit as new as this one
    "#);
}

#[test]
fn options_of_an_own_emulator_do_not_go_with_another() {
    let args = ["exec", "--attach", "http://127.0.0.1:7080", "--seed", "1", "--", "true"];
    let ended = Program::new().run(&args, "");
    assert_eq!(ended.status, Some(2));
    assert!(ended.stderr.contains("cannot be used with"), "{}", ended.stderr);
}

#[test]
fn a_port_in_use_ends_with_3() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for option in ["--push", "--control"] {
        let ended = Program::new().run(&["exec", option, &address, "--", "true"], "");
        assert_eq!(ended.status, Some(3), "{}", ended.stderr);
        assert!(ended.stderr.contains(&address), "{}", ended.stderr);
    }
}

#[test]
fn a_shell_that_evaluates_the_environment_has_what_json_says() {
    let program = Program::new();
    let serving = Serving::start(&program);
    let control = serving.line["control"].as_str().unwrap();
    let text = |form: &str| {
        let mut command = program.command(&["env", "--attach", control, "--format", form]);
        let output = command.env_remove("NODE_EXTRA_CA_CERTS").output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let json: BTreeMap<String, String> = serde_json::from_str(&text("json")).unwrap();
    let here = Command::new("sh").arg("-c").arg(format!("{}env", text("shell"))).output().unwrap();
    let here = String::from_utf8(here.stdout).unwrap();
    let is_set = |(name, value): (&String, &String)| {
        here.lines().any(|line| line.split_once('=') == Some((name, value)))
    };
    assert!(json.iter().all(is_set), "{json:?}\n{here}");
    for name in ["PUSHPIT_CA", "NODE_EXTRA_CA_CERTS"] {
        assert_eq!(json[name], serving.line["ca"].as_str().unwrap());
    }
    assert_eq!(json["PUSHPIT_CONTROL_URL"], control);
    for name in ["SSL_CERT_FILE", "PUSHPIT_CA"] {
        assert!(std::path::Path::new(&json[name]).is_file(), "{name}");
    }
    serving.stop(Signal::SIGTERM);
}

#[test]
fn the_names_of_push_hosts_are_printed_without_an_emulator() {
    let ended = Program::new().run(&["env", "--hosts"], "");
    assert_eq!((ended.status, &*ended.stderr), (Some(0), ""));
    insta::assert_snapshot!(ended.stdout, @r#"
    # For a hosts file. The push port must be where senders dial:
    #   pushpit serve --push 127.0.0.1:443 --push 127.0.0.1:2197
    127.0.0.1 api.push.apple.com api.push.apple.com.
    127.0.0.1 api.sandbox.push.apple.com api.sandbox.push.apple.com.
    127.0.0.1 api.development.push.apple.com api.development.push.apple.com.
    127.0.0.1 api-broadcast.push.apple.com api-broadcast.push.apple.com.
    127.0.0.1 api-broadcast.sandbox.push.apple.com api-broadcast.sandbox.push.apple.com.
    127.0.0.1 api-manage-broadcast.push.apple.com api-manage-broadcast.push.apple.com.
    127.0.0.1 api-manage-broadcast.sandbox.push.apple.com api-manage-broadcast.sandbox.push.apple.com.
    #
    # For Docker Compose: senders in the same network find the emulator by these names.
    # services:
    #   pushpit:
    #     command: serve --push 0.0.0.0:443 --push 0.0.0.0:2197
    #     networks:
    #       push:
    #         aliases:
    #           - api.push.apple.com
    #           - api.sandbox.push.apple.com
    #           - api.development.push.apple.com
    #           - api-broadcast.push.apple.com
    #           - api-broadcast.sandbox.push.apple.com
    #           - api-manage-broadcast.push.apple.com
    #           - api-manage-broadcast.sandbox.push.apple.com
    # networks:
    #   push:
    #     internal: true
    "#);
}

#[test]
fn with_a_running_emulator_only_what_came_meanwhile_is_told() {
    let program = Program::new();
    let serving = Serving::start(&program);
    let control = serving.line["control"].as_str().unwrap();
    let line = "printf 'CONNECT example.com:443 HTTP/1.0\r\n\r\n'";
    let host_and_port = serving.address("push");
    let (host, port) = host_and_port.split_once(':').unwrap();
    let knock = format!("{line} | bash -c 'exec 3<>/dev/tcp/{host}/{port}; cat >&3; cat <&3'");
    for _ in 0..2 {
        let args = ["exec", "--attach", control, "--isolate", "off", "--", "sh", "-c", &knock];
        let ended = program.run(&args, "");
        assert!(ended.stdout.starts_with("HTTP/1.1 502 "), "{}", ended.stdout);
        assert_eq!(
            told(&ended),
            "pushpit: no request came\n  no request: refused to tunnel to `example.com:443`, which \
             is no push host\n    help: nothing leaves this machine: exempt the host from the \
             sender's proxy settings (`NO_PROXY`)"
        );
    }
    let devices: Value =
        serde_json::from_str(serving.get("/api/v1/devices").split("\r\n\r\n").nth(1).unwrap())
            .unwrap();
    assert_eq!(devices["items"], Value::Array(Vec::new()));
    serving.stop(Signal::SIGTERM);
}
