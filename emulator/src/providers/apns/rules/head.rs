//! Rules that need the request alone: path, method, headers, payload size.

use super::super::content::Content;
use super::super::request::{Field, Route};
use super::{Judged, Reason, Rejection, Scene};
use std::borrow::Cow;

pub(super) fn path(scene: &Scene<'_>) -> Judged {
    let (reason, cause) = match &scene.push.route {
        Route::Device(_) => return Ok(()),
        // Without the last slash too: APNSwift's test server answers so. [client]
        Route::NoDevice => (Reason::MissingDeviceToken, "the path names no device token"),
        Route::Unknown => (Reason::BadPath, "expected `/3/device/` and a device token"),
    };
    Err(Rejection::new(reason, cause))
}

pub(super) fn method(scene: &Scene<'_>) -> Judged {
    if scene.push.posted {
        return Ok(());
    }
    Err(Rejection::new(Reason::MethodNotAllowed, "a push is sent by POST"))
}

pub(super) fn duplicates(scene: &Scene<'_>) -> Judged {
    let Some(name) = scene.push.duplicate else { return Ok(()) };
    Err(Rejection::new(Reason::DuplicateHeaders, format!("the header `{name}` came twice")))
}

pub(super) fn id(scene: &Scene<'_>) -> Judged {
    if scene.push.id_is_uuid {
        return Ok(());
    }
    let cause = "expected a UUID of 8-4-4-4-12 hexadecimal digits in `apns-id`";
    Err(Rejection::new(Reason::BadMessageId, cause))
}

pub(super) fn expiration(scene: &Scene<'_>) -> Judged {
    form(&scene.push.expiration, Reason::BadExpirationDate, |found| {
        format!("expected whole seconds since 1970 in `apns-expiration`, found `{found}`")
    })
}

pub(super) fn priority(scene: &Scene<'_>) -> Judged {
    form(&scene.push.priority, Reason::BadPriority, |found| {
        format!("expected 10, 5 or 1 in `apns-priority`, found `{found}`")
    })
}

pub(super) fn collapse_id(scene: &Scene<'_>) -> Judged {
    let length = scene.push.collapse_id_length;
    if length <= MAX_COLLAPSE_ID {
        return Ok(());
    }
    let cause = format!("`apns-collapse-id` has {length} bytes, at most {MAX_COLLAPSE_ID} go");
    Err(Rejection::new(Reason::BadCollapseId, cause))
}

pub(super) fn push_type(scene: &Scene<'_>) -> Judged {
    form(&scene.push.push_type, Reason::InvalidPushType, |found| {
        format!("`apns-push-type` has no value `{found}`")
    })
}

/// A background push that wants to be delivered at once. Apple calls it an error. [doc] "Sending
/// notification requests to APNs"
pub(super) fn background_priority(scene: &Scene<'_>) -> Judged {
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

pub(super) fn topic(scene: &Scene<'_>) -> Judged {
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

pub(super) fn payload_empty(scene: &Scene<'_>) -> Judged {
    if scene.push.body_length > 0 {
        return Ok(());
    }
    Err(Rejection::new(Reason::PayloadEmpty, "the request has no body; an empty payload is `{}`"))
}

pub(super) fn payload_size(scene: &Scene<'_>) -> Judged {
    let (length, limit) = (scene.push.body_length, scene.push.payload_limit);
    if length <= limit {
        return Ok(());
    }
    let cause = format!("the payload has {length} bytes, at most {limit} go");
    Err(Rejection::new(Reason::PayloadTooLarge, cause))
}

/// A payload that no device can use. [guess]
pub(super) fn payload_form(scene: &Scene<'_>) -> Judged {
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
