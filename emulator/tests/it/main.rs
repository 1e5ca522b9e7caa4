//! The integration tests, as one program.

#![expect(clippy::unwrap_used, reason = "in a test, what cannot be unwrapped is the failure")]

mod control;
mod fidelity;
mod floors;
mod service;
mod switches;
mod wire;
mod written;
