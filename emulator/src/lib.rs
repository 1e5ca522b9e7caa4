//! The emulated push providers, their devices and their clock.

pub mod clock;
pub mod wire;
