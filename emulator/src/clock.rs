//! Time: the two clocks of the design, and the jumps that set them apart.
//!
//! World time is what devices and pending notifications live in; sender time is the real clock,
//! which the sender's process sees too. Only [`reading`] reads it; all else is handed a reading.

mod aging;
mod machine;
mod real;
mod timestamp;

pub use aging::{Aging, AgingScope, Order};
pub use machine::{Clock, GoesBack};
pub use real::reading;
pub use timestamp::{DurationError, Timestamp, TimestampError, parse_duration, show_duration};

use serde::{Deserialize, Serialize};

/// The instant of one command, on both clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Now {
    /// World time: devices, pending notifications, lifetimes.
    pub world: Timestamp,
    /// Sender time: ages of credentials, anything told to a sender.
    pub sender: Timestamp,
}

/// How world time moves.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// World time is sender time plus all jumps.
    #[default]
    Running,
    /// World time moves by jumps only.
    Frozen,
}

/// Where a frozen clock starts when nothing else is said: 2030-01-01T00:00:00Z.
pub const FROZEN_START: Timestamp = Timestamp::from_seconds(1_893_456_000);

/// Where the world clock ends: 9999-12-31T23:59:59Z, the last instant that RFC 3339 can write.
pub const LATEST: Timestamp = Timestamp::from_seconds(253_402_300_799);
