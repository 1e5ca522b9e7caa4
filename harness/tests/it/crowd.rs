//! More connections than any sender has.

use crate::program::Program;
use crate::senders::skip;
use crate::serve::Serving;
use nix::sys::signal::Signal;
use pushpit_emulator::server::{CONNECTION_BUDGET, RESERVED, raise_descriptors};
use std::io::{Read, Write};
use std::net::TcpStream;

/// A connection on which HTTP/2 has begun: the first words were said, and the answer came.
fn begun(address: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
    let mut settings = [0; 9];
    stream.read_exact(&mut settings).unwrap();
    assert_eq!(settings[3], 4, "SETTINGS come first");
    stream
}

/// What a request of HTTP/1.1 is answered with, its first line.
fn asked(address: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}

/// The memory that a process has, bytes.
#[cfg(target_os = "linux")]
fn resident(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

#[cfg(target_os = "linux")]
#[test]
fn ten_thousand_idle_connections_stay_within_their_budget_and_a_new_one_is_answered() {
    const CROWD: usize = 10_000;
    let needed = CROWD + RESERVED;
    if raise_descriptors(needed) < needed {
        return skip("a crowd of connections", &format!("{needed} descriptors (`ulimit -Hn`)"));
    }
    let program = Program::new();
    let serving = Serving::start(&program);
    let push = serving.address("push");
    let first = begun(&push);
    let before = resident(serving.pid());
    let crowd: Vec<_> = (0..CROWD).map(|_| begun(&push)).collect();
    let each = resident(serving.pid()).saturating_sub(before) / CROWD;
    assert!(each <= CONNECTION_BUDGET, "{each} bytes each");
    assert!(each > 1_000, "{each} bytes each are less than a task takes: are they counted?");
    assert_eq!(asked(&push), "HTTP/1.1 404 Not Found");
    assert!(serving.get("/healthz").starts_with("HTTP/1.1 200 OK\r\n"));
    drop((first, crowd));
    assert_eq!(serving.stop(Signal::SIGTERM), Some(0));
}

#[test]
fn when_push_connections_are_at_their_bound_the_control_api_still_answers() {
    let program = Program::new();
    // Of so few descriptors half are for push connections.
    let serving = Serving::within(&program, 300);
    let push = serving.address("push");
    let crowd: Vec<_> = (0..150).map(|_| begun(&push)).collect();
    let mut refused = TcpStream::connect(&push).unwrap();
    // Closed with or without a reset, as the system likes; nothing was said.
    assert_eq!(refused.read(&mut [0]).unwrap_or_default(), 0);
    assert!(serving.get("/healthz").starts_with("HTTP/1.1 200 OK\r\n"));
    let events = serving.get("/api/v1/events?kind=trouble");
    assert!(events.contains("closed a new connection: 150 are open already"), "{events}");
    drop(crowd);
    assert_eq!(serving.stop(Signal::SIGTERM), Some(0));
}
