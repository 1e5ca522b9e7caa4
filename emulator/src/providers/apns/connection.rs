//! What connections do besides answering: ALPN, SETTINGS, stream limits, GOAWAY.

use super::rules::{Reason, Rejection};
use super::source::{RESPONSES, SENDING};
use super::switches;
use crate::fidelity::Behavior;
use crate::providers::rim::Unwelcome;
use crate::switch::Switches;
use crate::wire::{
    ConnectionProfile, Excess, GoAway, Http1, Leniency, NewSettings, Peer, Protocol, Reply,
    Settings, Wire,
};
use bytes::Bytes;
use std::time::Duration;

/// What of connections is as APNs has it.
pub(super) const BEHAVIORS: &[Behavior] = &[
    Behavior::documented("TLS 1.2 or later; ALPN chooses `h2`", SENDING),
    Behavior::observed("TLS without ALPN is HTTP/2", "aioapns and pushy connect so"),
    Behavior::observed(
        "The first SETTINGS: header table 4096, window 65535, frame 16384, header list 8000",
        "jchambers/pushy #356 and #878",
    ),
    Behavior::documented(
        "1 stream at a time until a provider token was accepted, then 1000; with a client \
         certificate 1000 at once",
        SENDING,
    )
    .besides(
        "the number was seen, and has changed; for certificates assumed. Under other names than \
         Apple's (`localhost`, an address) 1000 at once",
    )
    .by(&[&switches::STREAMS_AT_FIRST, &switches::STREAMS]),
    Behavior::observed(
        "After a rejection a lower limit, until a push is accepted",
        "in 2016: lionheart/openradar-mirror #15649",
    )
    .by(&[&switches::STREAMS_AFTER_ERROR]),
    Behavior::documented(
        "Many rejections end the connection by GOAWAY with the last one's reason; 410 does not \
         count",
        RESPONSES,
    )
    .besides("the number, and that it is this reason, are assumed")
    .by(&[&switches::ERRORS]),
    Behavior::observed(
        "A stream beyond the limit is refused with REFUSED_STREAM",
        "pushy sends again on exactly that code",
    )
    .besides("or GOAWAY 7 with Netty's sentence, as in pushy #356")
    .by(&[&switches::EXCESS]),
    Behavior::documented(
        "GOAWAY carries its reason as JSON, lets open streams finish and takes no new ones",
        SENDING,
    )
    .besides("a server that stops says `Shutdown` (pushy #567)"),
    Behavior::assumed(
        "A connection without requests ends by GOAWAY `IdleTimeout`",
        "the reason is in Apple's table, the time is unknown",
    )
    .by(&[&switches::IDLE]),
    Behavior::assumed(
        "HTTP/1.1 under Apple's names: SETTINGS, GOAWAY(PROTOCOL_ERROR) with Netty's text, close",
        "the service's texts are Netty's, and Netty does so",
    )
    .besides("under other names (`localhost`, an address) HTTP/1.1 is served")
    .by(&[&switches::HTTP1]),
    Behavior::assumed(
        "A request for another service's host on such a connection: 421",
        "RFC 9110, section 15.5.20",
    ),
];

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

/// How connections behave, as it was chosen.
pub(super) fn profile(switches: &Switches) -> ConnectionProfile {
    let streams = |switch| switches.count(switch);
    let usual = streams(&switches::STREAMS).unwrap_or(PROFILE.settings.max_concurrent_streams);
    ConnectionProfile {
        http1: if switches.is(&switches::HTTP1, "serve") { Http1::Serve } else { Http1::GoAway },
        settings: Settings { max_concurrent_streams: usual, ..PROFILE.settings },
        streams_at_first: streams(&switches::STREAMS_AT_FIRST).map(|first| first.min(usual)),
        excess: if switches.is(&switches::EXCESS, "go-away") { TOO_MANY } else { Excess::Refuse },
        idle: switches.length(&switches::IDLE),
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
    /// Whether payloads have to be JSON objects.
    pub(super) wants_objects: bool,
    /// Whether background pushes must not have priority 10.
    pub(super) wants_low_background: bool,
    /// Whether topics have to end as push types want.
    pub(super) wants_matching_topic: bool,
    /// Whether devices throw background pushes away that are not silent.
    pub(super) wants_silence: bool,
    /// How many background pushes an hour an app gets; any number, where nothing is said.
    pub(super) background_budget: Option<u32>,
    /// How many pushes of priority 10 an hour a Live Activity gets; any number, where nothing is
    /// said.
    pub(super) activity_budget: Option<u32>,
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
        let stays = |word| {
            switches.is(&switches::STAYS, word) || switches.is(&switches::STAYS, "after-both")
        };
        Self {
            usual,
            first: profile.streams_at_first.unwrap_or(usual),
            after_error: switches.count(&switches::STREAMS_AFTER_ERROR),
            errors: switches.count(&switches::ERRORS),
            takes_implied: switches.is(&switches::UNLISTED, "implied"),
            token_updates: switches
                .is(&switches::UPDATES, "limited")
                .then(|| switches.count(&switches::UPDATE_BURST).unwrap_or(0)),
            environment_reason: match switches.is(&switches::ENVIRONMENT_REASON, "observed") {
                true => Reason::BadEnvironmentKeyInToken,
                false => Reason::BadEnvironmentKeyIdInToken,
            },
            takes_new_apps: switches.is(&switches::NEW_APPS, "allowed"),
            gone_after: switches.length(&switches::GONE_AFTER).unwrap_or_default(),
            device_rate: switches.count(&switches::DEVICE_RATE),
            wants_objects: switches.is(&switches::PAYLOAD_FORM, "object"),
            wants_low_background: switches.is(&switches::BACKGROUND_PRIORITY, "low"),
            wants_matching_topic: switches.is(&switches::TYPE_AND_TOPIC, "matching"),
            wants_silence: switches.is(&switches::BACKGROUND_PAYLOAD, "silent"),
            background_budget: switches.count(&switches::BACKGROUND_BUDGET),
            activity_budget: switches.count(&switches::ACTIVITY_BUDGET),
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
