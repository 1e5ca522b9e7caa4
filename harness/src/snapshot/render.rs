//! What each device got, as a text: YAML in block style, one value a line, so that a change shows
//! as the lines that changed.
//!
//! Devices stand in the order of the scenario, what they got in the order of receipt. Requests that
//! overlapped in time have no order of their own: they are sorted by content, and only then are
//! volatile values numbered.

use super::redact::{Known, Redactor};
use super::yaml::Tree;
use pushpit_emulator::clock::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a scenario's devices got.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recorded {
    /// The scenario's name.
    pub scenario: String,
    /// The devices, in the scenario's order.
    pub devices: Vec<DeviceRecord>,
}

/// What one device got, and what it did not get.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeviceRecord {
    /// The device's name.
    pub name: String,
    /// What arrived, in the order of receipt.
    pub received: Vec<Item>,
    /// What did not arrive (collapsed, expired, dropped, still pending), in the order of acceptance.
    pub missed: Vec<Item>,
}

/// One notification at one device.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// When it arrived, in world time; of what did not arrive, when it was accepted.
    pub at: Timestamp,
    /// The app, by its name in the scenario.
    pub app: String,
    /// The push service.
    pub provider: String,
    /// What became of it; `delivered` goes without saying among what arrived.
    pub outcome: String,
    /// Why.
    pub reason: Option<String>,
    /// What was sent.
    pub payload: Payload,
    /// What else a reader wants to know, such as a priority.
    pub attributes: BTreeMap<String, String>,
    /// Neighbors with the same number overlapped in time.
    pub overlap: Option<u64>,
}

/// What was sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload {
    /// JSON; the order of keys does not matter.
    Json(Value),
    /// A text that is no JSON.
    Text(String),
}

/// The snapshot's text. `known` are the volatile values that the scenario has names for.
pub fn render(recorded: &Recorded, known: &[Known]) -> String {
    let mut redactor = Redactor::new(known);
    let devices = recorded.devices.iter().map(|device| {
        let mut fields =
            vec![("received".to_owned(), items(&device.received, known, &mut redactor))];
        if !device.missed.is_empty() {
            fields.push(("missed".to_owned(), items(&device.missed, known, &mut redactor)));
        }
        (device.name.clone(), Tree::Map(fields))
    });
    Tree::Map(devices.collect()).write()
}

fn items(items: &[Item], known: &[Known], redactor: &mut Redactor<'_>) -> Tree {
    let overlapping = |a: &Item, b: &Item| a.overlap.is_some() && a.overlap == b.overlap;
    let mut trees = Vec::with_capacity(items.len());
    for group in items.chunk_by(overlapping) {
        let mut group: Vec<&Item> = group.iter().collect();
        group.sort_by_cached_key(|one| item(one, &mut Redactor::without_numbers(known)).write());
        trees.extend(group.into_iter().map(|one| item(one, redactor)));
    }
    Tree::List(trees)
}

fn item(item: &Item, redactor: &mut Redactor<'_>) -> Tree {
    let text = |text: &str| Tree::Text(text.to_owned());
    let mut fields = vec![("at", text(&item.at.to_string()))];
    if item.outcome != "delivered" {
        fields.push(("outcome", text(&item.outcome)));
    }
    if let Some(reason) = &item.reason {
        fields.push(("reason", Tree::Text(redactor.text(reason))));
    }
    fields.push(("app", text(&item.app)));
    fields.push(("provider", text(&item.provider)));
    if !item.attributes.is_empty() {
        let attribute =
            |(name, value): (&String, &String)| (name.clone(), Tree::Text(redactor.text(value)));
        fields.push(("attributes", Tree::Map(item.attributes.iter().map(attribute).collect())));
    }
    let payload = match &item.payload {
        Payload::Json(value) => Tree::of(value, &mut |text| redactor.text(text)),
        Payload::Text(text) => Tree::Text(redactor.text(text)),
    };
    fields.push(("payload", payload));
    Tree::Map(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn push(alert: &str, overlap: Option<u64>) -> Item {
        Item {
            at: Timestamp::from_seconds(1_893_715_200),
            app: "chat".to_owned(),
            provider: "apns".to_owned(),
            outcome: "delivered".to_owned(),
            reason: None,
            payload: Payload::Json(json!({"aps": {"alert": alert}})),
            attributes: BTreeMap::new(),
            overlap,
        }
    }

    fn anna(received: Vec<Item>, missed: Vec<Item>) -> Recorded {
        let anna = DeviceRecord { name: "anna".to_owned(), received, missed };
        let ben = DeviceRecord { name: "ben".to_owned(), ..DeviceRecord::default() };
        Recorded { scenario: "n".to_owned(), devices: vec![anna, ben] }
    }

    #[test]
    fn a_snapshot_says_what_each_device_got_and_missed() {
        let mut collapsed = push("Dinner?", None);
        collapsed.outcome = "collapsed".to_owned();
        collapsed.reason = Some("a newer one took its place".to_owned());
        let mut newest = push("Dinner at eight", None);
        newest.attributes.insert("priority".to_owned(), "10".to_owned());
        newest
            .attributes
            .insert("id".to_owned(), "8A0B31A4-28F5-4C7D-9A25-000000000001".to_owned());
        insta::assert_snapshot!(render(&anna(vec![newest], vec![collapsed]), &[]), @r#"
        anna:
          received:
            - at: 2030-01-04T00:00:00Z
              app: chat
              provider: apns
              attributes:
                id: <uuid-1>
                priority: "10"
              payload:
                aps:
                  alert: Dinner at eight
          missed:
            - at: 2030-01-04T00:00:00Z
              outcome: collapsed
              reason: a newer one took its place
              app: chat
              provider: apns
              payload:
                aps:
                  alert: Dinner?
        ben:
          received: []
        "#);
    }

    #[test]
    fn what_overlapped_is_sorted_by_content_and_the_rest_stays_in_order() {
        let (z, b, a) = (push("z", None), push("b", Some(1)), push("a", Some(1)));
        let one = render(&anna(vec![z.clone(), b.clone(), a.clone()], vec![]), &[]);
        let other = render(&anna(vec![z.clone(), a.clone(), b.clone()], vec![]), &[]);
        assert_eq!(one, other);
        let apart = render(&anna(vec![b, z, a], vec![]), &[]);
        assert_ne!(one, apart);
    }

    #[test]
    fn numbers_follow_the_order_after_sorting() {
        let ids = ["8a0b31a4-28f5-4c7d-9a25-00000000000a", "8a0b31a4-28f5-4c7d-9a25-00000000000b"];
        let with = |alert: &str, id: &str| {
            let mut item = push(alert, Some(1));
            item.attributes.insert("id".to_owned(), id.to_owned());
            item
        };
        let one = render(&anna(vec![with("x", ids[0]), with("y", ids[1])], vec![]), &[]);
        let other = render(&anna(vec![with("y", ids[0]), with("x", ids[1])], vec![]), &[]);
        assert_eq!(one, other);
        assert!(one.contains("id: <uuid-1>") && one.contains("id: <uuid-2>"), "{one}");
    }

    #[test]
    fn a_text_that_is_no_json_stays_a_text() {
        let mut item = push("", None);
        item.payload = Payload::Text("<toast/>\nfor <phone>".to_owned());
        let text = render(&anna(vec![item], vec![]), &[]);
        assert!(text.contains("payload: |-\n        <toast/>\n        for <phone>"), "{text}");
    }
}
