//! Certificates, ours and the senders'.

use super::bench::{Bench, Http2, PLAIN};
use rcgen::{CertificateParams, KeyPair};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::io::ErrorKind;

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
    assert!(bench.trouble().await.starts_with("TLS handshake failed"));
}

#[tokio::test]
async fn a_client_certificate_of_any_issuer_is_visible() {
    let mut bench = Bench::start().await;
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(["com.example.chat".to_owned()]).unwrap().self_signed(&key).unwrap();
    let der: CertificateDer<'static> = certificate.der().clone();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let stream = bench.dial().await;
    let stream = bench.tls_over(stream, PLAIN, &["h2"], Some((der.clone(), key))).await.unwrap();
    let mut client = Http2::over(stream).await;
    assert_eq!(client.post("/", b"").await.unwrap().0, 200);
    let seen = bench.peer().await.tls.unwrap().client_certificates;
    assert_eq!(seen, [bytes::Bytes::copy_from_slice(&der)]);
}
