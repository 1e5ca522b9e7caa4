//! What can be chosen of APNs' behavior: where it is unknown, has changed, or is made gentle.

use crate::switch::{Switch, Takes};

/// What can be chosen.
pub(super) const SWITCHES: &[Switch] = &[
    STREAMS,
    STREAMS_AT_FIRST,
    STREAMS_AFTER_ERROR,
    EXCESS,
    ERRORS,
    IDLE,
    HTTP1,
    UNLISTED,
    UPDATES,
    UPDATE_BURST,
    STAYS,
    ENVIRONMENT_REASON,
    NEW_APPS,
    GONE_AFTER,
    DEVICE_RATE,
    PAYLOAD_FORM,
    BACKGROUND_PRIORITY,
    TYPE_AND_TOPIC,
    BACKGROUND_PAYLOAD,
    BACKGROUND_BUDGET,
    ACTIVITY_BUDGET,
];

pub(super) const STREAMS: Switch = Switch {
    name: "apns.streams",
    takes: Takes::Count { least: 1, most: 10_000 },
    usual: "1000",
    strict: None,
    about: "how many streams a connection may have at once, once the sender is known",
    source: "[report] 500 in 2016, 1500 in 2018, 1000 in 2021: jchambers/pushy #356 and #878",
};
pub(super) const STREAMS_AT_FIRST: Switch = Switch {
    name: "apns.streams-at-first",
    takes: Takes::Count { least: 1, most: 10_000 },
    usual: "1",
    strict: None,
    about: "how many streams it may have until one provider token was accepted; a connection with \
            a client certificate has the usual number at once",
    source: "[doc] Apple, \"Sending notification requests to APNs\"; certificates [guess]",
};
pub(super) const STREAMS_AFTER_ERROR: Switch = Switch {
    name: "apns.streams-after-error",
    takes: Takes::CountOrOff { least: 1, most: 10_000 },
    usual: "off",
    strict: Some("1"),
    about: "how many streams it may have after a push was rejected, until one is accepted",
    source: "[report] lionheart/openradar-mirror #15649, in 2016; [doc] errors slow a sender down",
};
pub(super) const EXCESS: Switch = Switch {
    name: "apns.too-many-streams",
    takes: Takes::Word(&["refuse", "go-away"]),
    usual: "refuse",
    strict: None,
    about: "whether a stream beyond the limit is refused, or ends the connection",
    source: "[client] pushy sends again after REFUSED_STREAM; [report] GOAWAY: pushy #356",
};
pub(super) const ERRORS: Switch = Switch {
    name: "apns.errors-before-goaway",
    takes: Takes::CountOrOff { least: 1, most: 1_000_000 },
    usual: "off",
    strict: Some("100"),
    about: "how many rejections one after the other, 410 left out, end the connection with the \
            last one's reason",
    source: "[doc] Apple, \"Handling notification responses from APNs\"; the number is a [guess]",
};
pub(super) const IDLE: Switch = Switch {
    name: "apns.idle-timeout",
    takes: Takes::LengthOrOff,
    usual: "off",
    strict: None,
    about: "after how long without a request a connection is ended by GOAWAY IdleTimeout",
    source: "[guess] the reason is in Apple's table, the time is not known",
};
pub(super) const HTTP1: Switch = Switch {
    name: "apns.http1",
    takes: Takes::Word(&["go-away", "serve"]),
    usual: "go-away",
    strict: None,
    about: "what HTTP/1.1 on a connection to APNs, by its host names or a port bound to it, is \
            answered with; under other names it is served, with a note",
    source: "[client] Netty's answer; serving it helps test set-ups such as APNSwift's own",
};

pub(super) const UNLISTED: Switch = Switch {
    name: "apns.unlisted-topics",
    takes: Takes::Word(&["implied", "refused"]),
    usual: "implied",
    strict: Some("refused"),
    about: "whether a client certificate that lists no topics at all goes for `.voip` and \
            `.complication` of its UID too, or for the UID alone; what another one does not list is \
            always refused",
    source: "[client] pushy's mock server takes both; [doc] Apple wants them listed",
};

