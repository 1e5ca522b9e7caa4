//! Rules about the provider token and its key, and what it may be used for.

use super::super::auth::{Credential, ProviderToken};
use super::super::request::Field;
use super::{Judged, Reason, Rejection, Scene};
use crate::clock::show_duration;
use std::time::Duration;

pub(super) fn provider_token(scene: &Scene<'_>) -> Judged {
    match &scene.push.credential {
        Credential::Bad(defect) => Err(Rejection::new(defect.reason(), defect.to_string())),
        Credential::Certificate(_) | Credential::Token(_) | Credential::Unreadable(_) => Ok(()),
    }
}

pub(super) fn key_revoked(scene: &Scene<'_>) -> Judged {
    let Some((token, _)) = scene.token else { return Ok(()) };
    // A connection stays bound to the old state. [doc] Apple, "Establishing a token-based
    // connection to APNs"
    let went_before = || scene.state.key_of(scene.desk.connection) == Some(&*token.key);
    if !scene.state.has_revoked_key(&token.key) || went_before() {
        return Ok(());
    }
    let cause = format!("signature valid, but key `{}` was revoked", token.key);
    Err(Rejection::new(Reason::InvalidProviderToken, cause))
}

pub(super) fn token_age(scene: &Scene<'_>) -> Judged {
    let Some((token, first_seen)) = scene.token else { return Ok(()) };
    let now = scene.desk.now.sender;
    let ahead = token.issued.since(now);
    if ahead > MAX_AGE {
        // Apple says only that `iat` must be within one hour of now [doc]; the reason is ours.
        // [guess]
        return Err(Rejection::new(Reason::InvalidProviderToken, future(token, ahead)));
    }
    let app = scene.topic.as_ref().map(|topic| topic.app.0);
    let added = scene.desk.aging.extra(app, token.issued, first_seen);
    let age = now.since(token.issued).saturating_add(added);
    if age <= MAX_AGE {
        return Ok(());
    }
    let mut cause = format!("signature valid, but iat is {} old", minutes(age));
    if !added.is_zero() {
        cause.push_str(&format!(" ({} of it by age_credentials)", minutes(added)));
    }
    Err(Rejection::new(Reason::ExpiredProviderToken, cause))
}

pub(super) fn connection_team(scene: &Scene<'_>) -> Judged {
    let Some((token, _)) = scene.token else { return Ok(()) };
    let Some(bound) = scene.state.team_of(scene.desk.connection) else { return Ok(()) };
    if *bound == *token.team {
        return Ok(());
    }
    // An error is documented [doc], its reason is not: pushy's mock server gives this one. [client]
    let cause = format!(
        "the connection belongs to team `{bound}` since its first push; team `{}` needs one of \
         its own",
        token.team
    );
    Err(Rejection::new(Reason::InvalidProviderToken, cause))
}

pub(super) fn topic_allowed(scene: &Scene<'_>) -> Judged {
    let Field::Value(wanted) = &scene.push.topic else { return Ok(()) };
    let team = scene.token.map(|(token, _)| &token.team);
    let cause = match (&scene.topic, team) {
        (Some(_), None) => return Ok(()),
        (Some(topic), Some(team)) if topic.team == team => return Ok(()),
        (Some(topic), Some(team)) => format!(
            "topic `{wanted}` belongs to team `{}`, the provider token is team `{team}`'s",
            topic.team
        ),
        (None, Some(team)) => {
            let known = scene.state.bundles_of(team);
            format!("topic `{wanted}` is not an app of team `{team}`; its apps: {known}")
        }
        (None, None) => {
            format!("topic `{wanted}` of the client certificate is of no app here; add the app")
        }
    };
    Err(Rejection::new(Reason::TopicDisallowed, cause))
}

fn future(token: &ProviderToken, ahead: Duration) -> String {
    let hint = if token.issued.seconds() >= LIKELY_MILLIS { "; is it milliseconds?" } else { "" };
    let hours = ahead.as_secs() / 3_600;
    format!("signature valid, but iat is {hours} h or more in the future{hint}")
}

/// A length as whole minutes where that says enough, else to the second.
fn minutes(length: Duration) -> String {
    let (minutes, seconds) = (length.as_secs() / 60, length.as_secs() % 60);
    match (minutes, seconds) {
        (0, _) => show_duration(length),
        (60, 1..) => format!("60 min {seconds} s"),
        _ => format!("{minutes} min"),
    }
}

/// How old a provider token may be, and how far in the future its `iat`. [doc] Apple,
/// "Establishing a token-based connection to APNs". Exactly this old is still accepted. [client]
const MAX_AGE: Duration = Duration::from_secs(3_600);

/// An `iat` from here on (the year 5138 in seconds) is meant in milliseconds. [guess]
const LIKELY_MILLIS: i64 = 100_000_000_000;
