//! The listeners, and the server's start and stop.

use super::ca::Authority;
use super::connection::{self, Accepted, Shared};
use super::delay;
use super::error::ServerError;
use super::front::{Front, Incident, Trouble};
use super::tls::TlsEdge;
use crate::control::of_one_caller;
use crate::wire::ConnectionId;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What a server is made of.
#[derive(Debug)]
pub struct ServerConfig {
    /// Where to listen.
    pub listeners: Vec<Listener>,
    /// The CA that makes the certificates.
    pub authority: Arc<Authority>,
    /// How many connections may be open at once;
    /// [`most_connections`](super::most_connections) is a good number.
    pub max_connections: usize,
}

/// One listener.
#[derive(Debug)]
pub struct Listener {
    /// The socket.
    pub socket: Socket,
    /// The service to which it is bound: its connections have that service's profile.
    pub service: Option<String>,
}

/// Where a listener's socket comes from.
#[derive(Debug)]
pub enum Socket {
    /// Bound here; port 0 picks a free one.
    Bind(SocketAddr),
    /// Bound by the caller, perhaps in another network namespace.
    Given(std::net::TcpListener),
}

/// A listener as it is, its address read back from the socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The address, with the port that was picked.
    pub address: SocketAddr,
    /// The service to which it is bound.
    pub service: Option<String>,
}

/// The server.
#[derive(Debug)]
pub struct Server;

/// A server that runs until it is stopped. Dropping it cuts all connections.
#[derive(Debug)]
pub struct Running {
    bound: Vec<Bound>,
    house: House,
}

impl Server {
    /// Binds all listeners and serves them on the current tokio runtime.
    pub async fn start(
        config: ServerConfig,
        front: Arc<dyn Front>,
    ) -> Result<Running, ServerError> {
        let mut listeners = Vec::new();
        let mut bound = Vec::new();
        for Listener { socket, service } in config.listeners {
            let (listener, address) = listen(socket).await?;
            bound.push(Bound { address, service: service.clone() });
            listeners.push((listener, address, service.map(Arc::from)));
        }
        let authority = config.authority;
        let tls = TlsEdge::new(Arc::clone(&authority))?;
        tokio::task::spawn_blocking(move || authority.warm_up());
        let house = House::new(
            Shared { front, tls, stop: CancellationToken::new() },
            config.max_connections,
            listeners.len(),
        );
        for (listener, local, service) in listeners {
            house.open(listener, local, service);
        }
        house.tasks.close();
        Ok(Running { bound, house })
    }
}

impl Running {
    /// The listeners in the order in which they were given.
    pub fn bound(&self) -> &[Bound] {
        &self.bound
    }

    /// Serves a connection that the caller accepted, perhaps in another network namespace.
    pub fn admit(&self, stream: TcpStream, remote: SocketAddr) {
        let local = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        Door { local, service: None, house: self.house.clone() }.admit(stream, remote);
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.house.tasks.len().saturating_sub(self.house.listeners)
    }

    /// Takes no more connections, lets requests in flight finish, then closes; what has not
    /// finished within 5 s is cut.
    pub async fn stop(self) {
        let House { shared, cut, tasks, .. } = &self.house;
        shared.stop.cancel();
        if delay::limit(STOP_LIMIT, tasks.wait()).await.is_none() {
            cut.cancel();
            tasks.wait().await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.house.shared.stop.cancel();
        self.house.cut.cancel();
    }
}

async fn listen(socket: Socket) -> Result<(TcpListener, SocketAddr), ServerError> {
    let (listener, wanted) = match socket {
        Socket::Bind(address) => (TcpListener::bind(address).await, address),
        Socket::Given(listener) => {
            let address = listener.local_addr().unwrap_or_else(|_| ([0, 0, 0, 0], 0).into());
            let given =
                listener.set_nonblocking(true).and_then(|()| TcpListener::from_std(listener));
            (given, address)
        }
    };
    let ready = listener.and_then(|listener| {
        let address = listener.local_addr()?;
        Ok((listener, address))
    });
    ready.map_err(|cause| ServerError::Bind { address: wanted, cause })
}

/// What all listeners have in common.
#[derive(Clone, Debug)]
struct House {
    shared: Arc<Shared>,
    cut: CancellationToken,
    tasks: TaskTracker,
    /// The number of the last connection of the server.
    last: Arc<AtomicU32>,
    /// How many connections there may be.
    limit: usize,
    /// How many tasks are listeners.
    listeners: usize,
}

impl House {
    fn new(shared: Shared, limit: usize, listeners: usize) -> Self {
        Self {
            shared: Arc::new(shared),
            cut: CancellationToken::new(),
            tasks: TaskTracker::new(),
            last: Arc::default(),
            limit,
            listeners,
        }
    }

