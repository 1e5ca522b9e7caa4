//! Cases 20 to 31, 35, 37: path, method, headers, topic.

use super::bench::*;
use crate::providers::apns::topic::PUSH_TYPES;

#[test]
fn case_20_a_path_without_a_device_token() {
    let mut bench = Bench::new();
    let replies = ["/3/device/", "/3/device"].map(|path| bench.send(&bench.push().path(path)));
    assert_eq!(replies, [(); 2].map(|()| err(400, "MissingDeviceToken")));
}

#[test]
fn case_21_a_path_that_is_none() {
    let mut bench = Bench::new();
    let token = bench.token_of(bench.address);
    let paths = [
        format!("/3/devices/{token}"),
        format!("/3/device/{token}/x"),
        format!("/3/device/{token}/"),
        format!("/2/device/{token}"),
        "/".to_owned(),
        String::new(),
    ];
    let replies = paths.map(|path| bench.send(&bench.push().path(path)));
    assert_eq!(replies, [(); 6].map(|()| err(404, "BadPath")));
}

#[test]
fn case_22_a_method_that_is_not_post() {
    let mut bench = Bench::new();
    let replies = ["GET", "PUT", "post"].map(|method| bench.send(&bench.push().method(method)));
    assert_eq!(replies, [(); 3].map(|()| err(405, "MethodNotAllowed")));
}

#[test]
fn case_23_a_device_token_that_is_not_hexadecimal() {
    let mut bench = Bench::new();
    bench.register_unknown = true;
    let tokens = ["zz".repeat(32), "abc".to_owned(), "ab".repeat(201), "%".to_owned()];
    let replies = tokens.map(|token| bench.send(&bench.push_to(&token)));
    assert_eq!(replies, [(); 4].map(|()| err(400, "BadDeviceToken")));
}

#[test]
fn case_24_upper_case_and_percent_encoded_device_tokens_are_the_same_token() {
    let mut bench = Bench::new();
    let token = bench.token_of(bench.address);
    let encoded: String = token.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let replies = [token.to_ascii_uppercase(), encoded].map(|it| bench.send(&bench.push_to(&it)));
    assert_eq!(replies, [OK, OK]);
}

#[test]
fn case_25_an_apns_id_that_is_no_uuid_is_refused_and_echoed() {
    let mut bench = Bench::new();
    for id in
        ["not-a-uuid", "eabeae5414a811e5b60b1697f925ec7b", "{eabeae54-14a8-11e5-b60b-1697f925}"]
    {
        let reply = err(400, "BadMessageId").replace(ID, id);
        assert_eq!(bench.send(&bench.push().with("apns-id", id)), reply);
    }
}

#[test]
fn case_26_expirations() {
    let mut bench = Bench::new();
    let mut with = |value: &str| bench.send(&bench.push().with("apns-expiration", value));
    let bad = ["soon", "1.5", "-1", "+1", "", " 1", "99999999999999999999"].map(&mut with);
    assert_eq!(bad, [(); 7].map(|()| err(400, "BadExpirationDate")));
    let good = ["0", "1", "1790000060", "9223372036854775807"].map(&mut with);
    assert_eq!(good, [OK; 4]);
}

#[test]
fn case_27_priorities() {
    let mut bench = Bench::new();
    let mut with = |value: &str| bench.send(&bench.push().with("apns-priority", value));
    assert_eq!(["7", "", "010", "high"].map(&mut with), [(); 4].map(|()| err(400, "BadPriority")));
    assert_eq!(["1", "5", "10"].map(&mut with), [OK; 3]);
    assert_eq!(bench.send(&bench.push()), OK);
}

#[test]
fn case_28_a_collapse_id_has_64_bytes_at_most() {
    let mut bench = Bench::new();
    let ids = ["x".repeat(64), "é".repeat(32), "x".repeat(65), "é".repeat(33)];
    let replies = ids.map(|id| bench.send(&bench.push().with("apns-collapse-id", id)));
    let long = err(400, "BadCollapseId");
    assert_eq!(replies, [OK.to_owned(), OK.to_owned(), long.clone(), long]);
}

