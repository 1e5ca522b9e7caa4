//! What a sender sends to: device tokens, registration tokens, channel URIs, subscriptions.

use super::{AppId, DeviceId, ServiceId};
use crate::clock::Now;
use serde::{Deserialize, Serialize};

/// An address's number, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressId(pub u32);

/// An address: it belongs to one app on one device.
#[derive(Clone, Debug)]
pub struct Address {
    /// The service that knows it.
    pub service: ServiceId,
    /// The provider's small number beside the kind, such as an environment; opaque here.
    pub realm: u8,
    /// Where it is in its life.
    pub life: Life,
    /// The app.
    pub app: AppId,
    /// The device.
    pub device: DeviceId,
    /// The provider's word for what it is, such as `token` or `fid`.
    pub kind: &'static str,
    /// When its life ended; meaningless while it is active.
    pub ended: Now,
    /// The address that took its place, or that it stands for.
    pub link: Option<AddressId>,
    /// The address that the device got before this one.
    pub(super) next_on_device: Option<AddressId>,
    /// Where its text lies.
    pub(super) text: (u32, u16),
    /// What waits for it alone, where something does.
    pub(super) queue: Option<QueueNumber>,
}

/// A queue's number, from 1: an address without one needs no room for that.
pub(super) type QueueNumber = std::num::NonZero<u32>;

/// Where an address is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Life {
    /// Pushes go through.
    Active,
    /// Its time is over.
    Expired,
    /// The app is gone, or another address took its place.
    Unregistered,
}

/// An address to be.
#[derive(Clone, Copy, Debug)]
pub struct NewAddress<'a> {
    /// The app; it names the service.
    pub app: AppId,
    /// The device.
    pub device: DeviceId,
    /// The provider's word for what it is.
    pub kind: &'static str,
    /// The provider's small number beside the kind.
    pub realm: u8,
    /// Its bytes, in the form in which the provider looks it up.
    pub text: &'a [u8],
}