pub(super) const UPDATES: Switch = Switch {
    name: "apns.token-updates",
    takes: Takes::Word(&["allowed", "limited"]),
    usual: "allowed",
    strict: Some("limited"),
    about: "whether a connection may bring another provider token at any time, with a note, or once \
            in 20 minutes of the sender's clock, else 429 TooManyProviderTokenUpdates",
    source: "[doc] Apple, \"Establishing a token-based connection to APNs\"",
};
pub(super) const UPDATE_BURST: Switch = Switch {
    name: "apns.token-update-burst",
    takes: Takes::CountOrOff { least: 1, most: 1_000 },
    usual: "off",
    strict: None,
    about: "how many provider tokens more are let pass within the 20 minutes",
    source: "[report] APNSwift #34: some five messages with a token each went through",
};
pub(super) const STAYS: Switch = Switch {
    name: "apns.spoiled-connections",
    takes: Takes::Word(&["recover", "after-updates", "after-expiry", "after-both"]),
    usual: "recover",
    strict: None,
    about: "whether a connection goes on after TooManyProviderTokenUpdates or \
            ExpiredProviderToken, or gives that answer to all that follows",
    source: "[report] jchambers/pushy #811 and its author's comment; node-apn goes on [client]",
};
pub(super) const ENVIRONMENT_REASON: Switch = Switch {
    name: "apns.environment-key-reason",
    takes: Takes::Word(&["observed", "documented"]),
    usual: "observed",
    strict: None,
    about: "how the reason is spelled for a key of the other environment: \
            BadEnvironmentKeyInToken or BadEnvironmentKeyIdInToken",
    source: "[client] APNSwift PR 229; [doc] Apple, \"Handling notification responses from APNs\"",
};
pub(super) const NEW_APPS: Switch = Switch {
    name: "apns.new-apps",
    takes: Takes::Word(&["allowed", "refused"]),
    usual: "allowed",
    strict: Some("refused"),
    about: "whether a connection takes pushes to an app that was added after its first push, with \
            a note, or answers TopicDisallowed",
    source: "[doc] Apple, \"Establishing a token-based connection to APNs\"; the reason is a [guess]",
};

pub(super) const GONE_AFTER: Switch = Switch {
    name: "apns.gone-after",
    takes: Takes::LengthOrOff,
    usual: "off",
    strict: None,
    about: "how long after an uninstall, in world time, pushes are still answered 200 and thrown \
            away, before 410 begins; its `timestamp` is the uninstall's either way",
    source: "[report] Apple staff, forum threads 745902, 793712, 798541 and 827088: days to weeks",
};
pub(super) const DEVICE_RATE: Switch = Switch {
    name: "apns.device-rate",
    takes: Takes::CountOrOff { least: 1, most: 1_000_000 },
    usual: "off",
    strict: None,
    about: "how many pushes one device token takes in a minute, of either clock, before 429 \
            TooManyRequests",
    source: "[doc] the reason: Apple, \"Handling notification responses from APNs\"; no number is \
             known, the window is a [guess]",
};

pub(super) const PAYLOAD_FORM: Switch = Switch {
    name: "apns.payload-form",
    takes: Takes::Word(&["any", "object"]),
    usual: "any",
    strict: Some("object"),
    about: "whether a payload that is no JSON object is taken, and of no use to the device, or \
            answered with PayloadEmpty",
    source: "[guess] Apple has no reason for it; [client] APNSwift's mock server says PayloadEmpty",
};
pub(super) const BACKGROUND_PRIORITY: Switch = Switch {
    name: "apns.background-priority",
    takes: Takes::Word(&["any", "low"]),
    usual: "any",
    strict: Some("low"),
    about: "whether a background push may have priority 10, with a note, or is answered with \
            BadPriority",
    source: "[doc] an error: Apple, \"Sending notification requests to APNs\"; [report] taken: \
             parse-community/node-apn PR 14; the reason is a [guess]",
};
pub(super) const TYPE_AND_TOPIC: Switch = Switch {
    name: "apns.type-and-topic",
    takes: Takes::Word(&["any", "matching"]),
    usual: "any",
    strict: Some("matching"),
    about: "whether a push whose topic does not end as its push type wants is taken, with a note, \
            or answered with InvalidPushType",
    source: "[guess] Apple's pages do not say what the answer is",
};
pub(super) const BACKGROUND_PAYLOAD: Switch = Switch {
    name: "apns.background-payload",
    takes: Takes::Word(&["any", "silent"]),
    usual: "any",
    strict: Some("silent"),
    about: "whether devices take a background push without `content-available: 1`, or with an \
            alert, a badge or a sound, with a note for the sender, or throw it away",
    source: "[doc] Apple, \"Pushing background updates to your App\"; what becomes of it is a [guess]",
};
pub(super) const BACKGROUND_BUDGET: Switch = Switch {
    name: "apns.background-budget",
    takes: Takes::CountOrOff { least: 1, most: 1_000_000 },
    usual: "off",
    strict: Some("3"),
    about: "how many background pushes an hour, in world time, wake an app that is not running; \
            of more, the newest waits for the hour's end or the app's launch",
    source: "[doc] Apple, \"Pushing background updates to your App\": two or three an hour; how they \
             are counted is a [guess]",
};
pub(super) const ACTIVITY_BUDGET: Switch = Switch {
    name: "apns.live-activity-budget",
    takes: Takes::CountOrOff { least: 1, most: 1_000_000 },
    usual: "off",
    strict: None,
    about: "how many pushes of priority 10 an hour, in world time, a Live Activity gets; of more, \
            the newest waits for the hour's end",
    source: "[doc] that there is a budget: Apple, ActivityKit, \"Starting and updating Live \
             Activities with ActivityKit push notifications\"; no number is known, that the newest \
             waits is a [guess]",
};
