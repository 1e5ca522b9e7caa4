//! One connection from its first byte to its end.

use super::answer::Link;
use super::delay;
use super::front::{Front, Incident, Trouble};
use super::line::{Line, Replay, Tear};
use super::sniff::{self, Start};
use super::tls::TlsEdge;
use super::{http1, http2, netty, tls, tunnel};
use crate::control::Orders;
use crate::wire::{ConnectionId, ConnectionProfile, GoAway, Http1, Peer, Protocol, Tls};
use bytes::Bytes;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

/// How long the first bytes and the TLS handshake may take, each: a stuck or hostile sender
/// holds a socket no longer.
pub(super) const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// The most memory that a connection takes while it rests, bytes, TLS left out: its task, its
/// buffers, its entries in the world and what HTTP/2 keeps
/// ([`IDLE_BUDGET`](crate::http2::IDLE_BUDGET)). Without optimization it takes 34,000.
pub const CONNECTION_BUDGET: usize = 48 << 10;

/// What all connections share.
pub(super) struct Shared {
    pub(super) front: Arc<dyn Front>,
    pub(super) tls: TlsEdge,
    /// Says that the server wants to stop.
    pub(super) stop: CancellationToken,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// One accepted connection.
pub(super) struct Accepted {
    pub(super) id: ConnectionId,
    pub(super) remote: SocketAddr,
    pub(super) local: SocketAddr,
    /// The service to which the listener is bound.
    pub(super) service: Option<Arc<str>>,
}

/// What the way to the first request has shown so far.
#[derive(Default)]
struct Way {
    connect: Option<tunnel::Target>,
    tls: Option<Tls>,
}

impl Way {
    /// The name by which the other side knows us.
    fn name(&self) -> Option<&str> {
        let server_name = self.tls.as_ref().and_then(|tls| tls.server_name.as_deref());
        self.connect.as_ref().map(|target| target.host.as_str()).or(server_name)
    }
}

/// Carries a connection to its end.
pub(super) async fn serve(shared: Arc<Shared>, accepted: Accepted, stream: TcpStream) {
    // Without it replies wait for acknowledgements; a socket that is gone already needs none.
    let _ = stream.set_nodelay(true);
    let line = Line::new(stream);
    let tear = line.tear();
    let (front, stop) = (Arc::clone(&shared.front), shared.stop.clone());
    let (id, remote, local) = (accepted.id, accepted.remote, accepted.local);
    let start = Opening { shared: &shared, accepted, tear };
    let outcome = start.plain(Replay::new(line), &stop).await;
    if let Err(trouble) = outcome {
        let (connection, remote) = (Some(id), Some(remote));
        front.trouble(&Incident { connection, remote, local, trouble });
    }
}

struct Opening<'a> {
    shared: &'a Arc<Shared>,
    accepted: Accepted,
    tear: Tear,
}

