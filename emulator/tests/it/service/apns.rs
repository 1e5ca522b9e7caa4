//! Connections to APNs, frame by frame: cases 1 to 5, 7 to 10 and 14, and faults.

use super::bench::{Bench, HOST, settings};
use pushpit_emulator::http2::frame;
use pushpit_emulator::journal::Cursor;
use pushpit_emulator::world::{Advance, Filter};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ENDS: u8 = frame::END_HEADERS | frame::END_STREAM;

/// The frame with the head of a push, and the one with its body.
fn halves(mut push: Vec<u8>) -> (Vec<u8>, Vec<u8>) {
    let head = frame::Head::read(&push).unwrap();
    let body = push.split_off(frame::Head::LENGTH + head.length as usize);
    (push, body)
}

/// The payload of a GOAWAY frame.
fn go_away(last: u8, code: u8, debug: &str) -> Vec<u8> {
    [&[0, 0, 0, last, 0, 0, 0, code][..], debug.as_bytes()].concat()
}

#[tokio::test]
async fn case_1_a_sender_without_alpn_is_served() {
    let bench = Bench::start(&[]).await;
    let mut client = bench.dial(HOST, &[]).await;
    client.greet().await;
    client.say(&bench.push(1)).await;
    let frames = client.frames(2).await;
    let kinds: Vec<_> = frames.iter().map(|(kind, flags, ..)| (*kind, *flags)).collect();
    assert_eq!(kinds, [(frame::SETTINGS, 0), (frame::HEADERS, ENDS)]);
}

#[tokio::test]
async fn case_3_tls_1_1_is_refused() {
    let bench = Bench::start(&[]).await;
    let mut client = TcpStream::connect(bench.address()).await.unwrap();
    let suites = [0xc0, 0x13, 0xc0, 0x14, 0x00, 0x2f];
    let hello = [&[3, 2][..], &[7; 32], &[0], &[0, 6], &suites, &[1, 0]].concat();
    let length = u8::try_from(hello.len()).unwrap();
    let record = [&[22, 3, 1, 0, length + 4, 1, 0, 0, length][..], &hello].concat();
    client.write_all(&record).await.unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.unwrap();
    // An alert, a fatal one, and nothing else.
    assert_eq!((answer[0], answer[5], answer.len()), (21, 2, 7), "{answer:?}");
}

#[tokio::test]
async fn case_9_http1_is_answered_with_settings_and_goaway_and_nothing_is_recorded() {
    let bench = Bench::start(&[]).await;
    let mut client = bench.dial(HOST, &["http/1.1"]).await;
    client.say(b"POST /3/device/ab HTTP/1.1\r\nhost: api.push.apple.com\r\n\r\n").await;
    let [settings, end] = client.frames(2).await.try_into().unwrap();
    assert_eq!((settings.0, end.0), (frame::SETTINGS, frame::GOAWAY));
    assert_eq!(end.3, go_away(0, 1, "Unexpected HTTP/1.x request: POST /3/device/ab "));
    assert_eq!((client.frame().await, bench.requests()), (None, 0));
}

#[tokio::test]
async fn case_14_host_stands_in_for_authority() {
    let bench = Bench::start(&[]).await;
    let mut client = bench.greeted().await;
    client.say(&bench.push(1)).await;
    assert_eq!(client.frames(2).await[1].0, frame::HEADERS);
    let requests = bench.running.control().requests(&Filter::default(), Cursor::default(), 10);
    let [request] = &requests.items[..] else { panic!("{requests:?}") };
    assert_eq!((request.host.as_str(), request.status), (HOST, 200));
}

/// firebase-admin for Node writes the URL's `protocol`, colon and all, into `:scheme`. [client]
#[tokio::test]
async fn a_scheme_with_a_colon_is_answered() {
    let bench = Bench::start(&[]).await;
    let mut client = bench.greeted().await;
    client.say(&bench.push_by_scheme(1, "https:")).await;
    let [raised, accepted] = client.frames(2).await.try_into().unwrap();
    assert_eq!((raised.0, raised.2), (frame::SETTINGS, 0));
    assert_eq!((accepted.0, accepted.1, accepted.2), (frame::HEADERS, ENDS, 1));
    assert_eq!(statuses(&bench), [200]);
}

