//! What people and programs see of the world: plain data in the words of the design.

use crate::clock::{Mode, Timestamp};
use crate::journal::Cursor;
use crate::post::{Connection, Fault, FaultId, Life, Outcome, Platform, Power};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A device with its addresses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceView {
    /// Its name.
    pub name: String,
    /// What it is.
    pub platform: Platform,
    /// Whether providers reach it.
    pub connection: Connection,
    /// How it minds its battery.
    pub power: Power,
    /// Its addresses, oldest first, dead ones too.
    pub addresses: Vec<AddressView>,
    /// What only one provider knows of it, under the provider's name.
    #[serde(flatten)]
    pub services: BTreeMap<String, Value>,
}

/// An address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AddressView {
    /// Its number in this emulator.
    pub id: u32,
    /// The service.
    pub provider: String,
    /// The app's id at the service.
    pub app: String,
    /// The device's name.
    pub device: String,
    /// The provider's word for what it is, such as `token`.
    pub kind: String,
    /// What a sender sends to.
    pub address: String,
    /// Where it is in its life.
    pub state: Life,
    /// Since when it is dead, in world time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ended: Option<Timestamp>,
    /// The number of the address that took its place.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub link: Option<u32>,
}

/// What a sender (or a hub, a bridge, a schedule) asked, and what was decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RequestView {
    /// Its number, from 1.
    pub id: u64,
    /// World time.
    pub at: Timestamp,
    /// Sender time.
    pub sender_at: Timestamp,
    /// The connection's number.
    pub connection: u32,
    /// The service; absent when the request met none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub provider: Option<String>,
    /// The authority, as it came.
    pub host: String,
    /// The method.
    pub method: String,
    /// The raw target.
    pub path: String,
    /// Values by name (lower case); a list where a name came more than once.
    pub headers: BTreeMap<String, Value>,
    /// The body: as JSON if it is JSON, else as text, else `{"base64": …}`.
    pub body: Value,
    /// How long the body was, in bytes.
    pub body_length: u64,
    /// The HTTP status of the reply; 0 when the connection was cut instead.
    pub status: u16,
    /// `accepted` or `rejected`.
    pub verdict: String,
    /// The provider's reason.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// The rule that decided.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rule: Option<String>,
    /// Why, in plain words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cause: Option<String>,
    /// What was let pass but should be known.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub warnings: Vec<String>,
    /// The fault that struck.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fault: Option<FaultId>,
    /// Who asked: `sender`, or a hub, a bridge, a schedule by name.
    pub origin: String,
    /// The request that caused this one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parent: Option<u64>,
}

/// One notification at one address, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryView {
    /// Its number, from 1, in the order of receipt.
    pub id: u64,
    /// The request that brought it.
    pub request: u64,
    /// The device's name.
    pub device: String,
    /// The service.
    pub provider: String,
    /// The app's id.
    pub app: String,
    /// The address's number.
    pub address: u32,
    /// The address's kind.
    pub kind: String,
    /// What became of it so far.
    pub outcome: Outcome,
    /// Why, in the provider's words.
    pub reason: String,
    /// How it came to be.
    pub history: Vec<HistoryEntry>,
    /// What the device gets: JSON, text, or `{"base64": …}`; null when the journal dropped it.
    pub payload: Value,
    /// What else the provider was told about it, such as a priority.
    pub attributes: BTreeMap<String, String>,
}

/// One step in the life of a delivery.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryEntry {
    /// World time.
    pub at: Timestamp,
    /// What became of it then.
    pub outcome: Outcome,
    /// Why, in the provider's words.
    pub reason: String,
}

/// Something that a device got.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Arrival {
    /// The delivery; absent for a notice.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub delivery: Option<u64>,
    /// The request that brought it; absent for a notice.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request: Option<u64>,
    /// World time of arrival.
    pub at: Timestamp,
    /// The service.
    pub provider: String,
    /// The app's id.
    pub app: String,
    /// The address's number.
    pub address: u32,
    /// How it arrived, in the provider's words.
    pub reason: String,
    /// What arrived.
    pub payload: Value,
    /// What else the provider was told about it.
    pub attributes: BTreeMap<String, String>,
}

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventView {
    /// Its place.
    pub cursor: Cursor,
    /// World time.
    pub at: Timestamp,
    /// Sender time.
    pub sender_at: Timestamp,
    /// What it is, such as `request`, `delivery`, `device_changed`, `trouble`.
    pub kind: String,
    /// Its content.
    pub data: Value,
}

/// A fault rule in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FaultView {
    /// Its number.
    pub id: FaultId,
    /// The rule.
    pub fault: Fault,
    /// How many requests it struck; of one that struck at once, how many connections.
    pub struck: u32,
}

/// Both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClockView {
    /// World time.
    pub world: Timestamp,
    /// Sender time.
    pub sender: Timestamp,
    /// How world time moves.
    pub mode: Mode,
    /// How many requests an advance found in flight and did not wait for any longer: they are
    /// answered after it. Absent when there were none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unfinished: Option<usize>,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct List<T> {
    /// The entries, oldest first.
    pub items: Vec<T>,
    /// The place to go on from.
    pub next: Cursor,
    /// How many of the journal's lines of the list's kind lay after the place that was asked from
    /// but were dropped, because the journal is bounded. What was in them is unknown by then, so
    /// that filters do not count here, and each change of a delivery is a line.
    pub dropped: u64,
    /// For a waiting call: whether as many came as were waited for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub complete: Option<bool>,
}
