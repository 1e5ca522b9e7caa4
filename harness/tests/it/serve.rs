//! `pushpit serve` and `pushpit credentials` as a user meets them.

use crate::program::Program;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command};

/// Free ports, and one line that says which.
const FREE: [&str; 7] =
    ["serve", "--push", "127.0.0.1:0", "--control", "127.0.0.1:0", "--format", "json"];

/// A running emulator and the line that it printed.
pub(crate) struct Serving {
    child: Child,
    stdout: BufReader<ChildStdout>,
    pub(crate) line: Value,
}

impl Serving {
    pub(crate) fn start(program: &Program) -> Self {
        Self::start_with(program, &[])
    }

    pub(crate) fn start_with(program: &Program, args: &[&str]) -> Self {
        Self::of(program.command(&[&FREE, args].concat()))
    }

    pub(crate) fn within(program: &Program, descriptors: usize) -> Self {
        Self::of(program.command_within(descriptors, &FREE))
    }

    fn of(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        Self { child, stdout, line: serde_json::from_str(&line).unwrap() }
    }

    pub(crate) fn address(&self, of: &str) -> String {
        self.line[of].as_str().unwrap().split("://").nth(1).unwrap().to_owned()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address("control")).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
            self.address("control")
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    pub(crate) fn stop(mut self, signal: Signal) -> Option<i32> {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "", "one line is all");
        self.child.wait().unwrap().code()
    }
}

#[test]
fn it_prints_where_things_are_and_stops_on_both_signals() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let program = Program::new();
        let serving = Serving::start(&program);
        for key in ["push", "control", "ca", "credentials", "pid"] {
            assert!(!serving.line[key].is_null(), "{key}: {}", serving.line);
        }
        assert!(serving.get("/healthz").starts_with("HTTP/1.1 200"));
        assert!(program.path(".pushpit/credentials/index.json").exists());
        assert_eq!(serving.stop(signal), Some(0), "{signal}");
    }
}

#[test]
fn it_tells_a_person_where_things_are_as_the_readme_shows() {
    let program = Program::new();
    let args = ["serve", "--push", "127.0.0.1:0", "--control", "127.0.0.1:0"];
    let mut child = program.command(&args).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut told = String::new();
    while !told.ends_with("Requests:\n") {
        assert_ne!(stdout.read_line(&mut told).unwrap(), 0, "{told}");
    }
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let folder = std::fs::canonicalize(program.path("")).unwrap();
    let told: String =
        told.lines().map(|line| format!("{}\n", as_in_readme(line, &folder))).collect();
    assert!(include_str!("../../../README.md").contains(&told), "{told}");
}

/// A line with the README's ports and folder in place of its own.
fn as_in_readme(line: &str, folder: &std::path::Path) -> String {
    let port = if line.starts_with("  push") { "7443" } else { "7080" };
    match line.split_once("://127.0.0.1:") {
        Some((before, _)) => format!("{before}://127.0.0.1:{port}"),
        None => line.replace(folder.to_str().unwrap(), "/home/you/pushpit"),
    }
}

#[test]
fn the_same_folder_gives_the_same_ca_and_keys_again() {
    let program = Program::new();
    let read = |name: &str| std::fs::read(program.path(name)).unwrap();
    let files = [".pushpit/ca.pem", ".pushpit/credentials/index.json"];
    let serving = Serving::start(&program);
    let first = files.map(read);
    serving.stop(Signal::SIGTERM);
    let serving = Serving::start(&program);
    assert!(first == files.map(read), "they differ");
    serving.stop(Signal::SIGTERM);
}

#[test]
fn the_state_folder_is_found_upwards() {
    let program = Program::new();
    assert_eq!(program.run(&["credentials"], "").status, Some(0));
    program.write("deeper/down/notes.txt", "");
    let folder = program.path("deeper/down");
    let output = program.command(&["credentials"]).current_dir(&folder).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(!folder.join(".pushpit").exists());
    let told = String::from_utf8(output.stdout).unwrap();
    let state = std::fs::canonicalize(program.path(".pushpit")).unwrap();
    assert!(told.contains(state.to_str().unwrap()), "{told}");
}

#[test]
fn a_folder_that_moved_lists_its_files_where_they_are() {
    let program = Program::new();
    Serving::start(&program).stop(Signal::SIGTERM);
    std::fs::rename(program.path(".pushpit"), program.path("moved")).unwrap();
    Serving::start_with(&program, &["--state", "moved"]).stop(Signal::SIGTERM);
    let index = std::fs::read(program.path("moved/credentials/index.json")).unwrap();
    let index: Value = serde_json::from_slice(&index).unwrap();
    let key = index["apps"][0]["key_p8"].as_str().unwrap();
    assert!(key.contains("moved") && std::path::Path::new(key).exists(), "{index}");
}

