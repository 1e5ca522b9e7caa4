//! Case 77: what Live Activities make of the news that they get.

use super::bench::*;
use crate::post::{Connection, Outcome};
use crate::providers::apns::activity::{ENDED, NO_EVENT, OLD, STARTS_TOO_LITTLE};
use serde_json::json;

const DELIVERED: &str = "Delivered to Device";
const FROM_STORAGE: &str = "Delivered to Device (From Storage)";
const START: &str = r#"{"aps":{"event":"start","timestamp":50,"alert":{"title":"Kick-off"},
    "attributes-type":"Match","attributes":{},"content-state":{}}}"#;

fn told(event: &str, timestamp: i64) -> String {
    json!({"aps": {"event": event, "timestamp": timestamp, "content-state": {}}}).to_string()
}

/// What becomes of these payloads, sent one after the other to a device that gets them at once.
fn fates(payloads: &[&str]) -> Vec<&'static str> {
    let mut bench = Bench::new();
    for payload in payloads {
        assert_eq!(bench.send_news(payload), OK);
    }
    let fates = bench.deliveries().into_iter().map(|(_, outcome, reason)| {
        let fitting = if reason == DELIVERED { Outcome::Delivered } else { Outcome::Dropped };
        assert_eq!(outcome, fitting);
        reason
    });
    fates.collect()
}

#[test]
fn case_77_news_older_than_what_is_shown_are_not_applied() {
    let news = [100, 99, 100, 101].map(|timestamp| told("update", timestamp));
    let news = news.each_ref().map(String::as_str);
    assert_eq!(fates(&news), [DELIVERED, OLD, DELIVERED, DELIVERED]);
}

#[test]
fn case_77_after_its_end_a_live_activity_ignores_all_but_a_start() {
    let news = [told("update", 1), told("end", 2), told("update", 3), told("end", 4)];
    let [first, end, late, twice] = news.each_ref().map(String::as_str);
    let fates = fates(&[first, end, late, twice, START, late, &told("update", 51)]);
    // The one that was started shows something newer than the late news.
    assert_eq!(fates, [DELIVERED, DELIVERED, ENDED, ENDED, DELIVERED, OLD, DELIVERED]);
}

#[test]
fn a_start_brings_an_alert_and_attributes() {
    let whole: serde_json::Value = serde_json::from_str(START).unwrap();
    let without = ["alert", "attributes-type", "attributes"].map(|key| {
        let mut less = whole.clone();
        less["aps"].as_object_mut().unwrap().remove(key);
        less.to_string()
    });
    assert_eq!(fates(&without.each_ref().map(String::as_str)), [STARTS_TOO_LITTLE; 3]);
}

#[test]
fn news_without_a_known_event_are_not_applied() {
    assert_eq!(fates(&["{}", &told("stop", 1)]), [NO_EVENT; 2]);
}

#[test]
fn news_that_waited_are_judged_when_they_arrive() {
    let mut bench = Bench::new();
    let send = |bench: &mut Bench, timestamp| {
        assert_eq!(bench.send_news(&told("update", timestamp)), OK);
    };
    send(&mut bench, 100);
    bench.post.set_connection(bench.device, Connection::Offline, bench.now);
    send(&mut bench, 99);
    bench.post.set_connection(bench.device, Connection::Online, bench.now);
    bench.post.set_connection(bench.device, Connection::Offline, bench.now);
    send(&mut bench, 120);
    bench.post.set_connection(bench.device, Connection::Online, bench.now);
    let offline = "Stored - Device Offline";
    let course = [
        (1, Outcome::Delivered, DELIVERED),
        (2, Outcome::Pending, offline),
        (2, Outcome::Dropped, OLD),
        (3, Outcome::Pending, offline),
        (3, Outcome::Delivered, FROM_STORAGE),
    ];
    assert_eq!(bench.deliveries(), course);
    send(&mut bench, 110);
    assert_eq!(bench.deliveries(), [(4, Outcome::Dropped, OLD)]);
}

#[test]
fn a_started_live_activity_follows_the_channel_that_its_push_names() {
    let mut bench = Bench::new();
    let channel = bench.create(0);
    let mut start: serde_json::Value = serde_json::from_str(START).unwrap();
    for (channel, followed) in [("AAAA", None), (channel.as_str(), Some(channel.as_str()))] {
        start["aps"]["input-push-channel"] = channel.into();
        for _ in 0..2 {
            assert_eq!(bench.send_news(&start.to_string()), OK);
        }
        let state = followed.map(|channel| json!({"channels": [channel]}));
        assert_eq!(bench.device_state(), state);
    }
    bench.deliveries();
    assert_eq!(bench.send(&bench.broadcast(&channel)), SENT);
    assert_eq!(bench.deliveries(), [(5, Outcome::Delivered, DELIVERED)]);
}
