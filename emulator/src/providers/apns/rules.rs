//! What a push must be like: the table of reasons, and the checks in their order.
//!
//! The order in which the real service looks at a request is not documented but for two points:
//! authentication comes before the device token, delivery comes last. [doc] Apple, "Sending
//! notification requests to APNs". The rest of the order is ours, kept as data. [guess]

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

/// The checks, in their order. [guess] but for "credential before address" [doc]
pub(super) const CHECKS: &[Check] = &[
    Check { name: "path", stage: Stage::Path, run: head::path },
    Check { name: "method", stage: Stage::Path, run: head::method },
    Check { name: "duplicate-headers", stage: Stage::Path, run: head::duplicates },
    Check { name: "certificate", stage: Stage::Credential, run: certificate::certificate },
    Check { name: "provider-token", stage: Stage::Credential, run: credential::provider_token },
    Check { name: "key-revoked", stage: Stage::Credential, run: credential::key_revoked },
    Check { name: "connection-spoiled", stage: Stage::Credential, run: key::spoiled },
    Check { name: "key-environment", stage: Stage::Credential, run: key::environment },
    Check { name: "token-age", stage: Stage::Credential, run: credential::token_age },
    Check { name: "connection-team", stage: Stage::Credential, run: credential::connection_team },
    Check { name: "connection-key", stage: Stage::Credential, run: key::related },
    Check { name: "token-updates", stage: Stage::Credential, run: key::updates },
    Check { name: "apns-id", stage: Stage::Header, run: head::id },
    Check { name: "apns-expiration", stage: Stage::Header, run: head::expiration },
    Check { name: "apns-priority", stage: Stage::Header, run: head::priority },
    Check { name: "apns-collapse-id", stage: Stage::Header, run: head::collapse_id },
    Check { name: "apns-push-type", stage: Stage::Header, run: head::push_type },
    Check { name: "background-priority", stage: Stage::Header, run: head::background_priority },
    Check { name: "apns-topic", stage: Stage::Topic, run: head::topic },
    Check { name: "certificate-topic", stage: Stage::Topic, run: certificate::topic },
    Check { name: "topic-allowed", stage: Stage::Topic, run: credential::topic_allowed },
    Check { name: "key-topics", stage: Stage::Topic, run: key::topics },
    Check { name: "payload-empty", stage: Stage::Payload, run: head::payload_empty },
    Check { name: "payload-size", stage: Stage::Payload, run: head::payload_size },
    Check { name: "payload-form", stage: Stage::Payload, run: head::payload_form },
    Check { name: "device-token-form", stage: Stage::Address, run: address::form },
    Check { name: "device-token-known", stage: Stage::Address, run: address::known },
    Check { name: "environment", stage: Stage::Address, run: address::environment },
    Check { name: "device-token-topic", stage: Stage::Address, run: address::topic },
    Check { name: "type-and-topic", stage: Stage::Address, run: address::type_and_topic },
    Check { name: "device-token-alive", stage: Stage::Address, run: address::alive },
    Check { name: "device-rate", stage: Stage::Address, run: address::rate },
];

/// Runs the checks until one says no.
pub(super) fn judge(scene: &Scene<'_>) -> Result<(), (&'static Check, Rejection)> {
    CHECKS.iter().try_for_each(|check| (check.run)(scene).map_err(|rejection| (check, rejection)))
}
