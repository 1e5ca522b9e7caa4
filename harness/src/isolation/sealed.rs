//! A namespace at work around an emulator: whoever is in it reaches the emulator under every push
//! host's name, and what else is allowed; the rest is named.

use super::agent::ENTER;
use super::book::Book;
use super::destination::{Destination, Dialed, Meant};
use super::namespace::{Namespace, Sockets};
use super::packet::Packet;
use super::{CannotIsolate, datagram, dns, hello};
use crate::redirect::HostPort;
use crate::run::pause;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv};
use pushpit_emulator::Running;
use pushpit_emulator::world::is_push_target;
use std::collections::{BTreeSet, HashSet};
use std::ffi::OsString;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Interest, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio_util::sync::{CancellationToken, DropGuard};

/// What is let through.
#[derive(Clone, Debug, Default)]
pub struct Seal {
    /// Places outside that are relayed to: a database, say.
    pub allow: Vec<HostPort>,
    /// Places that may be dialed in vain without being told.
    pub ignore: Vec<HostPort>,
    /// Ports of the sender's that are reached from outside, on 127.0.0.1.
    pub publish: Vec<u16>,
}

/// Where push connections go.
pub enum Behind {
    /// An emulator in this process.
    Here(Arc<Running>),
    /// The push port of another process.
    There(SocketAddr),
}

/// A namespace at work. What was started in it should have ended before it goes.
pub struct Sealed {
    namespace: Arc<Namespace>,
    state: Arc<State>,
    program: PathBuf,
    _stop: DropGuard,
}

/// What the tasks of a namespace share.
struct State {
    seal: Seal,
    behind: Behind,
    control: SocketAddr,
    search: Vec<String>,
    book: Mutex<Book>,
    dialed: Mutex<Dialed>,
    /// Addresses without a name at which a push host was asked for after all.
    served: Mutex<HashSet<SocketAddr>>,
    /// A socket for packets; tokio minds it as it minds one for datagrams.
    watch: UdpSocket,
}

impl Sealed {
    /// Makes a namespace around an emulator. `program` is our own; `push` and `control` are where
    /// the emulator listens outside, and inside too.
    ///
    /// # Errors
    /// The system does not allow it, or a port to publish is taken.
    pub async fn around(
        behind: Behind,
        push: SocketAddr,
        control: SocketAddr,
        program: &Path,
        seal: Seal,
    ) -> Result<Self, CannotIsolate> {
        let allowed = seal.allow.iter().filter_map(|place| place.port);
        let own = [push.port(), control.port()];
        let ports: BTreeSet<u16> = PORTS.iter().copied().chain(own).chain(allowed).collect();
        let ports: Vec<u16> = ports.into_iter().collect();
        let (agent, asked) = (program.to_owned(), ports.clone());
        let opened = tokio::task::spawn_blocking(move || Namespace::open(&agent, &asked)).await;
        let (namespace, sockets) =
            opened.map_err(|error| CannotIsolate::Agent(io::Error::other(error)))??;
        let Sockets { listeners, dns, dns_stream, watch } = sockets;
        let namespace = Arc::new(namespace);
        let usable = |error: io::Error| CannotIsolate::Agent(error);
        let state = Arc::new(State {
            seal,
            behind,
            control,
            search: std::fs::read_to_string(RESOLVER)
                .map(|text| dns::search(&text))
                .unwrap_or_default(),
            book: Mutex::default(),
            dialed: Mutex::default(),
            served: Mutex::default(),
            watch: UdpSocket::from_std(watch.into()).map_err(usable)?,
        });
        let stop = CancellationToken::new();
        let run = |work: Work| {
            let stop = stop.clone();
            tokio::spawn(async move {
                tokio::select! {
                    () = work => {}
                    () = stop.cancelled() => {}
                }
            });
        };
        for (port, listener) in ports.into_iter().zip(listeners) {
            let listener = usable_listener(listener).map_err(usable)?;
            run(Box::pin(accept(listener, port, Arc::clone(&state))));
        }
        run(Box::pin(name(datagram::prepare(dns).map_err(usable)?, Arc::clone(&state))));
        let dns_stream = usable_listener(dns_stream).map_err(usable)?;
        run(Box::pin(name_streams(dns_stream, Arc::clone(&state))));
        run(Box::pin(watching(Arc::clone(&state))));
        for port in state.seal.publish.clone() {
            let outside = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
            let outside = outside.map_err(|cause| CannotIsolate::Publish { port, cause })?;
            run(Box::pin(publish(outside, port, Arc::clone(&namespace))));
        }
        Ok(Self { namespace, state, program: program.to_owned(), _stop: stop.drop_guard() })
    }

    /// The command line that runs a command inside.
    pub fn command(&self, words: &[OsString]) -> Vec<OsString> {
        let process = self.namespace.process().to_string();
        let mut command = vec![self.program.clone().into(), ENTER.into(), process.into()];
        command.extend(words.iter().cloned());
        command
    }

    /// Dials from inside.
    ///
    /// # Errors
    /// Nobody listens there.
    pub async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream> {
        dial(Arc::clone(&self.namespace), address).await
    }

    /// What was dialed so far and not meant.
    pub fn unexpected(&self) -> Vec<Destination> {
        let state = &self.state;
        state.drain();
        let meant = Meant { allowed: state.seal.allow.clone(), ignored: state.seal.ignore.clone() };
        let served = lock(&state.served);
        let served = |address: SocketAddr| served.contains(&address);
        lock(&state.dialed).unexpected(&lock(&state.book), &meant, is_push_target, served)
    }

    /// Whether more places were dialed than are told apart.
    pub fn has_lost_count(&self) -> bool {
        lock(&self.state.dialed).overflowed
    }

