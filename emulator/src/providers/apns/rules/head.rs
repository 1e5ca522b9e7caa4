//! Rules that need the request alone: path, method, headers, payload size.

use super::super::content::Content;
use super::super::request::{Field, Route};
use super::super::source::{PAYLOAD, RESPONSES, SENDING};
use super::super::switches;
use super::{Check, Judged, Reason, Rejection, Scene, Stage};
use crate::fidelity::Behavior;
use std::borrow::Cow;

pub(super) const PATH: Check = Check {
    name: "path",
    stage: Stage::Path,
    run: path,
    behavior: Behavior::documented(
        "A path that is not `/3/device/<token>`: `BadPath`; one without a token: \
         `MissingDeviceToken`",
        RESPONSES,
    )
    .besides(
        "`/3/device` without its last slash counts as one without a token, as APNSwift's test \
         server has it. A token may be percent-encoded, as apns2 for Node sends it",
    ),
};

fn path(scene: &Scene<'_>) -> Judged {
    let (reason, cause) = match &scene.push.route {
        Route::Device(_) => return Ok(()),
        // Without the last slash too: APNSwift's test server answers so. [client]
        Route::NoDevice => (Reason::MissingDeviceToken, "the path names no device token"),
        Route::Unknown => (Reason::BadPath, "expected `/3/device/` and a device token"),
    };
    Err(Rejection::new(reason, cause))
}

pub(super) const METHOD: Check = Check {
    name: "method",
    stage: Stage::Path,
    run: method,
    behavior: Behavior::documented("Another method than POST: `MethodNotAllowed`", RESPONSES),
};

fn method(scene: &Scene<'_>) -> Judged {
    if scene.push.posted {
        return Ok(());
    }
    Err(Rejection::new(Reason::MethodNotAllowed, "a push is sent by POST"))
}

pub(super) const DUPLICATES: Check = Check {
    name: "duplicate-headers",
    stage: Stage::Path,
    run: duplicates,
    behavior: Behavior::documented("One of APNs' headers twice: `DuplicateHeaders`", RESPONSES),
};

fn duplicates(scene: &Scene<'_>) -> Judged {
    let Some(name) = scene.push.duplicate else { return Ok(()) };
    Err(Rejection::new(Reason::DuplicateHeaders, format!("the header `{name}` came twice")))
}

pub(super) const ID: Check = Check {
    name: "apns-id",
    stage: Stage::Header,
    run: id,
    behavior: Behavior::documented("`apns-id` that is no UUID: `BadMessageId`", RESPONSES)
        .besides("upper case goes too [assumed]"),
};

fn id(scene: &Scene<'_>) -> Judged {
    if scene.push.id_is_uuid {
        return Ok(());
    }
    let cause = "expected a UUID of 8-4-4-4-12 hexadecimal digits in `apns-id`";
    Err(Rejection::new(Reason::BadMessageId, cause))
}

pub(super) const EXPIRATION: Check = Check {
    name: "apns-expiration",
    stage: Stage::Header,
    run: expiration,
    behavior: Behavior::documented(
        "`apns-expiration` that is no number of seconds: `BadExpirationDate`",
        RESPONSES,
    )
    .besides("signs and fractions are refused [assumed]"),
};

fn expiration(scene: &Scene<'_>) -> Judged {
    form(&scene.push.expiration, Reason::BadExpirationDate, |found| {
        format!("expected whole seconds since 1970 in `apns-expiration`, found `{found}`")
    })
}

pub(super) const PRIORITY: Check = Check {
    name: "apns-priority",
    stage: Stage::Header,
    run: priority,
    behavior: Behavior::documented("`apns-priority` other than 10, 5 or 1: `BadPriority`", SENDING),
};

fn priority(scene: &Scene<'_>) -> Judged {
    form(&scene.push.priority, Reason::BadPriority, |found| {
        format!("expected 10, 5 or 1 in `apns-priority`, found `{found}`")
    })
}

pub(super) const COLLAPSE_ID: Check = Check {
    name: "apns-collapse-id",
    stage: Stage::Header,
    run: collapse_id,
    behavior: Behavior::documented(
        "`apns-collapse-id` of more than 64 bytes: `BadCollapseId`",
        SENDING,
    ),
};

fn collapse_id(scene: &Scene<'_>) -> Judged {
    let length = scene.push.collapse_id_length;
    if length <= MAX_COLLAPSE_ID {
        return Ok(());
    }
    let cause = format!("`apns-collapse-id` has {length} bytes, at most {MAX_COLLAPSE_ID} go");
    Err(Rejection::new(Reason::BadCollapseId, cause))
}

pub(super) const PUSH_TYPE: Check = Check {
    name: "apns-push-type",
    stage: Stage::Header,
    run: push_type,
    behavior: Behavior::documented(
        "`apns-push-type` that is none of the eleven: `InvalidPushType`",
        SENDING,
    )
    .besides("case counts [assumed]; without the header the push is taken, with a note"),
};

