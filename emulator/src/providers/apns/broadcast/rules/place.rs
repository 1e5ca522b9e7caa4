//! Rules about where a request goes: path, method, identifiers, app, channel.

use super::super::super::certificate::Certificate;
use super::super::super::request::Field;
use super::super::super::rules::covered;
use super::super::super::source::{BROADCAST_ERRORS, BROADCAST_SETUP, CHANNELS, TOKENS};
use super::super::super::topic;
use super::super::channel::{MAX_CHANNELS, Policy};
use super::super::request::MAX_CHANNEL_ID;
use super::{Check, Judged, Reason, Rejection, Route, Scene, Stage};
use crate::fidelity::Behavior;

pub(super) const PATH: Check = Check {
    name: "path",
    stage: Stage::Path,
    run: path,
    behavior: Behavior::documented(
        "Another path than `/4/broadcasts/apps/<bundle ID>`, `/1/apps/<bundle ID>/channels` and \
         `…/all-channels`: `BadPath`",
        BROADCAST_ERRORS,
    )
    .besides(
        "on every host of the environment, and on listeners bound to it: which host takes what is \
         told in two ways",
    ),
};

fn path(scene: &Scene<'_>) -> Judged {
    match scene.asked.route {
        Route::Known(..) => Ok(()),
        Route::Unknown => Err(no_path()),
    }
}

pub(super) fn no_path() -> Rejection {
    let cause = "expected `/4/broadcasts/apps/<bundle ID>`, `/1/apps/<bundle ID>/channels` or \
                 `/1/apps/<bundle ID>/all-channels`";
    Rejection::new(Reason::BadPath, cause)
}

pub(super) const METHOD: Check = Check {
    name: "method",
    stage: Stage::Path,
    run: method,
    behavior: Behavior::documented(
        "A wrong method for the path: `MethodNotAllowed`",
        BROADCAST_ERRORS,
    )
    .besides("Apple has it under 404 as well; 405 here [assumed]"),
};

/// Apple's table has "wrong method for the path" under 404 too [doc]; 405 is a [guess].
fn method(scene: &Scene<'_>) -> Judged {
    match scene.asked.route {
        Route::Known(_, None) => {
            let cause = "messages go by POST, channels by POST, GET and DELETE, lists by GET";
            Err(Rejection::new(Reason::MethodNotAllowed, cause))
        }
        Route::Known(_, Some(_)) | Route::Unknown => Ok(()),
    }
}

pub(super) const DUPLICATES: Check = Check {
    name: "duplicate-headers",
    stage: Stage::Path,
    run: duplicates,
    behavior: Behavior::assumed(
        "One of APNs' headers twice: `DuplicateHeaders`",
        "Apple's table for broadcasts lacks it; pushes have it",
    ),
};

/// The reason is not in Apple's table of broadcasts; pushes have it. [guess]
fn duplicates(scene: &Scene<'_>) -> Judged {
    let Some(name) = scene.asked.duplicate else { return Ok(()) };
    Err(Rejection::new(Reason::DuplicateHeaders, format!("the header `{name}` came twice")))
}

pub(super) const ID: Check = Check {
    name: "apns-request-id",
    stage: Stage::Header,
    run: id,
    behavior: Behavior::documented(
        "`apns-request-id`, or `apns-id` in its place, that is no UUID: `BadMessageId`",
        BROADCAST_ERRORS,
    )
    .besides("`apns-id` in one of Apple's samples"),
};

fn id(scene: &Scene<'_>) -> Judged {
    if scene.asked.id_is_uuid {
        return Ok(());
    }
    let cause = "expected a UUID of 8-4-4-4-12 hexadecimal digits in `apns-request-id`";
    Err(Rejection::new(Reason::BadMessageId, cause))
}

