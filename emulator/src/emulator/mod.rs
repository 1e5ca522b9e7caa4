//! The whole emulator: sockets in front, control beside, the world behind.
//!
//! Programs start it with [`Emulator::start`]; nothing else joins the rooms together.

mod config;
mod front;
mod start;

pub use config::{Config, ConfiguredApp, PushListener, State};
pub use start::{Emulator, Running, StartError};
