//! The server side of an HTTP/2 connection, told nothing of sockets, time or push.
//!
//! [`Connection`] is a state machine: bytes in, requests out; replies in, bytes out. It is our own
//! because real senders and real services do on the wire what stock servers refuse. Whatever a
//! peer sends, memory and work stay bounded: see the constants beside each rule.

#[cfg(test)]
mod attacks;
mod block;
mod connection;
mod error;
mod event;
pub mod frame;
mod head;
pub mod hpack;
#[cfg(test)]
mod late;
mod memory;
mod receive;
mod reply;
mod settings;
mod signal;
mod stream;
#[cfg(test)]
mod tests;

pub use connection::{Connection, Limits};
pub use error::ErrorCode;
pub use event::{Event, Failure, Refusal, Refused, Unfinished};
pub use memory::{IDLE_BUDGET, RESTED_BUDGET};
pub use reply::{Body, End};
