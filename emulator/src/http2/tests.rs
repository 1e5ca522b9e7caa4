//! Connections told in frames: what real senders send, what hostile ones do, and bytes however
//! they are cut.

use super::frame::{self, Head, Setting};
use super::hpack::Encoder;
use super::{Body, Connection, End, ErrorCode, Event, Failure, Limits};
use crate::wire::{ConnectionProfile, Excess, Framing, Leniency, NewSettings, Request};
use bytes::Bytes;
use proptest::prelude::*;

pub(super) const LIMITS: Limits = Limits {
    settings: ConnectionProfile::GENERIC.settings,
    excess: Excess::Refuse,
    leniency: Leniency::ALL,
    connection_window: 1 << 20,
    drain_ceiling: 1 << 20,
};

pub(super) struct Bench(pub(super) Connection<()>);

impl Bench {
    /// A connection whose first SETTINGS have gone both ways.
    pub(super) fn new() -> Self {
        Self::with(&[])
    }

    pub(super) fn with(settings: &[Setting]) -> Self {
        let mut bench = Self(Connection::new(LIMITS));
        bench.receive(&hello(settings));
        bench.0.written();
        bench
    }

    pub(super) fn receive(&mut self, bytes: &[u8]) {
        self.0.receive(bytes, |_| (4096, ()));
    }

    /// What was handed out since the last look, as text.
    pub(super) fn events(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.0.next_event()).map(|event| shown(&event)).collect()
    }

    /// The frames written since the last look: type, flags, stream, payload.
    pub(super) fn frames(&mut self) -> Vec<(u8, u8, u32, Vec<u8>)> {
        let output = std::mem::take(self.0.output());
        let mut rest = &output[..];
        std::iter::from_fn(|| {
            let head = Head::read(rest)?;
            let (payload, after) = rest[Head::LENGTH..].split_at(head.length as usize);
            rest = after;
            Some((head.kind, head.flags, head.stream, payload.to_vec()))
        })
        .collect()
    }
}

pub(super) fn shown(event: &Event) -> String {
    match event {
        Event::Request(stream, request) => {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let (scheme, authority) = (text(request.scheme()), text(request.authority()));
            let (target, body) = (text(request.target()), text(request.body()));
            format!("{stream}: {scheme} {authority} {target} {body} {}", request.body_length)
        }
        Event::HeadTooLarge { stream, limit } => format!("{stream}: more than {limit}"),
        Event::Refused(refusal) => refusal.to_string(),
        Event::Failed(failure) => failure.to_string(),
        Event::GoneAway(code) => format!("gone away {}", code.0),
    }
}

pub(super) fn hello(settings: &[Setting]) -> Vec<u8> {
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    frame::settings(&mut bytes, settings);
    bytes
}

pub(super) fn head(stream: u32, fields: &[(&str, &str)], end: bool) -> Vec<u8> {
    let encoder = Encoder::default();
    let (mut block, mut bytes) = (Vec::new(), Vec::new());
    for (name, value) in fields {
        encoder.field(&mut block, name.as_bytes(), value.as_bytes());
    }
    frame::headers(&mut bytes, stream, &block, end, 16 << 10);
    bytes
}

pub(super) fn post(stream: u32, body: &[u8]) -> Vec<u8> {
    let fields = [(":method", "POST"), (":scheme", "https"), (":path", "/"), ("host", "a")];
    let mut bytes = head(stream, &fields, body.is_empty());
    if !body.is_empty() {
        frame::data(&mut bytes, stream, body, true);
    }
    bytes
}

pub(super) fn raw(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("test frames are small");
    let mut bytes = Vec::new();
    Head { length, kind, flags, stream }.write(&mut bytes);
    [bytes, payload.to_vec()].concat()
}

pub(super) fn acknowledgement() -> Vec<u8> {
    raw(frame::SETTINGS, frame::ACK, 0, &[])
}

pub(super) fn whole(bytes: &[u8]) -> Body {
    Body { bytes: Bytes::copy_from_slice(bytes), ..Body::default() }
}

pub(super) fn calm(what: &'static str) -> Vec<String> {
    vec![Failure { code: ErrorCode::ENHANCE_YOUR_CALM, what }.to_string()]
}

