//! What a reply, or a service by itself, does to a connection.

use super::Settings;
use bytes::Bytes;

/// What to do with the wire beside or instead of answering.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Wire {
    /// Answer and keep the connection.
    #[default]
    Keep,
    /// Answer in part, then end the connection.
    Cut {
        /// How much of the body goes out, bytes; the head always does.
        after: u32,
        /// Whether the connection goes by a TCP reset instead of being closed.
        reset: bool,
    },
    /// Close the connection without an answer.
    Drop,
    /// Answer, send GOAWAY, finish open streams and close. HTTP/1.1 closes after the answer.
    GoAway(GoAway),
    /// End the stream by RST_STREAM. HTTP/1.1 resets its connection.
    ResetStream {
        /// The HTTP/2 error code.
        code: u32,
        /// How much of the body goes out before, bytes; `None` instead of any answer.
        after: Option<u32>,
    },
    /// Say nothing.
    Stall(Stall),
    /// Reset the TCP connection without an answer.
    Tear,
}

/// A GOAWAY frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoAway {
    /// The HTTP/2 error code.
    pub code: u32,
    /// The debug data, such as a JSON reason.
    pub debug: Bytes,
    /// Which stream it names as the last.
    pub last_stream: LastStream,
}

/// The last stream that a GOAWAY frame names: what comes after it was not processed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LastStream {
    /// The highest that was begun: all are answered.
    #[default]
    Begun,
    /// The one before that of the request, which is not answered then.
    Before,
    /// This one, whatever is open.
    Number(u32),
}

/// What falls silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stall {
    /// The answer to this request never comes.
    Answer,
    /// The whole connection: what comes is taken and thrown away, nothing goes out any more.
    Connection,
}

/// How a body goes out over HTTP/2; by default as one DATA frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Framing {
    /// The most bytes in a DATA frame; 0 for as many as the other side takes.
    pub split: u32,
    /// Empty DATA frames before the body.
    pub empty: u8,
}

/// New SETTINGS values; what is `None` stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NewSettings {
    /// SETTINGS_HEADER_TABLE_SIZE, bytes.
    pub header_table_size: Option<u32>,
    /// SETTINGS_MAX_CONCURRENT_STREAMS.
    pub max_concurrent_streams: Option<u32>,
    /// SETTINGS_INITIAL_WINDOW_SIZE, bytes.
    pub initial_window_size: Option<u32>,
    /// SETTINGS_MAX_FRAME_SIZE, bytes.
    pub max_frame_size: Option<u32>,
    /// SETTINGS_MAX_HEADER_LIST_SIZE, bytes.
    pub max_header_list_size: Option<u32>,
}

impl Wire {
    /// Whether the sender gets a status.
    pub const fn answers(&self) -> bool {
        match self {
            Self::Keep | Self::Cut { .. } => true,
            Self::GoAway(go_away) => !matches!(go_away.last_stream, LastStream::Before),
            Self::ResetStream { after, .. } => after.is_some(),
            Self::Drop | Self::Stall(_) | Self::Tear => false,
        }
    }

    /// Whether requests that came after this one on the connection are not looked at any more.
    pub const fn ends(&self) -> bool {
        match self {
            Self::Keep | Self::ResetStream { .. } | Self::Stall(Stall::Answer) => false,
            Self::GoAway(go_away) => !matches!(go_away.last_stream, LastStream::Begun),
            Self::Cut { .. } | Self::Drop | Self::Stall(Stall::Connection) | Self::Tear => true,
        }
    }
}

impl NewSettings {
    /// These settings with the new values in place.
    pub fn over(&self, old: Settings) -> Settings {
        Settings {
            header_table_size: self.header_table_size.unwrap_or(old.header_table_size),
            max_concurrent_streams: self
                .max_concurrent_streams
                .unwrap_or(old.max_concurrent_streams),
            initial_window_size: self.initial_window_size.unwrap_or(old.initial_window_size),
            max_frame_size: self.max_frame_size.unwrap_or(old.max_frame_size),
            max_header_list_size: self.max_header_list_size.unwrap_or(old.max_header_list_size),
        }
    }
}
