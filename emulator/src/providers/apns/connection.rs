//! What connections do besides answering: ALPN, SETTINGS, stream limits, GOAWAY.

use super::rules::{Reason, Rejection};
use crate::providers::rim::Unwelcome;
use crate::switch::{Switch, Switches, Takes};
use crate::wire::{
    ConnectionProfile, Excess, GoAway, Http1, Leniency, NewSettings, Peer, Protocol, Reply,
    Settings, Wire,
};
use bytes::Bytes;
use std::time::Duration;

/// How connections behave: ALPN is `h2` or absent [client], SETTINGS as observed [report: pushy
/// #356 and #878], HTTP/1 is answered as Netty does, whose texts the service shows [report].
pub(super) const PROFILE: ConnectionProfile = ConnectionProfile {
    name: "apns",
    alpn: &["h2"],
    http1: Http1::GoAway,
    settings: Settings {
        header_table_size: 4_096,
        max_concurrent_streams: 1_000,
        initial_window_size: 65_535,
        max_frame_size: 16_384,
        max_header_list_size: 8_000,
    },
    streams_at_first: Some(1),
    excess: Excess::Refuse,
    leniency: Leniency::ALL,
    idle: None,
    idle_debug: r#"{"reason":"IdleTimeout"}"#,
    stop_debug: r#"{"reason":"Shutdown"}"#,
};

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
];

const STREAMS: Switch = Switch {
    name: "apns.streams",
    takes: Takes::Count { least: 1, most: 10_000 },
    usual: "1000",
    strict: None,
    about: "how many streams a connection may have at once, once the sender is known",
    source: "[report] 500 in 2016, 1500 in 2018, 1000 in 2021: jchambers/pushy #356 and #878",
};
const STREAMS_AT_FIRST: Switch = Switch {
    name: "apns.streams-at-first",
    takes: Takes::Count { least: 1, most: 10_000 },
    usual: "1",
    strict: None,
    about: "how many streams it may have until one provider token was accepted; a connection with \
            a client certificate has the usual number at once",
    source: "[doc] Apple, \"Sending notification requests to APNs\"; certificates [guess]",
};
const STREAMS_AFTER_ERROR: Switch = Switch {
    name: "apns.streams-after-error",
    takes: Takes::CountOrOff { least: 1, most: 10_000 },
    usual: "off",
    strict: Some("1"),
    about: "how many streams it may have after a push was rejected, until one is accepted",
    source: "[report] lionheart/openradar-mirror #15649, in 2016; [doc] errors slow a sender down",
};
const EXCESS: Switch = Switch {
    name: "apns.too-many-streams",
    takes: Takes::Word(&["refuse", "go-away"]),
    usual: "refuse",
    strict: None,
    about: "whether a stream beyond the limit is refused, or ends the connection",
    source: "[client] pushy sends again after REFUSED_STREAM; [report] GOAWAY: pushy #356",
};
const ERRORS: Switch = Switch {
    name: "apns.errors-before-goaway",
    takes: Takes::CountOrOff { least: 1, most: 1_000_000 },
    usual: "off",
    strict: Some("100"),
    about: "how many rejections one after the other, 410 left out, end the connection with the \
            last one's reason",
    source: "[doc] Apple, \"Handling notification responses from APNs\"; the number is a [guess]",
};
const IDLE: Switch = Switch {
    name: "apns.idle-timeout",
    takes: Takes::LengthOrOff,
    usual: "off",
    strict: None,
    about: "after how long without a request a connection is ended by GOAWAY IdleTimeout",
    source: "[guess] the reason is in Apple's table, the time is not known",
};
const HTTP1: Switch = Switch {
    name: "apns.http1",
    takes: Takes::Word(&["go-away", "serve"]),
    usual: "go-away",
    strict: None,
    about: "what HTTP/1.1 on a connection to APNs, by its host names or a port bound to it, is \
            answered with; under other names it is served, with a note",
    source: "[client] Netty's answer; serving it helps test set-ups such as APNSwift's own",
};

const UNLISTED: Switch = Switch {
    name: "apns.unlisted-topics",
    takes: Takes::Word(&["implied", "refused"]),
    usual: "implied",
    strict: Some("refused"),
    about: "whether a client certificate that lists no topics at all goes for `.voip` and \
            `.complication` of its UID too, or for the UID alone; what another one does not list is \
            always refused",
    source: "[client] pushy's mock server takes both; [doc] Apple wants them listed",
};

