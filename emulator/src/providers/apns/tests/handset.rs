//! Cases 60, 75 and 78: what APNs accepts and throws away, and how much one device takes.

use super::bench::*;
use crate::post::{Connection, Outcome};
use crate::providers::rim::{Retirement, Service};
use serde_json::json;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);
const MINUTE: Duration = Duration::from_secs(60);

fn uninstall(bench: &mut Bench) {
    let address = bench.address;
    bench.at_desk(|apns, desk| apns.retire(desk, address, Retirement::Uninstalled));
}

fn connect(bench: &mut Bench, connection: Connection) {
    bench.post.set_connection(bench.device, connection, bench.now);
}

#[test]
fn case_60_until_410_begins_pushes_to_a_removed_app_are_accepted_and_thrown_away() {
    let mut bench = Bench::with(&chosen(&[("apns.gone-after", "3d")]));
    uninstall(&mut bench);
    bench.advance(3 * DAY - Duration::from_secs(1));
    assert_eq!(bench.send(&bench.push()), OK);
    assert_eq!(bench.deliveries(), [(1, Outcome::Dropped, "Discarded - Token Unregistered")]);
    bench.advance(Duration::from_secs(1));
    let timestamp = START.millis();
    let gone = format!("{{\"reason\":\"Unregistered\",\"timestamp\":{timestamp}}}");
    assert_eq!(bench.send(&bench.push()), failed(410, &gone));
}

#[test]
fn a_token_that_another_replaced_is_stale_for_as_long() {
    let mut bench = Bench::with(&chosen(&[("apns.gone-after", "1h")]));
    let (device, app, old) = (bench.device, bench.app, bench.address);
    let new = bench.register(device, app);
    bench.at_desk(|apns, desk| apns.retire(desk, old, Retirement::Rotated(new)));
    assert_eq!(bench.send(&bench.push()), OK);
    bench.advance(60 * MINUTE);
    assert!(bench.send(&bench.push()).starts_with("410"));
    assert_eq!(bench.send(&bench.push_to(&bench.token_of(new))), OK);
}

#[test]
fn an_expired_token_is_told_at_once() {
    let mut bench = Bench::with(&chosen(&[("apns.gone-after", "3d")]));
    let address = bench.address;
    bench.at_desk(|apns, desk| apns.retire(desk, address, Retirement::Expired));
    assert!(bench.send(&bench.push()).starts_with("410"));
}

#[test]
fn case_75_alerts_that_nobody_wants_are_accepted_and_thrown_away() {
    let mut bench = Bench::new();
    bench.set(bench.device, &json!({"notifications": {APP: "disabled"}})).unwrap();
    assert_eq!(bench.device_state(), Some(json!({"notifications": {APP: "disabled"}})));
    let silent = bench.push().with("apns-push-type", "background").with("apns-priority", "5");
    assert_eq!([bench.send(&bench.push()), bench.send(&silent)], [OK; 2]);
    bench.set(bench.device, &json!({"notifications": {APP: "enabled"}})).unwrap();
    assert_eq!((bench.send(&bench.push()), bench.device_state()), (OK.to_owned(), None));
    let course = [
        (1, Outcome::Dropped, "Discarded - Disabled"),
        (2, Outcome::Delivered, "Delivered to Device"),
        (3, Outcome::Delivered, "Delivered to Device"),
    ];
    assert_eq!(bench.deliveries(), course);
}

#[test]
fn an_alert_that_waits_goes_when_nobody_wants_it_any_more_and_a_silent_push_stays() {
    for (push_type, last) in [
        ("alert", (1, Outcome::Dropped, "Discarded - Disabled (From Storage)")),
        ("background", (1, Outcome::Delivered, "Delivered to Device (From Storage)")),
    ] {
        let mut bench = Bench::new();
        connect(&mut bench, Connection::Offline);
        assert_eq!(bench.send(&bench.push().with("apns-push-type", push_type)), OK);
        bench.set(bench.device, &json!({"notifications": {APP: "disabled"}})).unwrap();
        connect(&mut bench, Connection::Online);
        let stored = (1, Outcome::Pending, "Stored - Device Offline");
        assert_eq!(bench.deliveries(), [stored, last]);
    }
}

