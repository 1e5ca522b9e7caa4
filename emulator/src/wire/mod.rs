//! HTTP as plain data, whatever carried it: requests, replies, peers and connection profiles.
//!
//! The servers of HTTP/2 and HTTP/1.1 make a [`Request`] and write a [`Reply`]; providers read the
//! one and make the other. No socket, no HTTP library and no provider is known here.

mod message;
mod order;
mod peer;
mod profile;
mod room;

pub use message::{HeaderText, MadeText, Reply, Request};
pub use order::{Framing, GoAway, LastStream, NewSettings, Stall, Wire};
pub use peer::{ConnectionId, Peer, Protocol, Tls};
pub use profile::{ConnectionProfile, Excess, Http1, Leniency, SWITCHES, Settings, fidelity};
pub use room::SPARE_ROOM;
