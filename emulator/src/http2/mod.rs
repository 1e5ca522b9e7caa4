//! HTTP/2 as bytes: frames and header compression, told nothing of sockets, time or push.
//!
//! The server connection of design page "Why we own the HTTP/2 server connection" is built on
//! these two. What is here is complete in itself and bounded: the decoder keeps its table in step
//! whatever a peer sends, and hands out no more than the list size that was announced.

mod error;
pub mod frame;
pub mod hpack;

pub use error::ErrorCode;
