//! Rules about the device token.

use super::super::request::{DeviceToken, Field, Route};
use super::super::source::RESPONSES;
use super::super::switches;
use super::{Check, Judged, Reason, Rejection, Scene, Stage};
use crate::fidelity::Behavior;
use crate::post::{Address, Life};

pub(super) const FORM: Check = Check {
    name: "device-token-form",
    stage: Stage::Address,
    run: form,
    behavior: Behavior::documented(
        "A device token that is not hexadecimal: `BadDeviceToken`",
        RESPONSES,
    )
    .besides(
        "2 to 400 digits of either case are looked at [assumed]: senders are told not to expect a \
         size",
    ),
};

fn form(scene: &Scene<'_>) -> Judged {
    match &scene.push.route {
        Route::Device(DeviceToken::Bad) => {
            let cause = "expected 2 to 400 hexadecimal digits, two for each byte, as device token";
            Err(Rejection::new(Reason::BadDeviceToken, cause))
        }
        _ => Ok(()),
    }
}

pub(super) const KNOWN: Check = Check {
    name: "device-token-known",
    stage: Stage::Address,
    run: known,
    behavior: Behavior::documented("A device token that nobody has: `BadDeviceToken`", RESPONSES)
        .besides(
            "with `unknown_addresses = register` it becomes an online device, with a note: a \
         convenience of ours",
        ),
};

fn known(scene: &Scene<'_>) -> Judged {
    if scene.address.is_some() || scene.desk.register_unknown {
        return Ok(());
    }
    let cause = "no device has this token, and unknown addresses are rejected";
    Err(Rejection::new(Reason::BadDeviceToken, cause))
}

pub(super) const ENVIRONMENT: Check = Check {
    name: "environment",
    stage: Stage::Address,
    run: environment,
    behavior: Behavior::documented(
        "A device token of the other environment: `BadDeviceToken`",
        RESPONSES,
    )
    .besides("confirmed by Apple's staff, forum thread 807380"),
};

fn environment(scene: &Scene<'_>) -> Judged {
    let (Some(address), Some(environment)) = (scene.address, scene.push.environment) else {
        return Ok(());
    };
    let realm = scene.desk.post.address(address).realm;
    if environment.admits(realm) {
        return Ok(());
    }
    // Apple staff, forum thread 807380. [report]
    let cause = format!("the token is not of the {} environment", environment.name());
    Err(Rejection::new(Reason::BadDeviceToken, cause))
}

pub(super) const TOPIC: Check = Check {
    name: "device-token-topic",
    stage: Stage::Address,
    run: topic,
    behavior: Behavior::documented(
        "A device token of another topic: `DeviceTokenNotForTopic`",
        RESPONSES,
    )
    .besides("VoIP and the like have topics of their own (Apple's staff, forum thread 807380)"),
};

fn topic(scene: &Scene<'_>) -> Judged {
    let (Some(address), Some(topic)) = (scene.address, &scene.topic) else { return Ok(()) };
    let address = scene.desk.post.address(address);
    if address.app == topic.app && address.kind == topic.kind {
        return Ok(());
    }
    let (_, owner) = scene.desk.post.app(address.app);
    let cause = format!(
        "the token is a `{}` of `{owner}`, the topic is for a `{}` of `{}`",
        address.kind,
        topic.kind,
        scene.desk.post.app(topic.app).1
    );
    Err(Rejection::new(Reason::DeviceTokenNotForTopic, cause))
}

pub(super) const TYPE_AND_TOPIC: Check = Check {
    name: "type-and-topic",
    stage: Stage::Address,
    run: type_and_topic,
    behavior: Behavior::assumed(
        "A topic that does not end as the push type wants: taken with a note, or `InvalidPushType`",
        "Apple's pages do not say what the answer is",
    )
    .by(&[&switches::TYPE_AND_TOPIC]),
};

/// A topic that fits the token, but not the push type. What Apple answers is not known. [guess]
fn type_and_topic(scene: &Scene<'_>) -> Judged {
    match misfit(scene).filter(|_| scene.state.conduct().wants_matching_topic) {
        Some(cause) => Err(Rejection::new(Reason::InvalidPushType, cause)),
        None => Ok(()),
    }
}

/// How the topic does not end as the push type wants, if so.
pub(super) fn misfit(scene: &Scene<'_>) -> Option<String> {
    let (Field::Value(push_type), Some(topic)) = (&scene.push.push_type, &scene.topic) else {
        return None;
    };
    let (name, suffix) = (push_type.name, push_type.suffix);
    (suffix != topic.suffix).then(|| {
        let wanted = suffix.unwrap_or("the bare bundle ID");
        format!("the topic does not fit `apns-push-type: {name}`, which goes with {wanted}")
    })
}

pub(super) const ALIVE: Check = Check {
    name: "device-token-alive",
    stage: Stage::Address,
    run: alive,
    behavior: Behavior::documented(
        "A token that was replaced, or whose app was removed: 410 `Unregistered`; one that ran \
         out: 410 `ExpiredToken`; `timestamp` says in ms since when, in the sender's time",
        RESPONSES,
    )
    .besides(
        "the real service answers 200 for days first, and throws the push away (Apple's staff, \
         forum threads 745902 and 798541). When `ExpiredToken` is used is unknown: on \
         `{\"state\":\"expired\"}` here",
    )
    .by(&[&switches::GONE_AFTER]),
};

fn alive(scene: &Scene<'_>) -> Judged {
    let Some(address) = scene.address else { return Ok(()) };
    let address = scene.desk.post.address(address);
    let (reason, cause) = match address.life {
        Life::Active => return Ok(()),
        Life::Unregistered if is_stale(address, scene) => return Ok(()),
        Life::Expired => (Reason::ExpiredToken, "the token ran out"),
        Life::Unregistered if address.link.is_some() => {
            (Reason::Unregistered, "another token took this one's place on the device")
        }
        Life::Unregistered => (Reason::Unregistered, "the app is no longer on the device"),
    };
    Err(Rejection { since: Some(address.ended.sender), ..Rejection::new(reason, cause) })
}

/// Whether APNs does not know yet that the app is gone. [report] Apple staff, forum threads 745902,
/// 793712, 798541 and 827088
fn is_stale(address: &Address, scene: &Scene<'_>) -> bool {
    scene.desk.now.world < address.ended.world.after(scene.state.conduct().gone_after)
}

pub(super) const RATE: Check = Check {
    name: "device-rate",
    stage: Stage::Address,
    run: rate,
    behavior: Behavior::documented(
        "Too many pushes to one device token: `TooManyRequests`",
        RESPONSES,
    )
    .besides("the number is unknown, and the minute in which they are counted is assumed")
    .by(&[&switches::DEVICE_RATE]),
};

/// Too many pushes to one device token. [doc] the reason; [guess] how it is counted
fn rate(scene: &Scene<'_>) -> Judged {
    let (Some(address), Some(most)) = (scene.address, scene.state.conduct().device_rate) else {
        return Ok(());
    };
    if scene.state.rates.count(address, scene.desk.now) < most {
        return Ok(());
    }
    let cause =
        format!("the device token had {most} pushes within a minute, which is all it takes");
    Err(Rejection::new(Reason::TooManyRequests, cause))
}
