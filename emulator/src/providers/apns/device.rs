//! What the device makes of a push that arrives.

use super::request::{Field, Push};
use crate::wire::Request;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use std::fmt;

/// Why the device throws a payload away, if it does.
///
/// APNs has no reason for a body that is not JSON and very likely does not look; the device can do
/// nothing with it. [guess]
pub(super) fn discards(payload: &[u8]) -> Option<&'static str> {
    let is_object = std::str::from_utf8(payload).is_ok_and(|text| {
        let mut reader = serde_json::Deserializer::from_str(text);
        reader.deserialize_map(Object).is_ok() && reader.end().is_ok()
    });
    (!is_object).then_some(NOT_AN_OBJECT)
}

/// By what a notification takes another's place on the device: its `apns-collapse-id`, where it is
/// one that the device shows. [doc] Apple, "Sending notification requests to APNs"; that only
/// alerts collapse is a [guess].
pub(super) fn collapse_key<'a>(push: &Push, request: &'a Request) -> Option<&'a [u8]> {
    let named = push.collapse_id_length > 0 && is_shown(push);
    named.then(|| request.header(b"apns-collapse-id")).flatten()
}

/// Why a device that gets a broadcast does nothing with it, if so.
///
/// A Live Activity is started by a push to the device, never by a broadcast. [doc] Apple,
/// ActivityKit, "Starting and updating Live Activities with ActivityKit push notifications"
pub(super) fn ignores(broadcast: &Value) -> Option<&'static str> {
    let starts = broadcast.pointer("/aps/event").is_some_and(|event| event == "start");
    starts.then_some(STARTS_NOTHING)
}

/// A broadcast that would start a Live Activity.
pub(super) const STARTS_NOTHING: &str = "Not Applied - A Broadcast Starts No Live Activity";

/// Whether people see it: an alert, which a push without a type is too. [doc]
pub(super) fn is_shown(push: &Push) -> bool {
    match &push.push_type {
        Field::Absent => true,
        Field::Value(push_type) => push_type.name == "alert",
        Field::Bad(_) => false,
    }
}

/// What kind a push is while it waits.
pub(super) fn mark(push: &Push) -> u8 {
    u8::from(is_shown(push))
}

/// The mark of what people see.
pub(super) const ALERT: u8 = 1;

/// The device cannot read the payload.
pub(super) const NOT_AN_OBJECT: &str = "Undeliverable - Payload Is Not a JSON Object";

/// Reads over an object without keeping any of it.
struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_taken_and_nothing_else() {
        let taken = ["{}", r#" {"aps":{"alert":"x"},"n":[1,null]} "#];
        let thrown = ["", "[]", "1", "null", "{", "{}x", r#"{"a":}"#, "\u{feff}{}"];
        let judged = |texts: &[&str]| -> Vec<_> {
            texts.iter().map(|text| discards(text.as_bytes())).collect()
        };
        assert_eq!(judged(&taken), vec![None; taken.len()]);
        assert_eq!(judged(&thrown), vec![Some(NOT_AN_OBJECT); thrown.len()]);
        assert_eq!(discards(b"{\"a\":\"\xff\"}"), Some(NOT_AN_OBJECT));
    }
}
