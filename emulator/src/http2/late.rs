//! What comes too late, or never: frames on streams that are gone, frames and header blocks
//! without an end.

use super::frame;
use super::tests::{Bench, LIMITS, acknowledgement, head, hello, raw};
use super::{Body, Connection, Limits, Unfinished};

/// A request's fields.
const FIELDS: [(&str, &str); 4] =
    [(":method", "POST"), (":scheme", "https"), (":path", "/"), ("host", "a")];

#[test]
fn bodies_of_more_refused_streams_than_are_remembered_may_still_be_on_their_way() {
    let mut limits = LIMITS;
    limits.settings.max_concurrent_streams = 1;
    let mut bench = Bench(Connection::new(limits));
    bench.receive(&[hello(&[]), acknowledgement(), head(1, &FIELDS, false)].concat());
    let refused: Vec<u32> = (1..=1_000).map(|number| 2 * number + 1).collect();
    for stream in &refused {
        bench.receive(&head(*stream, &FIELDS, false));
    }
    let told = refused.iter().map(|it| format!("more streams than SETTINGS allow (stream {it})"));
    assert_eq!(bench.events(), told.collect::<Vec<_>>());
    bench.frames();
    for stream in &refused {
        bench.receive(&raw(frame::DATA, 0, *stream, b"half"));
        bench.receive(&raw(frame::DATA, frame::END_STREAM, *stream, b" and half"));
    }
    assert_eq!((bench.events(), bench.frames()), (Vec::new(), Vec::new()));
    bench.receive(&raw(frame::DATA, frame::END_STREAM, 1, b"whole"));
    assert_eq!(bench.events(), ["1: https a / whole 5"]);
}

#[test]
fn a_frame_on_a_stream_that_came_to_its_end_is_an_error_still() {
    let mut bench = Bench::new();
    bench.receive(&head(1, &FIELDS, true));
    assert_eq!(bench.events(), ["1: https a /  0"]);
    bench.0.respond(1, 200, std::iter::empty(), Body::default());
    bench.receive(&raw(frame::DATA, frame::END_STREAM, 1, b"more"));
    assert_eq!(bench.events(), ["a frame on a stream that is closed (code 5)"]);
}

/// Looks so many times; gives what has been on its way for longer than two looks.
fn look(bench: &mut Bench, times: usize) -> Option<Unfinished> {
    for _ in 0..times {
        assert_eq!(bench.0.look(9, 9), Vec::<u32>::new());
    }
    bench.0.overdue(2)
}

#[test]
fn a_frame_that_never_ends_is_overdue_however_its_bytes_drip() {
    let mut bench = Bench::new();
    let frame = raw(frame::PING, 0, 0, &[0; 8]);
    for byte in &frame[..2] {
        bench.receive(std::slice::from_ref(byte));
        assert!(bench.0.is_waiting());
        assert_eq!(look(&mut bench, 1), None);
    }
    bench.receive(&frame[2..3]);
    assert_eq!(look(&mut bench, 1), Some(Unfinished::Frame));
    bench.receive(&frame[3..]);
    assert_eq!(look(&mut bench, 3), None);
    assert!(!bench.0.is_waiting());
}

#[test]
fn frames_that_come_whole_are_never_overdue_though_each_look_finds_half_of_one() {
    let mut bench = Bench::new();
    let frame = raw(frame::PING, 0, 0, &[0; 8]);
    let (half, rest) = frame.split_at(5);
    for _ in 0..9 {
        bench.receive(half);
        assert_eq!(look(&mut bench, 2), None);
        bench.receive(rest);
    }
}

#[test]
fn a_header_block_that_never_ends_is_overdue_however_many_frames_it_has() {
    let mut bench = Bench::new();
    bench.receive(&raw(frame::HEADERS, frame::END_STREAM, 1, &[0x83]));
    assert_eq!(look(&mut bench, 2), None);
    bench.receive(&raw(frame::CONTINUATION, 0, 1, &[0x87]));
    assert_eq!(look(&mut bench, 1), Some(Unfinished::Block { stream: 1 }));
    bench.receive(&raw(frame::CONTINUATION, frame::END_HEADERS, 1, &[0x84]));
    assert_eq!(bench.0.overdue(2), None);
    assert_eq!(bench.events(), ["1: https  /  0"]);
}

/// The head of a request that is larger than may be.
fn large(stream: u32, end: bool) -> Vec<u8> {
    let long = "x".repeat(16_300);
    head(stream, &[&FIELDS[..], &[("a", &*long)]].concat(), end)
}

const TOO_LARGE: &str = "the head is larger than the 16384 bytes of SETTINGS_MAX_HEADER_LIST_SIZE";

#[test]
fn a_head_beyond_the_limit_is_to_be_answered_when_its_body_has_come() {
    let mut bench = Bench::new();
    bench.receive(&large(1, false));
    assert_eq!(bench.events(), [format!("{TOO_LARGE} (stream 1)")]);
    bench.receive(&raw(frame::DATA, 0, 1, b"half"));
    assert_eq!((bench.events(), bench.frames()), (Vec::new(), Vec::new()));
    bench.receive(&raw(frame::DATA, frame::END_STREAM, 1, b" and half"));
    bench.receive(&large(3, true));
    let three = format!("{TOO_LARGE} (stream 3)");
    assert_eq!(bench.events(), ["1: more than 16384", &*three, "3: more than 16384"]);
    bench.0.respond(1, 431, std::iter::empty(), Body::default());
    bench.0.respond(3, 431, std::iter::empty(), Body::default());
    let answer = |stream| (frame::HEADERS, 5, stream, b"\x08\x03431".to_vec());
    assert_eq!(bench.frames(), [answer(1), answer(3)]);
    assert!(bench.0.is_idle());
}

#[test]
fn a_head_beyond_the_limit_whose_body_never_ends_is_answered_all_the_same() {
    let mut bench = Bench(Connection::new(Limits { drain_ceiling: 8, ..LIMITS }));
    bench.receive(&[hello(&[]), large(1, false), raw(frame::DATA, 0, 1, &[0; 9])].concat());
    let told = format!("{TOO_LARGE} (stream 1)");
    assert_eq!(bench.events(), [&*told, "1: more than 16384"]);
}

#[test]
fn a_head_beyond_the_limit_whose_sender_gives_up_is_not_to_be_answered() {
    let mut bench = Bench::new();
    bench.receive(&large(1, true));
    bench.receive(&raw(frame::RST_STREAM, 0, 1, &[0, 0, 0, 8]));
    assert_eq!(bench.events(), [format!("{TOO_LARGE} (stream 1)")]);
    assert!(bench.0.is_idle());
}
