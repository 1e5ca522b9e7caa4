//! Requests that are wrong below the service: chunks and heads that no server takes.

use super::bench::{Bench, Event, Http2, PLAIN, finish, talk};
use bytes::Bytes;
use futures_util::FutureExt;

const CHUNKED: &str = "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";

#[tokio::test]
async fn a_malformed_chunk_is_answered_and_blames_the_sender() {
    let what = "the sender's chunked body is not valid HTTP/1.1:";
    for (chunks, cause) in [
        ("x\r\nhello\r\n0\r\n\r\n", "Invalid chunk size line: missing size digit"),
        ("5 hello\r\n", "Invalid chunk size linear white space"),
        ("3\r\nhello\r\n0\r\n\r\n", "Invalid chunk body CR"),
        ("fffffffffffffffff\r\n", "invalid chunk size: overflow"),
    ] {
        let mut bench = Bench::start().await;
        let words = format!("{CHUNKED}{chunks}");
        let answer = talk(&mut bench.dial().await, words.as_bytes()).await.unwrap();
        assert_eq!(
            answer,
            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\n\
             content-length: 75\r\n\r\n\
             {\"pushpit\":\"bad-chunk\",\"message\":\"the request's chunked body is malformed\"}"
        );
        let told = bench.trouble_and_help().await;
        let help = "look at how the sender writes chunks: the size in hexadecimal, a line break, \
                    so many bytes, a line break";
        assert_eq!(told, (format!("{what} {cause}"), help.to_owned()));
        assert_eq!(bench.event().await, Event::Closed("the server closed it".to_owned()));
    }
}

#[tokio::test]
async fn a_sender_that_goes_away_between_two_chunks_is_not_blamed_for_their_form() {
    let mut bench = Bench::start().await;
    let mut stream = bench.dial().await;
    let words = format!("{CHUNKED}5\r\nhel");
    tokio::io::AsyncWriteExt::write_all(&mut stream, words.as_bytes()).await.unwrap();
    drop(stream);
    let told = "the sender closed the connection in the middle of a request";
    assert_eq!(bench.trouble().await, told);
}

#[tokio::test]
async fn a_head_too_large_is_answered_over_http2_when_its_body_has_come() {
    let mut bench = Bench::start().await;
    let mut client = Http2::over(bench.dial().await).await;
    let request = http::Request::post(format!("https://{PLAIN}/")).header("x", "x".repeat(16_384));
    let mut send = client.send.clone().ready().await.unwrap();
    let (reply, mut body) = send.send_request(request.body(()).unwrap(), false).unwrap();
    let mut reply = std::pin::pin!(reply);
    body.send_data(Bytes::from_static(b"half"), false).unwrap();
    // What is sent after it has its answer, so that this one would have its own.
    assert_eq!(client.post("/", b"").await.unwrap().0, 200);
    assert!(reply.as_mut().now_or_never().is_none());
    let told = "HTTP/2 request refused: the head is larger than the 16384 bytes of \
                SETTINGS_MAX_HEADER_LIST_SIZE (stream 1)";
    assert_eq!(bench.trouble().await, told);
    body.send_data(Bytes::from_static(b" and half"), true).unwrap();
    let said =
        r#"{"pushpit":"head-too-large","message":"the request's head is larger than 16384 bytes"}"#;
    assert_eq!(finish(reply.await.unwrap()).await.unwrap(), (431, said.to_owned()));
}

#[tokio::test]
async fn a_head_too_large_is_answered_over_http1_before_its_sender_has_ended() {
    for head in [format!("x: {}", "x".repeat(70_000)), "x: y\r\n".repeat(101)] {
        let mut bench = Bench::start().await;
        let words = format!("POST / HTTP/1.1\r\ncontent-length: 9\r\n{head}\r\nhost: a\r\n\r\n");
        let answer = talk(&mut bench.dial().await, words.as_bytes()).await.unwrap();
        let expected = "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n\
                        content-length: 0\r\n\r\n";
        assert_eq!(answer, expected);
        let told = "a request's head is larger than 65536 bytes, or has more than 100 headers";
        assert_eq!(bench.trouble().await, told);
    }
}