    /// Ports of this machine that were dialed inside, and on which nobody listened.
    pub fn refused_here(&self) -> Vec<u16> {
        self.state.drain();
        lock(&self.state.dialed).refused_here()
    }
}

type Work = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

impl State {
    /// Takes in all that the watch has heard; gives why there is no more.
    fn drain(&self) -> Errno {
        let mut packet = [0; 256];
        loop {
            match recv(self.watch.as_raw_fd(), &mut packet, MsgFlags::MSG_DONTWAIT) {
                Ok(length) => {
                    if let Some(packet) = Packet::read(&packet[..length]) {
                        lock(&self.dialed).note(packet);
                    }
                }
                Err(Errno::EINTR) => {}
                Err(error) => return error,
            }
        }
    }

    fn answer(&self, question: &[u8]) -> Option<Vec<u8>> {
        let is_push_host = |name: &str| PORTS.iter().any(|port| is_push_target(name, *port));
        dns::answer(question, &mut lock(&self.book), &self.search, is_push_host)
    }

    /// Where a connection to this address of the sender's world is relayed to, if it is allowed.
    fn allowed(&self, local: SocketAddr) -> Option<(String, u16)> {
        let name = lock(&self.book).name(local.ip()).map(str::to_owned);
        let host = name.unwrap_or_else(|| local.ip().to_string());
        let here = local.ip().is_loopback();
        let meant = |place: &&HostPort| {
            let is_host = place.host == host || here && is_this_machine(&place.host);
            is_host && place.port == Some(local.port())
        };
        let place = self.seal.allow.iter().find(meant)?;
        Some((place.host.clone(), local.port()))
    }
}

/// The next connection. One that is gone before it was taken is nobody's trouble; where the system
/// has no room for more, others must end first.
async fn next(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(_) => pause::short().await,
        }
    }
}

/// Takes what is dialed on a port, and brings it where it belongs.
async fn accept(listener: TcpListener, port: u16, state: Arc<State>) {
    loop {
        let (stream, remote) = next(&listener).await;
        let Ok(local) = stream.local_addr() else { continue };
        let local = SocketAddr::new(local.ip().to_canonical(), port);
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            if let Some(place) = state.allowed(local) {
                return relay(stream, TcpStream::connect(place).await).await;
            }
            if port == state.control.port() {
                return relay(stream, TcpStream::connect(state.control).await).await;
            }
            let is_named = lock(&state.book).name(local.ip()).is_some() || local.ip().is_loopback();
            if !is_named && hello::asks_for_push_host(&stream, port).await {
                lock(&state.served).insert(local);
            }
            match &state.behind {
                Behind::Here(running) => running.admit(stream, remote),
                Behind::There(push) => relay(stream, TcpStream::connect(*push).await).await,
            }
        });
    }
}

/// Carries bytes both ways until both sides have ended; without another side, ends this one.
async fn relay(mut one: TcpStream, other: io::Result<TcpStream>) {
    if let Ok(mut other) = other {
        // Whoever breaks off tells the other side by it.
        let _ = copy_bidirectional(&mut one, &mut other).await;
    }
}

async fn publish(outside: TcpListener, port: u16, namespace: Arc<Namespace>) {
    loop {
        let (stream, _) = next(&outside).await;
        let namespace = Arc::clone(&namespace);
        tokio::spawn(async move {
            relay(stream, dial(namespace, (Ipv4Addr::LOCALHOST, port).into()).await).await;
        });
    }
}

async fn dial(namespace: Arc<Namespace>, address: SocketAddr) -> io::Result<TcpStream> {
    let dialed = tokio::task::spawn_blocking(move || namespace.dial(address));
    let stream = dialed.await.map_err(io::Error::other)??;
    stream.set_nonblocking(true)?;
    TcpStream::from_std(stream)
}

/// Answers who asks for names.
async fn name(socket: UdpSocket, state: Arc<State>) {
    let mut question = [0; 1_024];
    loop {
        let Ok((length, way)) = datagram::take(&socket, &mut question).await else {
            pause::short().await;
            continue;
        };
        // An answer that nobody waits for is not missed.
        if let Some(answer) = state.answer(&question[..length]) {
            let _ = datagram::answer(&socket, &answer, &way);
        }
    }
}

/// The same over connections, in which each message has its length before it.
async fn name_streams(listener: TcpListener, state: Arc<State>) {
    loop {
        let (mut stream, _) = next(&listener).await;
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let mut question = vec![0; usize::from(u16::MAX)];
            while let Ok(length) = stream.read_u16().await {
                let question = &mut question[..usize::from(length)];
                if stream.read_exact(question).await.is_err() {
                    return;
                }
                let Some(answer) = state.answer(question) else { return };
                let length = u16::try_from(answer.len()).unwrap_or(0).to_be_bytes();
                if stream.write_all(&[&length[..], &answer].concat()).await.is_err() {
                    return;
                }
            }
        });
    }
}

async fn watching(state: Arc<State>) {
    loop {
        let heard = state.watch.async_io(Interest::READABLE, || match state.drain() {
            // Nothing more is there now: wait for it.
            Errno::EAGAIN => Err(io::ErrorKind::WouldBlock.into()),
            error => Err::<(), _>(error.into()),
        });
        if heard.await.is_err() {
            return;
        }
    }
}

fn usable_listener(listener: std::net::TcpListener) -> io::Result<TcpListener> {
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each change is whole in itself.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The ports of push services, and that of plain HTTP. [doc] the fact sheets of the providers
const PORTS: [u16; 5] = [80, 443, 2195, 2196, 2197];

/// Where this machine says how names are looked up.
const RESOLVER: &str = "/etc/resolv.conf";