fn push_type(scene: &Scene<'_>) -> Judged {
    form(&scene.push.push_type, Reason::InvalidPushType, |found| {
        format!("`apns-push-type` has no value `{found}`")
    })
}

pub(super) const BACKGROUND_PRIORITY: Check = Check {
    name: "background-priority",
    stage: Stage::Header,
    run: background_priority,
    behavior: Behavior::observed(
        "A background push of priority 10: taken with a note, or `BadPriority`",
        "Apple calls it an error; senders got 200: parse-community/node-apn PR 14",
    )
    .besides("the reason is assumed")
    .by(&[&switches::BACKGROUND_PRIORITY]),
};

/// A background push that wants to be delivered at once. Apple calls it an error. [doc] "Sending
/// notification requests to APNs"
fn background_priority(scene: &Scene<'_>) -> Judged {
    if !scene.state.conduct().wants_low_background || !is_hasty(scene) {
        return Ok(());
    }
    Err(Rejection::new(Reason::BadPriority, "a background push has priority 10, Apple asks for 5"))
}

/// Whether a background push has priority 10.
pub(super) fn is_hasty(scene: &Scene<'_>) -> bool {
    let push = scene.push;
    push.is_immediate() && matches!(&push.push_type, Field::Value(it) if it.name == "background")
}

pub(super) const TOPIC: Check = Check {
    name: "apns-topic",
    stage: Stage::Topic,
    run: topic,
    behavior: Behavior::documented(
        "No `apns-topic`: that of a certificate with one topic, else `MissingTopic`; a malformed \
         one: `BadTopic`",
        SENDING,
    )
    .besides(
        "an empty one counts as none (go-apnsmock); malformed is what has other characters than \
         letters, digits, `.` and `-`, or more than 255 [assumed]",
    ),
};

fn topic(scene: &Scene<'_>) -> Judged {
    match &scene.push.topic {
        Field::Value(_) => Ok(()),
        Field::Absent => {
            let cause = match scene.push.credential.certificate() {
                None => Cow::Borrowed("a provider token needs the header `apns-topic`"),
                Some(certificate) => {
                    let topics = certificate.topics.iter().map(|topic| topic.as_str());
                    let topics = super::super::state::listed(topics);
                    Cow::Owned(format!(
                        "the client certificate has several topics, `apns-topic` has to say which: \
                         {topics}"
                    ))
                }
            };
            Err(Rejection::new(Reason::MissingTopic, cause))
        }
        // What "malformed" means is not documented. [guess]
        Field::Bad(found) => {
            let cause = format!("expected a bundle ID in `apns-topic`, found `{found}`");
            Err(Rejection::new(Reason::BadTopic, cause))
        }
    }
}

pub(super) const PAYLOAD_EMPTY: Check = Check {
    name: "payload-empty",
    stage: Stage::Payload,
    run: payload_empty,
    behavior: Behavior::documented("No body: `PayloadEmpty`; `{}` is a payload", RESPONSES),
};

fn payload_empty(scene: &Scene<'_>) -> Judged {
    if scene.push.body_length > 0 {
        return Ok(());
    }
    Err(Rejection::new(Reason::PayloadEmpty, "the request has no body; an empty payload is `{}`"))
}

pub(super) const PAYLOAD_SIZE: Check = Check {
    name: "payload-size",
    stage: Stage::Payload,
    run: payload_size,
    behavior: Behavior::documented(
        "More than 4096 bytes, of VoIP 5120: `PayloadTooLarge`",
        PAYLOAD,
    )
    .besides("a topic in `.voip` is enough to be VoIP [assumed]"),
};

fn payload_size(scene: &Scene<'_>) -> Judged {
    let (length, limit) = (scene.push.body_length, scene.push.payload_limit);
    if length <= limit {
        return Ok(());
    }
    let cause = format!("the payload has {length} bytes, at most {limit} go");
    Err(Rejection::new(Reason::PayloadTooLarge, cause))
}

pub(super) const PAYLOAD_FORM: Check = Check {
    name: "payload-form",
    stage: Stage::Payload,
    run: payload_form,
    behavior: Behavior::assumed(
        "A payload that is no JSON object: taken, and of no use to the device, or `PayloadEmpty`",
        "Apple has no reason for it; APNSwift's mock server says `PayloadEmpty`",
    )
    .by(&[&switches::PAYLOAD_FORM]),
};

/// A payload that no device can use. [guess]
fn payload_form(scene: &Scene<'_>) -> Judged {
    let odd = scene.push.content == Content::Unreadable;
    if !odd || !scene.state.conduct().wants_objects {
        return Ok(());
    }
    Err(Rejection::new(Reason::PayloadEmpty, "the payload is not a JSON object"))
}

fn form<T>(field: &Field<T>, reason: Reason, cause: impl FnOnce(&str) -> String) -> Judged {
    match field {
        Field::Absent | Field::Value(_) => Ok(()),
        Field::Bad(found) => Err(Rejection::new(reason, cause(found))),
    }
}

/// The longest collapse id, in bytes. [doc] Apple, "Sending notification requests to APNs"
const MAX_COLLAPSE_ID: usize = 64;
