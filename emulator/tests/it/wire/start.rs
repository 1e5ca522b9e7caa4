//! The first bytes tell what is spoken.

use super::bench::{Bench, Event, Frame, Http2, PLAIN, STRICT, finish, frame, push, talk};
use pushpit_emulator::wire::{Protocol, Tls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const GET: &[u8] =
    b"GET /a?b=c HTTP/1.1\r\nHost: Plain.pushpit.test:1\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn cleartext_http1_is_served_without_headers_of_ours() {
    let mut bench = Bench::start().await;
    let answer = talk(&mut bench.dial().await, GET).await.unwrap();
    assert_eq!(
        answer,
        "HTTP/1.1 200 OK\r\napns-id: ABC\r\nx-length: 0\r\nconnection: close\r\n\
         content-length: 38\r\n\r\nGET http Plain.pushpit.test:1 /a?b=c 0"
    );
    let peer = bench.peer().await;
    assert_eq!((peer.protocol, peer.tls, peer.profile), (Protocol::Http1, None, "generic"));
    assert_eq!(bench.event().await, Event::Closed("the sender closed it".to_owned()));
}

#[tokio::test]
async fn an_absolute_target_is_taken_apart() {
    let bench = Bench::start().await;
    let request = b"POST http://other.example/x?y HTTP/1.0\r\ncontent-length: 2\r\n\r\nhi";
    let answer = talk(&mut bench.dial().await, request).await.unwrap();
    assert!(answer.ends_with("\r\n\r\nPOST http other.example /x?y 2"), "{answer}");
}

#[tokio::test]
async fn http2_with_prior_knowledge_is_served() {
    let mut bench = Bench::start().await;
    let mut client = Http2::over(bench.dial().await).await;
    let answer = client.post("/3/device/ab", b"{}").await.unwrap();
    assert_eq!(answer, (200, format!("POST https {PLAIN} /3/device/ab 2")));
    assert_eq!(bench.peer().await.protocol, Protocol::Http2);
}

#[tokio::test]
async fn senders_case_38_a_connect_tunnel_leads_to_ourselves_with_the_target_s_leaf_and_profile() {
    let mut bench = Bench::start().await;
    let head = format!("CONNECT {PLAIN}:443 HTTP/1.1\r\nHost: {PLAIN}:443\r\n\r\n");
    speak_through(&mut bench, &head).await;
    let mut stream = bench.dial().await;
    tunnel(&mut stream, &format!("CONNECT {STRICT}:443 HTTP/1.1\r\n\r\n")).await;
    let mut client = Http2::over(stream).await;
    assert_eq!(client.post("/", b"").await.unwrap().0, 200);
    assert_eq!(bench.peer().await.profile, "strict");
}

#[tokio::test]
async fn senders_case_39_a_connect_of_http_1_0_without_host_is_the_same() {
    let mut bench = Bench::start().await;
    speak_through(&mut bench, &format!("CONNECT {PLAIN}:443 HTTP/1.0\r\n\r\n")).await;
}

/// Opens a tunnel, and finds the target's certificate at its end.
async fn speak_through(bench: &mut Bench, head: &str) {
    let mut stream = bench.dial().await;
    tunnel(&mut stream, head).await;
    let stream = bench.tls_over(stream, PLAIN, &["h2"], None).await.unwrap();
    let mut client = Http2::over(stream).await;
    assert_eq!(client.post("/", b"").await.unwrap().0, 200);
    assert_eq!(bench.peer().await.connect, Some(format!("{PLAIN}:443")));
    drop(client);
    assert_eq!(bench.event().await, Event::Closed("the sender closed it".to_owned()));
}

async fn tunnel(stream: &mut TcpStream, head: &str) {
    stream.write_all(head.as_bytes()).await.unwrap();
    let expected = b"HTTP/1.1 200 Connection established\r\n\r\n";
    let mut answer = vec![0; expected.len()];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn senders_case_40_a_connect_to_a_foreign_host_is_refused_in_plain_words() {
    let mut bench = Bench::start().await;
    let request = b"CONNECT example.com:443 HTTP/1.1\r\n\r\n";
    let answer = talk(&mut bench.dial().await, request).await.unwrap();
    assert_eq!(
        answer,
        "HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/plain; charset=utf-8\r\n\
         content-length: 96\r\nconnection: close\r\n\r\npushpit does not tunnel to \
         example.com:443: it is no push host, and nothing leaves this machine\n"
    );
    assert_eq!(
        bench.trouble().await,
        "refused to tunnel to `example.com:443`, which is no push host"
    );
}

#[tokio::test]
async fn http1_on_an_http2_service_gets_netty_s_goaway() {
    let mut bench = Bench::bound_to(Some("strict")).await;
    let mut plain = bench.dial().await;
    let mut secure = bench.tls(STRICT, &["http/1.1"]).await.unwrap();
    assert_eq!(secure.get_ref().1.alpn_protocol(), None);
    let request = b"POST /3/device/ab HTTP/1.1\r\nhost: a\r\n\r\n";
    plain.write_all(request).await.unwrap();
    secure.write_all(request).await.unwrap();
    let expected = refusal();
    assert_eq!([frame(&mut plain).await.unwrap(), frame(&mut plain).await.unwrap()], expected);
    assert_eq!([frame(&mut secure).await.unwrap(), frame(&mut secure).await.unwrap()], expected);
    assert_eq!(plain.read(&mut [0]).await.unwrap(), 0);
    drop(plain);
    drop(secure);
    for _ in 0..2 {
        assert_eq!(
            bench.event().await,
            Event::Trouble(
                "profile `strict` serves HTTP/2 alone, found the HTTP/1.x request \
                 `POST /3/device/ab HTTP/1.1`"
                    .to_owned()
            )
        );
    }
}

fn refusal() -> [Frame; 2] {
    let settings: [(u16, u32); 5] = [(1, 4096), (3, 1000), (4, 65_535), (5, 16_384), (6, 16_384)];
    let settings = settings
        .iter()
        .flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat())
        .collect();
    let debug = b"Unexpected HTTP/1.x request: POST /3/device/ab ";
    let goaway = [&[0, 0, 0, 0, 0, 0, 0, 1][..], debug].concat();
    [(4, 0, 0, settings), (7, 0, 0, goaway)]
}

