//! What comes too late, or never: frames on streams that are gone.

use super::frame;
use super::tests::{Bench, LIMITS, acknowledgement, head, hello, raw};
use super::{Body, Connection};

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
