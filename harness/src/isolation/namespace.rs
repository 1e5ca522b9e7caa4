//! A namespace as the program sees it from outside: the process that keeps it, and its sockets.

use super::agent::INSIDE;
use super::reason::CannotIsolate;
use super::system::{self, Refused, Step};
use nix::errno::Errno;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// A namespace in which every address is this machine. It is gone when the value is gone and the
/// processes in it have ended.
#[derive(Debug)]
pub(super) struct Namespace {
    agent: Child,
    /// The line to the agent, one question at a time; without it, the agent ends.
    line: Mutex<Option<OwnedFd>>,
}

/// Sockets that were opened inside.
#[derive(Debug)]
pub(super) struct Sockets {
    /// One for each port that was asked for, in that order.
    pub(super) listeners: Vec<TcpListener>,
    /// Where names are asked for by datagram.
    pub(super) dns: UdpSocket,
    /// Where names are asked for by connection.
    pub(super) dns_stream: TcpListener,
    /// What hears of all that is dialed.
    pub(super) watch: OwnedFd,
}

impl Namespace {
    /// Makes a namespace that listens on these ports; `program` is our own, which becomes the agent.
    ///
    /// # Errors
    /// The system does not allow it.
    pub(super) fn open(program: &Path, ports: &[u16]) -> Result<(Self, Sockets), CannotIsolate> {
        let (ours, theirs) = system::pair().map_err(CannotIsolate::Agent)?;
        let agent = Command::new(program)
            .arg0("pushpit")
            .arg(INSIDE)
            .args(ports.iter().map(u16::to_string))
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C is for us: agents end when we let go of them.
            .process_group(0)
            .spawn()
            .map_err(CannotIsolate::Agent)?;
        let (text, sockets) = system::take_over(&ours).map_err(CannotIsolate::Agent)?;
        let namespace = Self { agent, line: Mutex::new(Some(ours)) };
        if let Some(refused) = refusal(&text) {
            return Err(CannotIsolate::refused(refused));
        }
        let sockets = Sockets::sorted(sockets, ports.len())
            .ok_or_else(|| CannotIsolate::Agent(io::ErrorKind::UnexpectedEof.into()))?;
        Ok((namespace, sockets))
    }

    /// The process whose namespaces others follow into.
    pub(super) fn process(&self) -> u32 {
        self.agent.id()
    }

    /// Dials from inside.
    pub(super) fn dial(&self, address: SocketAddr) -> io::Result<TcpStream> {
        self.ask(&format!("dial {address}")).map(TcpStream::from)
    }

    fn ask(&self, text: &str) -> io::Result<OwnedFd> {
        let line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        let line = line.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        system::hand_over(line, text, &[])?;
        let (text, sockets) = system::take_over(line)?;
        let failed = text.strip_prefix("failed ").and_then(|number| number.parse().ok());
        match (failed, sockets.into_iter().next()) {
            (Some(number), _) => Err(io::Error::from_raw_os_error(number)),
            (None, Some(socket)) => Ok(socket),
            (None, None) => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // The agent ends with its line.
        self.line.lock().unwrap_or_else(PoisonError::into_inner).take();
        let _ = self.agent.wait();
    }
}

impl Sockets {
    fn sorted(sockets: Vec<OwnedFd>, ports: usize) -> Option<Self> {
        let mut sockets = sockets.into_iter();
        let listeners: Vec<_> = sockets.by_ref().take(ports).map(TcpListener::from).collect();
        let (dns, dns_stream, watch) = (sockets.next()?, sockets.next()?, sockets.next()?);
        Some(Self { listeners, dns: dns.into(), dns_stream: dns_stream.into(), watch })
    }
}

/// What an agent says that could not settle.
fn refusal(text: &str) -> Option<Refused> {
    let mut numbers = text.strip_prefix("refused ")?.split(' ');
    let step = Step::of(numbers.next()?.parse().ok()?);
    let cause = Errno::from_raw(numbers.next()?.parse().ok()?);
    Some(Refused { step, cause })
}
