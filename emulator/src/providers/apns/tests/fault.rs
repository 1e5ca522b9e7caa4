//! What a fault answers, in Apple's shape.

use super::bench::*;
use crate::post::FaultReply;
use crate::providers::apns::Apns;
use crate::providers::rim::Service;

fn answer(fault: &FaultReply) -> String {
    let mut bench = Bench::new();
    let request = bench.push().request();
    let (reply, reason) = bench.at_desk(|_, desk| Apns::fault_reply(desk, &request, fault));
    if fault.body.is_none() {
        let body: serde_json::Value =
            serde_json::from_slice(&reply.body).expect("an answer in JSON");
        assert_eq!(body["reason"].as_str(), reason.as_deref());
    }
    shown(&reply)
}

#[test]
fn a_status_alone_means_the_usual_reason() {
    let usual = [400, 403, 404, 405, 413, 429, 500, 503]
        .map(|status| answer(&FaultReply { status, ..FaultReply::default() }));
    let expected = [
        err(400, "BadDeviceToken"),
        err(403, "InvalidProviderToken"),
        err(404, "BadPath"),
        err(405, "MethodNotAllowed"),
        err(413, "PayloadTooLarge"),
        err(429, "TooManyRequests"),
        err(500, "InternalServerError"),
        err(503, "ServiceUnavailable"),
    ];
    assert_eq!(usual, expected);
}

#[test]
fn a_410_has_its_timestamp_and_a_foreign_502_a_reason() {
    let gone = answer(&FaultReply { status: 410, ..FaultReply::default() });
    assert_eq!(gone, failed(410, r#"{"reason":"Unregistered","timestamp":1790000000000}"#));
    let foreign = answer(&FaultReply { status: 502, ..FaultReply::default() });
    assert_eq!(foreign, err(502, "InternalServerError"));
}

#[test]
fn what_a_fault_says_is_taken() {
    let named = FaultReply {
        status: 503,
        reason: Some("Shutdown".to_owned()),
        headers: [
            ("Retry-After".to_owned(), "5".to_owned()),
            ("X-Envoy-Overloaded".to_owned(), "true".to_owned()),
        ]
        .into(),
        body: None,
    };
    let reply = "503 keep\ncontent-type: application/json\n\
                 apns-id: eabeae54-14a8-11e5-b60b-1697f925ec7b\napns-unique-id: <uuid>\n\
                 retry-after: 5\nx-envoy-overloaded: true\n\n{\"reason\":\"Shutdown\"}";
    assert_eq!(answer(&named), reply);
    let whole = FaultReply {
        status: 500,
        headers: [("content-type".to_owned(), "text/html".to_owned())].into(),
        body: Some("<p>".to_owned()),
        ..FaultReply::default()
    };
    let reply = "500 keep\napns-id: eabeae54-14a8-11e5-b60b-1697f925ec7b\n\
                 apns-unique-id: <uuid>\ncontent-type: text/html\n\n<p>";
    assert_eq!(answer(&whole), reply);
    let odd = FaultReply { status: 400, reason: Some("a\"b".to_owned()), ..FaultReply::default() };
    assert_eq!(answer(&odd), failed(400, r#"{"reason":"a\"b"}"#));
}

#[test]
fn a_fault_at_a_broadcast_has_the_identifier_and_the_reasons_of_broadcasts() {
    let mut bench = Bench::new();
    let request = bench.broadcast("AAAA").request();
    let answers = [400, 429].map(|status| {
        let fault = FaultReply { status, ..FaultReply::default() };
        let (reply, _) = bench.at_desk(|_, desk| Apns::fault_reply(desk, &request, &fault));
        shown(&reply)
    });
    let expected =
        [broadcast_err(400, "ChannelNotRegistered"), broadcast_err(429, "TooManyRequests")];
    assert_eq!(answers, expected);
}
