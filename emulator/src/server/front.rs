//! What stands behind the sockets, and what they tell it besides requests.

use crate::control::{InFlight, Orders};
use crate::wire::{ConnectionId, ConnectionProfile, GoAway, Peer, Reply, Request};
use std::borrow::Cow;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

/// What stands behind the sockets.
///
/// Every call is short and never waits: it runs on the threads that carry the connections.
pub trait Front: Send + Sync + 'static {
    /// The profile for a name (SNI or CONNECT target: lower case, without port and trailing dot);
    /// without one, or for a name of nobody, that of the service to which the listener is bound,
    /// else [`ConnectionProfile::GENERIC`].
    fn profile(&self, name: Option<&str>, service: Option<&str>) -> ConnectionProfile;

    /// Whether a CONNECT target may be tunneled to ourselves; a refusal comes back as
    /// [`Trouble::ConnectRefused`].
    fn may_connect(&self, host: &str, port: u16) -> bool;

    /// A request's head has arrived; what comes back is dropped when its reply is on its way, or
    /// the request is gone.
    fn enter(&self) -> Option<InFlight> {
        None
    }

    /// A connection has shown what it speaks; it takes orders until it is closed. Gives what ends
    /// it before any request is taken, where it is not wanted; HTTP/1.1, which has no word for that,
    /// goes on.
    fn opened(&self, id: ConnectionId, peer: &Arc<Peer>, orders: &Arc<Orders>) -> Option<GoAway>;

    /// A connection that was [opened](Self::opened) is over.
    fn closed(&self, id: ConnectionId, why: &str);

    /// Something that never became a request, or that is a bug of ours.
    fn trouble(&self, incident: &Incident);

    /// How many bytes of this request's body are kept; the body is still empty.
    /// The rest is drained and only counted, up to [`DRAIN_CEILING`](super::DRAIN_CEILING).
    fn body_ceiling(&self, request: &Request) -> usize;

    /// Answers one whole request. Any delay is in the reply and is slept by the server.
    fn answer(&self, id: ConnectionId, peer: &Arc<Peer>, request: Request) -> Reply;

    /// Answers what one connection brought at once, in order: the place to take a lock once.
    ///
    /// Pushes one reply for each request taken. After a reply that [ends](Reply::ends) the
    /// connection the rest is not taken.
    fn answer_all(
        &self,
        id: ConnectionId,
        peer: &Arc<Peer>,
        requests: &mut dyn ExactSizeIterator<Item = Request>,
        replies: &mut Vec<Reply>,
    ) {
        for request in requests {
            let reply = self.answer(id, peer, request);
            let ends = reply.ends();
            replies.push(reply);
            if ends {
                return;
            }
        }
    }
}

/// Trouble, and where it happened.
#[derive(Debug)]
pub struct Incident {
    /// The connection's number, unless it happened before there was one.
    pub connection: Option<ConnectionId>,
    /// The address that dialed.
    pub remote: Option<SocketAddr>,
    /// The address that was dialed.
    pub local: SocketAddr,
    /// What happened.
    pub trouble: Trouble,
}

/// What went wrong below requests.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The system could not hand out a connection.
    #[error("could not accept a connection: {cause}")]
    Accept {
        /// What the system said.
        cause: std::io::Error,
    },
    /// The front panicked, or its reply cannot be written.
    #[error("bug in pushpit: {what}")]
    Bug {
        /// The panic's message, or what is wrong with the reply.
        what: String,
    },
    /// A chunked body is not as HTTP/1.1 wants it.
    #[error("the sender's chunked body is not valid HTTP/1.1: {cause}")]
    Chunk {
        /// What the parser said.
        cause: std::io::Error,
    },
    /// The first line is not one of a CONNECT request.
    #[error("expected `CONNECT host:port HTTP/1.1`, found `{line}`")]
    ConnectMalformed {
        /// The line as it came.
        line: String,
    },
    /// The target of a CONNECT request is not one of ours.
    #[error("refused to tunnel to `{target}`, which is no push host")]
    ConnectRefused {
        /// The target as it came.
        target: String,
    },
    /// The first bytes are of no protocol that we speak.
    #[error("expected TLS, HTTP/2, HTTP/1.1 or CONNECT, found the bytes `{first}`")]
    Garbage {
        /// The first bytes, in hexadecimal.
        first: String,
    },
    /// The head of an HTTP/1.1 request is larger than is read.
    #[error(
        "a request's head is larger than {} bytes, or has more than {} headers",
        super::http1::HEAD_CEILING,
        super::http1::MOST_HEADERS
    )]
    HeadTooLarge,
    /// The sender went away in the middle of a request.
    #[error("the sender closed the connection in the middle of a request")]
    HalfRequest,
    /// The bytes are no HTTP/1.1.
    #[error("not valid HTTP/1.1: {cause}")]
    Http1 {
        /// What the parser said.
        cause: hyper::Error,
    },
    /// HTTP/1.x where the profile serves HTTP/2 alone.
    #[error("profile `{profile}` serves HTTP/2 alone, found the HTTP/1.x request `{line}`")]
    Http1Refused {
        /// The profile's name.
        profile: &'static str,
        /// Method and target as they came.
        line: String,
    },
    /// The sender broke a rule of HTTP/2.
    #[error("HTTP/2 connection error: {cause}")]
    Http2 {
        /// The rule, and what we said.
        cause: crate::http2::Failure,
    },
    /// The sender said that we broke a rule of HTTP/2, or that it cannot go on.
    #[error("HTTP/2 connection error: the sender said GOAWAY with code {code}")]
    Http2GoneAway {
        /// The code, as in RFC 9113, section 7.
        code: u32,
    },
    /// A request was turned down before anybody looked at it.
    #[error("HTTP/2 request refused: {cause}")]
    Http2Refused {
        /// Which, and why.
        cause: crate::http2::Refusal,
    },
    /// The sender takes nothing of what it is sent.
    #[error("the sender read nothing for {} s", super::http2::WRITE_LIMIT.as_secs())]
    NeverReads,
    /// A body did not arrive in time.
    #[error("a request's body did not arrive within {} s", super::body::BODY_LIMIT.as_secs())]
    SlowBody,
    /// A frame or a header block of HTTP/2 began and did not come to its end.
    #[error("{what} did not come to its end within {} s", super::body::BODY_LIMIT.as_secs())]
    SlowFrame {
        /// What of them.
        what: crate::http2::Unfinished,
    },
    /// A request's head did not arrive in time.
    #[error("a request's head did not arrive within {} s", super::http1::HEAD_LIMIT.as_secs())]
    SlowHead,
    /// The first bytes or the TLS handshake did not arrive in time.
    #[error("no handshake within {} s", super::connection::HANDSHAKE_LIMIT.as_secs())]
    SlowStart,
    /// The TLS handshake failed.
    #[error("TLS handshake failed: {0}")]
    Tls(TlsFailure),
    /// There are as many connections as are allowed.
    #[error("closed a new connection: {limit} are open already")]
    TooManyConnections {
        /// The limit.
        limit: usize,
    },
}