#[tokio::test]
async fn alpn_is_answered_as_the_profile_has_it() {
    let mut bench = Bench::start().await;
    let h2 = Some("h2".to_owned());
    let http1 = Some("http/1.1".to_owned());
    for (name, offered, expected) in [
        (PLAIN, &["h2"][..], h2.clone()),
        (PLAIN, &["http/1.1", "h2"], h2.clone()),
        (PLAIN, &["http/1.1"], http1),
        (PLAIN, &[], None),
        (PLAIN, &["spdy/3"], None),
        (STRICT, &["http/1.1", "h2"], h2),
        (STRICT, &["spdy/3"], None),
        (STRICT, &[], None),
    ] {
        let mut stream = bench.tls(name, offered).await.unwrap();
        if expected.as_deref() == Some("http/1.1") {
            let answer = talk(&mut stream, GET).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        } else {
            assert_eq!(Http2::over(stream).await.post("/", b"").await.unwrap().0, 200);
        }
        let tls = bench.peer().await.tls;
        let server_name = Some(name.to_owned());
        let client_certificates = Vec::new();
        assert_eq!(tls, Some(Tls { server_name, alpn: expected, client_certificates }));
        assert!(matches!(bench.event().await, Event::Closed(_)));
    }
}

#[tokio::test]
async fn http1_over_tls_without_alpn_is_served_where_the_profile_serves_it() {
    let bench = Bench::start().await;
    let answer = talk(&mut bench.tls(PLAIN, &[]).await.unwrap(), GET).await.unwrap();
    assert!(answer.ends_with("\r\n\r\nGET https Plain.pushpit.test:1 /a?b=c 0"), "{answer}");
}

#[tokio::test]
async fn the_first_frame_has_the_profile_s_settings() {
    let bench = Bench::start().await;
    let mut stream = bench.tls(PLAIN, &["h2"]).await.unwrap();
    let (kind, flags, id, payload) = frame(&mut stream).await.unwrap();
    assert_eq!((kind, flags, id), (4, 0, 0));
    assert_eq!(payload, refusal()[0].3);
}

#[tokio::test]
async fn a_reply_is_headers_and_one_data_frame_or_headers_alone() {
    let bench = Bench::start().await;
    for (path, expected) in [
        ("/empty", vec![(1, 0x5)]),
        ("/x", vec![(1, 0x4), (0, 0x1)]),
        ("/delay", vec![(1, 0x4), (0, 0x1)]),
    ] {
        let mut stream = bench.dial().await;
        let length = u8::try_from(path.len()).unwrap();
        let block = [&[0x83, 0x86, 0x04, length][..], path.as_bytes()].concat();
        let size = u8::try_from(block.len()).unwrap();
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
        let head = [0, 0, size, 1, 0x5, 0, 0, 0, 1];
        stream.write_all(&[&preface[..], &head, &block].concat()).await.unwrap();
        let mut seen = Vec::new();
        while seen.last().is_none_or(|(_, flags)| flags & 1 == 0) {
            let (kind, flags, id, _) = frame(&mut stream).await.unwrap();
            if id == 1 {
                seen.push((kind, flags));
            }
        }
        // What comes after is the acknowledgement of a PING, and nothing of that stream.
        let ping = b"\0\0\x08\x06\0\0\0\0\0pingpong";
        stream.write_all(ping).await.unwrap();
        loop {
            let (kind, flags, id, _) = frame(&mut stream).await.unwrap();
            assert_ne!(id, 1);
            if (kind, flags) == (6, 1) {
                break;
            }
        }
        assert_eq!(seen, expected, "{path}");
    }
}

#[tokio::test]
async fn a_body_beyond_the_ceiling_is_counted_and_answered() {
    let mut bench = Bench::start().await;
    let mut client = Http2::over(bench.tls(PLAIN, &["h2"]).await.unwrap()).await;
    let big = vec![b'x'; 2 * 1024 * 1024];
    for (length, counted) in [(5000, 5000), (1024 * 1024, 1024 * 1024), (big.len(), 0)] {
        let (reply, mut stream) = client.begin("/").await.unwrap();
        push(&mut stream, &big[..length]).await;
        let reply = reply.await.unwrap();
        let seen: usize = reply.headers()["x-length"].to_str().unwrap().parse().unwrap();
        assert!(if counted > 0 { seen == counted } else { seen > 1024 * 1024 }, "{seen}");
        let kept = format!("POST https {PLAIN} / 4096");
        assert_eq!(finish(reply).await.unwrap(), (200, kept));
    }
    assert_eq!(client.post("/", b"after").await.unwrap().0, 200);
    bench.peer().await;

    let mut stream = bench.dial().await;
    let head = format!("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n", big.len());
    let answer = talk(&mut stream, &[head.as_bytes(), &big].concat()).await.unwrap();
    assert!(answer.ends_with("\r\n\r\nPOST http a / 4096"), "{answer}");
}
