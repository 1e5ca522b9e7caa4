//! `pushpit serve` and `pushpit credentials` as a user meets them.

use crate::program::Program;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout};

/// A running emulator and the line that it printed.
struct Serving {
    child: Child,
    stdout: BufReader<ChildStdout>,
    line: Value,
}

impl Serving {
    fn start(program: &Program) -> Self {
        let free =
            ["serve", "--push", "127.0.0.1:0", "--control", "127.0.0.1:0", "--format", "json"];
        let mut child = program.command(&free).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        Self { child, stdout, line: serde_json::from_str(&line).unwrap() }
    }

    fn address(&self, of: &str) -> String {
        self.line[of].as_str().unwrap().split("://").nth(1).unwrap().to_owned()
    }

    fn get(&self, path: &str) -> String {
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

    fn stop(mut self, signal: Signal) -> Option<i32> {
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
