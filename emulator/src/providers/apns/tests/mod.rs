//! The conformance cases of the fact sheet, by their numbers, without sockets.
//!
//! What is missing is the wire's, and is held in `tests/it`.

mod activity;
mod address;
mod bench;
mod broadcast;
mod budget;
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