#[test]
fn a_spoiled_key_and_a_missing_one_of_the_ca_are_told_with_their_place() {
    let program = Program::new();
    let serving = Serving::start(&program);
    let index: Value = serde_json::from_slice(
        &std::fs::read(program.path(".pushpit/credentials/index.json")).unwrap(),
    )
    .unwrap();
    serving.stop(Signal::SIGTERM);
    std::fs::remove_file(program.path(".pushpit/ca-key.pem")).unwrap();
    std::fs::write(index["apps"][0]["key_p8"].as_str().unwrap(), "garbage").unwrap();
    let ended = program.run(&["serve", "--push", "127.0.0.1:0", "--control", "127.0.0.1:0"], "");
    assert_eq!(ended.status, Some(3));
    assert!(
        ended.stderr.contains(".pushpit/credentials` are spoiled")
            && ended.stderr.contains("delete the `credentials` folder"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_missing_key_of_the_ca_is_made_anew_and_told() {
    let program = Program::new();
    let serving = Serving::start(&program);
    let first = std::fs::read(program.path(".pushpit/ca.pem")).unwrap();
    serving.stop(Signal::SIGTERM);
    std::fs::remove_file(program.path(".pushpit/ca-key.pem")).unwrap();
    let args = ["serve", "--push", "127.0.0.1:0", "--control", "127.0.0.1:0"];
    let mut child = program.command(&args).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut told = String::new();
    while !told.ends_with("Requests:\n") {
        assert_ne!(stdout.read_line(&mut told).unwrap(), 0, "{told}");
    }
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(told.contains("  note: the local CA is new, because "), "{told}");
    assert!(told.contains("; senders must load it\n"), "{told}");
    assert_ne!(std::fs::read(program.path(".pushpit/ca.pem")).unwrap(), first);
}

#[test]
fn one_port_is_said_to_be_two() {
    let program = Program::new();
    let ended = program.run(&["serve", "--port", "8080"], "");
    assert_eq!(ended.status, Some(2));
    assert!(ended.stderr.contains("`--push 127.0.0.1:PORT`"), "{}", ended.stderr);
}

#[test]
fn garbage_on_the_push_port_harms_nobody_and_is_told() {
    let program = Program::new();
    let serving = Serving::start(&program);
    let mut stream = TcpStream::connect(serving.address("push")).unwrap();
    stream.write_all(&[0xff; 100]).unwrap();
    let mut answer = Vec::new();
    // It may be closed or reset.
    drop(stream.read_to_end(&mut answer));
    assert!(answer.is_empty(), "{answer:?}");
    let events = serving.get("/api/v1/events?wait=5s&kind=trouble");
    assert!(
        events.contains("expected TLS, HTTP/2, HTTP/1.1 or CONNECT, found the bytes"),
        "{events}"
    );
    serving.stop(Signal::SIGTERM);
}

#[test]
fn a_busy_port_ends_with_3_and_what_to_do() {
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = busy.local_addr().unwrap().to_string();
    let program = Program::new();
    let ended = program.run(&["serve", "--push", &address, "--control", "127.0.0.1:0"], "");
    assert_eq!(ended.status, Some(3));
    assert!(ended.stderr.contains(&address) && ended.stderr.contains("help: "), "{}", ended.stderr);
    let ended = program.run(&["serve", "--push", "127.0.0.1:0", "--control", &address], "");
    assert_eq!(ended.status, Some(3));
    assert!(ended.stderr.contains(&address) && ended.stderr.contains("help: "), "{}", ended.stderr);
}

#[test]
fn a_state_folder_that_cannot_be_made_ends_with_3_and_its_path() {
    let program = Program::new();
    program.write("file", "");
    let ended = program.run(&["serve", "--state", "file/below", "--push", "127.0.0.1:0"], "");
    assert_eq!(ended.status, Some(3));
    assert!(
        ended.stderr.contains("file/below") && ended.stderr.contains("help: "),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_second_emulator_on_the_same_folder_ends_with_3_and_names_the_first() {
    let program = Program::new();
    let serving = Serving::start(&program);
    let ended = program.run(&["serve", "--push", "127.0.0.1:0", "--control", "127.0.0.1:0"], "");
    assert_eq!(ended.status, Some(3));
    assert!(ended.stderr.contains(&serving.line["pid"].to_string()), "{}", ended.stderr);
    serving.stop(Signal::SIGTERM);
}

#[test]
fn a_configuration_brings_apps_and_devices() {
    let program = Program::new();
    let setup = "apps:\n  chat: { provider: apns, bundle_id: com.acme.chat }\n\
                 devices:\n  anna: { platform: ios, apps: [chat] }\n";
    program.write("pushpit.yaml", setup);
    let args = [
        "serve",
        "--config",
        "pushpit.yaml",
        "--push",
        "127.0.0.1:0",
        "--control",
        "127.0.0.1:0",
        "--format",
        "json",
    ];
    let mut child = program.command(&args).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    let serving = Serving { child, stdout, line: serde_json::from_str(&line).unwrap() };
    assert!(serving.get("/api/v1/devices/anna").contains("com.acme.chat"));
    serving.stop(Signal::SIGTERM);
}

#[test]
fn credentials_are_listed_for_people_and_programs() {
    let program = Program::new();
    let ended =
        program.run(&["credentials", "--format", "json", "--app", "apns:com.acme.chat"], "");
    let list: Value = serde_json::from_str(&ended.stdout).unwrap();
    let app = &list["apps"][0];
    assert_eq!((&app["provider"], &app["app"]), (&"apns".into(), &"com.acme.chat".into()));
    let key = std::fs::read_to_string(app["key_p8"].as_str().unwrap()).unwrap();
    assert!(key.starts_with("-----BEGIN PRIVATE KEY-----"));
    let ended = program.run(&["credentials"], "");
    assert!(ended.stdout.contains("apns com.acme.chat"), "{}", ended.stdout);
}

#[test]
fn beside_a_running_emulator_its_credentials_are_listed() {
    let program = Program::new();
    let serving = Serving::start(&program);
    let pid = &serving.line["pid"];
    let ended = program.run(&["credentials", "--format", "json"], "");
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains(&format!("note: process {pid} works on")), "{}", ended.stderr);
    let listed: Value = serde_json::from_str(&ended.stdout).unwrap();
    let answer = serving.get("/api/v1/credentials");
    let of_api: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(listed, of_api);
    let known = format!("apns:{}", listed["apps"][0]["app"].as_str().unwrap());
    assert_eq!(program.run(&["credentials", "--app", &known], "").status, Some(0));
    let ended = program.run(&["credentials", "--app", "apns:com.acme.new"], "");
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(3), ""));
    for part in [&pid.to_string(), "`POST /api/v1/apps`", "`GET /api/v1/credentials`"] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    std::fs::remove_file(program.path(".pushpit/credentials/index.json")).unwrap();
    let ended = program.run(&["credentials"], "");
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(3), ""));
    assert!(ended.stderr.contains("`GET /api/v1/credentials`"), "{}", ended.stderr);
    serving.stop(Signal::SIGTERM);
}

