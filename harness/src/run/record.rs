//! What each device got, as the snapshot wants it.

use super::stage::Stage;
use crate::snapshot::render::{DeviceRecord, Item, Payload, Recorded};
use pushpit_emulator::clock::Timestamp;
use pushpit_emulator::journal::Cursor;
use pushpit_emulator::post::Outcome;
use pushpit_emulator::world::{Arrival, DeliveryView, Filter, Subject};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// Records what a scenario's devices got so far.
pub(super) fn recorded(stage: &Stage<'_>) -> Recorded {
    let overlaps = overlaps(stage);
    let devices =
        stage.scenario.devices.iter().map(|(name, _)| device(stage, &name.value, &overlaps));
    Recorded { scenario: stage.scenario.name.value.clone(), devices: devices.collect() }
}

fn device(stage: &Stage<'_>, name: &str, overlaps: &HashMap<u64, u64>) -> DeviceRecord {
    let control = stage.emulator.control();
    let filter = Filter { device: Some(name.to_owned()), ..Filter::default() };
    let arrivals = control.inbox(&filter, Cursor::default(), MANY).items;
    let mut missed = control.deliveries(&filter, Cursor::default(), MANY).items;
    missed.retain(|delivery| delivery.outcome != Outcome::Delivered);
    missed.sort_by_key(|delivery| delivery.id);
    let overlap = |request: Option<u64>| overlaps.get(&request?).copied();
    DeviceRecord {
        name: name.to_owned(),
        received: arrivals.iter().map(|it| received(stage, it, overlap(it.request))).collect(),
        missed: missed.iter().map(|it| lost(stage, it, overlap(Some(it.request)))).collect(),
    }
}

fn received(stage: &Stage<'_>, it: &Arrival, overlap: Option<u64>) -> Item {
    Item {
        at: it.at,
        app: stage.app_name(&it.provider, &it.app).to_owned(),
        provider: it.provider.clone(),
        outcome: "delivered".to_owned(),
        reason: Some(it.reason.clone()),
        payload: payload(&it.payload),
        attributes: attributes(&it.attributes),
        overlap,
    }
}

fn lost(stage: &Stage<'_>, it: &DeliveryView, overlap: Option<u64>) -> Item {
    let outcome = serde_json::to_value(it.outcome).unwrap_or_default();
    Item {
        // When it was accepted: when it expired hangs on where in its second the sender's clock was.
        at: it.history.first().map_or_else(Timestamp::default, |step| step.at),
        app: stage.app_name(&it.provider, &it.app).to_owned(),
        provider: it.provider.clone(),
        outcome: outcome.as_str().unwrap_or_default().to_owned(),
        reason: Some(it.reason.clone()),
        payload: payload(&it.payload),
        attributes: attributes(&it.attributes),
        overlap,
    }
}

/// An absolute time that a sender wrote is of the day on which the scenario ran.
fn attributes(all: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let stable = |(name, value): (&String, &String)| {
        let is_moment = value.len() >= EPOCH_DIGITS && value.bytes().all(|it| it.is_ascii_digit());
        (name.clone(), if is_moment { "<moment>".to_owned() } else { value.clone() })
    };
    all.iter().map(stable).collect()
}

fn payload(value: &Value) -> Payload {
    match value {
        Value::String(text) => Payload::Text(text.clone()),
        other => Payload::Json(other.clone()),
    }
}

/// The group of each request that overlapped with others: on one connection the sender's own order
/// holds; on different ones, what came almost together has no order.
fn overlaps(stage: &Stage<'_>) -> HashMap<u64, u64> {
    let filter = Filter { of: Subject::Requests, ..Filter::default() };
    let requests = stage.emulator.control().requests(&filter, Cursor::default(), MANY).items;
    let mut groups = HashMap::new();
    for pair in requests.windows(2) {
        let near = pair[1].sender_at.since(pair[0].sender_at) < TOGETHER;
        if near && pair[0].connection != pair[1].connection {
            let group = *groups.entry(pair[0].id).or_insert(pair[0].id);
            groups.insert(pair[1].id, group);
        }
    }
    groups
}

/// Closer than this, requests on different connections count as made together.
const TOGETHER: Duration = Duration::from_millis(50);

/// Seconds since the epoch have had ten digits since 2001.
const EPOCH_DIGITS: usize = 10;

/// More entries than a scenario's journal holds.
const MANY: usize = 100_000;