pub(super) const CHANNEL_ID: Check = Check {
    name: "apns-channel-id",
    stage: Stage::Header,
    run: channel_id,
    behavior: Behavior::documented(
        "No `apns-channel-id`: `MissingChannelId`; one that is no base64, or too long: \
         `BadChannelId`",
        BROADCAST_ERRORS,
    )
    .besides(
        "both alphabets, with and without padding; up to 256 characters are looked at [assumed]",
    ),
};

fn channel_id(scene: &Scene<'_>) -> Judged {
    match &scene.asked.channel {
        Field::Value(_) => Ok(()),
        Field::Absent => {
            let cause = "the request has no header `apns-channel-id`";
            Err(Rejection::new(Reason::MissingChannelId, cause))
        }
        Field::Bad(found) => {
            let cause = format!(
                "expected base64 of at most {MAX_CHANNEL_ID} bytes in `apns-channel-id`, found \
                 `{found}`"
            );
            Err(Rejection::new(Reason::BadChannelId, cause))
        }
    }
}

pub(super) const SUFFIX: Check = Check {
    name: "bundle-suffix",
    stage: Stage::Topic,
    run: suffix,
    behavior: Behavior::documented(
        "A suffix at the bundle ID: `TopicDisallowed`",
        BROADCAST_ERRORS,
    )
    .besides("an app whose bundle ID ends so is let pass [assumed]"),
};

/// The path has the bare bundle ID. [doc] An app whose bundle ID ends like a suffix is let pass.
/// [guess]
fn suffix(scene: &Scene<'_>) -> Judged {
    let bundle = scene.asked.bundle().filter(|_| scene.caller.topic.is_none());
    match bundle.and_then(topic::split) {
        Some((_, suffix, _)) => {
            let cause =
                format!("expected the bare bundle ID in the path, found `{suffix}` at its end");
            Err(Rejection::new(Reason::TopicDisallowed, cause))
        }
        None => Ok(()),
    }
}

pub(super) const ALLOWED: Check = Check {
    name: "bundle-allowed",
    stage: Stage::Topic,
    run: allowed,
    behavior: Behavior::documented(
        "A bundle ID of another team, or not the certificate's: `TopicMismatch`",
        BROADCAST_ERRORS,
    ),
};

/// The bundle ID is not covered by the provider token or the certificate. [doc]
fn allowed(scene: &Scene<'_>) -> Judged {
    if let Some(certificate) = scene.caller.push.credential.certificate() {
        return allowed_by(certificate, scene);
    }
    let Some((token, _)) = scene.caller.token else {
        let cause = "only a provider token or a certificate says whose app the path names";
        return Err(Rejection::new(Reason::TopicMismatch, cause));
    };
    let team = &token.key.team;
    let cause = match &scene.caller.topic {
        Some(topic) if topic.team == team => return Ok(()),
        Some(topic) => format!(
            "the path's app belongs to team `{}`, the provider token is team `{team}`'s",
            topic.team
        ),
        None => {
            let known = scene.caller.state.bundles_of(team);
            format!("the path names no app of team `{team}`; its apps: {known}")
        }
    };
    Err(Rejection::new(Reason::TopicMismatch, cause))
}

pub(super) const KEY_TOPICS: Check = Check {
    name: "key-topics",
    stage: Stage::Topic,
    run: key_topics,
    behavior: Behavior::documented(
        "A topic-specific key that lists neither the app nor its Live Activities: \
         `TopicDisallowed`",
        TOKENS,
    )
    .besides("that either is enough, and the reason, are assumed"),
};

/// A topic-specific key that lists neither the app nor its Live Activities. [doc] the limit;
/// [guess] that either is enough, and the reason
fn key_topics(scene: &Scene<'_>) -> Judged {
    let Some(bundle) = scene.asked.bundle() else { return Ok(()) };
    let activities = format!("{bundle}{LIVE_ACTIVITIES}");
    covered(&scene.caller, bundle).or_else(|_| covered(&scene.caller, &activities))
}