impl Opening<'_> {
    async fn plain(
        &self,
        mut stream: Replay<Line>,
        stop: &CancellationToken,
    ) -> Result<(), Trouble> {
        let mut way = Way::default();
        loop {
            // Until something is spoken there is nothing to end gracefully.
            let start = tokio::select! {
                start = first(&mut stream) => start?,
                () = stop.cancelled() => return Ok(()),
            };
            match start {
                Start::Connect if way.connect.is_none() => {
                    let open = tunnel::open(&mut stream, &*self.shared.front);
                    way.connect = Some(in_time(open).await??);
                }
                Start::Tls => return self.secure(stream, way, stop).await,
                other => return self.http(stream, other, way).await,
            }
        }
    }

    async fn secure(
        &self,
        stream: Replay<Line>,
        mut way: Way,
        stop: &CancellationToken,
    ) -> Result<(), Trouble> {
        let handshake = in_time(self.handshake(stream, &mut way));
        let mut stream = tokio::select! {
            stream = handshake => Replay::new(stream??),
            () = stop.cancelled() => return Ok(()),
        };
        // Whoever chose HTTP/2 gets our SETTINGS before it has said a word, as from Apple's.
        // [report] apns.md, 1.4
        let chosen = way.tls.as_ref().and_then(|tls| tls.alpn.as_deref());
        let start = match chosen {
            Some("h2") => Start::Http2,
            _ => tokio::select! {
                start = first(&mut stream) => start?,
                () = stop.cancelled() => return Ok(()),
            },
        };
        self.http(stream, start, way).await
    }

    async fn handshake(
        &self,
        stream: Replay<Line>,
        way: &mut Way,
    ) -> Result<TlsStream<Replay<Line>>, Trouble> {
        let acceptor = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream);
        let start = acceptor.await.map_err(tls::no_hello)?;
        let hello = start.client_hello();
        let server_name =
            hello.server_name().map(|name| name.trim_end_matches('.').to_ascii_lowercase());
        way.tls = Some(Tls { server_name: server_name.clone(), ..Tls::default() });
        let profile = self.profile(way);
        // The certificate follows the name in the hello, which is what the client will check.
        let name = server_name.as_deref().or_else(|| way.name());
        let local = self.accepted.local.ip();
        let config = self
            .shared
            .tls
            .config(&hello, profile.alpn, name, local)
            .map_err(|error| Trouble::Bug { what: error.to_string() })?;
        let foreign = name.filter(|name| !self.shared.tls.speaks_for(name)).map(str::to_owned);
        let stream = start.into_stream(config).await;
        let stream = stream.map_err(|cause| tls::failed(cause, foreign.as_deref()))?;
        let session = stream.get_ref().1;
        let alpn = session.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned());
        let certificates = session.peer_certificates().unwrap_or_default();
        let client_certificates =
            certificates.iter().map(|der| Bytes::copy_from_slice(der)).collect();
        way.tls = Some(Tls { server_name, alpn, client_certificates });
        Ok(stream)
    }

    fn profile(&self, way: &Way) -> ConnectionProfile {
        self.shared.front.profile(way.name(), self.accepted.service.as_deref())
    }

    async fn http<S>(&self, mut stream: Replay<S>, start: Start, way: Way) -> Result<(), Trouble>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let profile = self.profile(&way);
        let certificate = way.tls.as_ref().is_some_and(|tls| !tls.client_certificates.is_empty());
        let settings = profile.first_settings(certificate);
        let protocol = match start {
            Start::Http2 => Protocol::Http2,
            Start::Http1 if profile.http1 == Http1::Serve => Protocol::Http1,
            Start::Http1 => {
                return Err(in_time(netty::refuse(&mut stream, &profile, &settings)).await?);
            }
            Start::Empty => return Ok(()),
            Start::Connect | Start::Garbage | Start::Tls => {
                let first = stream.ahead().get(..GARBAGE_SHOWN).unwrap_or_else(|| stream.ahead());
                return Err(Trouble::Garbage { first: netty::hex(first) });
            }
        };
        let peer = Arc::new(Peer {
            remote: self.accepted.remote,
            local: self.accepted.local,
            listener: self.accepted.service.clone(),
            profile: profile.name,
            connect: way.connect.map(|target| target.text),
            tls: way.tls,
            protocol,
        });
        let link = Arc::new(Link {
            front: Arc::clone(&self.shared.front),
            id: self.accepted.id,
            peer,
            profile,
            settings,
            tear: self.tear.clone(),
            orders: Orders::new(profile.idle.is_some()),
            stop: self.shared.stop.clone(),
        });
        let (open, unwelcome) = Open::new(&link);
        let outcome = match protocol {
            Protocol::Http1 => http1::serve(stream, &link).await,
            Protocol::Http2 => http2::serve(stream, &link, unwelcome).await,
        };
        open.over(outcome)
    }
}

/// Says that a connection is open, and that it is closed, also when its task is cut short.
struct Open {
    link: Arc<Link>,
    told: bool,
}

impl Open {
    /// Also gives what ends the connection at once, where it is not wanted.
    fn new(link: &Arc<Link>) -> (Self, Option<GoAway>) {
        let unwelcome = link.front.opened(link.id, &link.peer, &link.orders);
        (Self { link: Arc::clone(link), told: false }, unwelcome)
    }

    fn over(mut self, outcome: Result<&'static str, Trouble>) -> Result<(), Trouble> {
        self.told = true;
        match outcome {
            Ok(why) => {
                self.link.front.closed(self.link.id, why);
                Ok(())
            }
            Err(trouble) => {
                self.link.front.closed(self.link.id, &trouble.to_string());
                Err(trouble)
            }
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if !self.told {
            self.link.front.closed(self.link.id, "the server stopped before it ended");
        }
    }
}

/// Looks at the first bytes. A sender that goes away before it has said anything is no trouble.
async fn first<S: AsyncRead + Unpin>(stream: &mut Replay<S>) -> Result<Start, Trouble> {
    match delay::limit(HANDSHAKE_LIMIT, sniff::start(stream)).await {
        None => Err(Trouble::SlowStart),
        Some(start) => Ok(start.unwrap_or(Start::Empty)),
    }
}

async fn in_time<F: Future>(work: F) -> Result<F::Output, Trouble> {
    delay::limit(HANDSHAKE_LIMIT, work).await.ok_or(Trouble::SlowStart)
}

/// How many bytes of garbage are shown: enough to know a protocol by.
const GARBAGE_SHOWN: usize = 16;
