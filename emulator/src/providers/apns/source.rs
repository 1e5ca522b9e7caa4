//! Apple's pages, by short names, for what is told of each behavior.

pub(super) const SENDING: &str = "Apple, \"Sending notification requests to APNs\"";
pub(super) const RESPONSES: &str = "Apple, \"Handling notification responses from APNs\"";
pub(super) const TOKENS: &str = "Apple, \"Establishing a token-based connection to APNs\"";
pub(super) const PAYLOAD: &str = "Apple, \"Generating a remote notification\"";
pub(super) const METRICS: &str =
    "Apple, \"Viewing the status of push notifications using Metrics and APNs\"";
pub(super) const BACKGROUND: &str = "Apple, \"Pushing background updates to your App\"";
pub(super) const ACTIVITIES: &str =
    "Apple, \"Starting and updating Live Activities with ActivityKit push notifications\"";
pub(super) const BROADCASTS: &str =
    "Apple, \"Sending broadcast push notification requests to APNs\"";
pub(super) const CHANNELS: &str = "Apple, \"Sending channel management requests to APNs\"";
pub(super) const BROADCAST_ERRORS: &str =
    "Apple, \"Handling error responses from Apple Push Notification service\"";
pub(super) const BROADCAST_SETUP: &str = "Apple, \"Setting up broadcast push notifications\"";
