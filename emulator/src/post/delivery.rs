//! One notification at one address, and what became of it.

use super::{AddressId, Gate, PolicyId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// A delivery's number, from 1, in the order of receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId(pub u64);

/// What became of a delivery so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// A newer notification took its place.
    Collapsed,
    /// The device got it.
    Delivered,
    /// It was thrown away.
    Dropped,
    /// Its lifetime ended before the device could be reached.
    Expired,
    /// It waits for the device.
    Pending,
}

/// An accepted notification for one address.
#[derive(Clone, Copy, Debug)]
pub struct Submission<'a> {
    /// The request that brought it.
    pub request: u64,
    /// Where it goes.
    pub address: AddressId,
    /// The policy that rules while it waits.
    pub policy: PolicyId,
    /// The policy's lane.
    pub lane: usize,
    /// What it replaces: a collapse key, a tag.
    pub key: Option<&'a [u8]>,
    /// What kind it is to the provider, so that all of a kind can be withdrawn.
    pub mark: u8,
    /// What must be true of the device.
    pub gate: Gate,
    /// How long it may wait.
    pub lifetime: Lifetime,
    /// What the sender asks about storing.
    pub storing: Storing,
    /// What the device gets.
    pub payload: Payload<'a>,
    /// Whether `payload` differs from the request's body, so that the journal must keep it apart.
    pub own_payload: bool,
    /// What the device makes of its arrival, decided by the provider; `None` when it just gets it.
    pub discarded: Option<&'static str>,
}

/// What a device gets.
#[derive(Clone, Copy, Debug)]
pub enum Payload<'a> {
    /// For this one alone; copied if it waits.
    Lent(&'a [u8]),
    /// One text for many who may wait for it.
    Shared(&'a Arc<[u8]>),
}

impl Payload<'_> {
    /// The payload as something that waits keeps it.
    pub(super) fn kept(self) -> Arc<[u8]> {
        match self {
            Self::Lent(bytes) => bytes.into(),
            Self::Shared(bytes) => Arc::clone(bytes),
        }
    }
}

/// How long a notification may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// As long as the lane keeps it.
    Default,
    /// This long after receipt, but not longer than the lane keeps it.
    For(Duration),
    /// Not at all: now or never.
    NowOrNever,
}

/// What the sender asks about storing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Storing {
    /// Keep it, also where the lane keeps only on demand.
    Asked,
    /// Do not keep it.
    Forbidden,
    /// Nothing is said.
    #[default]
    Unsaid,
}
