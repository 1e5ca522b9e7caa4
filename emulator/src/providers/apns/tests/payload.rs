//! Cases 38 to 41: the payload.

use super::bench::*;
use crate::post::Outcome;

#[test]
fn case_38_no_body_is_an_empty_payload_and_an_empty_object_is_none() {
    let mut bench = Bench::new();
    assert_eq!(bench.send(&bench.push().body("")), err(400, "PayloadEmpty"));
    assert_eq!(bench.send(&bench.push().body("{}")), OK);
    assert_eq!(bench.deliveries(), [(1, Outcome::Delivered, "Delivered to Device")]);
}

#[test]
fn case_39_sizes() {
    let mut bench = Bench::new();
    let sized = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
    let alerts = [4_096, 4_097].map(|bytes| bench.send(&bench.push().body(sized(bytes))));
    assert_eq!(alerts, [OK.to_owned(), err(413, "PayloadTooLarge")]);
    bench.add_address("voip_token", 0, &[9; 32]);
    let voip = |bench: &Bench, bytes| {
        let push = bench.push_to(&"09".repeat(32)).with("apns-push-type", "voip");
        push.with("apns-topic", format!("{APP}.voip")).body(sized(bytes))
    };
    let calls = [5_120, 5_121].map(|bytes| bench.send(&voip(&bench, bytes)));
    assert_eq!(calls, [OK.to_owned(), err(413, "PayloadTooLarge")]);
    let untyped = voip(&bench, 5_120).without("apns-push-type");
    assert_eq!(bench.send(&untyped), OK);
    let cause = "the payload has 4097 bytes, at most 4096 go".to_owned();
    assert_eq!(bench.cause(&bench.push().body(sized(4_097))), ("payload-size", cause));
}

#[test]
fn case_40_a_body_that_is_not_json_is_accepted_and_the_device_cannot_use_it() {
    let mut bench = Bench::new();
    for body in ODD {
        assert_eq!(bench.send(&bench.push().body(body)), OK);
    }
    let dropped = "Undeliverable - Payload Is Not a JSON Object";
    let expected = [1, 2, 3].map(|number| (number, Outcome::Dropped, dropped));
    assert_eq!(bench.deliveries(), expected);
}

#[test]
fn case_40_or_it_is_an_empty_payload_by_the_switch() {
    let mut bench = Bench::with(&chosen(&[("apns.payload-form", "object")]));
    for body in ODD {
        assert_eq!(bench.send(&bench.push().body(body)), err(400, "PayloadEmpty"));
    }
    let told = bench.cause(&bench.push().body(ODD[0]));
    assert_eq!(told, ("payload-form", "the payload is not a JSON object".to_owned()));
    assert_eq!(bench.send(&bench.push().body("{}")), OK);
}

#[test]
fn case_41_a_background_push_of_priority_10_is_accepted_with_a_warning() {
    let mut bench = Bench::new();
    let background = bench.silent().without("apns-priority");
    for push in [background.clone(), background.clone().with("apns-priority", "10")] {
        assert_eq!(bench.warnings(&push), [HASTY]);
    }
    assert_eq!(bench.warnings(&background.with("apns-priority", "5")), [""; 0]);
}

#[test]
fn case_41_or_it_is_a_bad_priority_by_the_switch() {
    let mut bench = Bench::with(&chosen(&[("apns.background-priority", "low")]));
    let background = bench.silent().without("apns-priority");
    for push in [background.clone(), background.with("apns-priority", "10")] {
        assert_eq!(bench.send(&push), err(400, "BadPriority"));
        assert_eq!(bench.cause(&push), ("background-priority", HASTY.to_owned()));
    }
    let low =
        ["5", "1"].map(|priority| bench.send(&bench.silent().with("apns-priority", priority)));
    assert_eq!((low, bench.send(&bench.push())), ([OK.to_owned(), OK.to_owned()], OK.to_owned()));
}

#[test]
fn a_topic_that_does_not_fit_the_push_type_is_taken_with_a_note_or_refused_by_the_switch() {
    let note = "the topic does not fit `apns-push-type: voip`, which goes with .voip";
    let mut bench = Bench::new();
    let push = bench.push().with("apns-push-type", "voip");
    assert_eq!(bench.warnings(&push), [note]);
    let mut bench = Bench::with(&chosen(&[("apns.type-and-topic", "matching")]));
    let push = bench.push().with("apns-push-type", "voip");
    assert_eq!(bench.send(&push), err(400, "InvalidPushType"));
    assert_eq!(bench.cause(&push), ("type-and-topic", note.to_owned()));
    assert_eq!(bench.send(&bench.push()), OK);
    assert_eq!(bench.send(&bench.push().without("apns-push-type")), OK);
    // The token's topic comes first, since it is known what Apple says of that.
    bench.add_address("voip_token", 0, &[9; 32]);
    let foreign = bench.push_to(&"09".repeat(32)).with("apns-push-type", "voip");
    assert_eq!(bench.send(&foreign), err(400, "DeviceTokenNotForTopic"));
}

#[test]
fn a_background_push_that_is_not_silent_is_noted_or_thrown_away_by_the_switch() {
    let loud = r#"{"aps":{"content-available":1,"alert":"Hi"}}"#;
    let note = "a background push has `content-available: 1` and neither alert, badge nor sound; \
                this one may not wake the app";
    let mut bench = Bench::new();
    let push = bench.silent().body(loud);
    assert_eq!(bench.warnings(&push), [note]);
    assert_eq!(bench.deliveries(), [(1, Outcome::Delivered, "Delivered to Device")]);
    let mut bench = Bench::with(&chosen(&[("apns.background-payload", "silent")]));
    assert_eq!([bench.send(&bench.silent().body(loud)), bench.send(&bench.silent())], [OK; 2]);
    let course = [
        (1, Outcome::Dropped, "Discarded - A Background Push Needs content-available and No Alert"),
        (2, Outcome::Delivered, "Delivered to Device"),
    ];
    assert_eq!(bench.deliveries(), course);
}

/// What no device can use.
const ODD: [&str; 3] = ["not json", "[1]", "{\"aps\":"];

const HASTY: &str = "a background push has priority 10, Apple asks for 5";
