//! The agent: a small process of ours that makes a namespace, stays in it as long as it is wanted,
//! and does there what can be done only there: listening at first, dialing later.

use super::system::{self, Refused, Step, number};
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};
use std::time::Duration;

/// The first argument that makes the program an agent; the ports to listen on follow, one by one.
pub const INSIDE: &str = "__inside";

/// The first argument that makes the program go where an agent is and become another program: the
/// agent's process and a command line follow.
pub const ENTER: &str = "__enter";

/// Goes where an agent is, and becomes the program that the words name. Comes back only when that
/// cannot be: with 127 when there is no such program, else with 126, as shells do.
pub fn enter(words: &[OsString]) -> ExitCode {
    let [process, program, arguments @ ..] = words else { return ExitCode::from(CANNOT) };
    let process = process.to_str().and_then(|process| process.parse().ok());
    let gone = match process {
        Some(process) => system::follow(process).and_then(|()| system::end_with_parent(process)),
        None => Err(io::ErrorKind::InvalidInput.into()),
    };
    let error = match gone {
        Ok(()) => Command::new(program).args(arguments).exec(),
        Err(error) => error,
    };
    // Nobody is left to tell when even this cannot be written.
    let _ = writeln!(io::stderr(), "pushpit: could not start {}: {error}", program.display());
    ExitCode::from(if error.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { CANNOT })
}

/// Makes a namespace, hands its sockets out over the line that is the standard input, and does what
/// the line says until it is cut.
pub fn inside(words: &[OsString]) -> ExitCode {
    let Ok(line) = io::stdin().as_fd().try_clone_to_owned() else { return ExitCode::FAILURE };
    let ports = words.iter().filter_map(|word| word.to_str()?.parse().ok());
    let told = match settle(ports) {
        Ok(sockets) => system::hand_over(&line, "ready", &sockets),
        Err(Refused { step, cause }) => {
            let text = format!("refused {} {}", step.number(), cause as i32);
            system::hand_over(&line, &text, &[])
        }
    };
    match told.and_then(|()| serve(&line)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Goes into a namespace of its own. Its sockets: one for each port, then DNS over UDP and over TCP,
/// then the watch.
fn settle(ports: impl Iterator<Item = u16>) -> Result<Vec<OwnedFd>, Refused> {
    system::leave()?;
    let mut sockets: Vec<OwnedFd> = Vec::new();
    for port in ports {
        sockets.push(listening(port)?.into());
    }
    let udp = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, DNS_PORT))
        .or_else(|_| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, DNS_PORT)));
    sockets.push(at(Step::Listen(DNS_PORT), udp)?.into());
    sockets.push(listening(DNS_PORT)?.into());
    sockets.push(system::watch()?);
    Ok(sockets)
}

/// Listens on all addresses of both versions, or of 4 where there is no 6.
fn listening(port: u16) -> Result<TcpListener, Refused> {
    let listener = TcpListener::bind((Ipv6Addr::UNSPECIFIED, port))
        .or_else(|_| TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)));
    at(Step::Listen(port), listener)
}

fn at<T>(step: Step, done: io::Result<T>) -> Result<T, Refused> {
    done.map_err(|error| Refused { step, cause: number(&error) })
}

/// Does what comes over the line, one by one: `dial ADDRESS`.
fn serve(line: &OwnedFd) -> io::Result<()> {
    loop {
        let (text, _) = system::take_over(line)?;
        let done: io::Result<OwnedFd> = match text.split_once(' ') {
            None if text.is_empty() => return Ok(()),
            Some(("dial", address)) => parsed(address).and_then(dial),
            _ => Err(io::ErrorKind::InvalidInput.into()),
        };
        match done {
            Ok(socket) => system::hand_over(line, "done", &[socket])?,
            Err(error) => {
                system::hand_over(line, &format!("failed {}", number(&error) as i32), &[])?;
            }
        }
    }
}

/// Inside, all is near: who listens answers at once.
fn dial(address: SocketAddr) -> io::Result<OwnedFd> {
    TcpStream::connect_timeout(&address, DIAL_LIMIT).map(OwnedFd::from)
}

fn parsed<T: std::str::FromStr>(text: &str) -> io::Result<T> {
    text.parse().map_err(|_| io::ErrorKind::InvalidInput.into())
}

/// Where names are asked for.
pub(super) const DNS_PORT: u16 = 53;

/// What shells say of a program that is not there, and of one that cannot be run.
const NOT_FOUND: u8 = 127;
const CANNOT: u8 = 126;

/// How long dialing may take.
const DIAL_LIMIT: Duration = Duration::from_secs(1);