/// Why a TLS handshake failed.
#[derive(Debug, thiserror::Error)]
pub enum TlsFailure {
    /// The sender went away when it had our certificate.
    #[error("the sender closed the connection when it had seen our certificate")]
    Closed,
    /// The sender said that it does not take our certificate.
    #[error("{0}")]
    Distrusted(std::io::Error),
    /// The sender did not take our certificate, and asked for a name that is none of the CA's.
    #[error("the sender asked for `{name}`, for which the local CA does not speak")]
    ForeignName {
        /// The name.
        name: String,
    },
    /// Anything else.
    #[error("{0}")]
    Other(std::io::Error),
}

impl Trouble {
    /// What a person can do about it. `ca` is the file with the local CA's certificate.
    pub fn help(&self, ca: &Path) -> Cow<'static, str> {
        match self {
            Self::Tls(failure) => failure.help(ca),
            other => Cow::Borrowed(other.usual_help()),
        }
    }

    const fn usual_help(&self) -> &'static str {
        match self {
            Self::Accept { .. } => "raise the limit of open files (`ulimit -n`)",
            Self::Bug { .. } => "please report it with the request that caused it",
            Self::Chunk { .. } => {
                "look at how the sender writes chunks: the size in hexadecimal, a line break, so \
                 many bytes, a line break"
            }
            Self::ConnectMalformed { .. } => "look at the sender's proxy settings",
            Self::ConnectRefused { .. } => {
                "nothing leaves this machine: exempt the host from the sender's proxy settings \
                 (`NO_PROXY`)"
            }
            Self::Garbage { .. } => "look at the sender's host, port and protocol settings",
            Self::HeadTooLarge => {
                "look for a header that grows: a token that is added twice, a cookie"
            }
            Self::HalfRequest => "look for a crash or a time-out in the sender",
            Self::Http1 { .. } => "look at the request that the sender wrote last",
            Self::Http1Refused { .. } => {
                "the real service speaks HTTP/2 alone: let the sender use HTTP/2"
            }
            Self::Http2 { .. } | Self::Http2GoneAway { .. } | Self::Http2Refused { .. } => {
                "look at the sender's HTTP/2 library and at the last requests"
            }
            Self::NeverReads => {
                "let the sender read its answers while it sends; what it had not read is lost"
            }
            Self::SlowBody | Self::SlowFrame { .. } | Self::SlowHead => {
                "the sender announced more than it sent, or was stopped"
            }
            Self::SlowStart => "the sender connected and then said nothing; is it a port probe?",
            Self::Tls(_) => "look at the sender's TLS settings",
            Self::TooManyConnections { .. } => "let the sender reuse its connections",
        }
    }
}

impl TlsFailure {
    fn help(&self, ca: &Path) -> Cow<'static, str> {
        let ca = ca.display();
        match self {
            Self::Closed => format!(
                "most often it does not trust the local CA and does not say so: let it load `{ca}`"
            )
            .into(),
            Self::Distrusted(_) => {
                format!("the sender does not trust the local CA: let it load `{ca}`").into()
            }
            Self::ForeignName { name } => format!(
                "start `serve` with `--name {name}`, or let the sender use a push host's name, `localhost` \
                 or 127.0.0.1"
            )
            .into(),
            Self::Other(_) => {
                Cow::Borrowed("TLS 1.2 or later is needed; look at the sender's TLS settings")
            }
        }
    }
}
