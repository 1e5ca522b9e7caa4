//! However odd a request is: no panic, no reason outside the table, and a sender gets its answer.

use super::bench::*;
use crate::providers::apns::rules::Reason;
use proptest::prelude::*;

const NAMES: &[&str] = &[
    "authorization",
    "apns-collapse-id",
    "apns-expiration",
    "apns-id",
    "apns-priority",
    "apns-push-type",
    "apns-topic",
    "apns-channel-id",
    "apns-request-id",
    "content-length",
];

fn path() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<Vec<u8>>(),
        "/3/device/[0-9a-fA-Fz%/?]{0,80}".prop_map(String::into_bytes),
        "/[0-9]/(device|devices|broadcasts|apps)/?[a-f0-9]{0,8}".prop_map(String::into_bytes),
        "/1/apps/com.example.app/(all-)?channels[/?]?".prop_map(String::into_bytes),
        "/4/broadcasts/apps/com.example.(app|ap)[/?]?".prop_map(String::into_bytes),
    ]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<Vec<u8>>(),
        "[ -~]{0,80}".prop_map(String::into_bytes),
        "-?[0-9]{0,25}".prop_map(String::into_bytes),
        "(?i:bearer) {0,2}[A-Za-z0-9+/=_-]{0,40}(\\.[A-Za-z0-9+/=_-]{0,40}){0,3}"
            .prop_map(String::into_bytes),
        "com\\.example\\.app(\\.voip|\\.complication)?".prop_map(String::into_bytes),
    ]
}

/// Bodies that are nearly right.
fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<Vec<u8>>(),
        "[\\[{]{0,300}".prop_map(String::into_bytes),
        r#"\{"message-storage-policy":("?[012]"?|null),"push-type":"(live|Live)[aA]ctivity"\}"#
            .prop_map(String::into_bytes),
        r#"\{"aps":(\{"event":"(start|end)"\}|[0-9])\}"#.prop_map(String::into_bytes),
    ]
}

fn change() -> impl Strategy<Value = (usize, bool, Vec<u8>)> {
    (0..NAMES.len(), any::<bool>(), value())
}

proptest! {
    #[test]
    fn every_answer_is_one_of_the_tables(
        path in proptest::option::of(path()),
        method in proptest::option::of("[A-Z]{0,7}"),
        changes in proptest::collection::vec(change(), 0..4),
        body in proptest::option::of(body()),
        register_unknown in any::<bool>(),
    ) {
        let mut bench = Bench::new();
        bench.register_unknown = register_unknown;
        let mut push = bench.push();
        if let Some(path) = path {
            push = push.path(path);
        }
        if let Some(method) = method {
            push = push.method(&method);
        }
        if let Some(body) = body {
            push = push.body(body);
        }
        for (name, again, value) in changes {
            push = if again { push.and(NAMES[name], value) } else { push.with(NAMES[name], value) };
        }
        let about_channels = crate::providers::apns::broadcast::takes(push.request().path());
        let (reply, verdict) = bench.send_judged(&push);
        let (status, rest) = reply.split_once(" keep\n").unwrap();
        let (headers, body) = rest.split_once("\n\n").unwrap();
        let id = if about_channels { "apns-request-id: " } else { "apns-id: " };
        prop_assert!(headers.contains(id), "{}", headers);
        prop_assert_eq!(verdict.accepted, status.starts_with('2'));
        let tells = headers.contains("content-type: application/json");
        prop_assert_eq!(tells, !body.is_empty());
        prop_assert!(about_channels || verdict.accepted != tells);
        if let Some(reason) = verdict.reason {
            let row = Reason::ALL.iter().find(|row| row.name() == reason).unwrap();
            prop_assert_eq!(row.status().to_string(), status);
            prop_assert_eq!(row.body(), body);
            prop_assert!(verdict.rule.is_some() && verdict.cause.is_some());
            prop_assert!(bench.deliveries().is_empty());
        }
    }

    #[test]
    fn any_text_may_be_a_provider_token(text in any::<Vec<u8>>(), header in any::<String>()) {
        use base64::Engine;
        let mut bench = Bench::new();
        let encode = |text: &[u8]| base64::engine::general_purpose::STANDARD.encode(text);
        let token = format!("{}.{}.{}", encode(header.as_bytes()), encode(&text), encode(&text));
        for token in [text, token.into_bytes()] {
            let value = [b"bearer x", &*token].concat();
            let reply = bench.send(&bench.push().with("authorization", value));
            prop_assert_eq!(reply, err(403, "InvalidProviderToken"));
        }
    }
}

#[test]
fn a_reason_has_its_status_and_a_compact_body() {
    for reason in Reason::ALL {
        assert_eq!(reason.body(), serde_json::json!({"reason": reason.name()}).to_string());
        assert!((400..=503).contains(&reason.status()));
    }
}
