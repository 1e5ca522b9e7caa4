//! Attacks on one connection: what each of them may cost, and that the connection outlives those
//! that honest senders could be taken for.

use super::frame::{self, Setting};
use super::hpack::{Decoder, HpackError};
use super::tests::{Bench, LIMITS, acknowledgement, calm, head, hello, post, raw, whole};
use super::{Body, Connection, ErrorCode, IDLE_BUDGET, RESTED_BUDGET};
use crate::wire::NewSettings;

/// A request's fields, written without the table.
const FIELDS: [(&str, &str); 3] = [(":method", "POST"), (":scheme", "https"), (":path", "/")];

const CEILING: usize = 4096;
const REPLY: usize = 1 << 10;

fn window(value: u32) -> Setting {
    Setting { id: frame::SETTING_INITIAL_WINDOW_SIZE, value }
}

fn window_update(stream: u32, increment: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame::window_update(&mut bytes, stream, increment);
    bytes
}

fn cancel(stream: u32) -> Vec<u8> {
    raw(frame::RST_STREAM, 0, stream, &[0, 0, 0, 8])
}

/// Block text: a field that the table keeps.
fn kept(name: &[u8], value: usize) -> Vec<u8> {
    let length = u8::try_from(value - 127).map(|rest| vec![0x7f, rest]).unwrap_or_else(|_| {
        let rest = value - 127;
        let [low, high, ..] = rest.to_le_bytes();
        vec![0x7f, 0x80 | low & 0x7f, (high << 1) | (low >> 7)]
    });
    let name_length = u8::try_from(name.len()).expect("short");
    [&[0x40, name_length], name, &length, &vec![b'v'; value]].concat()
}

fn budget() -> usize {
    LIMITS.memory_budget(64 << 10, CEILING, REPLY)
}

/// The owner answers all that is whole.
fn answer(bench: &mut Bench, body: &Body) -> usize {
    let mut count = 0;
    while let Some(event) = bench.0.next_event() {
        if let super::Event::Request(stream, _) = event {
            bench.0.respond(stream, 200, std::iter::empty(), body.clone());
            count += 1;
        }
    }
    count
}

#[test]
fn an_idle_connection_keeps_little() {
    let mut connection = Connection::<()>::new(LIMITS);
    assert!(connection.memory() <= IDLE_BUDGET, "{}", connection.memory());
    connection.receive(&[hello(&[]), acknowledgement()].concat(), |_| (CEILING, ()));
    connection.written();
    assert!(connection.memory() <= IDLE_BUDGET, "{}", connection.memory());
}

#[test]
fn a_connection_that_rests_gives_back_what_its_work_needed() {
    let mut bench = Bench::new();
    let mut most = 0;
    for round in 0..3 {
        let begin = 1_000 * round;
        let posts: Vec<u8> =
            (begin..begin + 1_000).flat_map(|number| post(2 * number + 1, &[7; 1_000])).collect();
        for part in posts.chunks(64 << 10) {
            bench.receive(part);
            most = bench.0.memory().max(most);
        }
        bench.receive(&window_update(0, 100_000));
        assert_eq!(answer(&mut bench, &whole(&[8; 100])), 1_000);
        bench.0.written();
    }
    assert!((1_000_000..budget()).contains(&most), "{most}");
    assert!(bench.0.memory() <= RESTED_BUDGET, "{}", bench.0.memory());
}

#[test]
fn a_hundred_requests_in_flight_stay_within_the_budget() {
    let mut limits = LIMITS;
    limits.settings.max_concurrent_streams = 100;
    let mut bench = Bench(Connection::new(limits));
    let heads: Vec<u8> = (0..100).flat_map(|number| head(2 * number + 1, &FIELDS, false)).collect();
    bench.receive(&[hello(&[]), acknowledgement(), heads].concat());
    for _ in 0..16 {
        for number in 0..100 {
            bench.receive(&raw(frame::DATA, 0, 2 * number + 1, &[1; 512]));
        }
        bench.0.written();
    }
    let budget = limits.memory_budget(64 << 10, CEILING, REPLY);
    assert!(bench.0.memory() <= budget, "{}", bench.0.memory());
    // The bodies count up to their ceiling, and little beside them.
    assert!((100 * 4096..100 * 6144).contains(&bench.0.memory()), "{}", bench.0.memory());
}

