//! Cases 57 to 59 and 61 to 63: the state of device tokens.

use super::bench::*;
use crate::post::{Life, Outcome};
use crate::providers::apns::Apns;
use crate::providers::rim::{Retirement, Service};
use std::time::Duration;

#[test]
fn case_57_a_token_of_another_app_or_topic() {
    let mut bench = Bench::new();
    bench.add_app("com.example.other", &[]);
    let wrong = bench.push().with("apns-topic", "com.example.other");
    assert_eq!(bench.send(&wrong), err(400, "DeviceTokenNotForTopic"));
    let cause = "the token is a `token` of `com.example.app`, the topic is for a `token` of \
                 `com.example.other`";
    assert_eq!(bench.cause(&wrong), ("device-token-topic", cause.to_owned()));
    bench.add_address("voip_token", 0, &[5; 32]);
    let voip = bench.push_to(&"05".repeat(32));
    let plain = bench.push().with("apns-topic", format!("{APP}.voip"));
    let replies = [voip, plain].map(|push| bench.send(&push));
    assert_eq!(replies, [(); 2].map(|()| err(400, "DeviceTokenNotForTopic")));
}

#[test]
fn case_58_a_token_of_the_other_environment() {
    let mut bench = Bench::new();
    bench.add_address("token", 2, &[2; 32]);
    bench.add_address("token", 1, &[1; 32]);
    let (production, sandbox) = ("02".repeat(32), "01".repeat(32));
    let send = |bench: &mut Bench, token: &str, host: &str| {
        bench.send(&bench.push_to(token).host(host)).split(' ').next().unwrap().to_owned()
    };
    let reply = bench.send(&bench.push_to(&production));
    assert_eq!(reply, err(400, "BadDeviceToken"));
    let statuses = [
        send(&mut bench, &sandbox, SANDBOX),
        send(&mut bench, &sandbox, PRODUCTION),
        send(&mut bench, &production, PRODUCTION),
        send(&mut bench, &sandbox, "localhost"),
        send(&mut bench, &production, "localhost"),
    ];
    assert_eq!(statuses, ["200", "400", "200", "200", "200"]);
}

#[test]
fn case_59_a_token_that_nobody_has() {
    let mut bench = Bench::new();
    let push = bench.push_to(&"ab".repeat(32));
    assert_eq!(bench.send(&push), err(400, "BadDeviceToken"));
    let cause = "no device has this token, and unknown addresses are rejected";
    assert_eq!(bench.cause(&push), ("device-token-known", cause.to_owned()));
}

#[test]
fn an_unknown_token_becomes_a_device_by_an_accepted_push_alone() {
    let mut bench = Bench::new();
    bench.register_unknown = true;
    let push = bench.push_to(&"ab".repeat(20)).with("apns-topic", format!("{APP}.voip"));
    let push = push.with("apns-push-type", "voip");
    assert_eq!(bench.send(&push.clone().body("")), err(400, "PayloadEmpty"));
    assert_eq!(bench.post.devices().count(), 1);
    let (reply, verdict) = bench.send_judged(&push);
    assert_eq!(
        (reply.as_str(), verdict.warnings),
        (OK, vec![super::super::answer::MADE_UP.into()])
    );
    let id = bench.post.find_address(SERVICE, &[0xab; 20]).unwrap();
    let address = bench.post.address(id);
    let made = (address.app, address.kind, address.realm, address.life, address.device.0);
    assert_eq!(made, (bench.app, "voip_token", 0, Life::Active, 1));
    assert_eq!(bench.send(&push), OK);
    assert_eq!(bench.post.devices().count(), 2);
    assert_eq!(bench.send(&push.with("apns-topic", APP)), err(400, "DeviceTokenNotForTopic"));
    let delivered = [1, 2].map(|number| (number, Outcome::Delivered, "Delivered to Device"));
    assert_eq!(bench.deliveries(), delivered);
}

