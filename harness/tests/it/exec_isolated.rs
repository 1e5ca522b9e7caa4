//! `pushpit exec` around senders that are kept apart: statuses, what is told, and real senders that
//! have no option for another address.

use super::exec_sender::{TOKEN, WITH_KEY, fixture};
use super::program::{Ended, Program};
use super::senders::{is_ready, skip};
use super::serve::Serving;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::LazyLock;

/// Whether this machine allows isolation, and has what the tests run inside.
pub(crate) fn can_isolate() -> bool {
    static CAN: LazyLock<bool> = LazyLock::new(|| {
        let tools = ["bash", "curl", "python3"];
        let has = |tool: &&str| Command::new(tool).arg("--version").output().is_ok();
        let ended = run(&[], &["true"]);
        let can = ended.status == Some(0) && tools.iter().all(has);
        if !can {
            skip("isolation", &format!("{tools:?} and namespaces: {}", ended.stderr));
        }
        can
    });
    *CAN
}

const ISOLATED: &str =
    "pushpit: isolated: nothing can be reached but the emulator and what is allowed";

/// What was told after the lines that say where the emulator is and that the sender is isolated.
fn told(ended: &Ended) -> String {
    let mut lines = ended.stderr.lines();
    let (place, grade) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    assert!(place.starts_with("pushpit: push https://127.0.0.1:"), "{}", ended.stderr);
    let expected = "pushpit: isolated: nothing can be reached but the emulator and what is allowed";
    assert_eq!(grade, expected, "{}", ended.stderr);
    lines.collect::<Vec<_>>().join("\n")
}

fn run(options: &[&str], program: &[&str]) -> Ended {
    let args = [&["exec", "--isolate", "required"][..], options, &["--"], program].concat();
    Program::new().run(&args, "")
}

#[test]
fn the_sender_s_input_output_and_status_are_its_own() {
    if !can_isolate() {
        return;
    }
    let args = ["exec", "--isolate", "required", "--", "sh", "-c", "cat; echo no >&2; exit 7"];
    let ended = Program::new().run(&args, "yes");
    assert_eq!((ended.status, &*ended.stdout), (Some(7), "yes"));
    assert_eq!(told(&ended), "no\npushpit: no request came");
}

#[test]
fn a_sender_that_dials_a_foreign_host_ends_with_125_and_the_host_is_named() {
    if !can_isolate() {
        return;
    }
    let ended = run(&[], &["curl", "-sk", "https://telemetry.example/"]);
    assert_eq!(ended.status, Some(125));
    let told = told(&ended);
    let expected = "error: the sender dialed telemetry.example:443, which is no push host; nothing \
                    left this machine\nhelp: `--allow telemetry.example:443` lets it through, \
                    `--ignore telemetry.example` lets it try in vain";
    assert!(told.ends_with(expected), "{told}");
    let ended =
        run(&["--ignore", "telemetry.example"], &["curl", "-sk", "https://telemetry.example/"]);
    assert_ne!(ended.status, Some(125));
}

#[test]
fn preset_proxies_lead_nowhere() {
    if !can_isolate() {
        return;
    }
    let program = Program::new();
    let line =
        "curl -s -o /dev/null -w '%{http_code}' -d {} https://api.push.apple.com/3/device/00";
    let mut command = program.command(&["exec", "--isolate", "required", "--", "sh", "-c", line]);
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        command.env(name, "http://10.9.8.7:3128");
    }
    let ended = Program::end(command, "");
    assert_eq!((ended.status, &*ended.stdout), (Some(0), "403"), "{}", ended.stderr);
}

#[test]
fn a_database_beside_the_sender_is_reached_when_it_is_allowed() {
    if !can_isolate() {
        return;
    }
    let database = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = database.local_addr().unwrap().port();
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = database.accept().unwrap();
        stream.write_all(b"rows").unwrap();
    });
    let line = format!("cat < /dev/tcp/127.0.0.1/{port}");
    let read = ["bash", "-c", &line];
    let refused = run(&[], &read);
    assert_ne!(refused.status, Some(0));
    let hint = format!("`--allow localhost:{port}` lets it through");
    assert!(told(&refused).contains(&hint), "{}", refused.stderr);
    let allowed = run(&["--allow", &format!("localhost:{port}")], &read);
    assert_eq!((allowed.status, &*allowed.stdout), (Some(0), "rows"), "{}", allowed.stderr);
    serving.join().unwrap();
}