#[test]
fn case_29_each_push_type_goes_with_its_own_topic_and_token() {
    let mut bench = Bench::new();
    let unknown = ["banner", "Alert", ""];
    let replies = unknown.map(|value| bench.send(&bench.push().with("apns-push-type", value)));
    assert_eq!(replies, [(); 3].map(|()| err(400, "InvalidPushType")));
    let token = bench.jwt();
    bench.connection.0 += 1;
    for (number, push_type) in (0_u8..).zip(PUSH_TYPES) {
        let topic = format!("{APP}{}", push_type.suffix.unwrap_or_default());
        let kind = bench.apns.state.topic(&topic).unwrap().kind;
        bench.add_address(kind, 0, &[number; 16]);
        let push = bench
            .push_to(&format!("{number:02x}").repeat(16))
            .bearing(&token)
            .with("apns-push-type", push_type.name)
            .with("apns-topic", &topic)
            .with("apns-priority", "5")
            .body(r#"{"aps":{"content-available":1}}"#);
        let (reply, verdict) = bench.send_judged(&push);
        assert_eq!((reply.as_str(), verdict.warnings), (OK, vec![]), "{}", push_type.name);
    }
    assert_eq!(PUSH_TYPES.len(), 11);
}

#[test]
fn a_push_type_that_does_not_fit_the_topic_or_is_absent_is_accepted_with_a_warning() {
    let mut bench = Bench::new();
    let push = bench.push();
    let (reply, verdict) = bench.send_judged(&push.clone().with("apns-push-type", "voip"));
    let warning = "the topic does not fit `apns-push-type: voip`, which goes with .voip";
    assert_eq!((reply.as_str(), verdict.warnings), (OK, vec![warning.into()]));
    let (reply, verdict) = bench.send_judged(&push.without("apns-push-type"));
    let warning = "there is no `apns-push-type`: Apple Watches do not show the push, others may \
                   delay it";
    assert_eq!((reply.as_str(), verdict.warnings), (OK, vec![warning.into()]));
}

#[test]
fn case_30_a_header_that_comes_twice() {
    let mut bench = Bench::new();
    let names = [
        "apns-collapse-id",
        "apns-expiration",
        "apns-id",
        "apns-priority",
        "apns-push-type",
        "apns-topic",
        "authorization",
    ];
    for name in names {
        let push = bench.push();
        let value = push.headers.iter().find(|(of, _)| of == name).map_or(&b"1"[..], |(_, it)| it);
        let value = value.to_vec();
        let push = push.with(name, &value).and(name, &value);
        assert_eq!(bench.send(&push), err(400, "DuplicateHeaders"), "{name}");
    }
    assert_eq!(bench.send(&bench.push().and("x-trace", "1").and("x-trace", "1")), OK);
}

#[test]
fn case_31_a_provider_token_needs_a_topic() {
    let mut bench = Bench::new();
    let pushes = [bench.push().without("apns-topic"), bench.push().with("apns-topic", "")];
    assert_eq!(pushes.map(|push| bench.send(&push)), [(); 2].map(|()| err(400, "MissingTopic")));
}

#[test]
fn a_topic_that_can_be_no_bundle_id_is_malformed() {
    let mut bench = Bench::new();
    let topics = ["com example", "com_example", "com.exämple", &"a".repeat(256)];
    let replies = topics.map(|topic| bench.send(&bench.push().with("apns-topic", topic)));
    assert_eq!(replies, [(); 4].map(|()| err(400, "BadTopic")));
}

#[test]
fn case_35_the_topic_of_another_team() {
    let mut bench = Bench::new();
    bench.add_app("com.rival.app", &[("team_id", "RIVALTEAM1")]);
    let push = bench.push().with("apns-topic", "com.rival.app");
    assert_eq!(bench.send(&push), err(400, "TopicDisallowed"));
    let cause = "topic `com.rival.app` belongs to team `RIVALTEAM1`, the provider token is team \
                 `PUSHPITDEV`'s";
    assert_eq!(bench.cause(&push), ("topic-allowed", cause.to_owned()));
    let push = bench.push().with("apns-topic", "com.example.ap");
    assert_eq!(bench.send(&push), err(400, "TopicDisallowed"));
    let cause = "topic `com.example.ap` is not an app of team `PUSHPITDEV`; its apps: \
                 `com.example.app`";
    assert_eq!(bench.cause(&push), ("topic-allowed", cause.to_owned()));
}

#[test]
fn case_37_unknown_headers_and_any_content_type_pass() {
    let mut bench = Bench::new();
    let push = bench
        .push()
        .and("content-type", "application/x-www-form-urlencoded")
        .and("apns-channel-id", "!")
        .and("apns-request-id", "!")
        .and("user-agent", "x");
    assert_eq!(bench.send(&push), OK);
}
