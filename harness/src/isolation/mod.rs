//! Keeping a sender apart: in network namespaces of its own, where every address is this machine,
//! real senders reach the emulator under the names that they hard-code, and nothing else at all.
//! [doc] network_namespaces(7), user_namespaces(7)
//!
//! What they dial besides is named.

mod agent;
mod book;
mod datagram;
mod destination;
mod dns;
mod hello;
mod namespace;
mod netlink;
mod packet;
mod reason;
mod sealed;
mod system;

pub use agent::{ENTER, INSIDE, enter, inside};
pub use destination::Destination;
pub use packet::Protocol;
pub use reason::CannotIsolate;
pub use sealed::{Behind, Seal, Sealed};
