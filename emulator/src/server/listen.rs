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
use std::net::SocketAddr;
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
    stop: CancellationToken,
    cut: CancellationToken,
    tasks: TaskTracker,
    listeners: usize,
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
        let (stop, cut) = (CancellationToken::new(), CancellationToken::new());
        let authority = config.authority;
        let tls = TlsEdge::new(Arc::clone(&authority))?;
        tokio::task::spawn_blocking(move || authority.warm_up());
        let shared = Arc::new(Shared { front, tls, stop: stop.clone() });
        let tasks = TaskTracker::new();
        let last = Arc::new(AtomicU32::new(0));
        let running = Running {
            bound,
            stop,
            cut: cut.clone(),
            tasks: tasks.clone(),
            listeners: listeners.len(),
        };
        for (listener, local, service) in listeners {
            let door = Door {
                local,
                service,
                shared: Arc::clone(&shared),
                cut: cut.clone(),
                tasks: tasks.clone(),
                last: Arc::clone(&last),
                limit: config.max_connections,
                listeners: running.listeners,
            };
            let listener = Arc::new(listener);
            tasks.spawn(door.run(move || {
                let listener = Arc::clone(&listener);
                async move { listener.accept().await }
            }));
        }
        tasks.close();
        Ok(running)
    }
}

impl Running {
    /// The listeners in the order in which they were given.
    pub fn bound(&self) -> &[Bound] {
        &self.bound
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.tasks.len().saturating_sub(self.listeners)
    }

    /// Takes no more connections, lets requests in flight finish, then closes; what has not
    /// finished within 5 s is cut.
    pub async fn stop(self) {
        self.stop.cancel();
        if delay::limit(STOP_LIMIT, self.tasks.wait()).await.is_none() {
            self.cut.cancel();
            self.tasks.wait().await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
        self.cut.cancel();
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

/// One listener at work.
struct Door {
    local: SocketAddr,
    service: Option<Arc<str>>,
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

impl Door {
    /// Admits what `accept` gives, which is the socket's; tests bring one that fails.
    async fn run<F>(self, mut accept: impl FnMut() -> F)
    where
        F: Future<Output = io::Result<(TcpStream, SocketAddr)>>,
    {
        loop {
            let accepted = tokio::select! {
                accepted = accept() => accepted,
                () = self.shared.stop.cancelled() => return,
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
        if self.tasks.len() >= self.limit + self.listeners {
            self.tell(Some(remote), Trouble::TooManyConnections { limit: self.limit });
            return;
        }
        let accepted = Accepted {
            id: ConnectionId(self.last.fetch_add(1, Ordering::Relaxed) + 1),
            remote,
            // A listener on all addresses learns here which one was dialed.
            local: stream.local_addr().unwrap_or(self.local),
            service: self.service.clone(),
        };
        let cut = self.cut.clone();
        let shared = Arc::clone(&self.shared);
        self.tasks.spawn(async move {
            tokio::select! {
                () = connection::serve(shared, accepted, stream) => {}
                () = cut.cancelled() => {}
            }
        });
    }

    fn tell(&self, remote: Option<SocketAddr>, trouble: Trouble) {
        let incident = Incident { connection: None, remote, local: self.local, trouble };
        self.shared.front.trouble(&incident);
    }
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
    use std::net::Ipv4Addr;
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
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let authority = Arc::new(Authority::in_memory(Permitted::new([]), now()).unwrap());
        let tls = TlsEdge::new(authority).unwrap();
        let front: Arc<dyn Front> = Arc::new(Troubles(sender));
        let listener = Arc::new(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap());
        let local = listener.local_addr().unwrap();
        let door = Door {
            local,
            service: None,
            shared: Arc::new(Shared { front, tls, stop: stop.clone() }),
            cut: CancellationToken::new(),
            tasks: tasks.clone(),
            last: Arc::default(),
            limit: 1,
            listeners: 1,
        };
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
