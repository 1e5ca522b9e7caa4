//! Frames: what is read is written again as the same bytes, reserved bits apart.

use pushpit_emulator::http2::frame::{self, Head};

/// Reads the input as frames.
pub fn run(data: &[u8]) {
    let mut rest = data;
    while let Some(head) = Head::read(rest) {
        let mut written = Vec::new();
        head.write(&mut written);
        written[5] |= rest[5] & 0x80;
        assert_eq!(written, rest[..Head::LENGTH]);
        let Some(payload) = rest[Head::LENGTH..].get(..head.length as usize) else {
            break;
        };
        rest = &rest[Head::LENGTH + payload.len()..];
        match frame::settings_in(payload) {
            Some(settings) => {
                let settings: Vec<_> = settings.collect();
                let mut written = Vec::new();
                frame::settings(&mut written, &settings);
                assert_eq!(&written[Head::LENGTH..], payload);
            }
            None => assert_ne!(payload.len() % 6, 0),
        }
        headers(head, payload);
    }
}

/// A header block cut into frames is whole again when they are put together.
fn headers(head: Head, block: &[u8]) {
    let most = usize::from(head.flags) + 1;
    let mut written = Vec::new();
    frame::headers(&mut written, head.stream, block, head.kind & 1 == 1, most);
    let (mut rest, mut together, mut ended) = (&written[..], Vec::new(), false);
    while let Some(part) = Head::read(rest) {
        assert!(!ended && part.length as usize <= most && part.stream == head.stream);
        ended = part.flags & frame::END_HEADERS != 0;
        let (payload, after) = rest[Head::LENGTH..].split_at(part.length as usize);
        together.extend_from_slice(payload);
        rest = after;
    }
    assert!(ended && rest.is_empty());
    assert_eq!(together, block);
}
