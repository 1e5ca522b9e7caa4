//! Sockets and TLS: listeners, the local CA, connection profiles, the forward proxy, HTTP.
//!
//! This room knows no provider by name and nothing of the world. What stands behind it is one
//! trait, [`Front`]. The first bytes of a connection decide what is spoken; the way is
//! `listen` → `connection` → `sniff` → (`tunnel`, `tls`) → `http2` | `http1` → [`Front::answer`].

mod answer;
mod body;
mod ca;
mod connection;
mod delay;
mod descriptors;
mod error;
mod front;
mod http1;
mod http2;
mod leaf;
mod line;
mod linger;
mod listen;
mod netty;
mod permitted;
mod progress;
#[cfg(test)]
mod property;
mod sniff;
mod state;
mod streams;
mod tls;
mod tunnel;

pub use body::DRAIN_CEILING;
pub use ca::{Authority, Origin, Renewal};
pub use connection::CONNECTION_BUDGET;
pub use delay::now;
pub use descriptors::{MAX_CONNECTIONS, RESERVED, most_connections, raise_descriptors};
pub use error::ServerError;
pub use front::{Front, Incident, TlsFailure, Trouble};
pub use listen::{Bound, Listener, Running, Server, ServerConfig, Socket};
pub use permitted::{Permitted, is_name};
pub use state::StateFolder;
