//! Rules about the client certificate, and what it may be used for.

use super::super::auth::Credential;
use super::super::certificate::{Certificate, CertificateDefect};
use super::super::request::{Environment, Field};
use super::super::source::RESPONSES;
use super::super::state::State;
use super::super::switches;
use super::super::topic;
use super::{Check, Judged, Reason, Rejection, Scene, Stage};
use crate::clock::show_duration;
use crate::fidelity::Behavior;
use crate::providers::rim::Desk;
use std::time::Duration;

pub(super) const CERTIFICATE: Check = Check {
    name: "certificate",
    stage: Stage::Credential,
    run: certificate,
    behavior: Behavior::documented(
        "A client certificate of the other environment: `BadCertificateEnvironment`; one that \
         ended, has not begun, was revoked or says nothing: `BadCertificate`",
        RESPONSES,
    )
    .besides(
        "as GOAWAY, before any request: seen for the environment (sideshow/apns2 #93), assumed for \
         the rest. Under other names than Apple's requests get it with 403. An open connection \
         goes on [documented for revocation]; the end is judged on the sender's clock, and ageing \
         moves it [assumed]",
    ),
};

fn certificate(scene: &Scene<'_>) -> Judged {
    match &scene.push.credential {
        Credential::Certificate(certificate) => {
            here(certificate, scene.push.environment)?;
            // An open connection stays bound to the old state. [doc] Apple, "Sending notification
            // requests to APNs"
            match scene.state.is_admitted(scene.desk.connection) {
                true => Ok(()),
                false => now(certificate, scene.state, scene.desk),
            }
        }
        Credential::Unreadable(defect) => Err(unreadable(defect)),
        Credential::Bad(_) | Credential::Token(_) => Ok(()),
    }
}

pub(super) const TOPIC: Check = Check {
    name: "certificate-topic",
    stage: Stage::Topic,
    run: topic,
    behavior: Behavior::observed(
        "A topic that the certificate does not list, and `location` with any certificate: \
         `TopicDisallowed`",
        "jazzband/django-push-notifications #424; pushy's mock server says `BadTopic`",
    )
    .besides(
        "that `location` needs a provider token is documented, its reason assumed. A certificate \
         without any list goes for `.voip` and `.complication` of its UID, as in pushy's mock \
         server",
    )
    .by(&[&switches::UNLISTED]),
};

fn topic(scene: &Scene<'_>) -> Judged {
    let (Credential::Certificate(certificate), Field::Value(wanted)) =
        (&scene.push.credential, &scene.push.topic)
    else {
        return Ok(());
    };
    let is_location = matches!(&scene.push.push_type, Field::Value(it) if it.name == "location");
    if is_location || wanted.ends_with(topic::LOCATION) {
        // Token-only. [doc] Apple, "Sending notification requests to APNs"; the reason is a [guess].
        let cause = "location pushes need a provider token, this connection has a certificate";
        return Err(Rejection::new(Reason::TopicDisallowed, cause));
    }
    let listed = certificate.topics.contains(wanted);
    if listed || scene.state.takes_implied() && is_implied(certificate, wanted) {
        return Ok(());
    }
    let topics = certificate.topics.iter().map(|topic| topic.as_str());
    let cause = format!(
        "topic `{wanted}` is none of the client certificate's: {}",
        super::super::state::listed(topics)
    );
    // Senders report this one. [report] jazzband/django-push-notifications #424. pushy's mock
    // server says `BadTopic`. [client]
    Err(Rejection::new(Reason::TopicDisallowed, cause))
}

/// Whether a topic goes with a certificate that has no list of topics, because of its UID. [client]
/// pushy's mock server takes the UID, and these two.
pub(super) fn is_implied(certificate: &Certificate, topic: &str) -> bool {
    let suffix = || topic.strip_prefix(certificate.uid.as_str());
    !certificate.lists && matches!(suffix(), Some(".complication" | ".voip"))
}

/// What is wrong with a certificate when a connection opens with it.
pub(in super::super) fn at_the_door(
    read: Result<&Certificate, &CertificateDefect>,
    environment: Option<Environment>,
    state: &State,
    desk: &Desk<'_>,
) -> Judged {
    let certificate = read.map_err(unreadable)?;
    here(certificate, environment)?;
    now(certificate, state, desk)
}

fn unreadable(defect: &CertificateDefect) -> Rejection {
    Rejection::new(CertificateDefect::REASON, defect.to_string())
}

/// Whether it is for this environment.
fn here(certificate: &Certificate, environment: Option<Environment>) -> Judged {
    match (certificate.environment, environment) {
        (Some(its), Some(ours)) if its != ours => {
            let (its, ours, subject) = (its.name(), ours.name(), certificate.subject());
            let cause = format!(
                "the client certificate is for {its}, the connection goes to {ours}; {subject}"
            );
            Err(Rejection::new(Reason::BadCertificateEnvironment, cause))
        }
        _ => Ok(()),
    }
}

/// Whether it is valid now, on the sender's clock, and not revoked.
fn now(certificate: &Certificate, state: &State, desk: &Desk<'_>) -> Judged {
    let subject = certificate.subject();
    let bad = |cause: String| Err(Rejection::new(Reason::BadCertificate, cause));
    let (app, came) = state.certificate_story(certificate, desk.order);
    let now = desk.now.sender;
    if now.seconds() < certificate.begins.seconds() {
        return bad(format!(
            "the client certificate begins in {} ({}), {subject}",
            roughly(certificate.begins.since(now)),
            certificate.begins
        ));
    }
    let added = desk.aging.extra(app, certificate.begins, came);
    let end = certificate.ends.before(added);
    if now.seconds() > end.seconds() {
        let aged = match added.is_zero() {
            true => String::new(),
            false => format!(", made {} older by age_credentials", roughly(added)),
        };
        return bad(format!(
            "the client certificate ended {} ago ({}{aged}), {subject}",
            roughly(now.since(end)),
            certificate.ends
        ));
    }
    if state.has_revoked(certificate) {
        return bad(format!("the client certificate was revoked, {subject}"));
    }
    Ok(())
}

/// A length in whole days where there are some, else to the second.
fn roughly(length: Duration) -> String {
    match length.as_secs() / DAY {
        0 => show_duration(Duration::from_secs(length.as_secs())),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

/// Seconds.
const DAY: u64 = 86_400;
