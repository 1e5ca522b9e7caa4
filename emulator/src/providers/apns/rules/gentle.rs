//! What is let pass but should be known.

use super::super::request::{Field, Priority};
use super::Scene;
use std::borrow::Cow;

/// The warnings of an accepted push.
pub(in super::super) fn warnings(scene: &Scene<'_>) -> Vec<Cow<'static, str>> {
    let all = [
        connection(scene),
        token_ignored(scene),
        topic_implied(scene),
        super::key::updated_early(scene),
        new_app(scene),
        type_missing(scene),
        type_and_topic(scene),
        background_priority(scene),
    ];
    all.into_iter().flatten().collect()
}

/// Apple speaks nothing else [doc]; a connection that is opened to no service's name gets more.
fn connection(scene: &Scene<'_>) -> Option<Cow<'static, str>> {
    let opened = scene.push.opened;
    (!opened.is_apples()).then_some(Cow::Borrowed(
        "Apple takes pushes by HTTP/2 over TLS alone, this one came otherwise",
    ))
}

/// A sender that has both does not mean it so. [doc] that the token is ignored
fn token_ignored(scene: &Scene<'_>) -> Option<Cow<'static, str>> {
    scene.push.token_ignored.then_some(Cow::Borrowed(
        "the connection has a client certificate, so that `authorization` is not looked at",
    ))
}

/// Apple's certificates list them. [doc]
fn topic_implied(scene: &Scene<'_>) -> Option<Cow<'static, str>> {
    let topic = scene.push.topic()?;
    let certificate = scene.push.credential.certificate()?;
    super::certificate::is_implied(certificate, topic).then(|| {
        format!("the client certificate lists no topics, `{topic}` is taken because of its UID")
            .into()
    })
}

/// A connection takes the team's apps as they were at its first push. [doc]
fn new_app(scene: &Scene<'_>) -> Option<Cow<'static, str>> {
    let topic = scene.topic.as_ref()?;
    (scene.token.is_some() && super::credential::came_later(scene, topic)).then_some(Cow::Borrowed(
        "the app was added after the connection's first push; Apple wants a new connection \
             for it",
    ))
}

/// watchOS 6 and later need the header; others are told to. [doc]
fn type_missing(scene: &Scene<'_>) -> Option<Cow<'static, str>> {
    let absent = scene.push.push_type == Field::Absent;
    absent.then_some(Cow::Borrowed(
        "there is no `apns-push-type`: Apple Watches do not show the push, others may delay it",
    ))
}

/// What the service answers is not known. [guess]
fn type_and_topic(scene: &Scene<'_>) -> Option<Cow<'static, str>> {
    let (Field::Value(push_type), Some(topic)) = (&scene.push.push_type, &scene.topic) else {
        return None;
    };
    let (name, suffix) = (push_type.name, push_type.suffix);
    (suffix != topic.suffix).then(|| {
        let wanted = suffix.unwrap_or("the bare bundle ID");
        format!("the topic does not fit `apns-push-type: {name}`, which goes with {wanted}").into()
    })
}

/// Apple calls it an error [doc]; senders who do it get a 200 [report: parse-community/node-apn
/// PR 14].
fn background_priority(scene: &Scene<'_>) -> Option<Cow<'static, str>> {
    let background =
        matches!(&scene.push.push_type, Field::Value(push_type) if push_type.name == "background");
    let immediate =
        matches!(scene.push.priority, Field::Absent | Field::Value(Priority::Immediate));
    (background && immediate)
        .then_some(Cow::Borrowed("a background push has priority 10, Apple asks for 5"))
}
