//! Whole emulators over real sockets, spoken to in frames.

mod apns;
mod bench;
mod broadcast;
mod certificate;