#[test]
fn what_firebase_admin_for_node_sends_is_taken() {
    // [client] firebase-admin 13.10 and 14.5: `url.protocol` copied, a port, an underscore.
    let fields = [
        (":method", "POST"),
        (":scheme", "https:"),
        (":authority", "fcm.googleapis.com:443"),
        (":path", "/v1/projects/p/messages:send"),
        ("access_token_auth", "true"),
    ];
    let mut bench = Bench::new();
    bench.receive(&head(1, &fields, false));
    bench.receive(&raw(frame::DATA, frame::END_STREAM, 1, b"{}"));
    let expected = "1: https: fcm.googleapis.com:443 /v1/projects/p/messages:send {} 2";
    assert_eq!(bench.events(), [expected]);
    assert_eq!(bench.frames(), []);
}

#[test]
fn a_host_stands_in_for_an_authority() {
    let mut bench = Bench::new();
    bench.receive(&post(1, b"x"));
    assert_eq!(bench.events(), ["1: https a / x 1"]);
}

#[test]
fn a_reply_with_a_body_is_one_head_and_one_data_frame() {
    let mut bench = Bench::new();
    bench.receive(&post(1, b"x"));
    assert_eq!(bench.events().len(), 1);
    let body = Bytes::from_static(br#"{"reason":"BadDeviceToken"}"#);
    bench.0.respond(1, 400, std::iter::empty(), whole(&body));
    let head = (frame::HEADERS, frame::END_HEADERS, 1, vec![0x8c]);
    assert_eq!(bench.frames(), [head, (frame::DATA, frame::END_STREAM, 1, body.to_vec())]);
    bench.receive(&post(3, b"x"));
    bench.0.respond(3, 200, std::iter::empty(), Body::default());
    let ends = frame::END_HEADERS | frame::END_STREAM;
    assert_eq!(bench.frames(), [(frame::HEADERS, ends, 3, vec![0x88])]);
}

#[test]
fn a_body_waits_for_the_window_and_goes_on_with_it() {
    let window = Setting { id: frame::SETTING_INITIAL_WINDOW_SIZE, value: 1 };
    let mut bench = Bench::with(&[window]);
    bench.receive(&post(1, b""));
    bench.0.respond(1, 200, std::iter::empty(), whole(b"abc"));
    let sent = |bench: &mut Bench| {
        let frames = bench.frames().into_iter();
        frames.filter(|(kind, ..)| *kind == frame::DATA).map(|(.., data)| data).collect::<Vec<_>>()
    };
    assert_eq!(sent(&mut bench), [b"a"]);
    let mut more = Vec::new();
    frame::window_update(&mut more, 1, 100);
    bench.receive(&more);
    assert_eq!(sent(&mut bench), [b"bc"]);
}

#[test]
fn a_stream_beyond_the_limit_is_refused_and_the_others_go_on() {
    let mut limits = LIMITS;
    limits.settings.max_concurrent_streams = 1;
    let mut bench = Bench(Connection::new(limits));
    bench.receive(&[hello(&[]), acknowledgement(), post(1, b""), post(3, b"")].concat());
    assert_eq!(bench.events(), ["1: https a /  0", "more streams than SETTINGS allow (stream 3)"]);
    let refused = (frame::RST_STREAM, 0, 3, vec![0, 0, 0, 7]);
    assert!(bench.frames().contains(&refused));
    bench.0.respond(1, 200, std::iter::empty(), Body::default());
    bench.receive(&post(5, b""));
    assert_eq!(bench.events(), ["5: https a /  0"]);
}

#[test]
fn a_limit_holds_once_the_sender_has_acknowledged_it() {
    let mut bench = Bench::new();
    let one = NewSettings { max_concurrent_streams: Some(1), ..NewSettings::default() };
    bench.receive(&acknowledgement());
    bench.0.change_settings(&one);
    assert_eq!(bench.frames(), [(frame::SETTINGS, 0, 0, vec![0, 3, 0, 0, 0, 1])]);
    bench.receive(&[post(1, b""), post(3, b"")].concat());
    assert_eq!(bench.events(), ["1: https a /  0", "3: https a /  0"]);
    bench.receive(&[acknowledgement(), post(5, b"")].concat());
    assert_eq!(bench.events(), ["more streams than SETTINGS allow (stream 5)"]);
    // A higher limit holds at once: the sender may act on it before its acknowledgement is here.
    let more = NewSettings { max_concurrent_streams: Some(9), ..NewSettings::default() };
    bench.0.change_settings(&more);
    bench.receive(&post(7, b""));
    assert_eq!(bench.events(), ["7: https a /  0"]);
}

#[test]
fn a_sender_that_does_not_know_the_limit_yet_has_a_hundred_streams() {
    let mut limits = LIMITS;
    limits.settings.max_concurrent_streams = 1;
    let mut bench = Bench(Connection::new(limits));
    let posts: Vec<u8> = (0..101).flat_map(|number| post(2 * number + 1, b"")).collect();
    bench.receive(&[hello(&[]), posts].concat());
    assert_eq!(bench.events().len(), 101);
    let refused = (frame::RST_STREAM, 0, 201, vec![0, 0, 0, 7]);
    assert!(bench.frames().contains(&refused));
}

#[test]
fn fcm_ends_a_connection_over_too_many_streams() {
    // [report] firebase/firebase-admin-node #2943
    let debug = "exceeded_max_concurrent_streams";
    let excess = Excess::GoAway { code: 1, debug };
    let mut limits = Limits { excess, ..LIMITS };
    limits.settings.max_concurrent_streams = 1;
    let mut bench = Bench(Connection::new(limits));
    bench.receive(&[hello(&[]), acknowledgement(), post(1, b"")].concat());
    bench.frames();
    bench.receive(&post(3, b""));
    let payload = [&[0, 0, 0, 1, 0, 0, 0, 1][..], debug.as_bytes()].concat();
    assert_eq!(bench.frames(), [(frame::GOAWAY, 0, 0, payload)]);
    assert!(bench.0.is_over());
}

#[test]
fn a_window_that_grows_or_shrinks_holds_for_open_streams_too() {
    let fields = [(":method", "POST"), (":scheme", "https"), (":path", "/")];
    let mut bench = Bench::new();
    bench.receive(&[acknowledgement(), head(1, &fields, false)].concat());
    let size = |bytes| NewSettings { initial_window_size: Some(bytes), ..NewSettings::default() };
    bench.0.change_settings(&size(10));
    bench.receive(&acknowledgement());
    bench.frames();
    let mut data = Vec::new();
    frame::data(&mut data, 1, &[0; 11], false);
    bench.receive(&data);
    assert_eq!(bench.frames(), [(frame::RST_STREAM, 0, 1, vec![0, 0, 0, 3])]);
}

#[test]
fn a_body_goes_out_in_the_frames_that_are_wanted() {
    let mut bench = Bench::new();
    bench.receive(&post(1, b""));
    let framing = Framing { split: 2, empty: 1 };
    bench.0.respond(1, 200, std::iter::empty(), Body { framing, ..whole(b"abc") });
    let data = |flags, bytes: &[u8]| (frame::DATA, flags, 1, bytes.to_vec());
    let head = (frame::HEADERS, frame::END_HEADERS, 1, vec![0x88]);
    let expected = [head, data(0, b""), data(0, b"ab"), data(frame::END_STREAM, b"c")];
    assert_eq!(bench.frames(), expected);
}

#[test]
fn a_stream_is_reset_after_a_part_of_its_body_even_when_that_waits_for_a_window() {
    let window = Setting { id: frame::SETTING_INITIAL_WINDOW_SIZE, value: 1 };
    let mut bench = Bench::with(&[window]);
    bench.receive(&post(1, b""));
    let end = End::Reset(ErrorCode::INTERNAL_ERROR);
    bench.0.respond(1, 200, std::iter::empty(), Body { end, ..whole(b"ab") });
    assert_eq!(bench.frames().len(), 2);
    let mut more = Vec::new();
    frame::window_update(&mut more, 1, 9);
    bench.receive(&more);
    let expected =
        [(frame::DATA, 0, 1, b"b".to_vec()), (frame::RST_STREAM, 0, 1, vec![0, 0, 0, 2])];
    assert_eq!(bench.frames(), expected);
}

#[test]
fn what_a_goaway_leaves_out_is_not_answered() {
    let mut bench = Bench::new();
    bench.receive(&[post(1, b""), post(3, b""), post(5, b"")].concat());
    bench.0.respond(1, 200, std::iter::empty(), Body::default());
    bench.frames();
    let last = bench.0.before(3);
    bench.0.go_away(ErrorCode::NO_ERROR, b"", Some(last));
    assert_eq!(bench.frames(), [(frame::GOAWAY, 0, 0, vec![0, 0, 0, 1, 0, 0, 0, 0])]);
    assert_eq!(bench.events(), ["1: https a /  0"; 0]);
    bench.0.respond(5, 200, std::iter::empty(), Body::default());
    assert_eq!((bench.frames(), bench.0.is_over()), (Vec::new(), true));
}

#[test]
fn a_stalled_stream_lets_go_of_what_was_attached_and_stays_open() {
    struct Told<'a>(&'a std::cell::Cell<bool>);
    impl Drop for Told<'_> {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }
    let gone = std::cell::Cell::new(false);
    let mut connection = Connection::new(LIMITS);
    connection.receive(&[hello(&[]), post(1, b"")].concat(), |_| (0, Told(&gone)));
    connection.stall(1);
    assert!(gone.get());
    assert!(!connection.is_idle() && !connection.is_over());
    // Nobody waits for it.
    connection.go_away(ErrorCode::NO_ERROR, b"", None);
    assert!(connection.is_over());
}

