//! Apple's reasons, as a table.

use super::super::source::{BROADCAST_ERRORS, RESPONSES};
use crate::fidelity::Behavior;

/// Writes the reasons out once: as variants, and as rows. `usual` is the reason that a status alone
/// stands for, `broadcast` one of broadcasts alone, `observed` one that Apple does not have so.
macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident = $status:literal $(, $mark:ident)*;)+) => {
        /// Why APNs turns a request down. The order is Apple's.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Reason { $($(#[doc = $doc])+ $name),+ }

        /// What each reason stands for, and how sure that is.
        const ROWS: &[(&str, Behavior)] = &[$((
            stringify!($name),
            reasons!(@known $($mark)*; concat!(stringify!($status), ":", $($doc),+)),
        )),+];

        impl Reason {
            /// All of them.
            pub(crate) const ALL: &[Self] = &[$(Self::$name),+];

            /// The word in the body.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),+ }
            }

            /// The HTTP status that goes with it.
            pub(crate) const fn status(self) -> u16 {
                match self { $(Self::$name => $status),+ }
            }

            /// The whole body, compact; a 410 has a `timestamp` besides.
            pub(crate) const fn body(self) -> &'static str {
                match self { $(
                    Self::$name => concat!("{\"reason\":\"", stringify!($name), "\"}")
                ),+ }
            }

            /// Whether it is the one that a fault means which names a status only.
            pub(crate) const fn is_usual(self) -> bool {
                match self { $(Self::$name => reasons!(@usual $($mark)*)),+ }
            }
        }
    };
    (@usual usual $($mark:ident)*) => { true };
    (@usual $other:ident $($mark:ident)*) => { reasons!(@usual $($mark)*) };
    (@usual) => { false };
    (@known observed $($mark:ident)*; $what:expr) => {
        Behavior::observed($what, "APNSwift PR 229, where Apple writes `BadEnvironmentKeyIdInToken`")
    };
    (@known broadcast $($mark:ident)*; $what:expr) => {
        Behavior::documented($what, BROADCAST_ERRORS)
    };
    (@known $other:ident $($mark:ident)*; $what:expr) => { reasons!(@known $($mark)*; $what) };
    (@known ; $what:expr) => { Behavior::documented($what, RESPONSES) };
}

impl Reason {
    /// What each stands for.
    pub(crate) fn known() -> impl Iterator<Item = (&'static str, Behavior)> {
        ROWS.iter().copied()
    }

    /// The reason that a status alone stands for.
    pub(crate) fn usual(status: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.status() == status && reason.is_usual())
    }
}

// Apple, "Handling notification responses from APNs" [doc] for all rows but the marked ones; where it
// says broadcasts, "Handling error responses from Apple Push Notification service" [doc]. Which
// reason is the usual one of a status is ours. [guess]
reasons! {
    /// `apns-channel-id` is not base64, or too long. Of broadcasts.
    BadChannelId = 400, broadcast;
    /// `apns-collapse-id` is longer than 64 bytes.
    BadCollapseId = 400;
    /// The device token is malformed, unknown, or of the other environment.
    BadDeviceToken = 400, usual;
    /// `apns-expiration` is not a number of seconds.
    BadExpirationDate = 400;
    /// `apns-id` is not a UUID.
    BadMessageId = 400;
    /// `apns-priority` is not 10, 5 or 1.
    BadPriority = 400;
    /// The description of a channel has an unknown key, or a wrong value. Of broadcasts.
    BadRequestParams = 400, broadcast;
    /// The body is not JSON. Of broadcasts.
    BadRequestPayload = 400, broadcast;
    /// `apns-topic` is malformed.
    BadTopic = 400;
    /// The app has as many channels as it may. Of broadcasts.
    CannotCreateChannelConfig = 400, broadcast;
    /// The app has no such channel. Of broadcasts.
    ChannelNotRegistered = 400, broadcast;
    /// The device token belongs to another topic.
    DeviceTokenNotForTopic = 400;
    /// A header came twice.
    DuplicateHeaders = 400;
    /// The app may not broadcast. Of broadcasts.
    FeatureNotEnabled = 400, broadcast;
    /// The connection was idle; probably by GOAWAY only. [guess]
    IdleTimeout = 400;
    /// `apns-push-type` has an unknown value.
    InvalidPushType = 400;
    /// `apns-channel-id` is needed and absent. Of broadcasts.
    MissingChannelId = 400, broadcast;
    /// The path has no device token.
    MissingDeviceToken = 400;
    /// `apns-push-type`, or a channel's, is needed and absent. Of broadcasts.
    MissingPushType = 400, broadcast;
    /// `apns-topic` is needed and absent.
    MissingTopic = 400;
    /// There is no payload.
    PayloadEmpty = 400;
    /// The topic is not covered by the key or certificate.
    TopicDisallowed = 400;
    /// The certificate is not valid.
    BadCertificate = 403;
    /// The certificate is for the other environment; by GOAWAY. [report]
    BadCertificateEnvironment = 403;
    /// The provider token is too old.
    ExpiredProviderToken = 403;
    /// The action is not allowed; its triggers are unknown.
    Forbidden = 403;
    /// The provider token is not valid, or its signature does not verify.
    InvalidProviderToken = 403, usual;
    /// There is neither a provider token nor a certificate.
    MissingProviderToken = 403;
    /// The path's bundle ID is not covered by the token or certificate. Of broadcasts.
    TopicMismatch = 403, broadcast;
    /// The key is not related to the one that the connection began with.
    UnrelatedKeyIdInToken = 403;
    /// The key is for the other environment, as the documentation spells it.
    BadEnvironmentKeyIdInToken = 403;
    /// The key is for the other environment, as implementers receive it. [client] [report]
    BadEnvironmentKeyInToken = 403, observed;
    /// The path is not one of the service's.
    BadPath = 404, usual;
    /// The method is not POST.
    MethodNotAllowed = 405, usual;
    /// The device token ran out.
    ExpiredToken = 410;
    /// The device token is inactive for the topic.
    Unregistered = 410, usual;
    /// The payload is too large.
    PayloadTooLarge = 413, usual;
    /// The provider token changes too often.
    TooManyProviderTokenUpdates = 429;
    /// Too many requests to one device token.
    TooManyRequests = 429, usual;
    /// The service failed.
    InternalServerError = 500, usual;
    /// The service is not available.
    ServiceUnavailable = 503, usual;
    /// The service is shutting down.
    Shutdown = 503;
}
