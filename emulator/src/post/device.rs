//! Simulated devices.

use super::AddressId;
use serde::{Deserialize, Serialize};

/// A device's number, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(pub u32);

/// A handset, PC or browser.
#[derive(Clone, Debug)]
pub struct Device {
    /// The name that somebody gave it; devices that register themselves have none.
    pub(super) name: Option<Box<str>>,
    /// What it is.
    pub platform: Platform,
    /// Whether providers reach it.
    pub connection: Connection,
    /// How it minds its battery.
    pub power: Power,
    /// The newest of its addresses; the others follow by [`super::Address::next_on_device`].
    pub(super) newest_address: Option<AddressId>,
}

/// What a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// A phone or tablet with Google's services.
    Android,
    /// A browser with a push service of its maker.
    Browser,
    /// A tablet or TV stick of Amazon's.
    FireOs,
    /// An iPhone.
    Ios,
    /// An iPad.
    IpadOs,
    /// A Mac.
    MacOs,
    /// An Apple TV.
    TvOs,
    /// An Apple Vision.
    VisionOs,
    /// An Apple Watch.
    WatchOs,
    /// A PC with Windows.
    Windows,
}

/// Whether providers reach a device.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Connection {
    /// Switched off or out of reach.
    Offline,
    /// Reachable.
    #[default]
    Online,
}

/// How a device minds its battery.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Power {
    /// It sleeps: only what may wake it comes through.
    Asleep,
    /// It saves power (Low Power Mode, Doze, battery saver).
    Low,
    /// Awake, with power enough.
    #[default]
    Normal,
}