#[test]
fn the_strict_mode_says_what_a_sender_does_wrong() {
    let usual = [(":method", "POST"), (":scheme", "https"), (":path", "/"), (":authority", "a:8")];
    let with = |place: usize, value: &'static str| {
        let mut fields = usual;
        fields[place].1 = value;
        fields.to_vec()
    };
    let form = "an `:authority` with a trailing dot, user information or the usual port";
    for (fields, expected) in [
        (usual.to_vec(), None),
        (with(1, "https:"), Some("a `:scheme` that is not `http` or `https`")),
        (with(3, "a:443"), Some(form)),
        (with(3, "a.:8"), Some(form)),
        (with(3, "u@a"), Some(form)),
        (usual[..3].to_vec(), Some("no `:authority`")),
        ([&usual[..], &[("a_b", "")]].concat(), Some("a header name with an underscore")),
    ] {
        let limits = Limits { leniency: Leniency::NONE, ..LIMITS };
        let mut strict = Bench(Connection::new(limits));
        strict.receive(&[hello(&[]), head(1, &fields, true)].concat());
        let refused = expected.map(|what| format!("{what} (stream 1)"));
        let taken = format!("1: https {} /  0", "a:8");
        assert_eq!(strict.events(), [refused.unwrap_or(taken)]);
        let mut lenient = Bench::new();
        lenient.receive(&head(1, &fields, true));
        assert_eq!(lenient.frames(), [], "{fields:?}");
    }
}

