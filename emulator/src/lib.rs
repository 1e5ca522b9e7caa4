//! The emulated push providers, their devices and their clock.

pub mod agenda;
pub mod clock;
pub mod control;
pub mod crypto;
mod emulator;
pub mod fidelity;
pub mod http2;
pub mod ids;
pub mod journal;
pub mod post;
pub mod providers;
pub mod server;
pub mod switch;
pub mod wire;
pub mod world;

pub use emulator::{Config, ConfiguredApp, Emulator, PushListener, Running, StartError, State};