const UPDATES: Switch = Switch {
    name: "apns.token-updates",
    takes: Takes::Word(&["allowed", "limited"]),
    usual: "allowed",
    strict: Some("limited"),
    about: "whether a connection may bring another provider token at any time, with a note, or once \
            in 20 minutes of the sender's clock, else 429 TooManyProviderTokenUpdates",
    source: "[doc] Apple, \"Establishing a token-based connection to APNs\"",
};
const UPDATE_BURST: Switch = Switch {
    name: "apns.token-update-burst",
    takes: Takes::CountOrOff { least: 1, most: 1_000 },
    usual: "off",
    strict: None,
    about: "how many provider tokens more are let pass within the 20 minutes",
    source: "[report] APNSwift #34: some five messages with a token each went through",
};
const STAYS: Switch = Switch {
    name: "apns.spoiled-connections",
    takes: Takes::Word(&["recover", "after-updates", "after-expiry", "after-both"]),
    usual: "recover",
    strict: None,
    about: "whether a connection goes on after TooManyProviderTokenUpdates or \
            ExpiredProviderToken, or gives that answer to all that follows",
    source: "[report] jchambers/pushy #811 and its author's comment; node-apn goes on [client]",
};
const ENVIRONMENT_REASON: Switch = Switch {
    name: "apns.environment-key-reason",
    takes: Takes::Word(&["observed", "documented"]),
    usual: "observed",
    strict: None,
    about: "how the reason is spelled for a key of the other environment: \
            BadEnvironmentKeyInToken or BadEnvironmentKeyIdInToken",
    source: "[client] APNSwift PR 229; [doc] Apple, \"Handling notification responses from APNs\"",
};
const NEW_APPS: Switch = Switch {
    name: "apns.new-apps",
    takes: Takes::Word(&["allowed", "refused"]),
    usual: "allowed",
    strict: Some("refused"),
    about: "whether a connection takes pushes to an app that was added after its first push, with \
            a note, or answers TopicDisallowed",
    source: "[doc] Apple, \"Establishing a token-based connection to APNs\"; the reason is a [guess]",
};

const GONE_AFTER: Switch = Switch {
    name: "apns.gone-after",
    takes: Takes::LengthOrOff,
    usual: "off",
    strict: None,
    about: "how long after an uninstall, in world time, pushes are still answered 200 and thrown \
            away, before 410 begins; its `timestamp` is the uninstall's either way",
    source: "[report] Apple staff, forum threads 745902, 793712, 798541 and 827088: days to weeks",
};
const DEVICE_RATE: Switch = Switch {
    name: "apns.device-rate",
    takes: Takes::CountOrOff { least: 1, most: 1_000_000 },
    usual: "off",
    strict: None,
    about: "how many pushes one device token takes in a minute, of either clock, before 429 \
            TooManyRequests",
    source: "[doc] the reason: Apple, \"Handling notification responses from APNs\"; no number is \
             known, the window is a [guess]",
};

/// How connections behave, as it was chosen.
pub(super) fn profile(switches: &Switches) -> ConnectionProfile {
    let streams = |switch| switches.count(switch);
    let usual = streams(&STREAMS).unwrap_or(PROFILE.settings.max_concurrent_streams);
    ConnectionProfile {
        http1: if switches.is(&HTTP1, "serve") { Http1::Serve } else { Http1::GoAway },
        settings: Settings { max_concurrent_streams: usual, ..PROFILE.settings },
        streams_at_first: streams(&STREAMS_AT_FIRST).map(|first| first.min(usual)),
        excess: if switches.is(&EXCESS, "go-away") { TOO_MANY } else { Excess::Refuse },
        idle: switches.length(&IDLE),
        ..PROFILE
    }
}

/// Error 7 and the sentence that Netty's flow controller says. [report] jchambers/pushy #356
const TOO_MANY: Excess =
    Excess::GoAway { code: 7, debug: "Maximum active streams violated for this endpoint." };

/// What connections are allowed, as it was chosen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conduct {
    usual: u32,
    first: u32,
    after_error: Option<u32>,
    errors: Option<u32>,
    /// Whether a certificate without a list of topics goes for those that its UID implies.
    pub(super) takes_implied: bool,
    /// How many provider tokens more a connection may bring within 20 minutes; any number, where
    /// nothing is said.
    pub(super) token_updates: Option<u32>,
    /// What a key of the other environment is told.
    pub(super) environment_reason: Reason,
    /// Whether connections take apps that were added after their first push.
    pub(super) takes_new_apps: bool,
    /// How long after an uninstall 410 begins.
    pub(super) gone_after: Duration,
    /// How many pushes a device token takes in a minute; any number, where nothing is said.
    pub(super) device_rate: Option<u32>,
    stays_updated: bool,
    stays_expired: bool,
}

/// How a request's connection was opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opened {
    /// To APNs, by name or listener; limits hold there alone.
    profiled: bool,
    /// With a client certificate.
    certified: bool,
    /// By HTTP/2 over TLS.
    apples: bool,
}

/// Where a connection stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    streams: u32,
    /// Rejections since the last push that was accepted.
    errors: u32,
}