#[test]
fn going_away_says_why_finishes_what_is_open_and_takes_nothing_new() {
    let mut bench = Bench::new();
    bench.receive(&post(1, b""));
    assert_eq!(bench.events().len(), 1);
    bench.0.go_away(ErrorCode::NO_ERROR, br#"{"reason":"Shutdown"}"#, None);
    let payload = [&[0, 0, 0, 1, 0, 0, 0, 0][..], br#"{"reason":"Shutdown"}"#].concat();
    assert_eq!(bench.frames(), [(frame::GOAWAY, 0, 0, payload)]);
    bench.receive(&post(3, b"x"));
    assert_eq!((bench.events(), bench.0.is_over()), (Vec::new(), false));
    bench.0.respond(1, 200, std::iter::empty(), Body::default());
    assert_eq!((bench.frames().len(), bench.0.is_over()), (1, true));
}

#[test]
fn a_reset_stream_takes_its_request_and_its_reply_with_it() {
    let mut bench = Bench::new();
    bench.receive(&[post(1, b""), raw(frame::RST_STREAM, 0, 1, &[0, 0, 0, 8])].concat());
    assert_eq!(bench.events(), Vec::<String>::new());
    bench.0.respond(1, 200, std::iter::empty(), Body::default());
    assert_eq!(bench.frames(), []);
}

#[test]
fn a_body_is_kept_up_to_the_ceiling_and_counted_beyond() {
    let mut bench = Bench(Connection::new(LIMITS));
    bench.0.receive(&[hello(&[]), post(1, b"abcde")].concat(), |_: &Request| (2, ()));
    assert_eq!(bench.events(), ["1: https a / ab 5"]);
}

#[test]
fn a_body_that_does_not_come_is_told_after_the_limit() {
    let mut bench = Bench::new();
    let fields = [(":method", "POST"), (":scheme", "https"), (":path", "/")];
    bench.receive(&head(1, &fields, false));
    assert_eq!(
        (bench.0.look(2, 1), bench.0.look(2, 1), bench.0.look(2, 1)),
        (vec![], vec![], vec![1])
    );
}

#[test]
fn floods_of_frames_that_bring_nothing_end_the_connection() {
    let fields = [(":method", "POST"), (":scheme", "https"), (":path", "/")];
    let open = head(1, &fields, false);
    for flood in [
        raw(frame::SETTINGS, 0, 0, &[]),
        raw(frame::PING, 0, 0, &[0; 8]),
        raw(frame::DATA, 0, 1, &[]),
        raw(frame::PRIORITY, 0, 3, &[0; 5]),
        raw(0x70, 0, 0, &[]),
    ] {
        let mut bench = Bench::new();
        bench.receive(&open);
        bench.receive(&flood.repeat(5_000));
        assert_eq!(bench.events(), calm("too many frames that bring nothing"));
        assert!(bench.0.is_over());
    }
}

#[test]
fn rapid_resets_end_the_connection_and_reach_nobody() {
    let mut bench = Bench::new();
    for number in 0..5_000 {
        let stream = 2 * number + 1;
        let reset = raw(frame::RST_STREAM, 0, stream, &[0, 0, 0, 8]);
        bench.receive(&[post(stream, b""), reset].concat());
    }
    assert_eq!(bench.events(), calm("too many frames that bring nothing"));
}

#[test]
fn a_header_block_without_end_ends_the_connection() {
    let mut bench = Bench::new();
    bench.receive(&raw(frame::HEADERS, 0, 1, &[]));
    bench.receive(&raw(frame::CONTINUATION, 0, 1, &[0; 16_000]).repeat(4));
    let what = "a header block is far larger than SETTINGS_MAX_HEADER_LIST_SIZE";
    assert_eq!(bench.events(), calm(what));
}

proptest! {
    #[test]
    fn bytes_mean_the_same_however_they_are_cut(
        bodies in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 1..6),
        garbage in proptest::collection::vec(any::<u8>(), 0..40),
        cuts in proptest::collection::vec(1_usize..50, 1..60),
    ) {
        let mut bytes = hello(&[]);
        for (number, body) in (0..).zip(&bodies) {
            bytes.extend(post(2 * number + 1, body));
        }
        bytes.extend(garbage);
        let (mut whole, mut pieces) = (Bench(Connection::new(LIMITS)), Bench(Connection::new(LIMITS)));
        whole.receive(&bytes);
        let mut rest = &bytes[..];
        for cut in cuts.iter().cycle() {
            let (piece, after) = rest.split_at(rest.len().min(*cut));
            pieces.receive(piece);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(whole.events(), pieces.events());
        prop_assert_eq!(whole.0.output(), pieces.0.output());
    }

    #[test]
    fn no_bytes_panic_and_little_is_kept_of_them(
        frames in proptest::collection::vec(
            (0_u8..11, any::<u8>(), 0_u32..6, proptest::collection::vec(any::<u8>(), 0..30)), 0..40,
        ),
    ) {
        let mut bench = Bench::new();
        for (kind, flags, stream, payload) in frames {
            bench.receive(&raw(kind, flags, stream, &payload));
        }
        bench.events();
        prop_assert!(bench.0.output().len() < 8_000);
    }
}