#[test]
fn an_app_that_comes_back_is_asked_anew() {
    let mut bench = Bench::new();
    bench.set(bench.device, &json!({"notifications": {APP: "disabled"}})).unwrap();
    uninstall(&mut bench);
    assert_eq!(bench.device_state(), None);
}

#[test]
fn case_58_an_apps_tokens_are_of_one_environment_where_that_is_said() {
    let mut bench = Bench::new();
    let (device, app) = (bench.device, bench.app);
    let said = json!({"environments": {APP: "sandbox"}});
    bench.set(device, &said).unwrap();
    assert_eq!(bench.device_state(), Some(said));
    let push = bench.push();
    assert_eq!(bench.send(&push), OK);
    let there = push.host(PRODUCTION);
    assert!(bench.send(&there).ends_with(r#"{"reason":"BadDeviceToken"}"#));
    let cause = "the token is not of the production environment".to_owned();
    assert_eq!(bench.cause(&there), ("environment", cause));
    // The next token is of the same environment.
    let next = bench.register(device, app);
    let there = bench.push_to(&bench.token_of(next)).host(PRODUCTION);
    assert_eq!(bench.cause(&there).0, "environment");
    bench.set(device, &json!({"environments": {APP: "any"}})).unwrap();
    assert_eq!(bench.device_state(), None);
    assert!(bench.send(&there).starts_with("200"));
    uninstall(&mut bench);
    assert_eq!(bench.device_state(), None);
}

#[test]
fn what_is_wrong_with_notifications_is_refused_with_what_to_do() {
    let mut bench = Bench::new();
    bench.add_app("com.example.other", &[]);
    let wrong = [
        json!({"notification": {APP: "disabled"}}),
        json!({"notifications": "disabled"}),
        json!({"notifications": {APP: "off"}}),
        json!({"notifications": {"com.example.other": "disabled"}}),
        json!({"notifications": {"com.nobody": "disabled"}}),
        json!({"apps": {APP: "asleep"}}),
    ];
    let told: Vec<_> = wrong
        .iter()
        .map(|wanted| bench.set(bench.device, wanted).unwrap_err())
        .map(|error| format!("{error}\n  {}", error.help))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    unknown key `notification`
      did you mean `notifications`?
    expected apps and words in `notifications`, found `"disabled"`
      such as `{"channels": "all", "notifications": {"com.example.chat": "disabled"}}`
    expected `enabled` or `disabled`, found `"off"`
      such as `{"channels": "all", "notifications": {"com.example.chat": "disabled"}}`
    app `com.example.other` is not on the device
      give its bundle ID, and install it before
    app `com.nobody` is not on the device
      give its bundle ID, and install it before
    expected `running` or `suspended` or `force-quit`, found `"asleep"`
      such as `{"channels": "all", "notifications": {"com.example.chat": "disabled"}}`
    "#);
}

#[test]
fn case_78_a_device_token_takes_so_many_pushes_a_minute() {
    let mut bench = Bench::with(&chosen(&[("apns.device-rate", "3")]));
    let (device, app) =
        (bench.post.add_device(Some("ben"), crate::post::Platform::Ios).unwrap(), bench.app);
    let other = bench.register(device, app);
    let push = bench.push();
    assert_eq!([(); 3].map(|()| bench.send(&push)), [OK; 3]);
    assert_eq!(bench.send(&push), err(429, "TooManyRequests"));
    let cause = "the device token had 3 pushes within a minute, which is all it takes";
    assert_eq!(bench.cause(&push), ("device-rate", cause.to_owned()));
    assert_eq!(bench.send(&bench.push_to(&bench.token_of(other))), OK);
    bench.now.sender = bench.now.sender.after(MINUTE);
    assert_eq!([(); 3].map(|()| bench.send(&push)), [OK; 3]);
    assert_eq!(bench.send(&push), err(429, "TooManyRequests"));
    bench.advance(MINUTE);
    assert_eq!(bench.send(&push), OK);
}