/// What became of a push, as far as its connection is concerned.
#[derive(Clone, Copy, Debug)]
pub(super) enum Became {
    Accepted,
    /// Turned down, with or without a provider token that was accepted.
    Rejected {
        reason: Reason,
        known: bool,
    },
}

impl Opened {
    pub(super) fn of(peer: &Peer) -> Self {
        let certificates = peer.tls.as_ref().map(|tls| &tls.client_certificates);
        Self {
            profiled: peer.profile == PROFILE.name,
            certified: certificates.is_some_and(|certificates| !certificates.is_empty()),
            apples: peer.tls.is_some() && peer.protocol == Protocol::Http2,
        }
    }

    /// Whether Apple's servers could have been spoken to so.
    pub(super) const fn is_apples(self) -> bool {
        self.apples
    }

    pub(super) const fn is_limited(self) -> bool {
        self.profiled
    }
}

impl Conduct {
    pub(super) fn chosen(switches: &Switches) -> Self {
        let profile = profile(switches);
        let usual = profile.settings.max_concurrent_streams;
        let stays = |word| switches.is(&STAYS, word) || switches.is(&STAYS, "after-both");
        Self {
            usual,
            first: profile.streams_at_first.unwrap_or(usual),
            after_error: switches.count(&STREAMS_AFTER_ERROR),
            errors: switches.count(&ERRORS),
            takes_implied: switches.is(&UNLISTED, "implied"),
            token_updates: switches
                .is(&UPDATES, "limited")
                .then(|| switches.count(&UPDATE_BURST).unwrap_or(0)),
            environment_reason: match switches.is(&ENVIRONMENT_REASON, "observed") {
                true => Reason::BadEnvironmentKeyInToken,
                false => Reason::BadEnvironmentKeyIdInToken,
            },
            takes_new_apps: switches.is(&NEW_APPS, "allowed"),
            gone_after: switches.length(&GONE_AFTER).unwrap_or_default(),
            device_rate: switches.count(&DEVICE_RATE),
            stays_updated: stays("after-updates"),
            stays_expired: stays("after-expiry"),
        }
    }

    /// Whether a rejection spoils its connection.
    pub(super) const fn spoils(&self, reason: Reason) -> bool {
        match reason {
            Reason::TooManyProviderTokenUpdates => self.stays_updated,
            Reason::ExpiredProviderToken => self.stays_expired,
            _ => false,
        }
    }

    /// Where a connection stands before its first request.
    pub(super) const fn start(&self, opened: Opened) -> Standing {
        let streams = if opened.certified { self.usual } else { self.first };
        Standing { streams, errors: 0 }
    }

    /// What a push's fate does to its connection: new SETTINGS, or GOAWAY.
    pub(super) fn follow(&self, standing: &mut Standing, became: Became, reply: &mut Reply) {
        let streams = match became {
            Became::Accepted => {
                standing.errors = 0;
                self.usual
            }
            Became::Rejected { reason, known } => {
                let counts = reason.status() != GONE;
                standing.errors += u32::from(counts);
                match self.after_error.filter(|_| counts) {
                    Some(low) => low.min(self.usual),
                    // A valid token is enough, whatever else is wrong. [doc]
                    None if known && standing.streams == self.first => self.usual,
                    None => standing.streams,
                }
            }
        };
        if streams != standing.streams {
            standing.streams = streams;
            let limit =
                NewSettings { max_concurrent_streams: Some(streams), ..NewSettings::default() };
            reply.settings = Some(Box::new(limit));
        }
        if let Became::Rejected { reason, .. } = became
            && self.errors.is_some_and(|most| standing.errors >= most)
        {
            let debug = Bytes::from_static(reason.body().as_bytes());
            reply.wire = Wire::GoAway(GoAway { debug, ..GoAway::default() });
        }
    }
}

/// The end of a connection with this reason, before anything was asked on it. [report]
/// sideshow/apns2 #93 and #117, for `BadCertificateEnvironment`; for the others a [guess].
pub(super) fn turned_away(rejection: Rejection) -> Unwelcome {
    let Rejection { reason, cause, .. } = rejection;
    let debug = Bytes::from_static(reason.body().as_bytes());
    Unwelcome {
        go_away: GoAway { debug, ..GoAway::default() },
        cause: format!("the connection ends with GOAWAY {}: {cause}", reason.name()),
        help: match reason {
            Reason::BadCertificateEnvironment => {
                "let the sender dial the other environment, or give the app a certificate for both \
                 (`certificate_environment: any`)"
            }
            _ => "let the sender load the `certificate_pem` or `certificate_p12` of its app anew",
        },
    }
}

/// The status of a dead device token, which is no error of the sender's. [doc]
const GONE: u16 = 410;
