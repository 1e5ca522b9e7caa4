//! Senders that are kept apart: what they reach, and what is told of them.

use super::exec_isolated::can_isolate;
use pushpit::isolation::{Behind, Seal, Sealed};
use pushpit::redirect::HostPort;
use pushpit_emulator::journal::Cursor;
use pushpit_emulator::{Config, Emulator, Running};
use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::process::Command;

struct Bench {
    sealed: Sealed,
    running: Arc<Running>,
    _folder: TempDir,
}

impl Bench {
    async fn new(seal: Seal) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let running = Emulator::start(Config::temporary(folder.path().to_owned())).await.unwrap();
        let running = Arc::new(running);
        let (push, control) = (running.push()[0].address, running.control_address());
        let behind = Behind::Here(Arc::clone(&running));
        let sealed =
            Sealed::around(behind, push, control, env!("CARGO_BIN_EXE_pushpit").as_ref(), seal)
                .await
                .unwrap();
        Self { sealed, running, _folder: folder }
    }

    /// Runs a line of shell inside; its status and what it wrote.
    async fn run(&self, line: &str) -> (Option<i32>, String) {
        let words = ["sh", "-c", line].map(OsString::from);
        let command = self.sealed.command(&words);
        let output = Command::new(&command[0])
            .args(&command[1..])
            .stdin(Stdio::null())
            .env("CA", self.running.ca_path())
            .output()
            .await
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&text).trim().to_owned())
    }

    fn unexpected(&self) -> Vec<String> {
        self.sealed.unexpected().iter().map(ToString::to_string).collect()
    }
}

#[tokio::test]
async fn a_push_host_is_reached_by_its_name_and_nothing_is_unexpected() {
    if !can_isolate() {
        return;
    }
    let bench = Bench::new(Seal::default()).await;
    let curl = "curl -s --cacert \"$CA\" --http2 -o /dev/null -w '%{http_code} %{remote_ip}' \
                -d {} https://api.push.apple.com/3/device/00";
    let (status, text) = bench.run(curl).await;
    assert_eq!((status, text.as_str()), (Some(0), "403 198.18.0.1"));
    assert_eq!(bench.unexpected(), [""; 0]);
}

#[tokio::test]
async fn senders_case_42_a_number_is_served_when_a_push_host_is_asked_for() {
    if !can_isolate() {
        return;
    }
    let bench = Bench::new(Seal::default()).await;
    let curl = "curl -s --cacert \"$CA\" --http2 -o /dev/null -w '%{http_code}' -d {} \
                --connect-to ::17.188.143.1:443 https://api.push.apple.com/3/device/00";
    assert_eq!(bench.run(curl).await, (Some(0), "403".to_owned()));
    assert_eq!(bench.unexpected(), [""; 0]);
    let control = bench.running.control();
    let events = control.events(Some("connection_opened"), Cursor::default(), 10);
    assert_eq!(events.items[0].data["local"], "17.188.143.1:443");
}

#[tokio::test]
async fn senders_case_43_foreign_places_are_named_and_nothing_leaves() {
    if !can_isolate() {
        return;
    }
    let bench = Bench::new(Seal::default()).await;
    for (line, expected) in [
        ("curl -sk --resolve other.example:443:8.8.8.8 https://other.example/", "8.8.8.8:443"),
        ("curl -sk https://telemetry.example/", "telemetry.example:443"),
        ("curl -s http://[2001:db8::1]:8080/", "[2001:db8::1]:8080"),
        ("curl -s --max-time 5 telnet://10.1.2.3:5432 </dev/null", "10.1.2.3:5432"),
    ] {
        let before = bench.unexpected();
        bench.run(line).await;
        let new: Vec<_> =
            bench.unexpected().into_iter().filter(|it| !before.contains(it)).collect();
        assert_eq!(new, [expected], "{line}");
    }
}

