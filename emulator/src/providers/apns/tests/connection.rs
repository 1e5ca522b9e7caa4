//! Cases 5, 6 and 13: what becomes of a connection. Its frames are in the wire tests.

use super::bench::*;
use crate::providers::apns::Apns;
use crate::providers::rim::Service;
use crate::wire::{ConnectionProfile, Excess};

fn bench(choices: &[(&str, &str)]) -> Bench {
    Bench::with(&chosen(choices))
}

fn profile(choices: &[(&str, &str)]) -> ConnectionProfile {
    Apns::profile(&chosen(choices))
}

#[test]
fn case_5_one_stream_until_a_token_was_accepted_then_the_usual_number() {
    assert_eq!(profile(&[]).first_settings(false).max_concurrent_streams, 1);
    let mut bench = bench(&[("apns.streams", "500")]);
    let stranger = bench.push().with("authorization", "bearer x");
    assert_eq!(bench.told(&stranger), (None, None));
    assert_eq!(bench.told(&bench.push()), (Some(500), None));
    assert_eq!(bench.told(&bench.push()), (None, None));
    bench.connection.0 += 1;
    // The token counts, not the push. [doc]
    let bad = bench.push().with("apns-priority", "7");
    assert_eq!(bench.told(&bad), (Some(500), None));
}

#[test]
fn case_6_a_client_certificate_has_the_usual_number_at_once() {
    assert_eq!(profile(&[]).first_settings(true).max_concurrent_streams, 1_000);
    let mut bench = bench(&[]);
    bench.certificate = Some(certificate_of(&bench.kit));
    assert_eq!(bench.open(), Ok(()));
    assert_eq!(bench.told(&bench.push()), (None, None));
}

#[test]
fn case_13_many_errors_end_the_connection_with_the_last_reason_and_410_is_none() {
    let mut bench = bench(&[("apns.errors-before-goaway", "5")]);
    let bad = bench.push_to("abcd");
    let (device, app) = (bench.device, bench.app);
    let dead = bench.register(device, app);
    bench.at_desk(|apns, desk| {
        apns.retire(desk, dead, crate::providers::rim::Retirement::Uninstalled);
    });
    let dead = bench.push_to(&bench.token_of(dead));
    let told = |bench: &mut Bench, push: &Push| bench.told(push).1;
    for _ in 0..5 {
        assert_eq!(told(&mut bench, &dead), None);
    }
    for _ in 0..4 {
        assert_eq!(told(&mut bench, &bad), None);
    }
    // A success begins the count anew. [guess]
    let good = bench.push();
    assert_eq!(told(&mut bench, &good), None);
    for _ in 0..4 {
        assert_eq!(told(&mut bench, &bad), None);
    }
    let reason = Some(r#"{"reason":"BadDeviceToken"}"#.to_owned());
    assert_eq!(told(&mut bench, &bad), reason);
}

#[test]
fn a_rejection_lowers_the_limit_until_a_push_is_accepted_where_that_is_chosen() {
    let mut bench = bench(&[("apns.streams-after-error", "2")]);
    let bad = bench.push().with("apns-priority", "7");
    assert_eq!(bench.told(&bench.push()), (Some(1_000), None));
    assert_eq!(bench.told(&bad), (Some(2), None));
    assert_eq!(bench.told(&bad), (None, None));
    assert_eq!(bench.told(&bench.push()), (Some(1_000), None));
}

#[test]
fn what_connections_do_is_chosen() {
    let profile = profile(&[
        ("apns.idle-timeout", "10m"),
        ("apns.too-many-streams", "go-away"),
        ("apns.streams-at-first", "7"),
        ("apns.streams", "3"),
    ]);
    assert_eq!(profile.idle, Some(std::time::Duration::from_secs(600)));
    let debug = "Maximum active streams violated for this endpoint.";
    assert_eq!(profile.excess, Excess::GoAway { code: 7, debug });
    assert_eq!(profile.first_settings(false).max_concurrent_streams, 3);
}
