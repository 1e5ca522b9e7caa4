//! Frames as bytes. [doc] RFC 9113, sections 4 and 6

use super::ErrorCode;
use crate::wire::Settings;

/// The first nine bytes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// How long the payload is, bytes.
    pub length: u32,
    /// The type, see the constants of this module.
    pub kind: u8,
    /// The flags, see the constants of this module.
    pub flags: u8,
    /// The stream, 0 for the connection; the reserved bit is left out.
    pub stream: u32,
}

impl Head {
    /// How many bytes a head has.
    pub const LENGTH: usize = 9;

    /// Reads a head from the first bytes; `None` when there are fewer than nine.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; Self::LENGTH] = bytes.first_chunk()?;
        let [a, b, c, kind, flags, stream @ ..] = *bytes;
        Some(Self {
            length: u32::from_be_bytes([0, a, b, c]),
            kind,
            flags,
            stream: u32::from_be_bytes(stream) & MAX_STREAM,
        })
    }

    /// Writes the head; a length beyond 24 bits is cut.
    pub fn write(self, to: &mut Vec<u8>) {
        let [_, length @ ..] = self.length.to_be_bytes();
        to.extend_from_slice(&length);
        to.extend_from_slice(&[self.kind, self.flags]);
        to.extend_from_slice(&(self.stream & MAX_STREAM).to_be_bytes());
    }
}

/// One SETTINGS parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Which, see the `SETTING_…` constants.
    pub id: u16,
    /// Its value.
    pub value: u32,
}

/// The parameters in the payload of a SETTINGS frame; `None` when its length is no multiple of six.
pub fn settings_in(payload: &[u8]) -> Option<impl Iterator<Item = Setting>> {
    let (settings, rest) = payload.as_chunks::<6>();
    rest.is_empty().then(|| {
        settings.iter().map(|&[a, b, value @ ..]| Setting {
            id: u16::from_be_bytes([a, b]),
            value: u32::from_be_bytes(value),
        })
    })
}

/// Writes a SETTINGS frame.
pub fn settings(to: &mut Vec<u8>, settings: &[Setting]) {
    frame(to, SETTINGS, 0, 0, settings.len() * 6);
    for setting in settings {
        to.extend_from_slice(&setting.id.to_be_bytes());
        to.extend_from_slice(&setting.value.to_be_bytes());
    }
}

/// The parameters of a first SETTINGS frame.
pub fn first_settings(settings: &Settings) -> [Setting; 5] {
    [
        (SETTING_HEADER_TABLE_SIZE, settings.header_table_size),
        (SETTING_MAX_CONCURRENT_STREAMS, settings.max_concurrent_streams),
        (SETTING_INITIAL_WINDOW_SIZE, settings.initial_window_size),
        (SETTING_MAX_FRAME_SIZE, settings.max_frame_size),
        (SETTING_MAX_HEADER_LIST_SIZE, settings.max_header_list_size),
    ]
    .map(|(id, value)| Setting { id, value })
}

/// Writes the acknowledgement of the other side's SETTINGS.
pub fn settings_ack(to: &mut Vec<u8>) {
    frame(to, SETTINGS, ACK, 0, 0);
}

/// Writes a GOAWAY frame: nothing after `last_stream` was or will be processed.
pub fn go_away(to: &mut Vec<u8>, last_stream: u32, code: ErrorCode, debug: &[u8]) {
    frame(to, GOAWAY, 0, 0, 8 + debug.len());
    to.extend_from_slice(&(last_stream & MAX_STREAM).to_be_bytes());
    to.extend_from_slice(&code.0.to_be_bytes());
    to.extend_from_slice(debug);
}

/// Writes an RST_STREAM frame.
pub fn reset_stream(to: &mut Vec<u8>, stream: u32, code: ErrorCode) {
    frame(to, RST_STREAM, 0, stream, 4);
    to.extend_from_slice(&code.0.to_be_bytes());
}

/// Writes the answer to a PING.
pub fn ping_ack(to: &mut Vec<u8>, data: [u8; 8]) {
    frame(to, PING, ACK, 0, 8);
    to.extend_from_slice(&data);
}

/// Writes a WINDOW_UPDATE frame; stream 0 is the connection's window.
pub fn window_update(to: &mut Vec<u8>, stream: u32, increment: u32) {
    frame(to, WINDOW_UPDATE, 0, stream, 4);
    to.extend_from_slice(&(increment & MAX_WINDOW).to_be_bytes());
}

/// Writes one DATA frame.
pub fn data(to: &mut Vec<u8>, stream: u32, payload: &[u8], end: bool) {
    frame(to, DATA, if end { END_STREAM } else { 0 }, stream, payload.len());
    to.extend_from_slice(payload);
}

/// Writes a header block as one HEADERS frame and as many CONTINUATION frames as its length
/// needs.
pub fn headers(to: &mut Vec<u8>, stream: u32, block: &[u8], end: bool, max_frame_size: usize) {
    let mut flags = if end { END_STREAM } else { 0 };
    let mut kind = HEADERS;
    let mut rest = block;
    loop {
        let (part, after) = rest.split_at(rest.len().min(max_frame_size.max(1)));
        flags |= if after.is_empty() { END_HEADERS } else { 0 };
        frame(to, kind, flags, stream, part.len());
        to.extend_from_slice(part);
        if after.is_empty() {
            return;
        }
        (kind, flags, rest) = (CONTINUATION, 0, after);
    }
}

