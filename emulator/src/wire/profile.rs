//! How a connection behaves before and below requests, chosen when it is accepted.

use crate::fidelity::{Behavior, Section};
use crate::switch::{Switch, Switches, Takes};
use std::time::Duration;

/// What a service does on the wire, as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionProfile {
    /// The profile's name: the service's, or `generic`.
    pub name: &'static str,
    /// The protocols offered by ALPN, best first.
    pub alpn: &'static [&'static str],
    /// What an HTTP/1.x request is answered with.
    pub http1: Http1,
    /// The first SETTINGS frame.
    pub settings: Settings,
    /// What the first SETTINGS say of concurrent streams to a sender without a client certificate;
    /// the service says the usual limit once it knows the sender. `None`: the usual limit at once.
    pub streams_at_first: Option<u32>,
    /// The answer to more streams than that.
    pub excess: Excess,
    /// What of HTTP/2 requests is taken although it is not as it should be.
    pub leniency: Leniency,
    /// After how long without a request a connection is ended by GOAWAY; never when `None`.
    pub idle: Option<Duration>,
    /// The debug data of that GOAWAY.
    pub idle_debug: &'static str,
    /// The debug data of the GOAWAY with which a server that stops says good-bye.
    pub stop_debug: &'static str,
}

impl ConnectionProfile {
    /// The first SETTINGS on a connection whose client has shown a certificate, or none.
    pub fn first_settings(&self, certificate: bool) -> Settings {
        let streams = self.streams_at_first.filter(|_| !certificate);
        Settings {
            max_concurrent_streams: streams.unwrap_or(self.settings.max_concurrent_streams),
            ..self.settings
        }
    }

    /// The profile of names that belong to no service: everything is served.
    pub const GENERIC: Self = Self {
        name: "generic",
        alpn: &["h2", "http/1.1"],
        http1: Http1::Serve,
        settings: Settings {
            header_table_size: 4096,
            max_concurrent_streams: 1000,
            initial_window_size: 65_535,
            max_frame_size: 16_384,
            max_header_list_size: 16_384,
        },
        streams_at_first: None,
        excess: Excess::Refuse,
        leniency: Leniency::ALL,
        idle: None,
        idle_debug: "",
        stop_debug: "",
    };
}

/// What of HTTP/2 requests is taken although it is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leniency {
    /// A `:scheme` that is not `http` or `https`: firebase-admin for Node sends `https:`. [client]
    pub scheme: bool,
    /// No `:authority`, but `host` or nothing: aioapns. [client]
    pub missing_authority: bool,
    /// An `:authority` with the scheme's usual port, a trailing dot or user information:
    /// firebase-admin for Node sends `:443`. [client]
    pub authority_form: bool,
    /// Underscores in header names: the Firebase SDKs. [client]
    pub underscores: bool,
}

impl Leniency {
    /// What was chosen.
    pub fn chosen(switches: &Switches) -> Self {
        Self {
            scheme: switches.is(&SCHEME, ANY),
            missing_authority: switches.is(&MISSING_AUTHORITY, TAKEN),
            authority_form: switches.is(&AUTHORITY_FORM, ANY),
            underscores: switches.is(&UNDERSCORES, TAKEN),
        }
    }

    /// Everything that real senders do and real services take.
    pub const ALL: Self =
        Self { scheme: true, missing_authority: true, authority_form: true, underscores: true };
    /// Nothing: for people who test an HTTP/2 client of their own.
    pub const NONE: Self =
        Self { scheme: false, missing_authority: false, authority_form: false, underscores: false };
}

impl Default for Leniency {
    fn default() -> Self {
        Self::ALL
    }
}

/// The answer to more concurrent streams than SETTINGS allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// The connection ends with GOAWAY.
    GoAway {
        /// The HTTP/2 error code.
        code: u32,
        /// The debug data.
        debug: &'static str,
    },
    /// The stream is reset with REFUSED_STREAM, after which sending it again is safe.
    Refuse,
}