#[test]
fn replies_that_wait_for_a_window_for_ever_are_all_that_is_kept() {
    let mut bench = Bench::with(&[window(0)]);
    let posts: Vec<u8> = (0..100).flat_map(|number| post(2 * number + 1, b"")).collect();
    bench.receive(&posts);
    assert_eq!(answer(&mut bench, &whole(&[b'r'; 1_000])), 100);
    bench.0.written();
    assert!(bench.0.memory() < 100 * 1_500 + RESTED_BUDGET, "{}", bench.0.memory());
    // The window of the connection does not help, however often it is opened.
    bench.receive(&window_update(0, 1).repeat(1_000));
    assert_eq!(bench.frames(), []);
    // It can still be stopped: it goes away, and is over when the streams are.
    bench.0.go_away(ErrorCode::NO_ERROR, b"", None);
    assert!(!bench.0.is_over());
    bench.receive(&(0..100).flat_map(|number| cancel(2 * number + 1)).collect::<Vec<_>>());
    assert!(bench.0.is_over());
}

#[test]
fn tiny_windows_are_used_byte_by_byte() {
    let mut bench = Bench::with(&[window(0)]);
    bench.receive(&post(1, b""));
    answer(&mut bench, &whole(b"abc"));
    bench.frames();
    let mut sent = Vec::new();
    for _ in 0..3 {
        bench.receive(&window_update(1, 1));
        sent.extend(bench.frames());
    }
    let data = |flags, byte| (frame::DATA, flags, 1, vec![byte]);
    assert_eq!(sent, [data(0, b'a'), data(0, b'b'), data(frame::END_STREAM, b'c')]);
}

#[test]
fn a_sender_with_a_tiny_window_may_have_a_long_reply() {
    let mut bench = Bench::with(&[window(1)]);
    bench.receive(&post(1, b""));
    answer(&mut bench, &whole(&[b'r'; 10_000]));
    for _ in 1..10_000 {
        bench.receive(&window_update(1, 1));
    }
    assert_eq!(bench.frames().last(), Some(&(frame::DATA, frame::END_STREAM, 1, vec![b'r'])));
}

#[test]
fn windows_that_let_nothing_out_end_the_connection() {
    for stream in [0, 1] {
        let mut bench = Bench::with(&[window(0)]);
        let posts: Vec<u8> = (0..1_000).flat_map(|number| post(2 * number + 1, b"")).collect();
        bench.receive(&posts);
        answer(&mut bench, &whole(b"r"));
        let (from, update) = match stream {
            0 => (Vec::new(), window_update(0, 1)),
            // The reply is out, and the stream still open.
            _ => (head(2_001, &FIELDS, false), window_update(2_001, 1)),
        };
        bench.receive(&from);
        bench.receive(&update.repeat(5_000));
        assert_eq!(bench.events().last(), calm("too many frames that bring nothing").last());
    }
}

#[test]
fn requests_cancelled_while_their_replies_wait_leave_nothing_behind() {
    let mut bench = Bench::with(&[window(0)]);
    for number in 0..50_000 {
        let stream = 2 * number + 1;
        bench.receive(&post(stream, b""));
        assert_eq!(answer(&mut bench, &whole(b"r")), 1);
        bench.receive(&cancel(stream));
        bench.0.written();
    }
    assert!(bench.0.memory() <= RESTED_BUDGET, "{}", bench.0.memory());
}

#[test]
fn requests_reset_at_once_are_not_kept_for_anybody() {
    let mut bench = Bench::new();
    let mut most = 0;
    let list = [&[0x83, 0x87, 0x84][..], &kept(b"n", 3_900)].concat();
    bench.receive(&raw(frame::HEADERS, 5, 1, &list));
    answer(&mut bench, &Body::default());
    for number in 1..1_000 {
        let stream = 2 * number + 1;
        bench.receive(&raw(frame::HEADERS, 5, stream, &[0x83, 0x87, 0x84, 0xbe, 0xbe, 0xbe]));
        bench.receive(&cancel(stream));
        most = bench.0.memory().max(most);
    }
    assert!(most < RESTED_BUDGET, "{most}");
    assert!(bench.0.next_event().is_none());
}