#[tokio::test]
async fn a_datagram_to_a_foreign_place_is_named() {
    if !can_isolate() {
        return;
    }
    let bench = Bench::new(Seal::default()).await;
    let (status, text) = bench.run("bash -c 'echo x > /dev/udp/192.0.2.7/9999'").await;
    assert_eq!(status, Some(0), "{text}");
    assert_eq!(bench.unexpected(), ["192.0.2.7:9999 by UDP"]);
}

#[tokio::test]
async fn what_is_allowed_is_relayed_and_what_is_not_is_told() {
    if !can_isolate() {
        return;
    }
    let outside = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = outside.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = outside.accept().await.unwrap();
            // Whoever has left does not listen.
            let _ = stream.write_all(b"database").await;
        }
    });
    let read = format!("bash -c 'cat < /dev/tcp/127.0.0.1/{port}'");
    let place = HostPort { host: "localhost".to_owned(), port: Some(port) };
    let allowing = Bench::new(Seal { allow: vec![place], ..Seal::default() }).await;
    assert_eq!(allowing.run(&read).await, (Some(0), "database".to_owned()));
    let sealed = Bench::new(Seal::default()).await;
    assert_ne!(sealed.run(&read).await.0, Some(0));
    assert_eq!((sealed.sealed.refused_here(), sealed.unexpected()), (vec![port], vec![]));
}

#[tokio::test]
async fn what_may_be_dialed_in_vain_is_not_told() {
    if !can_isolate() {
        return;
    }
    let place = HostPort { host: "telemetry.example".to_owned(), port: None };
    let bench = Bench::new(Seal { ignore: vec![place], ..Seal::default() }).await;
    bench.run("curl -sk https://telemetry.example/; curl -sk https://two.example/").await;
    assert_eq!(bench.unexpected(), ["two.example:443"]);
}

#[tokio::test]
async fn the_inside_is_dialed_and_the_user_stays_the_same() {
    if !can_isolate() {
        return;
    }
    let bench = Bench::new(Seal::default()).await;
    let control = bench.running.control_address();
    let mut stream = bench.sealed.dial(control).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.0 200") || answer.starts_with("HTTP/1.1 200"), "{answer}");
    let nobody = bench.sealed.dial(SocketAddr::from((Ipv4Addr::LOCALHOST, 9))).await;
    assert!(nobody.is_err());
    let own = nix::unistd::geteuid().to_string();
    assert_eq!(bench.run("id -u").await, (Some(0), own));
}

#[tokio::test]
async fn senders_case_44_names_are_answered_from_the_address_that_was_asked() {
    if !can_isolate() {
        return;
    }
    let bench = Bench::new(Seal::default()).await;
    let ask = r#"
import socket
question = b"\x01\x02\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03api\x04push\x05apple\x03com\x00\x00\x01\x00\x01"
for family, server in ((socket.AF_INET, "10.20.30.40"), (socket.AF_INET6, "2001:db8::53")):
    asking = socket.socket(family, socket.SOCK_DGRAM)
    asking.settimeout(5)
    asking.connect((server, 53))
    asking.send(question)
    print(asking.recv(512)[-4:].hex())
"#;
    let line = format!("python3 -c '{}'", ask.trim());
    assert_eq!(bench.run(&line).await, (Some(0), "c6120001\nc6120001".to_owned()));
}

#[tokio::test]
async fn a_command_that_is_not_there_is_told_as_shells_do() {
    if !can_isolate() {
        return;
    }
    let bench = Bench::new(Seal::default()).await;
    let command = bench.sealed.command(&["/no/such/program".into()]);
    let output = Command::new(&command[0]).args(&command[1..]).output().await.unwrap();
    assert_eq!(output.status.code(), Some(127));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.starts_with("pushpit: could not start /no/such/program: No such file"), "{text}");
}

#[tokio::test]
async fn nothing_of_it_is_left() {
    if !can_isolate() {
        return;
    }
    let bench = Bench::new(Seal::default()).await;
    let command = bench.sealed.command(&["true".into()]);
    let agent = Path::new("/proc").join(&command[2]);
    assert!(agent.exists());
    drop(bench);
    assert!(!agent.exists());
}
