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
    for body in ["not json", "[1]", "{\"aps\":"] {
        assert_eq!(bench.send(&bench.push().body(body)), OK);
    }
    let dropped = "Undeliverable - Payload Is Not a JSON Object";
    let expected = [1, 2, 3].map(|number| (number, Outcome::Dropped, dropped));
    assert_eq!(bench.deliveries(), expected);
}

#[test]
fn case_41_a_background_push_of_priority_10_is_accepted_with_a_warning() {
    let mut bench = Bench::new();
    let background = bench.push().with("apns-push-type", "background");
    let warning = "a background push has priority 10, Apple asks for 5";
    for push in [background.clone(), background.clone().with("apns-priority", "10")] {
        let (reply, verdict) = bench.send_judged(&push);
        assert_eq!((reply.as_str(), verdict.warnings), (OK, vec![warning.into()]));
    }
    let (reply, verdict) = bench.send_judged(&background.with("apns-priority", "5"));
    assert_eq!((reply.as_str(), verdict.warnings), (OK, vec![]));
}