#[test]
fn a_sender_ends_with_a_pushpit_that_is_killed() {
    if !can_isolate() {
        return;
    }
    let program = Program::new();
    let args = ["exec", "--isolate", "required", "--", "sh", "-c", "echo up; exec sleep 1000"];
    let mut child = program.command(&args).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut up = [0; 3];
    stdout.read_exact(&mut up).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    // The sender holds it open as long as it lives.
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}

#[test]
fn a_place_to_allow_needs_a_port() {
    for place in ["db.example", "db.example:0", "http://db.example:1"] {
        let ended = run(&["--allow", place], &["true"]);
        assert_eq!(ended.status, Some(2));
        let expected = "expected a host and a port, such as `localhost:5432`";
        assert!(ended.stderr.contains(expected), "{}", ended.stderr);
    }
}

#[test]
fn a_published_port_is_reached_from_outside() {
    if !can_isolate() {
        return;
    }
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let server = format!(
        "import socket; s = socket.create_server(('127.0.0.1', {port})); print('up', flush=True); \
         c = s.accept()[0]; c.sendall(b'hello'); c.close()"
    );
    let publish = port.to_string();
    let program = Program::new();
    let args =
        ["exec", "--isolate", "required", "--publish", &publish, "--", "python3", "-c", &server];
    let mut command = program.command(&args);
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut up = [0; 3];
    child.stdout.take().unwrap().read_exact(&mut up).unwrap();
    let mut text = String::new();
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "hello");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    let ended = run(&["--publish", &publish], &["true"]);
    assert_eq!(ended.status, Some(3), "{}", ended.stderr);
    assert!(ended.stderr.contains(&format!("could not listen on 127.0.0.1:{port} to publish it")));
    drop(taken);
}

#[test]
fn an_isolated_sender_reaches_an_emulator_that_runs() {
    if !can_isolate() {
        return;
    }
    let program = Program::new();
    let serving = Serving::start(&program);
    let line =
        "curl -s -o /dev/null -w '%{http_code}' -d {} https://api.push.apple.com/3/device/00";
    let control = serving.line["control"].as_str().unwrap().to_owned();
    let ended = run(&["--attach", &control], &["sh", "-c", line]);
    assert_eq!((ended.status, &*ended.stdout), (Some(0), "403"), "{}", ended.stderr);
    assert!(told(&ended).contains("1 rejected with 403 MissingProviderToken"), "{}", ended.stderr);
}

#[test]
fn node_apn_without_an_address_reaches_apple_s_name_as_the_readme_shows() {
    if !can_isolate() {
        return;
    }
    let script = fixture("node-node-apn/untouched.js");
    let Some(told) = pushes("node-node-apn", &["node", script.to_str().unwrap()]) else { return };
    let readme = include_str!("../../../README.md");
    assert!(readme.contains(&format!("{ISOLATED}\n{told}\n```")), "{told}");
}

#[test]
fn aioapns_which_has_no_option_reaches_apple_s_name() {
    if !can_isolate() {
        return;
    }
    let python = fixture("python-aioapns/.venv/bin/python");
    let script = fixture("python-aioapns/untouched.py");
    pushes("python-aioapns", &[python.to_str().unwrap(), script.to_str().unwrap()]);
}

/// A push that arrives, and one to an address that nobody has; what is told of the first.
fn pushes(folder: &str, program: &[&str]) -> Option<String> {
    if !is_ready(folder) {
        return None;
    }
    let line = format!("{WITH_KEY} {TOKEN} hello");
    let shell = [&["sh", "-c", &line, "sh"][..], program].concat();
    let ended = run(&["--unknown-addresses", "register"], &shell);
    assert_eq!(
        (ended.status, &*ended.stdout),
        (Some(0), &*format!("{TOKEN}: accepted\n")),
        "{}",
        ended.stderr
    );
    let first = told(&ended);
    assert!(first.contains("device-1 com.example.app: 1 delivered"), "{}", ended.stderr);
    let ended = run(&["--unknown-addresses", "reject"], &shell);
    let expected = format!("{TOKEN}: 400 BadDeviceToken\n");
    assert_eq!((ended.status, ended.stdout), (Some(3), expected), "{}", ended.stderr);
    Some(first)
}
