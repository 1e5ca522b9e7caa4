//! Rules about what a request brings: the push type, the payload, the description of a channel.

use super::super::super::request::{Field, MAX_VOIP_PAYLOAD};
use super::super::request::{Content, KEYS, LIVE_ACTIVITY, NewChannel, POLICY, PUSH_TYPE};
use super::{Judged, Reason, Rejection, Scene};

pub(super) fn push_type(scene: &Scene<'_>) -> Judged {
    live_activity(&scene.asked.push_type, "the header `apns-push-type`")
}

pub(super) fn size(scene: &Scene<'_>) -> Judged {
    let length = scene.asked.push.body_length;
    if length <= MAX_VOIP_PAYLOAD {
        return Ok(());
    }
    let cause = format!("the payload has {length} bytes, at most {MAX_VOIP_PAYLOAD} go");
    Err(Rejection::new(Reason::PayloadTooLarge, cause))
}

/// Apple has this reason for both APIs [doc]; that messages are looked into is a [guess].
pub(super) fn json(scene: &Scene<'_>) -> Judged {
    match &scene.asked.content {
        Content::Unreadable(why) => {
            let cause = format!("the body cannot be read as JSON: {why}");
            Err(Rejection::new(Reason::BadRequestPayload, cause))
        }
        Content::Message(_) | Content::NewChannel(_) | Content::Unread => Ok(()),
    }
}

pub(super) fn keys(scene: &Scene<'_>) -> Judged {
    let Some(NewChannel { unknown: Some(key), .. }) = new_channel(scene) else { return Ok(()) };
    let cause = format!("a channel has `{}`, found `{key}`", KEYS.join("` and `"));
    Err(Rejection::new(Reason::BadRequestParams, cause))
}

/// Both numbers are documented [doc]; the reason for another one, or for none, is a [guess].
pub(super) fn policy(scene: &Scene<'_>) -> Judged {
    let cause = match new_channel(scene).map(|it| &it.policy) {
        Some(Field::Value(_)) | None => return Ok(()),
        Some(Field::Absent) => format!("the body has no `{POLICY}`, which is 0 or 1"),
        Some(Field::Bad(found)) => format!("expected 0 or 1 in `{POLICY}`, found `{found}`"),
    };
    Err(Rejection::new(Reason::BadRequestParams, cause))
}

pub(super) fn channel_push_type(scene: &Scene<'_>) -> Judged {
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
