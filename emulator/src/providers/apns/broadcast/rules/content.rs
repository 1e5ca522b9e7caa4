//! Rules about what a request brings: the push type, the payload, the description of a channel.

use super::super::super::request::{Field, MAX_VOIP_PAYLOAD};
use super::super::super::source::{BROADCAST_ERRORS, BROADCASTS, CHANNELS};
use super::super::request::{Content, KEYS, LIVE_ACTIVITY, NewChannel, POLICY, PUSH_TYPE};
use super::{Check, Judged, Reason, Rejection, Scene, Stage};
use crate::fidelity::Behavior;

pub(super) const HEADER_PUSH_TYPE: Check = Check {
    name: "apns-push-type",
    stage: Stage::Header,
    run: push_type,
    behavior: Behavior::documented(
        "No `apns-push-type`: `MissingPushType`; another than Live Activity, in any case: \
         `InvalidPushType`",
        BROADCAST_ERRORS,
    )
    .besides("Apple writes it in three ways"),
};

fn push_type(scene: &Scene<'_>) -> Judged {
    live_activity(&scene.asked.push_type, "the header `apns-push-type`")
}

pub(super) const SIZE: Check = Check {
    name: "payload-size",
    stage: Stage::Payload,
    run: size,
    behavior: Behavior::documented("More than 5120 bytes: `PayloadTooLarge`", BROADCASTS)
        .besides("of descriptions of channels too [assumed]"),
};

fn size(scene: &Scene<'_>) -> Judged {
    let length = scene.asked.push.body_length;
    if length <= MAX_VOIP_PAYLOAD {
        return Ok(());
    }
    let cause = format!("the payload has {length} bytes, at most {MAX_VOIP_PAYLOAD} go");
    Err(Rejection::new(Reason::PayloadTooLarge, cause))
}

pub(super) const JSON: Check = Check {
    name: "payload-json",
    stage: Stage::Payload,
    run: json,
    behavior: Behavior::documented("A body that is no JSON: `BadRequestPayload`", BROADCAST_ERRORS)
        .besides("of messages too [assumed]"),
};

/// Apple has this reason for both APIs [doc]; that messages are looked into is a [guess].
fn json(scene: &Scene<'_>) -> Judged {
    match &scene.asked.content {
        Content::Unreadable(why) => {
            let cause = format!("the body cannot be read as JSON: {why}");
            Err(Rejection::new(Reason::BadRequestPayload, cause))
        }
        Content::Message(_) | Content::NewChannel(_) | Content::Unread => Ok(()),
    }
}

pub(super) const CHANNEL_KEYS: Check = Check {
    name: "channel-keys",
    stage: Stage::Payload,
    run: keys,
    behavior: Behavior::documented(
        "An unknown key in a channel's description: `BadRequestParams`",
        BROADCAST_ERRORS,
    ),
};

fn keys(scene: &Scene<'_>) -> Judged {
    let Some(NewChannel { unknown: Some(key), .. }) = new_channel(scene) else { return Ok(()) };
    let cause = format!("a channel has `{}`, found `{key}`", KEYS.join("` and `"));
    Err(Rejection::new(Reason::BadRequestParams, cause))
}

pub(super) const CHANNEL_POLICY: Check = Check {
    name: "channel-policy",
    stage: Stage::Payload,
    run: policy,
    behavior: Behavior::documented(
        "A storage policy is 0 or 1; another, or none: `BadRequestParams`",
        CHANNELS,
    )
    .besides("the reason is assumed. In quotes too, as node-apn's README has it"),
};

/// Both numbers are documented [doc]; the reason for another one, or for none, is a [guess].
fn policy(scene: &Scene<'_>) -> Judged {
    let cause = match new_channel(scene).map(|it| &it.policy) {
        Some(Field::Value(_)) | None => return Ok(()),
        Some(Field::Absent) => format!("the body has no `{POLICY}`, which is 0 or 1"),
        Some(Field::Bad(found)) => format!("expected 0 or 1 in `{POLICY}`, found `{found}`"),
    };
    Err(Rejection::new(Reason::BadRequestParams, cause))
}

pub(super) const CHANNEL_PUSH_TYPE: Check = Check {
    name: "channel-push-type",
    stage: Stage::Payload,
    run: channel_push_type,
    behavior: Behavior::documented(
        "A channel without push type: `MissingPushType`; with another than Live Activity: \
         `InvalidPushType`",
        BROADCAST_ERRORS,
    )
    .besides("in any case: node-apn writes it in small letters"),
};

fn channel_push_type(scene: &Scene<'_>) -> Judged {
    let Some(NewChannel { push_type, .. }) = new_channel(scene) else { return Ok(()) };
    live_activity(push_type, &format!("`{PUSH_TYPE}` in the body"))
}

fn live_activity(found: &Field<()>, place: &str) -> Judged {
    let (reason, cause) = match found {
        Field::Value(()) => return Ok(()),
        Field::Absent => {
            (Reason::MissingPushType, format!("{place} is missing; it says `{LIVE_ACTIVITY}`"))
        }
        Field::Bad(found) => {
            let cause = format!("expected `{LIVE_ACTIVITY}` as {place}, found `{found}`");
            (Reason::InvalidPushType, cause)
        }
    };
    Err(Rejection::new(reason, cause))
}

fn new_channel<'a>(scene: &Scene<'a>) -> Option<&'a NewChannel> {
    match &scene.asked.content {
        Content::NewChannel(new) => Some(new),
        Content::Message(_) | Content::Unreadable(_) | Content::Unread => None,
    }
}
