//! What is let pass but should be known.

use super::super::content::Content;
use super::super::request::Field;
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
        background_payload(scene),
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
    super::address::misfit(scene).map(Cow::Owned)
}

/// Apple calls it an error [doc]; senders who do it get a 200 [report: parse-community/node-apn
/// PR 14].
fn background_priority(scene: &Scene<'_>) -> Option<Cow<'static, str>> {
    super::head::is_hasty(scene)
        .then_some(Cow::Borrowed("a background push has priority 10, Apple asks for 5"))
}

/// Apple asks for it [doc]; what becomes of others is not known.
fn background_payload(scene: &Scene<'_>) -> Option<Cow<'static, str>> {
    let odd = scene.push.content == Content::Silent { fits: false };
    odd.then_some(Cow::Borrowed(
        "a background push has `content-available: 1` and neither alert, badge nor sound; this one \
         may not wake the app",
    ))
}