    /// Sets a listener to work.
    fn open(&self, listener: TcpListener, local: SocketAddr, service: Option<Arc<str>>) {
        let door = Door { local, service, house: self.clone() };
        let listener = Arc::new(listener);
        self.tasks.spawn(door.run(move || {
            let listener = Arc::clone(&listener);
            async move { listener.accept().await }
        }));
    }
}

/// One listener at work.
struct Door {
    local: SocketAddr,
    service: Option<Arc<str>>,
    house: House,
}

impl Door {
    /// Admits what `accept` gives, which is the socket's; tests bring one that fails.
    async fn run<F>(self, mut accept: impl FnMut() -> F)
    where
        F: Future<Output = io::Result<(TcpStream, SocketAddr)>>,
    {
        loop {
            let accepted = tokio::select! {
                accepted = accept() => accepted,
                () = self.house.shared.stop.cancelled() => return,
            };
            match accepted {
                Ok((stream, remote)) => self.admit(stream, remote),
                Err(cause) if of_one_caller(&cause) => {}
                Err(cause) => {
                    // Out of descriptors or memory: others must finish first.
                    self.tell(None, Trouble::Accept { cause });
                    delay::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn admit(&self, stream: TcpStream, remote: SocketAddr) {
        let House { shared, cut, tasks, last, limit, listeners } = &self.house;
        if tasks.len() >= limit + listeners {
            self.tell(Some(remote), Trouble::TooManyConnections { limit: *limit });
            return;
        }
        let accepted = Accepted {
            id: ConnectionId(last.fetch_add(1, Ordering::Relaxed) + 1),
            remote: canonical(remote),
            // A listener on all addresses learns here which one was dialed.
            local: canonical(stream.local_addr().unwrap_or(self.local)),
            service: self.service.clone(),
        };
        let cut = cut.clone();
        let shared = Arc::clone(shared);
        tasks.spawn(async move {
            tokio::select! {
                () = connection::serve(shared, accepted, stream) => {}
                () = cut.cancelled() => {}
            }
        });
    }

    fn tell(&self, remote: Option<SocketAddr>, trouble: Trouble) {
        let incident = Incident { connection: None, remote, local: self.local, trouble };
        self.house.shared.front.trouble(&incident);
    }
}

/// An address of version 4 as such, also where a listener takes both versions.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// How long requests in flight may take when the server stops.
const STOP_LIMIT: Duration = Duration::from_secs(5);
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Orders;
    use crate::server::{Permitted, now};
    use crate::wire::{ConnectionProfile, GoAway, Peer, Reply, Request};
    use std::collections::VecDeque;
    use std::path::Path;
    use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

    /// Tells of trouble, and is asked nothing else.
    struct Troubles(UnboundedSender<(String, String)>);

    impl Front for Troubles {
        fn profile(&self, _: Option<&str>, _: Option<&str>) -> ConnectionProfile {
            ConnectionProfile::GENERIC
        }

        fn may_connect(&self, _: &str, _: u16) -> bool {
            false
        }

        fn opened(&self, _: ConnectionId, _: &Arc<Peer>, _: &Arc<Orders>) -> Option<GoAway> {
            None
        }

        fn closed(&self, _: ConnectionId, _: &str) {}

        fn trouble(&self, incident: &Incident) {
            let told = (
                incident.trouble.to_string(),
                incident.trouble.help(Path::new("ca.pem")).into_owned(),
            );
            // Who has heard enough does not listen any more.
            let _ = self.0.send(told);
        }

        fn body_ceiling(&self, _: &Request) -> usize {
            0
        }

        fn answer(&self, _: ConnectionId, _: &Arc<Peer>, _: Request) -> Reply {
            Reply::status(200)
        }
    }

    /// What the system says when the process may open no more files.
    const EMFILE: i32 = 24;

    #[tokio::test(start_paused = true)]
    async fn a_failing_accept_is_told_and_the_listener_goes_on() {
        let (sender, mut told) = unbounded_channel();
        let authority = Arc::new(Authority::in_memory(Permitted::new([]), now()).unwrap());
        let tls = TlsEdge::new(authority).unwrap();
        let front: Arc<dyn Front> = Arc::new(Troubles(sender));
        let listener = Arc::new(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap());
        let local = listener.local_addr().unwrap();
        let house = House::new(Shared { front, tls, stop: CancellationToken::new() }, 1, 1);
        let (tasks, stop) = (house.tasks.clone(), house.shared.stop.clone());
        let door = Door { local, service: None, house };
        let aborted = || io::Error::from(io::ErrorKind::ConnectionAborted);
        let full = || io::Error::from_raw_os_error(EMFILE);
        let mut failures = VecDeque::from([full(), aborted(), full()]);
        tasks.spawn(door.run(move || {
            let (failure, listener) = (failures.pop_front(), Arc::clone(&listener));
            async move {
                match failure {
                    Some(failure) => Err(failure),
                    None => listener.accept().await,
                }
            }
        }));
        let what = format!("{}", Trouble::Accept { cause: full() });
        let wanted = (what, "raise the limit of open files (`ulimit -n`)".to_owned());
        assert_eq!(told.recv().await.unwrap(), wanted);
        assert_eq!(told.recv().await.unwrap(), wanted, "an aborted connection is nobody's trouble");
        let first = TcpStream::connect(local).await.unwrap();
        tokio::time::advance(ACCEPT_PAUSE).await;
        // Its own task beside the listener's shows that it was admitted.
        while tasks.len() < 2 {
            tokio::task::yield_now().await;
        }
        drop(first);
        stop.cancel();
        tasks.close();
        tasks.wait().await;
    }
}
