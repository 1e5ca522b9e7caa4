//! Who is at the other end of a connection.

use super::ConnectionProfile;
use bytes::Bytes;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// The number of a connection: counted from 1 in the order of acceptance, never reused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u32);

/// What is known of a connection before its first request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The address that dialed.
    pub remote: SocketAddr,
    /// The address that was dialed.
    pub local: SocketAddr,
    /// The service, or the one of its environments, that the listener is bound to.
    pub listener: Option<Arc<str>>,
    /// The name of the connection profile in force.
    pub profile: &'static str,
    /// The target of the CONNECT request that opened the tunnel, if there was one.
    pub connect: Option<String>,
    /// TLS, if it is spoken.
    pub tls: Option<Tls>,
    /// The HTTP version that the first bytes showed.
    pub protocol: Protocol,
}

impl Peer {
    /// A peer on this machine that speaks cleartext HTTP/2 and asked for nobody: where nothing of
    /// the connection matters.
    pub fn anybody() -> Self {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            remote: anywhere,
            local: anywhere,
            listener: None,
            profile: ConnectionProfile::GENERIC.name,
            connect: None,
            tls: None,
            protocol: Protocol::Http2,
        }
    }
}

/// What the TLS handshake showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// The name that the client asked for, lower case.
    pub server_name: Option<String>,
    /// The protocol that ALPN chose; `None` when the client offered nothing that was chosen.
    pub alpn: Option<String>,
    /// The client's certificates in DER, leaf first; empty when it sent none.
    pub client_certificates: Vec<Bytes>,
}

/// The HTTP version of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.0 or HTTP/1.1.
    Http1,
    /// HTTP/2.
    Http2,
}

impl Protocol {
    /// The name that people know: `HTTP/1.1` or `HTTP/2`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http1 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
        }
    }
}
