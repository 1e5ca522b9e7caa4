//! Rules about where a request goes: path, method, identifiers, app, channel.

use super::super::super::certificate::Certificate;
use super::super::super::request::Field;
use super::super::super::rules::covered;
use super::super::super::topic;
use super::super::channel::{MAX_CHANNELS, Policy};
use super::super::request::MAX_CHANNEL_ID;
use super::{Judged, Reason, Rejection, Route, Scene};

pub(super) fn path(scene: &Scene<'_>) -> Judged {
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

/// Apple's table has "wrong method for the path" under 404 too [doc]; 405 is a [guess].
pub(super) fn method(scene: &Scene<'_>) -> Judged {
    match scene.asked.route {
        Route::Known(_, None) => {
            let cause = "messages go by POST, channels by POST, GET and DELETE, lists by GET";
            Err(Rejection::new(Reason::MethodNotAllowed, cause))
        }
        Route::Known(_, Some(_)) | Route::Unknown => Ok(()),
    }
}

/// The reason is not in Apple's table of broadcasts; pushes have it. [guess]
pub(super) fn duplicates(scene: &Scene<'_>) -> Judged {
    let Some(name) = scene.asked.duplicate else { return Ok(()) };
    Err(Rejection::new(Reason::DuplicateHeaders, format!("the header `{name}` came twice")))
}

pub(super) fn id(scene: &Scene<'_>) -> Judged {
    if scene.asked.id_is_uuid {
        return Ok(());
    }
    let cause = "expected a UUID of 8-4-4-4-12 hexadecimal digits in `apns-request-id`";
    Err(Rejection::new(Reason::BadMessageId, cause))
}

pub(super) fn channel_id(scene: &Scene<'_>) -> Judged {
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

/// The path has the bare bundle ID. [doc] An app whose bundle ID ends like a suffix is let pass.
/// [guess]
pub(super) fn suffix(scene: &Scene<'_>) -> Judged {
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

/// The bundle ID is not covered by the provider token or the certificate. [doc]
pub(super) fn allowed(scene: &Scene<'_>) -> Judged {
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

/// A topic-specific key that lists neither the app nor its Live Activities. [doc] the limit;
/// [guess] that either is enough, and the reason
pub(super) fn key_topics(scene: &Scene<'_>) -> Judged {
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

pub(super) fn capability(scene: &Scene<'_>) -> Judged {
    let off = scene.caller.topic.is_some_and(|topic| !topic.broadcasts);
    if !off {
        return Ok(());
    }
    let cause = "the app's setting `broadcast` is `off`";
    Err(Rejection::new(Reason::FeatureNotEnabled, cause))
}

/// 400 is documented; one operator had a 404 for a channel that was gone. [doc] [report]
pub(super) fn known(scene: &Scene<'_>) -> Judged {
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

/// Where nothing is stored, `apns-expiration` is `0`. [doc] That it may be absent is a [guess].
pub(super) fn storage(scene: &Scene<'_>) -> Judged {
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

pub(super) fn room(scene: &Scene<'_>) -> Judged {
    let Some(topic) = &scene.caller.topic else { return Ok(()) };
    if !scene.channels.is_full(topic.app, scene.asked.realm()) {
        return Ok(());
    }
    let cause = format!("the app has {MAX_CHANNELS} channels in this environment, no more go");
    Err(Rejection::new(Reason::CannotCreateChannelConfig, cause))
}

/// What follows the bundle ID in the topic of Live Activities. [doc]
const LIVE_ACTIVITIES: &str = ".push-type.liveactivity";