#[test]
fn what_does_not_exist_makes_a_wrong_call() {
    let program = Program::new();
    let setting = "apps:\n  chat: { provider: apns, bundle_id: a.b, settings: { key: x } }\n";
    program.write("setting.yaml", setting);
    program.write("story.yaml", format!("name: a\n{setting}steps:\n  - advance: 1s\n"));
    let free = ["--push", "127.0.0.1:0", "--control", "127.0.0.1:0"];
    let calls: [(&[&str], &str); 6] = [
        (&["serve", "--push", "nowhere=127.0.0.1:0"], "there is no service `nowhere`"),
        (&["serve", "--app", "nobody:a.b", "--control", "127.0.0.1:0"], "no provider `nobody`"),
        (&["serve", "--app", "apns:a b", "--control", "127.0.0.1:0"], "expected a bundle ID"),
        (&[&["serve", "--config", "setting.yaml"], &free[..]].concat(), "unknown setting `key`"),
        (&["credentials", "--app", "nobody:a.b"], "no provider `nobody`"),
        (&["run", "story.yaml"], "unknown setting `key`"),
    ];
    for (args, what) in calls {
        let ended = program.run(args, "");
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert_eq!(ended.status, Some(2), "{args:?}: {said}");
        assert!(said.contains(what) && said.contains("help: "), "{args:?}: {said}");
    }
}

#[test]
fn it_serves_on_quietly_when_nobody_reads_its_output_any_more() {
    let program = Program::new();
    let free = ["serve", "--push", "127.0.0.1:0", "--control", "127.0.0.1:0"];
    let mut child = program.command(&free).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut at = |of: &str| loop {
        let mut line = String::new();
        assert!(stdout.read_line(&mut line).unwrap() > 0, "no line of `{of}`");
        if let Some(url) = line.trim().strip_prefix(of) {
            break url.trim().split("://").nth(1).unwrap().to_owned();
        }
    };
    let (push, control) = (at("push"), at("control"));
    // As `head` does when it has its lines.
    drop(stdout);
    for _ in 0..20 {
        let mut stream = TcpStream::connect(&push).expect("it serves");
        stream.write_all(&[0xff; 100]).unwrap();
        // It may be closed or reset; it is told then.
        drop(stream.read_to_end(&mut Vec::new()));
        let mut stream = TcpStream::connect(&control).expect("it serves");
        write!(stream, "GET /healthz HTTP/1.1\r\nhost: {control}\r\nconnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), &*ended.stderr), (Some(0), &b""[..]));
}

#[test]
fn a_name_that_no_host_can_have_is_a_wrong_call() {
    let ended = Program::new().run(&[&FREE[..], &["--name", "a b"]].concat(), "");
    assert_eq!((ended.status, &*ended.stdout), (Some(2), ""));
    insta::assert_snapshot!(ended.stderr, @r"
    error: expected a host name or an IP address, found `a b`
    help: names are written without scheme and port, with letters, digits, `-` and dots: `push.test`; other letters in their ASCII form (`xn--…`)
    ");
}