/// A request that makes us reset it, so that the sender's count of resets stays low.
/// [report] CVE-2025-8671, "MadeYouReset"
#[test]
fn requests_that_make_us_reset_them_end_the_connection_and_reach_nobody() {
    let begun = |stream| head(stream, &FIELDS, false);
    let promised =
        |stream| head(stream, &[&FIELDS[..], &[("content-length", "9")]].concat(), false);
    let own_parent = |stream: u32| {
        let priority = [&stream.to_be_bytes()[..], &[0, 0x83, 0x87, 0x84]].concat();
        raw(frame::HEADERS, frame::END_HEADERS | frame::PRIORITIZED, stream, &priority)
    };
    let empty = |stream| raw(frame::DATA, frame::END_STREAM, stream, b"");
    for attack in [
        &(|stream| [begun(stream), window_update(stream, 0)].concat()) as &dyn Fn(u32) -> Vec<u8>,
        &(|stream| [begun(stream), head(stream, &[(":late", "")], true)].concat()),
        &(|stream| [promised(stream), empty(stream)].concat()),
        &own_parent,
    ] {
        let mut bench = Bench::new();
        for number in 0..5_000 {
            bench.receive(&attack(2 * number + 1));
            bench.0.written();
        }
        assert_eq!(bench.events(), calm("too many frames that bring nothing"));
    }
}

#[test]
fn a_block_that_refers_to_one_large_entry_again_and_again_ends_the_connection() {
    let mut bench = Bench::new();
    let list = [&[0x83, 0x87, 0x84][..], &kept(b"n", 3_900)].concat();
    bench.receive(&raw(frame::HEADERS, 5, 1, &list));
    assert_eq!(answer(&mut bench, &Body::default()), 1);
    bench.frames();
    bench.receive(&raw(frame::HEADERS, 5, 3, &[0xbe; 16_000]));
    assert_eq!(bench.events(), calm("a header list is far larger than its limit"));
}

#[test]
fn a_thousand_open_requests_with_heads_as_large_as_can_be_stay_within_the_budget() {
    let mut bench = Bench::new();
    let list = [&[0x83, 0x87, 0x84][..], &kept(b"n", 3_900)].concat();
    bench.receive(&raw(frame::HEADERS, 5, 1, &list));
    answer(&mut bench, &Body::default());
    let head = [0x83, 0x87, 0x84, 0xbe, 0xbe, 0xbe, 0xbe];
    for number in 1..1_001 {
        bench.receive(&raw(frame::HEADERS, 4, 2 * number + 1, &head));
    }
    assert_eq!(bench.0.streams.len(), 1_000);
    let most = bench.0.memory();
    assert!((15_000_000..40_000_000).contains(&most) && most < budget(), "{most} {}", budget());
}

#[test]
fn long_names_that_are_only_referred_to_are_not_copied_without_end() {
    let mut decoder = Decoder::new(4096);
    let name = [&[0x40, 0x7f, 0x80 | 0x09, 0x1e][..], &[b'n'; 127 + 9 + 30 * 128], &[0]].concat();
    assert_eq!(decoder.decode(&name, 16_384, |_, _| {}), Ok(super::hpack::Listed::Whole));
    // A literal with that name and no value, kept nowhere: two bytes each.
    let block = [0x0f, 0x2f, 0x00].repeat(10_000);
    assert_eq!(decoder.decode(&block, 16_384, |_, _| {}), Err(HpackError::Bomb));
    assert!(decoder.memory() < 32 << 10, "{}", decoder.memory());
}

#[test]
fn a_table_that_shrinks_and_grows_all_the_time_keeps_its_budget() {
    let mut decoder = Decoder::new(4096);
    for round in 0..1_000 {
        let size: &[u8] = if round % 2 == 0 { &[0x20] } else { &[0x3f, 0xe1, 0x1f] };
        let block = [size, &kept(b"n", 500 + round), &[0x20][..0]].concat();
        assert!(decoder.decode(&block, 16_384, |_, _| {}).is_ok());
        decoder.allow(4096);
    }
    // Size updates alone, as many as a block holds.
    let updates = [0x20, 0x3f, 0xe1, 0x1f].repeat(4_000);
    assert!(decoder.decode(&updates, 16_384, |_, _| panic!("no field is there")).is_ok());
    assert!(decoder.memory() < 16 << 10, "{}", decoder.memory());
    // A limit that goes up and down again empties the table and does not grow it.
    for size in [0, 4096, 0, 4096] {
        decoder.allow(size);
    }
    assert_eq!(decoder.decode(&[0xbe], 16_384, |_, _| {}), Err(HpackError::NoEntry(62)));
}

#[test]
fn entries_as_small_as_can_be_stay_within_the_table_budget() {
    let mut bench = Bench::new();
    // No name, no value: 32 bytes by the rules of the table.
    let before = bench.0.memory();
    let block = [&[0x83, 0x87, 0x84][..], &[0x40, 1, b'n', 0].repeat(400)].concat();
    bench.receive(&raw(frame::HEADERS, 5, 1, &block));
    answer(&mut bench, &Body::default());
    bench.0.written();
    let table = super::memory::table_budget(LIMITS.settings.header_table_size);
    assert!(bench.0.memory() - before <= table + 8_192, "{}", bench.0.memory());
}