/// The answer to HTTP/1.x.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Http1 {
    /// SETTINGS, then GOAWAY with PROTOCOL_ERROR and a sentence as debug data, then close, as
    /// Netty's HTTP/2 server does. [client] Netty `Http2ConnectionHandler`
    GoAway,
    /// Serve it.
    Serve,
}

/// The values of the first SETTINGS frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// SETTINGS_HEADER_TABLE_SIZE, bytes.
    pub header_table_size: u32,
    /// SETTINGS_MAX_CONCURRENT_STREAMS.
    pub max_concurrent_streams: u32,
    /// SETTINGS_INITIAL_WINDOW_SIZE, bytes.
    pub initial_window_size: u32,
    /// SETTINGS_MAX_FRAME_SIZE, bytes.
    pub max_frame_size: u32,
    /// SETTINGS_MAX_HEADER_LIST_SIZE, bytes.
    pub max_header_list_size: u32,
}

/// The switches of HTTP/2, whatever the service: what is taken although it is not as it should be.
pub const SWITCHES: &[Switch] = &[SCHEME, MISSING_AUTHORITY, AUTHORITY_FORM, UNDERSCORES];

/// What of HTTP/2 is as real services have it, whatever the service.
pub fn fidelity() -> Section {
    let about = "All 146 cases of h2spec 2.2.1 pass on a connection of no provider (`127.0.0.1`), its \
        strict ones too: with the usual leniencies of HTTP/2, with each `http2.*` switch strict alone, \
        and with `http2: strict`. No case turns on what the switches decide: that is for the tests of \
        this project.";
    Section { about, ..Section::of("Connections", &[BEHAVIORS]) }
}

const BEHAVIORS: &[Behavior] = &[
    Behavior::documented("PING is answered, PRIORITY is passed over", "RFC 9113")
        .besides("floods of either end the connection with ENHANCE_YOUR_CALM"),
    Behavior::observed("`:scheme` may be anything", "firebase-admin for Node sends `https:`")
        .by(&[&SCHEME]),
    Behavior::observed("`host` stands in for `:authority`", "aioapns sends `host` alone")
        .by(&[&MISSING_AUTHORITY]),
    Behavior::observed(
        "`:authority` may have the usual port, a last dot or user information",
        "firebase-admin for Node sends `:443`",
    )
    .by(&[&AUTHORITY_FORM]),
    Behavior::observed(
        "Names of headers may hold underscores",
        "the Firebase SDKs send `access_token_auth`",
    )
    .by(&[&UNDERSCORES]),
];

const SCHEME: Switch = Switch {
    name: "http2.scheme",
    takes: Takes::Word(&[ANY, "http-or-https"]),
    usual: ANY,
    strict: Some("http-or-https"),
    about: "which `:scheme` a request may have",
    source: "[client] firebase-admin for Node sends `https:`, and Google's front end takes it",
};
const MISSING_AUTHORITY: Switch = Switch {
    name: "http2.missing-authority",
    takes: Takes::Word(&[TAKEN, REFUSED]),
    usual: TAKEN,
    strict: Some(REFUSED),
    about: "a request without `:authority`, with `host` or with nothing",
    source: "[client] aioapns sends `host` alone; RFC 9113, section 8.3.1 allows it",
};
const AUTHORITY_FORM: Switch = Switch {
    name: "http2.authority-form",
    takes: Takes::Word(&[ANY, "bare"]),
    usual: ANY,
    strict: Some("bare"),
    about: "an `:authority` with the scheme's usual port, a trailing dot or user information",
    source: "[client] firebase-admin for Node sends `fcm.googleapis.com:443`",
};
const UNDERSCORES: Switch = Switch {
    name: "http2.underscores",
    takes: Takes::Word(&[TAKEN, REFUSED]),
    usual: TAKEN,
    strict: Some(REFUSED),
    about: "underscores in header names",
    source: "[client] the Firebase SDKs send `access_token_auth`",
};

const ANY: &str = "any";
const REFUSED: &str = "refused";
const TAKEN: &str = "taken";
