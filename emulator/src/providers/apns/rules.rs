//! What a push must be like: the table of reasons, and the checks in their order.
//!
//! The order in which the real service looks at a request is not documented but for two points:
//! authentication comes before the device token, delivery comes last. [doc] Apple, "Sending
//! notification requests to APNs". The rest of the order is ours, kept as data. [guess]
//!
//! A rule is a function, and above it a [`Check`] with its name and what it is of the real service;
//! the list says when it is looked at.

mod address;
mod certificate;
mod credential;
mod gentle;
mod head;
mod key;
mod reason;

pub(super) use certificate::at_the_door;
pub(super) use gentle::warnings;
pub(super) use key::covered;
pub(super) use reason::Reason;

use super::auth::ProviderToken;
use super::request::Push;
use super::state::Topic;
use crate::clock::Timestamp;
use crate::fidelity::Behavior;
use crate::post::AddressId;
use crate::providers::rim::Desk;
use std::borrow::Cow;

/// Everything that a check may look at; checks change nothing.
pub(super) struct Scene<'a> {
    /// The request.
    pub(super) push: &'a Push,
    /// Devices, time, ageing.
    pub(super) desk: &'a Desk<'a>,
    /// The service's apps, connections and tokens.
    pub(super) state: &'a super::state::State,
    /// The verified provider token, and when its text was first seen.
    pub(super) token: Option<(&'a ProviderToken, crate::clock::Order)>,
    /// The app of `apns-topic`, and which of its topics it is.
    pub(super) topic: Option<Topic<'a>>,
    /// The address of the device token.
    pub(super) address: Option<AddressId>,
}

/// One named rule.
pub(super) struct Check {
    /// Its name, which goes into the journal.
    pub(super) name: &'static str,
    /// Where in the course of a request it stands.
    pub(super) stage: Stage,
    /// What it says.
    pub(super) run: fn(&Scene<'_>) -> Judged,
    /// What of the real service it is, and how sure that is.
    pub(super) behavior: Behavior,
}

/// What a check says.
pub(super) type Judged = Result<(), Rejection>;

/// The parts of a request in the order in which they are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Path, method, repeated headers.
    Path,
    /// The provider token or the certificate. What fails here or before binds no connection.
    Credential,
    /// The headers' form.
    Header,
    /// The topic.
    Topic,
    /// The payload's size.
    Payload,
    /// The device token, or the channel.
    Address,
}

/// A request that is turned down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rejection {
    /// Apple's word for it.
    pub(super) reason: Reason,
    /// Why, in ours.
    pub(super) cause: Cow<'static, str>,
    /// Since when the device token is dead, on the sender's clock.
    pub(super) since: Option<Timestamp>,
}

impl Rejection {
    pub(super) fn new(reason: Reason, cause: impl Into<Cow<'static, str>>) -> Self {
        Self { reason, cause: cause.into(), since: None }
    }
}

/// What holds for all of them.
pub(super) const ABOUT: &str = "The first that does not hold decides, and its name is the `rule` of \
    the request in the journal. That authentication comes before the device token is documented, \
    the rest of the order is ours [assumed].";

/// The checks, in their order. [guess] but for "credential before address" [doc]
pub(super) const CHECKS: &[Check] = &[
    head::PATH,
    head::METHOD,
    head::DUPLICATES,
    certificate::CERTIFICATE,
    credential::PROVIDER_TOKEN,
    credential::KEY_REVOKED,
    key::SPOILED,
    key::ENVIRONMENT,
    credential::TOKEN_AGE,
    credential::CONNECTION_TEAM,
    key::RELATED,
    key::UPDATES,
    head::ID,
    head::EXPIRATION,
    head::PRIORITY,
    head::COLLAPSE_ID,
    head::PUSH_TYPE,
    head::BACKGROUND_PRIORITY,
    head::TOPIC,
    certificate::TOPIC,
    credential::TOPIC_ALLOWED,
    key::TOPICS,
    head::PAYLOAD_EMPTY,
    head::PAYLOAD_SIZE,
    head::PAYLOAD_FORM,
    address::FORM,
    address::KNOWN,
    address::ENVIRONMENT,
    address::TOPIC,
    address::TYPE_AND_TOPIC,
    address::ALIVE,
    address::RATE,
];

/// Runs the checks until one says no.
pub(super) fn judge(scene: &Scene<'_>) -> Result<(), (&'static Check, Rejection)> {
    CHECKS.iter().try_for_each(|check| (check.run)(scene).map_err(|rejection| (check, rejection)))
}
