//! Certificates, ours and the senders'.

use super::bench::{Bench, Event, Http2, PLAIN, STRICT, frame};
use bytes::Bytes;
use rcgen::{CertificateParams, KeyPair};
use rustls::HandshakeKind;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use std::io::ErrorKind;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;

#[tokio::test]
async fn a_leaf_is_minted_for_every_permitted_name() {
    let bench = Bench::start().await;
    let names =
        ["push.example.com", "api.push.example.com", PLAIN, "localhost", "127.0.0.1", "::1"];
    for name in names {
        let stream = bench.tls(name, &["h2"]).await;
        assert!(stream.is_ok(), "{name}: {stream:?}");
    }
}

#[tokio::test]
async fn a_foreign_name_gets_the_default_certificate() {
    let mut bench = Bench::start().await;
    let error = bench.tls("www.example.com", &["h2"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert!(error.to_string().contains("localhost"), "{error}");
    let (what, help) = bench.trouble_and_help().await;
    let wanted = "TLS handshake failed: the sender asked for `www.example.com`, for which the local \
                  CA does not speak";
    assert_eq!(what, wanted);
    assert!(help.starts_with("start `serve` with `--name www.example.com`"), "{help}");
}

#[tokio::test]
async fn a_sender_that_says_that_it_does_not_trust_the_ca_is_told_to_load_it() {
    let mut bench = Bench::start().await;
    let other = Bench::start().await;
    let stream = bench.dial().await;
    let error = other.tls_over(stream, PLAIN, &["h2"], None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    let (what, help) = bench.trouble_and_help().await;
    assert!(what.starts_with("TLS handshake failed: received fatal alert"), "{what}");
    assert_eq!(help, "the sender does not trust the local CA: let it load `ca.pem`");
}

/// As Node does, which says nothing when it does not trust a certificate.
#[tokio::test]
async fn a_sender_that_goes_away_when_it_has_our_certificate_most_likely_does_not_trust_it() {
    for (name, what, help) in [
        (
            PLAIN,
            "TLS handshake failed: the sender closed the connection when it had seen our certificate",
            "most often it does not trust the local CA and does not say so: let it load `ca.pem`",
        ),
        (
            "www.example.com",
            "TLS handshake failed: the sender asked for `www.example.com`, for which the local CA \
             does not speak",
            "start `serve` with `--name www.example.com`, or let the sender use a push host's name, \
             `localhost` or 127.0.0.1",
        ),
    ] {
        let mut bench = Bench::start().await;
        let mut stream = bench.dial().await;
        stream.write_all(&hello(&bench, name)).await.unwrap();
        assert!(stream.read_u8().await.is_ok(), "it has said hello");
        stream.shutdown().await.unwrap();
        assert_eq!(bench.trouble_and_help().await, (what.to_owned(), help.to_owned()));
    }
}

/// The first bytes of a TLS client that wants this name.
fn hello(bench: &Bench, name: &str) -> Vec<u8> {
    let config = Arc::new(bench.trusting(rustls::DEFAULT_VERSIONS, &["h2"], None));
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = rustls::ClientConnection::new(config, name).unwrap();
    let mut bytes = Vec::new();
    client.write_tls(&mut bytes).unwrap();
    bytes
}

/// A certificate that its own key signed, for that name.
fn identity() -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(["com.example.chat".to_owned()]).unwrap().self_signed(&key).unwrap();
    let der = certificate.der().clone();
    (der, PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())))
}

/// Sessions are resumed, as the real services do. The client certificate belongs to the session:
/// it is not sent again, and is known again.
#[tokio::test]
async fn a_resumed_session_keeps_its_client_certificate() {
    let mut bench = Bench::start().await;
    let (der, key) = identity();
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let identity = Some((der.clone(), key.clone_key()));
        let config = Arc::new(bench.trusting(&[version], &["h2"], identity));
        for wanted in [HandshakeKind::Full, HandshakeKind::Resumed] {
            let name = ServerName::try_from(PLAIN).unwrap();
            let stream = bench.dial().await;
            let connector = TlsConnector::from(Arc::clone(&config));
            let stream = connector.connect(name, stream).await.unwrap();
            assert_eq!(stream.get_ref().1.handshake_kind(), Some(wanted), "{version:?}");
            // The tickets come with the first answer.
            let mut client = Http2::over(stream).await;
            assert_eq!(client.post("/", b"").await.unwrap().0, 200);
            let seen = bench.peer().await.tls.unwrap();
            assert_eq!(seen.client_certificates, [Bytes::copy_from_slice(&der)]);
            assert_eq!(seen.server_name.as_deref(), Some(PLAIN));
            drop(client);
            assert!(matches!(bench.event().await, Event::Closed(_)));
        }
    }
}

#[tokio::test]
async fn a_client_certificate_of_any_issuer_is_visible() {
    let mut bench = Bench::start().await;
    let (der, key) = identity();
    let stream = bench.dial().await;
    let stream = bench.tls_over(stream, PLAIN, &["h2"], Some((der.clone(), key))).await.unwrap();
    let mut client = Http2::over(stream).await;
    assert_eq!(client.post("/", b"").await.unwrap().0, 200);
    let seen = bench.peer().await.tls.unwrap().client_certificates;
    assert_eq!(seen, [Bytes::copy_from_slice(&der)]);
}

#[tokio::test]
async fn a_connection_that_is_not_wanted_gets_settings_then_goaway_then_the_end() {
    let mut bench = Bench::start().await;
    let stream = bench.dial().await;
    let mut stream = bench.tls_over(stream, STRICT, &["h2"], Some(identity())).await.unwrap();
    // A push that is on its way already is not looked at, and nobody is told of it.
    let mut hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    hello.extend([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    // HEADERS with END_STREAM and END_HEADERS: `:method: GET`, `:scheme: https`, `:path: /`.
    hello.extend([0, 0, 3, 1, 5, 0, 0, 0, 1, 0x82, 0x87, 0x84]);
    stream.write_all(&hello).await.unwrap();
    let mut frames = Vec::new();
    while let Ok((kind, _, stream, payload)) = frame(&mut stream).await {
        frames.push((kind, stream, payload));
    }
    let kinds: Vec<_> = frames.iter().map(|(kind, stream, _)| (*kind, *stream)).collect();
    assert_eq!(kinds[0], (4, 0), "{kinds:?}");
    let go_away = [&[0, 0, 0, 0, 0, 0, 0, 12][..], b"no certificates"].concat();
    assert_eq!(frames.last(), Some(&(7, 0, go_away)), "{kinds:?}");
    assert_eq!(kinds.iter().filter(|(kind, _)| matches!(kind, 0 | 1 | 3)).count(), 0, "{kinds:?}");
    drop(stream);
    assert!(bench.peer().await.tls.is_some());
    assert_eq!(bench.event().await, Event::Closed("the server closed it".to_owned()));
}
