//! What a device reads in a payload, as far as anything here depends on it.

use super::topic::{LIVE_ACTIVITY, PushType};
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use std::fmt;

/// The content of a push, for the device that gets it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// News of a Live Activity.
    Activity(Box<News>),
    /// An object; what it holds is the app's business.
    Other,
    /// That of a background push.
    Silent {
        /// Whether it is what Apple wants: `content-available: 1`, and nothing that people notice.
        fits: bool,
    },
    /// No JSON object, so that the device can do nothing with it.
    Unreadable,
}

/// What a push says of a Live Activity.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct News {
    pub(super) event: Option<Event>,
    /// Seconds since 1970.
    pub(super) timestamp: Option<i64>,
    /// Whether it has what a start needs: an alert, and the attributes with their type.
    pub(super) can_start: bool,
    /// The channel that a started activity is to follow, as it is written.
    pub(super) channel: Option<String>,
}

/// What becomes of a Live Activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    End,
    Start,
    Update,
}

/// Reads a payload as far as the push's type and topic make it matter.
pub(super) fn read(push_type: Option<&PushType>, topic: Option<&str>, payload: &[u8]) -> Content {
    if !is_object(payload) {
        return Content::Unreadable;
    }
    let aps = || {
        let whole: Value = serde_json::from_slice(payload).unwrap_or_default();
        whole.get("aps").cloned().unwrap_or_default()
    };
    match push_type {
        _ if topic.is_some_and(|topic| topic.ends_with(LIVE_ACTIVITY)) => {
            Content::Activity(Box::new(News::of(&aps())))
        }
        Some(it) if it.name == "background" => Content::Silent { fits: is_silent(&aps()) },
        _ => Content::Other,
    }
}

/// Reads a payload that waited, of which it is known that it is about a Live Activity.
pub(super) fn news(payload: &[u8]) -> News {
    let whole: Value = serde_json::from_slice(payload).unwrap_or_default();
    News::of(&whole["aps"])
}

impl News {
    /// The keys: Apple, ActivityKit, "Starting and updating Live Activities with ActivityKit push
    /// notifications". [doc]
    fn of(aps: &Value) -> Self {
        let seconds = |value: &Value| value.as_i64().or_else(|| Some(value.as_f64()? as i64));
        Self {
            event: match aps["event"].as_str() {
                Some("end") => Some(Event::End),
                Some("start") => Some(Event::Start),
                Some("update") => Some(Event::Update),
                _ => None,
            },
            timestamp: seconds(&aps["timestamp"]),
            can_start: !aps["alert"].is_null()
                && aps["attributes-type"].is_string()
                && aps["attributes"].is_object(),
            channel: aps["input-push-channel"].as_str().map(str::to_owned),
        }
    }
}

/// Apple, "Pushing background updates to your App". [doc]
fn is_silent(aps: &Value) -> bool {
    let noticed = ["alert", "badge", "sound"];
    aps["content-available"] == 1 && noticed.iter().all(|key| aps[key].is_null())
}

/// Whether it is one JSON object, read without keeping any of it.
fn is_object(payload: &[u8]) -> bool {
    // Passing over a text, the parser does not ask whether it is UTF-8; most are ASCII.
    let is_text = payload.is_ascii() || std::str::from_utf8(payload).is_ok();
    let mut reader = serde_json::Deserializer::from_slice(payload);
    is_text && reader.deserialize_map(Object).is_ok() && reader.end().is_ok()
}

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
    use crate::providers::apns::topic::push_type;

    #[test]
    fn objects_are_taken_and_nothing_else() {
        let taken = ["{}", r#" {"aps":{"alert":"x"},"n":[1,null]} "#];
        let thrown = ["", "[]", "1", "null", "{", "{}x", r#"{"a":}"#, "\u{feff}{}"];
        let judged = |texts: &[&str]| -> Vec<_> {
            texts.iter().map(|text| read(None, None, text.as_bytes())).collect()
        };
        assert_eq!(judged(&taken), [Content::Other, Content::Other]);
        assert!(judged(&thrown).iter().all(|content| *content == Content::Unreadable));
        assert_eq!(read(None, None, b"{\"a\":\"\xff\"}"), Content::Unreadable);
    }

    #[test]
    fn a_silent_payload_says_so_and_shows_nothing() {
        let background = push_type(b"background");
        let fits = [
            r#"{"aps":{"content-available":1}}"#,
            r#"{"aps":{"content-available":1},"alert":"mine"}"#,
        ];
        let odd = [
            "{}",
            r#"{"aps":7}"#,
            r#"{"aps":{"content-available":"1"}}"#,
            r#"{"aps":{"content-available":1,"badge":0}}"#,
        ];
        for (payloads, fits) in [(fits.as_slice(), true), (&odd, false)] {
            for payload in payloads {
                let content = read(background, Some("com.example.app"), payload.as_bytes());
                assert_eq!(content, Content::Silent { fits }, "{payload}");
            }
        }
    }

    #[test]
    fn news_of_a_live_activity_are_read_by_the_topic() {
        let topic = Some("com.example.app.push-type.liveactivity");
        let whole = r#"{"aps":{"event":"start","timestamp":17.9,"alert":{"title":"x"},
            "attributes-type":"Match","attributes":{},"input-push-channel":"YQ=="}}"#;
        let news = News {
            event: Some(Event::Start),
            timestamp: Some(17),
            can_start: true,
            channel: Some("YQ==".to_owned()),
        };
        assert_eq!(read(None, topic, whole.as_bytes()), Content::Activity(Box::new(news)));
        let odd = News { event: None, timestamp: None, can_start: false, channel: None };
        let odd_text = r#"{"aps":{"event":"stop","timestamp":"now","input-push-channel":1}}"#;
        assert_eq!(read(None, topic, odd_text.as_bytes()), Content::Activity(Box::new(odd)));
    }
}