/// A certificate is for the app of its UID. [doc]
fn allowed_by(certificate: &Certificate, scene: &Scene<'_>) -> Judged {
    let uid = &certificate.uid;
    let cause = match (scene.asked.bundle(), &scene.caller.topic) {
        (Some(bundle), Some(_)) if bundle == uid => return Ok(()),
        (_, Some(_)) => format!("the path's app is not the client certificate's, which is `{uid}`"),
        (_, None) => format!("the path names no app here; the client certificate's is `{uid}`"),
    };
    Err(Rejection::new(Reason::TopicMismatch, cause))
}

pub(super) const CAPABILITY: Check = Check {
    name: "broadcast-capability",
    stage: Stage::Topic,
    run: capability,
    behavior: Behavior::documented(
        "An app that may not broadcast: `FeatureNotEnabled`",
        BROADCAST_SETUP,
    )
    .besides("by the app's setting `broadcast: off`, which deletes its channels for good"),
};

fn capability(scene: &Scene<'_>) -> Judged {
    let off = scene.caller.topic.is_some_and(|topic| !topic.broadcasts);
    if !off {
        return Ok(());
    }
    let cause = "the app's setting `broadcast` is `off`";
    Err(Rejection::new(Reason::FeatureNotEnabled, cause))
}

pub(super) const KNOWN: Check = Check {
    name: "channel-known",
    stage: Stage::Address,
    run: known,
    behavior: Behavior::documented(
        "A channel that the app has not, or in the other environment: `ChannelNotRegistered`",
        BROADCAST_ERRORS,
    )
    .besides(
        "one operator had a 404 for a channel that was gone. A channel made under another name \
         than Apple's is reached from everywhere [assumed]",
    ),
};

/// 400 is documented; one operator had a 404 for a channel that was gone. [doc] [report]
fn known(scene: &Scene<'_>) -> Judged {
    if scene.channel.is_some() {
        return Ok(());
    }
    let elsewhere = || {
        let place = scene.channels.place(scene.asked.channel.value()?)?;
        (scene.caller.topic?.app == place.0).then_some(())
    };
    let cause = match elsewhere() {
        Some(()) => "the channel is of the other environment",
        None => "the app has no such channel",
    };
    Err(Rejection::new(Reason::ChannelNotRegistered, cause))
}

pub(super) const STORAGE: Check = Check {
    name: "storage-policy",
    stage: Stage::Address,
    run: storage,
    behavior: Behavior::documented(
        "A channel of policy 0 and `apns-expiration` other than 0: `BadExpirationDate`",
        BROADCAST_ERRORS,
    )
    .besides("absent is 0 [assumed]"),
};

/// Where nothing is stored, `apns-expiration` is `0`. [doc] That it may be absent is a [guess].
fn storage(scene: &Scene<'_>) -> Judged {
    let ends = match scene.asked.push.expiration {
        Field::Value(end) => end != 0,
        Field::Absent | Field::Bad(_) => false,
    };
    if !ends || scene.channels.policy(scene.channel) == Policy::Newest {
        return Ok(());
    }
    let cause = "the channel stores nothing, so that `apns-expiration` can only be 0";
    Err(Rejection::new(Reason::BadExpirationDate, cause))
}

pub(super) const ROOM: Check = Check {
    name: "channel-limit",
    stage: Stage::Address,
    run: room,
    behavior: Behavior::documented(
        "More than 10,000 channels of an app in an environment: `CannotCreateChannelConfig`",
        CHANNELS,
    ),
};

fn room(scene: &Scene<'_>) -> Judged {
    let Some(topic) = &scene.caller.topic else { return Ok(()) };
    if !scene.channels.is_full(topic.app, scene.asked.realm()) {
        return Ok(());
    }
    let cause = format!("the app has {MAX_CHANNELS} channels in this environment, no more go");
    Err(Rejection::new(Reason::CannotCreateChannelConfig, cause))
}

/// What follows the bundle ID in the topic of Live Activities. [doc]
const LIVE_ACTIVITIES: &str = ".push-type.liveactivity";