#[tokio::test]
async fn strict_http2_resets_a_scheme_with_a_colon_and_serves_the_stream_after_it() {
    let bench = Bench::start(&[("http2", "strict")]).await;
    let mut client = bench.greeted().await;
    client
        .say(&[bench.push_by_scheme(1, "https:"), bench.push_by_scheme(3, "https")].concat())
        .await;
    let [reset, raised, accepted] = client.frames(3).await.try_into().unwrap();
    // PROTOCOL_ERROR.
    assert_eq!(reset, (frame::RST_STREAM, 0, 1, vec![0, 0, 0, 1]));
    assert_eq!((raised.0, raised.2), (frame::SETTINGS, 0));
    assert_eq!((accepted.0, accepted.1, accepted.2), (frame::HEADERS, ENDS, 3));
    assert_eq!(statuses(&bench), [200]);
}

/// The statuses of all requests that got to the world.
fn statuses(bench: &Bench) -> Vec<u16> {
    let control = bench.running.control();
    let requests = control.requests(&Filter::default(), Cursor::default(), 10);
    requests.items.iter().map(|request| request.status).collect()
}

#[tokio::test]
async fn case_2_4_and_5_settings_come_first_and_the_limit_rises_with_the_first_token() {
    let bench = Bench::start(&[]).await;
    let mut client = bench.dial(HOST, &["h2", "http/1.1"]).await;
    // Before the client has said a word.
    let (kind, _, _, payload) = client.frame().await.unwrap();
    assert_eq!(kind, frame::SETTINGS);
    assert_eq!(settings(&payload), [(1, 4096), (3, 1), (4, 65_535), (5, 16_384), (6, 8_000)]);
    let mut hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    frame::settings(&mut hello, &[]);
    frame::settings_ack(&mut hello);
    client.say(&[hello, bench.push_with(1, "bearer x")].concat()).await;
    let [_, refused, reason] = client.frames(3).await.try_into().unwrap();
    assert_eq!((refused.0, refused.2), (frame::HEADERS, 1));
    assert_eq!(reason.3, br#"{"reason":"InvalidProviderToken"}"#);
    client.say(&bench.push(3)).await;
    let [raised, accepted] = client.frames(2).await.try_into().unwrap();
    assert_eq!((raised.0, settings(&raised.3)), (frame::SETTINGS, vec![(3, 1_000)]));
    assert_eq!((accepted.0, accepted.1, accepted.2), (frame::HEADERS, ENDS, 3));
}

#[tokio::test]
async fn a_payload_beyond_the_ceiling_is_drained_and_answered_by_apns_and_the_connection_goes_on() {
    let bench = Bench::start(&[]).await;
    let mut client = bench.greeted().await;
    // More than is kept of any body, and within the windows that the connection begins with.
    client.say(&bench.push_of(1, &[b'x'; 12_000])).await;
    // The token was accepted, which raises the limit.
    let [raised, head, body] = client.frames(3).await.try_into().unwrap();
    assert_eq!((raised.0, head.0, head.2), (frame::SETTINGS, frame::HEADERS, 1));
    assert_eq!((body.0, &*body.3), (frame::DATA, &br#"{"reason":"PayloadTooLarge"}"#[..]));
    client.say(&bench.push(3)).await;
    let last = loop {
        let frame = client.frame().await.unwrap();
        if frame.0 == frame::HEADERS {
            break frame;
        }
    };
    assert_eq!((last.1, last.2), (ENDS, 3));
    assert_eq!(statuses(&bench), [413, 200]);
}

#[tokio::test]
async fn case_7_a_second_stream_is_refused_and_the_first_answered() {
    let bench = Bench::start(&[]).await;
    let mut client = bench.greeted().await;
    let (head, body) = halves(bench.push(1));
    client.say(&[head, bench.push(3), body].concat()).await;
    let [refused, raised, accepted] = client.frames(3).await.try_into().unwrap();
    assert_eq!(refused, (frame::RST_STREAM, 0, 3, vec![0, 0, 0, 7]));
    assert_eq!((raised.0, raised.2), (frame::SETTINGS, 0));
    assert_eq!((accepted.0, accepted.1, accepted.2), (frame::HEADERS, ENDS, 1));
}

#[tokio::test]
async fn case_8_a_ping_comes_back_and_a_priority_is_ignored() {
    let bench = Bench::start(&[]).await;
    let mut client = bench.greeted().await;
    let mut said = Vec::new();
    frame::Head { length: 5, kind: frame::PRIORITY, flags: 0, stream: 1 }.write(&mut said);
    said.extend([0, 0, 0, 0, 15]);
    frame::Head { length: 8, kind: frame::PING, flags: 0, stream: 0 }.write(&mut said);
    said.extend(*b"pushpit!");
    client.say(&said).await;
    let pong = (frame::PING, frame::ACK, 0, b"pushpit!".to_vec());
    assert_eq!(client.frames(1).await, [pong]);
}

#[tokio::test]
async fn case_10_a_shutdown_answers_what_is_open_and_says_why() {
    let bench = Bench::start(&[]).await;
    let mut client = bench.greeted().await;
    let fault = json!({"now": true, "match": {"provider": "apns"},
        "connection": {"go_away": {"debug": "{\"reason\":\"Shutdown\"}"}}});
    let (head, body) = halves(bench.push(1));
    client.say(&head).await;
    // The head has to be in before the shutdown, which a PING behind it shows.
    ping(&mut client).await;
    let control = bench.running.control();
    let view = control.add_fault(serde_json::from_value(fault).unwrap()).await.unwrap();
    assert_eq!((view.struck, control.faults().len()), (1, 0));
    let reason = go_away(1, 0, r#"{"reason":"Shutdown"}"#);
    assert_eq!(client.frames(1).await, [(frame::GOAWAY, 0, 0, reason)]);
    client.say(&body).await;
    let frames = client.frames(3).await;
    let kinds: Vec<_> = frames.iter().map(|(kind, _, stream, _)| (*kind, *stream)).collect();
    assert_eq!(kinds, [(frame::SETTINGS, 0), (frame::HEADERS, 1)]);
}

async fn ping(client: &mut super::bench::Client) {
    let mut said = Vec::new();
    frame::Head { length: 8, kind: frame::PING, flags: 0, stream: 0 }.write(&mut said);
    said.extend([0; 8]);
    client.say(&said).await;
    assert_eq!(client.frames(1).await, [(frame::PING, frame::ACK, 0, vec![0; 8])]);
}

#[tokio::test]
async fn a_server_that_stops_says_shutdown() {
    let bench = Bench::start(&[]).await;
    let mut client = bench.greeted().await;
    ping(&mut client).await;
    let read = tokio::spawn(async move { client.frames(9).await });
    bench.running.stop().await;
    let reason = go_away(0, 0, r#"{"reason":"Shutdown"}"#);
    assert_eq!(read.await.unwrap(), [(frame::GOAWAY, 0, 0, reason)]);
}

#[tokio::test]
async fn an_idle_connection_is_ended_when_the_worlds_clock_has_passed_its_limit() {
    let bench = Bench::start(&[("apns.idle-timeout", "10m")]).await;
    let mut client = bench.greeted().await;
    client.say(&bench.push(1)).await;
    assert_eq!(client.frames(2).await.len(), 2);
    let advance = |by: &str| {
        let advance: Advance = serde_json::from_value(json!({"by": by})).unwrap();
        bench.running.control().advance(advance)
    };
    advance("6m").await.unwrap();
    client.say(&bench.push(3)).await;
    assert_eq!(client.frames(1).await[0].0, frame::HEADERS);
    advance("6m").await.unwrap();
    ping(&mut client).await;
    advance("6m").await.unwrap();
    let reason = go_away(3, 0, r#"{"reason":"IdleTimeout"}"#);
    assert_eq!(client.frames(9).await, [(frame::GOAWAY, 0, 0, reason)]);
}

#[tokio::test]
async fn a_goaway_in_mid_flight_leaves_out_what_was_not_looked_at() {
    let bench = Bench::start(&[]).await;
    let mut client = bench.greeted().await;
    client.say(&bench.push(1)).await;
    assert_eq!(client.frames(2).await.len(), 2);
    let fault = json!({"times": 1, "connection": {"go_away": {"last_stream": "before"}}});
    let control = bench.running.control();
    control.add_fault(serde_json::from_value(fault).unwrap()).await.unwrap();
    let before = bench.requests();
    client.say(&[bench.push(3), bench.push(5), bench.push(7)].concat()).await;
    assert_eq!(client.frames(9).await, [(frame::GOAWAY, 0, 0, go_away(1, 0, ""))]);
    // The fault struck the first; the others were not looked at, and may be sent again.
    assert_eq!(bench.requests() - before, 1);
    let troubles = control.events(Some("trouble"), Cursor::default(), 9).items;
    assert!(troubles.is_empty(), "{troubles:?}");
}
