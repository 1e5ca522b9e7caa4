//! The conformance cases of the fact sheet, by their numbers, without sockets.
//!
//! What is missing is not built yet, or is the wire's: the connection layer, what single push types
//! do on the device.

mod address;
mod bench;
mod broadcast;
mod certificate;
mod channel;
mod connection;
mod delivery;
mod fault;
mod handset;
mod head;
mod identity;
mod key;
mod kit;
mod odd;
mod payload;
mod subscription;
mod token;
