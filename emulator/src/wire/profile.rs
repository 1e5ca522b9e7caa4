//! How a connection behaves before and below requests, chosen when it is accepted.

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
}

impl ConnectionProfile {
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
    };
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
