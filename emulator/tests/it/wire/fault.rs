//! Faults made on purpose, and senders that misbehave.

use super::bench::{Bench, Event, Http2, PLAIN, finish, talk};
use std::io::ErrorKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn garbage_is_closed_and_told() {
    let mut bench = Bench::start().await;
    let mut stream = bench.dial().await;
    stream.write_all(b"\0\x01\x02").await.unwrap();
    assert_eq!(
        bench.event().await,
        Event::Trouble(
            "expected TLS, HTTP/2, HTTP/1.1 or CONNECT, found the bytes `000102`".into()
        )
    );
    assert_eq!(stream.read(&mut [0]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn a_port_probe_is_no_trouble() {
    let mut bench = Bench::start().await;
    drop(bench.dial().await);
    drop(bench.tls(PLAIN, &[]).await.unwrap());
    let mut client = Http2::over(bench.dial().await).await;
    assert_eq!(client.post("/", b"").await.unwrap().0, 200);
    assert!(matches!(bench.event().await, Event::Opened(_)));
}

#[tokio::test]
async fn half_a_request_is_closed_and_told() {
    let mut bench = Bench::start().await;
    for half in [
        &b"POST / HTTP/1.1\r\nHos"[..],
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf",
    ] {
        let mut stream = bench.dial().await;
        stream.write_all(half).await.unwrap();
        stream.shutdown().await.unwrap();
        assert_eq!(
            bench.trouble().await,
            "the sender closed the connection in the middle of a request"
        );
    }
}

#[tokio::test]
async fn a_broken_preface_is_told() {
    let mut bench = Bench::start().await;
    let mut stream = bench.tls(PLAIN, &["h2"]).await.unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let trouble = bench.trouble().await;
    assert!(trouble.starts_with("HTTP/2 connection error: "), "{trouble}");
}

#[tokio::test]
async fn a_sender_that_does_not_trust_us_is_told_what_to_load() {
    let bench = Bench::start().await;
    let mut other = Bench::start().await;
    let stream = other.dial().await;
    let outcome = bench.tls_over(stream, PLAIN, &["h2"], None).await;
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::InvalidData);
    let trouble = other.trouble().await;
    assert!(trouble.starts_with("TLS handshake failed: received fatal alert"), "{trouble}");
}

#[tokio::test]
async fn a_reset_stream_leaves_the_others_alone() {
    let bench = Bench::start().await;
    let mut client = Http2::over(bench.tls(PLAIN, &["h2"]).await.unwrap()).await;
    let error = client.post("/reset", b"{}").await.unwrap_err();
    assert_eq!(error.reason(), Some(h2::Reason::REFUSED_STREAM));
    assert_eq!(client.post("/", b"").await.unwrap().0, 200);
}

#[tokio::test]
async fn a_dropped_connection_ends_without_an_answer() {
    let mut bench = Bench::start().await;
    let mut client = Http2::over(bench.tls(PLAIN, &["h2"]).await.unwrap()).await;
    assert!(client.post("/drop", b"").await.unwrap_err().is_io());
    bench.peer().await;
    assert_eq!(bench.event().await, Event::Closed("dropped as told".to_owned()));
    let mut stream = bench.dial().await;
    let answer = talk(&mut stream, b"GET /drop HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(answer.unwrap(), "");
}

#[tokio::test]
async fn a_torn_connection_ends_by_tcp_reset() {
    let mut bench = Bench::start().await;
    let mut stream = bench.dial().await;
    let answer = talk(&mut stream, b"GET /tear HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(answer.unwrap_err().kind(), ErrorKind::ConnectionReset);
    let mut client = Http2::over(bench.tls(PLAIN, &["h2"]).await.unwrap()).await;
    let error = client.post("/tear", b"").await.unwrap_err();
    assert_eq!(error.get_io().map(std::io::Error::kind), Some(ErrorKind::ConnectionReset));
    bench.peer().await;
    assert_eq!(bench.event().await, Event::Closed("torn as told".to_owned()));
}

#[tokio::test]
async fn going_away_answers_first() {
    let bench = Bench::start().await;
    let mut client = Http2::over(bench.tls(PLAIN, &["h2"]).await.unwrap()).await;
    assert_eq!(client.post("/goaway", b"").await.unwrap().0, 200);
    client.end.await.unwrap().unwrap();
    let mut stream = bench.dial().await;
    let answer = talk(&mut stream, b"GET /goaway HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
}

#[tokio::test]
async fn what_a_goaway_leaves_out_is_not_looked_at_and_may_be_sent_again() {
    let mut bench = Bench::start().await;
    let mut client = Http2::over(bench.tls(PLAIN, &["h2"]).await.unwrap()).await;
    assert_eq!(client.post("/", b"").await.unwrap().0, 200);
    let error = client.post("/goaway-before", b"").await.unwrap_err();
    assert!(error.is_go_away() && error.is_remote(), "{error}");
    assert_eq!(error.reason(), Some(h2::Reason::NO_ERROR));
    bench.peer().await;
    let mut stream = bench.dial().await;
    let answer = talk(&mut stream, b"GET /goaway-before HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(answer.unwrap(), "");
}

#[tokio::test]
async fn a_stream_is_reset_in_the_middle_of_its_answer() {
    let bench = Bench::start().await;
    let mut client = Http2::over(bench.tls(PLAIN, &["h2"]).await.unwrap()).await;
    let (reply, mut stream) = client.begin("/reset-after").await.unwrap();
    stream.send_data(bytes::Bytes::new(), true).unwrap();
    let mut body = reply.await.unwrap().into_body();
    assert_eq!(body.data().await.unwrap().unwrap(), "PO");
    let error = body.data().await.unwrap().unwrap_err();
    assert_eq!(error.reason(), Some(h2::Reason::REFUSED_STREAM));
    assert_eq!(client.post("/", b"").await.unwrap().0, 200);
}

#[tokio::test]
async fn an_answer_is_cut_in_its_middle_and_the_connection_with_it() {
    let bench = Bench::start().await;
    let mut client = Http2::over(bench.tls(PLAIN, &["h2"]).await.unwrap()).await;
    let (reply, mut stream) = client.begin("/cut").await.unwrap();
    stream.send_data(bytes::Bytes::new(), true).unwrap();
    let mut body = reply.await.unwrap().into_body();
    assert_eq!(body.data().await.unwrap().unwrap(), "PO");
    assert!(body.data().await.unwrap().unwrap_err().is_io());
    for (path, end) in [("/cut", None), ("/cut-by-reset", Some(ErrorKind::ConnectionReset))] {
        let mut stream = bench.dial().await;
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let outcome = stream.read_to_end(&mut answer).await;
        assert_eq!(outcome.err().map(|error| error.kind()), end);
        let text = String::from_utf8(answer).unwrap();
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
        assert!(text.ends_with("\r\n\r\nGE"), "{text}");
    }
}

#[tokio::test]
async fn a_stalled_answer_never_comes_and_the_others_do() {
    let mut bench = Bench::start().await;
    let mut client = Http2::over(bench.tls(PLAIN, &["h2"]).await.unwrap()).await;
    let (mut stalled, mut stream) = client.begin("/stall?").await.unwrap();
    stream.send_data(bytes::Bytes::new(), true).unwrap();
    assert_eq!(client.post("/", b"").await.unwrap().0, 200);
    let poll = std::future::poll_fn(|cx| {
        std::task::Poll::Ready(std::future::Future::poll(std::pin::Pin::new(&mut stalled), cx))
    });
    assert!(poll.await.is_pending());
    let mut old = bench.dial().await;
    old.write_all(b"GET /stall HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    while bench.events.recv().await != Some(Event::Head("/stall".to_owned())) {}
    bench.running.take().unwrap().stop().await;
    assert_eq!(old.read(&mut [0; 9]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_stalled_connection_says_nothing_and_ends_with_its_sender() {
    let mut bench = Bench::start().await;
    let mut client = Http2::over(bench.tls(PLAIN, &["h2"]).await.unwrap()).await;
    let (stalled, mut stream) = client.begin("/stall-all").await.unwrap();
    stream.send_data(bytes::Bytes::new(), true).unwrap();
    let (after, mut stream) = client.begin("/").await.unwrap();
    stream.send_data(bytes::Bytes::new(), true).unwrap();
    bench.peer().await;
    drop((client, stream));
    bench.running.take().unwrap().stop().await;
    assert!(stalled.await.is_err() && after.await.is_err());
    assert_eq!(bench.event().await, Event::Closed("stalled as told".to_owned()));
}

#[tokio::test]
async fn a_panic_answers_in_our_own_name_and_the_server_lives() {
    let mut bench = Bench::start().await;
    let mut client = Http2::over(bench.tls(PLAIN, &["h2"]).await.unwrap()).await;
    let (bad, _) = client.begin("/panic").await.unwrap();
    drop(bad);
    let mut replies = Vec::new();
    for path in ["/a", "/panic", "/b"] {
        let (reply, mut stream) = client.begin(path).await.unwrap();
        stream.send_data(bytes::Bytes::new(), true).unwrap();
        replies.push(reply);
    }
    let mut answers = Vec::new();
    for reply in replies {
        answers.push(finish(reply.await.unwrap()).await.unwrap());
    }
    let bug =
        r#"{"pushpit":"bug","message":"the emulator failed on this request; its log says why"}"#;
    assert_eq!(
        answers,
        [
            (200, format!("POST https {PLAIN} /a 0")),
            (500, bug.to_owned()),
            (200, format!("POST https {PLAIN} /b 0")),
        ]
    );
    assert_eq!(bench.trouble().await, "bug in pushpit: the test wants it");
}