#[test]
fn case_61_after_an_uninstall_the_answer_is_410_with_its_time_in_milliseconds() {
    let mut bench = Bench::new();
    bench.now.sender = START.after(Duration::from_micros(61_260_999));
    let address = bench.address;
    bench.at_desk(|apns, desk| apns.retire(desk, address, Retirement::Uninstalled));
    bench.advance(Duration::from_secs(600));
    bench.register_unknown = true;
    let body = r#"{"reason":"Unregistered","timestamp":1790000061260}"#;
    assert_eq!(bench.send(&bench.push()), failed(410, body));
    let cause = ("device-token-alive", "the app is no longer on the device".to_owned());
    assert_eq!(bench.cause(&bench.push()), cause);
    assert_eq!(bench.deliveries(), []);
}

#[test]
fn case_62_an_expired_token() {
    let mut bench = Bench::new();
    let address = bench.address;
    bench.at_desk(|apns, desk| apns.retire(desk, address, Retirement::Expired));
    let body = r#"{"reason":"ExpiredToken","timestamp":1790000000000}"#;
    assert_eq!(bench.send(&bench.push()), failed(410, body));
}

#[test]
fn case_63_after_a_reinstall_the_old_token_is_dead_and_the_new_one_works() {
    let mut bench = Bench::new();
    let (old, next) = (bench.address, bench.register(bench.device, bench.app));
    assert_ne!(bench.token_of(old), bench.token_of(next));
    bench.at_desk(|apns, desk| apns.retire(desk, old, Retirement::Rotated(next)));
    assert_eq!(bench.post.address(old).link, Some(next));
    let body = r#"{"reason":"Unregistered","timestamp":1790000000000}"#;
    assert_eq!(bench.send(&bench.push()), failed(410, body));
    let cause = "another token took this one's place on the device".to_owned();
    assert_eq!(bench.cause(&bench.push()), ("device-token-alive", cause));
    assert_eq!(bench.send(&bench.push_to(&bench.token_of(next))), OK);
    assert_eq!(bench.deliveries(), [(1, Outcome::Delivered, "Delivered to Device")]);
}

#[test]
fn a_token_has_32_bytes_and_is_written_in_lower_case_and_read_in_any() {
    let bench = Bench::new();
    let text = bench.token_of(bench.address);
    let bytes = bench.post.address_text(bench.address);
    assert_eq!((text.len(), bytes.len()), (64, 32));
    assert_eq!(text, text.to_ascii_lowercase());
    let read = [text.clone(), text.to_ascii_uppercase()].map(|text| Apns::address_bytes(&text));
    assert_eq!(read, [Some(bytes.to_vec()), Some(bytes.to_vec())]);
    let none = ["", "a", "zz"].map(Apns::address_bytes);
    assert_eq!(none, [None, None, None]);
}

#[test]
fn a_scene_has_the_app_and_the_device_as_far_as_they_are_known() {
    let bench = Bench::new();
    let scene = |push: Push| {
        let prepared = Apns::prepare(&bench.keys, &bench.peer(), &push.request());
        Apns::scene(&bench.post, SERVICE, &prepared)
    };
    let scenes = [
        scene(bench.push()),
        scene(bench.push().with("apns-topic", format!("{APP}.voip"))),
        scene(bench.push_to("ab").with("apns-topic", "com.other")),
        scene(bench.push().path("/").without("apns-topic")),
    ];
    let (app, device) = (Some(bench.app), Some(bench.device));
    assert_eq!(scenes, [(app, device), (app, device), (None, None), (None, None)]);
}

#[test]
fn an_inbox_shows_the_headers_that_matter() {
    let headers = [("apns-priority", "5"), ("apns-topic", APP), ("authorization", "x")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let shown = [("priority", "5".to_owned()), ("topic", APP.to_owned())];
    assert_eq!(Apns::attributes(&headers), shown.into());
}
