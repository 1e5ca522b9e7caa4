//! Payloads: whatever they hold, the answer follows from their size and form, what devices make of
//! them ends no world, and channels take what Apple's pages describe.

use crate::script::Script;
use crate::sender::{APP, Said, Sender};
use pushpit_emulator::post::Connection;
use serde_json::{Map, Value};
use std::cell::RefCell;

/// Sends the input as the payload of the push type that its first byte says.
pub fn run(data: &[u8]) {
    thread_local! {
        static SENDERS: RefCell<[Sender; 2]> =
            RefCell::new([Sender::new(false), Sender::new(true)]);
    }
    SENDERS.with_borrow_mut(|[gentle, strict]| {
        let mut script = Script(data);
        let kind = script.byte();
        let payload = script.rest();
        match kind % 16 {
            14 => channel(gentle, payload),
            15 => message(gentle, payload),
            kind => {
                let (push_type, suffix) = TYPES[usize::from(kind) % TYPES.len()];
                gentle.connect(if payload.len() & 1 == 0 {
                    Connection::Online
                } else {
                    Connection::Offline
                });
                let usual = push(gentle, push_type, suffix, payload);
                gentle.connect(Connection::Online);
                check(push_type, payload, usual, push(strict, push_type, suffix, payload));
            }
        }
    });
}

fn push(sender: &mut Sender, push_type: &str, suffix: &str, payload: &[u8]) -> Said {
    let bearer = format!("bearer {}", sender.good_token());
    let topic = format!("{APP}{suffix}");
    let headers: [(&str, &[u8]); 4] = [
        ("authorization", bearer.as_bytes()),
        ("apns-topic", topic.as_bytes()),
        ("apns-push-type", push_type.as_bytes()),
        ("apns-priority", b"5"),
    ];
    let token = if suffix.is_empty() { None } else { Some(&OTHER[..4 + 2 * suffix.len()]) };
    match token {
        None => sender.push(&headers, payload),
        Some(token) => sender.send("POST", &format!("/3/device/{token}"), &headers, payload),
    }
}

fn check(push_type: &str, payload: &[u8], usual: Said, strict: Said) {
    let most = if push_type == "voip" { 5_120 } else { 4_096 };
    let expected = match payload.len() {
        0 => (400, Some("PayloadEmpty")),
        length if length > most => (413, Some("PayloadTooLarge")),
        _ => (200, None),
    };
    assert_eq!(usual, expected);
    match serde_json::from_slice::<Map<String, Value>>(payload) {
        Ok(_) => assert_eq!(strict, expected),
        // There are objects that this reader refuses, such as very deep ones.
        Err(_) if expected.0 == 200 => {
            assert!(matches!(strict, (200, None) | (400, Some("PayloadEmpty"))), "{strict:?}");
        }
        Err(_) => assert_eq!(strict, expected),
    }
}

/// The description of a channel: only what is right makes one.
fn channel(sender: &mut Sender, payload: &[u8]) {
    let bearer = format!("bearer {}", sender.good_token());
    let headers: [(&str, &[u8]); 1] = [("authorization", bearer.as_bytes())];
    let path = format!("/1/apps/{APP}/channels");
    let (status, reason) = sender.send("POST", &path, &headers, payload);
    let object = serde_json::from_slice::<Map<String, Value>>(payload).unwrap_or_default();
    let made = status == 201;
    assert!(made || status == 400 || status == 413, "{status} {reason:?}");
    assert!(!made || object.len() == 2 && object.contains_key("message-storage-policy"));
}

/// A message to a channel that is not there.
fn message(sender: &mut Sender, payload: &[u8]) {
    let bearer = format!("bearer {}", sender.good_token());
    let headers: [(&str, &[u8]); 3] = [
        ("authorization", bearer.as_bytes()),
        ("apns-channel-id", b"AAAAAAAAAAAAAAAAAAAAAA=="),
        ("apns-push-type", b"liveactivity"),
    ];
    let path = format!("/4/broadcasts/apps/{APP}");
    let (status, reason) = sender.send("POST", &path, &headers, payload);
    let known = ["PayloadEmpty", "PayloadTooLarge", "BadRequestPayload", "ChannelNotRegistered"];
    assert!(reason.is_some_and(|reason| known.contains(&reason)), "{status} {reason:?}");
}

/// Push types whose payloads are read differently, and the ends of their topics.
const TYPES: &[(&str, &str)] = &[
    ("alert", ""),
    ("background", ""),
    ("mdm", ""),
    ("liveactivity", ".push-type.liveactivity"),
    ("voip", ".voip"),
];

/// Device tokens of the app's other topics are as much of this as their topic's end is long.
const OTHER: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789";