#[test]
fn empty_continuation_frames_end_the_connection() {
    let mut bench = Bench::new();
    bench.receive(&raw(frame::HEADERS, 0, 1, &[]));
    bench.receive(&raw(frame::CONTINUATION, 0, 1, &[]).repeat(5_000));
    assert_eq!(bench.events(), calm("too many frames that bring nothing"));
    assert!(bench.0.memory() < budget());
}

#[test]
fn settings_that_say_the_same_thing_thousands_of_times_end_the_connection() {
    let mut bench = Bench::new();
    let mut many = Vec::new();
    frame::settings(&mut many, &[window(1), window(2)].repeat(1_300));
    bench.receive(&many);
    assert_eq!(bench.events(), Vec::<String>::new());
    bench.receive(&many);
    assert_eq!(bench.events(), calm("too many frames that bring nothing"));
}

#[test]
fn a_body_of_single_bytes_is_kept_up_to_its_ceiling() {
    let mut bench = Bench::new();
    bench.receive(&head(1, &FIELDS, false));
    for _ in 0..10_000 {
        bench.receive(&raw(frame::DATA, 0, 1, b"x"));
        bench.0.written();
    }
    assert!(bench.0.memory() < 2 * CEILING + RESTED_BUDGET, "{}", bench.0.memory());
    bench.receive(&raw(frame::DATA, frame::END_STREAM, 1, b""));
    assert_eq!(bench.events(), [format!("1: https  / {} 10000", "x".repeat(4096))]);
}

#[test]
fn a_frame_that_comes_byte_by_byte_is_kept_once() {
    let mut bench = Bench::new();
    let bytes = [head(1, &FIELDS, false), raw(frame::DATA, 1, 1, &[b'x'; 16_000])].concat();
    for byte in &bytes {
        bench.receive(std::slice::from_ref(byte));
        assert!(bench.0.memory() < 64 << 10);
    }
    assert_eq!(bench.events().len(), 1);
}

#[test]
fn what_a_goaway_leaves_out_may_still_be_on_its_way_and_harms_nobody() {
    let mut bench = Bench::new();
    bench.receive(&[post(1, b""), head(3, &FIELDS, false), head(5, &FIELDS, false)].concat());
    bench.0.go_away(ErrorCode::NO_ERROR, b"", Some(1));
    bench.frames();
    bench.receive(&raw(frame::DATA, 0, 3, b"late"));
    bench.receive(&raw(frame::DATA, frame::END_STREAM, 5, b"late"));
    bench.receive(&head(3, &[("trailer", "late")], true));
    assert_eq!(bench.events(), ["1: https a /  0"]);
    bench.0.respond(1, 200, std::iter::empty(), Body::default());
    assert_eq!((bench.frames().len(), bench.0.is_over()), (1, true));
}

#[test]
fn a_sender_that_has_sent_more_than_a_narrower_window_is_given_the_next_one() {
    let mut bench = Bench::new();
    bench.receive(&[acknowledgement(), head(1, &FIELDS, false)].concat());
    bench.receive(&raw(frame::DATA, 0, 1, &[0; 1_000]));
    let narrow = NewSettings { initial_window_size: Some(100), ..NewSettings::default() };
    bench.0.change_settings(&narrow);
    bench.frames();
    // To the sender its window is 900 below nothing now; without more it would wait for ever.
    bench.receive(&acknowledgement());
    assert_eq!(bench.frames(), [(frame::WINDOW_UPDATE, 0, 1, vec![0, 0, 3, 0xe8])]);
    bench.receive(&raw(frame::DATA, 0, 1, &[0; 100]));
    assert_eq!(bench.frames(), [(frame::WINDOW_UPDATE, 0, 1, vec![0, 0, 0, 100])]);
}

#[test]
fn an_unbounded_number_of_idle_connections_costs_what_one_does_each() {
    let connections: Vec<_> = (0..10_000)
        .map(|_| {
            let mut connection = Connection::<()>::new(LIMITS);
            connection.receive(&hello(&[]), |_| (CEILING, ()));
            connection.written();
            connection
        })
        .collect();
    let memory: usize = connections.iter().map(Connection::memory).sum();
    assert!(memory <= 10_000 * IDLE_BUDGET, "{memory}");
}
