//! Why a stream or a connection ends.

/// An error code of GOAWAY and RST_STREAM. [doc] RFC 9113, section 7
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorCode(pub u32);

impl ErrorCode {
    /// A graceful end.
    pub const NO_ERROR: Self = Self(0);
    /// The other side broke a rule that has no code of its own.
    pub const PROTOCOL_ERROR: Self = Self(1);
    /// A bug of the side that says it.
    pub const INTERNAL_ERROR: Self = Self(2);
    /// More data than the window allowed.
    pub const FLOW_CONTROL_ERROR: Self = Self(3);
    /// SETTINGS were not acknowledged in time.
    pub const SETTINGS_TIMEOUT: Self = Self(4);
    /// A frame on a stream that is closed.
    pub const STREAM_CLOSED: Self = Self(5);
    /// A frame of an impossible length.
    pub const FRAME_SIZE_ERROR: Self = Self(6);
    /// The stream was not begun; sending it again is safe.
    pub const REFUSED_STREAM: Self = Self(7);
    /// The stream is not wanted any more.
    pub const CANCEL: Self = Self(8);
    /// The header compression is out of step.
    pub const COMPRESSION_ERROR: Self = Self(9);
    /// The connection of a CONNECT request broke.
    pub const CONNECT_ERROR: Self = Self(10);
    /// The other side makes work for no purpose.
    pub const ENHANCE_YOUR_CALM: Self = Self(11);
    /// TLS is not good enough.
    pub const INADEQUATE_SECURITY: Self = Self(12);
    /// HTTP/1.1 is wanted instead.
    pub const HTTP_1_1_REQUIRED: Self = Self(13);

    /// The codes that have a name.
    pub const NAMES: [(&'static str, Self); 14] = [
        ("NO_ERROR", Self::NO_ERROR),
        ("PROTOCOL_ERROR", Self::PROTOCOL_ERROR),
        ("INTERNAL_ERROR", Self::INTERNAL_ERROR),
        ("FLOW_CONTROL_ERROR", Self::FLOW_CONTROL_ERROR),
        ("SETTINGS_TIMEOUT", Self::SETTINGS_TIMEOUT),
        ("STREAM_CLOSED", Self::STREAM_CLOSED),
        ("FRAME_SIZE_ERROR", Self::FRAME_SIZE_ERROR),
        ("REFUSED_STREAM", Self::REFUSED_STREAM),
        ("CANCEL", Self::CANCEL),
        ("COMPRESSION_ERROR", Self::COMPRESSION_ERROR),
        ("CONNECT_ERROR", Self::CONNECT_ERROR),
        ("ENHANCE_YOUR_CALM", Self::ENHANCE_YOUR_CALM),
        ("INADEQUATE_SECURITY", Self::INADEQUATE_SECURITY),
        ("HTTP_1_1_REQUIRED", Self::HTTP_1_1_REQUIRED),
    ];

    /// The code of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, code)| *code)
    }
}