fn frame(to: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, length: usize) {
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    Head { length, kind, flags, stream }.write(to);
}

/// Frame type DATA.
pub const DATA: u8 = 0;
/// Frame type HEADERS.
pub const HEADERS: u8 = 1;
/// Frame type PRIORITY.
pub const PRIORITY: u8 = 2;
/// Frame type RST_STREAM.
pub const RST_STREAM: u8 = 3;
/// Frame type SETTINGS.
pub const SETTINGS: u8 = 4;
/// Frame type PUSH_PROMISE.
pub const PUSH_PROMISE: u8 = 5;
/// Frame type PING.
pub const PING: u8 = 6;
/// Frame type GOAWAY.
pub const GOAWAY: u8 = 7;
/// Frame type WINDOW_UPDATE.
pub const WINDOW_UPDATE: u8 = 8;
/// Frame type CONTINUATION.
pub const CONTINUATION: u8 = 9;

/// Flag of SETTINGS and PING.
pub const ACK: u8 = 0x1;
/// Flag of DATA and HEADERS.
pub const END_STREAM: u8 = 0x1;
/// Flag of HEADERS and CONTINUATION.
pub const END_HEADERS: u8 = 0x4;
/// Flag of DATA and HEADERS.
pub const PADDED: u8 = 0x8;
/// Flag of HEADERS.
pub const PRIORITIZED: u8 = 0x20;

/// SETTINGS_HEADER_TABLE_SIZE.
pub const SETTING_HEADER_TABLE_SIZE: u16 = 1;
/// SETTINGS_MAX_CONCURRENT_STREAMS.
pub const SETTING_MAX_CONCURRENT_STREAMS: u16 = 3;
/// SETTINGS_INITIAL_WINDOW_SIZE.
pub const SETTING_INITIAL_WINDOW_SIZE: u16 = 4;
/// SETTINGS_MAX_FRAME_SIZE.
pub const SETTING_MAX_FRAME_SIZE: u16 = 5;
/// SETTINGS_MAX_HEADER_LIST_SIZE.
pub const SETTING_MAX_HEADER_LIST_SIZE: u16 = 6;

/// SETTINGS_HEADER_TABLE_SIZE before anything is said, bytes. [doc] RFC 9113, section 6.5.2
pub const INITIAL_TABLE_SIZE: u32 = 4_096;
/// SETTINGS_INITIAL_WINDOW_SIZE before anything is said, and every connection's first window,
/// bytes. [doc] RFC 9113, sections 6.5.2 and 6.9.2
pub const INITIAL_WINDOW: u32 = 65_535;
/// SETTINGS_MAX_FRAME_SIZE before anything is said, bytes. [doc] RFC 9113, section 6.5.2
pub const INITIAL_FRAME_SIZE: u32 = 16_384;

/// The largest stream number.
pub const MAX_STREAM: u32 = 0x7fff_ffff;
/// The largest flow-control window, bytes.
pub const MAX_WINDOW: u32 = 0x7fff_ffff;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_it_was_written() {
        let head = Head { length: 0x01_02_03, kind: DATA, flags: 5, stream: 7 };
        let mut bytes = Vec::new();
        head.write(&mut bytes);
        assert_eq!(bytes, [1, 2, 3, 0, 5, 0, 0, 0, 7]);
        assert_eq!(Head::read(&bytes), Some(head));
        assert_eq!(Head::read(&bytes[..8]), None);
    }

    #[test]
    fn the_reserved_bit_of_a_stream_number_is_ignored() {
        let head = Head::read(&[0, 0, 0, 6, 0, 0x80, 0, 0, 1]);
        assert_eq!(head.map(|head| head.stream), Some(1));
    }

    #[test]
    fn a_long_header_block_goes_into_continuation_frames() {
        let mut bytes = Vec::new();
        headers(&mut bytes, 1, &[9; 5], true, 2);
        let expected = [
            &[0, 0, 2, HEADERS, END_STREAM, 0, 0, 0, 1, 9, 9][..],
            &[0, 0, 2, CONTINUATION, 0, 0, 0, 0, 1, 9, 9],
            &[0, 0, 1, CONTINUATION, END_HEADERS, 0, 0, 0, 1, 9],
        ];
        assert_eq!(bytes, expected.concat());
    }

    #[test]
    fn a_go_away_with_the_reason_of_a_wrong_certificate_has_46_bytes_of_payload() {
        // [report] sideshow/apns2 #93
        let mut bytes = Vec::new();
        let reason = br#"{"reason":"BadCertificateEnvironment"}"#;
        go_away(&mut bytes, 0, ErrorCode::NO_ERROR, reason);
        assert_eq!(Head::read(&bytes).map(|head| head.length), Some(46));
        assert_eq!(&bytes[Head::LENGTH + 8..], reason);
    }

    #[test]
    fn settings_are_read_as_they_were_written() {
        let written = [
            Setting { id: SETTING_MAX_CONCURRENT_STREAMS, value: 1 },
            Setting { id: SETTING_MAX_HEADER_LIST_SIZE, value: 8000 },
        ];
        let mut bytes = Vec::new();
        settings(&mut bytes, &written);
        let read = settings_in(&bytes[Head::LENGTH..]).map(Iterator::collect::<Vec<_>>);
        assert_eq!(read.as_deref(), Some(&written[..]));
        assert!(settings_in(&bytes[Head::LENGTH + 1..]).is_none());
    }
}
