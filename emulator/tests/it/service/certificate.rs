//! Connections to APNs with a client certificate, frame by frame: cases 6, 11 and 92.

use super::bench::{APP, Bench, Frame, HOST, settings};
use pushpit_emulator::http2::frame;
use pushpit_emulator::journal::Cursor;
use pushpit_emulator::world::{Age, AppName, Issue, Revoke};
use serde_json::json;
use std::time::Duration;

/// All that the server says until it closes the connection, but for its windows.
async fn said(bench: &Bench, host: &str, file: &str) -> Vec<Frame> {
    let mut client = bench.dial_as(host, &["h2"], Some(file)).await;
    client.frames(usize::MAX).await
}

fn go_away(reason: &str) -> Frame {
    let debug = format!("{{\"reason\":\"{reason}\"}}");
    (frame::GOAWAY, 0, 0, [&[0; 8], debug.as_bytes()].concat())
}

#[tokio::test]
async fn case_6_a_connection_with_a_certificate_has_the_usual_limit_at_once_and_pushes_no_token() {
    let bench = Bench::start(&[]).await;
    let file = bench.certificate_for("production");
    let mut client = bench.dial_as(HOST, &["h2"], Some(&file)).await;
    client.greet_with(|first| assert_eq!(settings(first)[1], (3, 1_000))).await;
    client.say(&bench.push_with(1, "")).await;
    let ends = frame::END_HEADERS | frame::END_STREAM;
    let [answer] = client.frames(1).await.try_into().unwrap();
    assert_eq!((answer.0, answer.1, answer.2), (frame::HEADERS, ends, 1));
}

#[tokio::test]
async fn case_11_a_certificate_for_the_sandbox_gets_settings_goaway_and_the_end_in_production() {
    let bench = Bench::start(&[]).await;
    let file = bench.certificate_for("sandbox");
    let [first, last] = said(&bench, HOST, &file).await.try_into().unwrap();
    assert_eq!((first.0, settings(&first.3)[1]), (frame::SETTINGS, (3, 1_000)));
    assert_eq!(last, go_away("BadCertificateEnvironment"));
    // 8 and 38 bytes, as it was seen. [report] sideshow/apns2 #93
    assert_eq!((last.3.len(), bench.requests()), (46, 0));
    let troubles = bench.running.control().events(Some("trouble"), Cursor::default(), 9).items;
    let [trouble] = troubles.try_into().unwrap();
    let what = "the connection ends with GOAWAY BadCertificateEnvironment: the client certificate \
                is for sandbox, the connection goes to production; subject UID `com.example.app`, \
                CN `Apple Push Services: com.example.app`";
    let help = "let the sender dial the other environment, or give the app a certificate for both \
                (`certificate_environment: any`)";
    let told = (&trouble.data["what"], &trouble.data["help"], &trouble.data["connection"]);
    assert_eq!(told, (&json!(what), &json!(help), &json!(1)));
}

#[tokio::test]
async fn a_certificate_that_ended_or_was_revoked_opens_nothing() {
    let bench = Bench::start(&[]).await;
    let control = bench.running.control();
    let file = bench.certificate_for("any");
    let age = Age { by: Some(Duration::from_secs(400 * 86_400)), app: None };
    control.age(age).unwrap();
    assert_eq!(said(&bench, HOST, &file).await.last(), Some(&go_away("BadCertificate")));
    control.reset().await.unwrap();
    let revoke = Revoke { app: AppName(APP.to_owned()), credential: "certificate".to_owned() };
    control.revoke(revoke).unwrap();
    assert_eq!(said(&bench, HOST, &file).await.last(), Some(&go_away("BadCertificate")));
    control.reset().await.unwrap();
    let mut client = bench.dial_as(HOST, &["h2"], Some(&file)).await;
    client.greet().await;
}

#[tokio::test]
async fn a_certificate_that_is_issued_anew_takes_a_revoked_ones_place() {
    let bench = Bench::start(&[]).await;
    let control = bench.running.control();
    let file = bench.certificate_for("any");
    let app = AppName(APP.to_owned());
    let credential = "certificate".to_owned();
    control.revoke(Revoke { app: app.clone(), credential: credential.clone() }).unwrap();
    assert_eq!(said(&bench, HOST, &file).await.last(), Some(&go_away("BadCertificate")));
    let issued = control.issue(&Issue { app, credential }).unwrap();
    assert_eq!(issued["certificate_pem"], file.as_str());
    let mut client = bench.dial_as(HOST, &["h2"], Some(&file)).await;
    client.greet().await;
}

/// What Go's HTTP/2 client says of such a connection [report] sideshow/apns2 #93; nanomdm reads its
/// debug data as JSON [client]. Versions of today say that the connection could not be established.
#[tokio::test]
async fn apns_case_92_gos_error_names_the_reason() {
    let bench = Bench::start(&[]).await;
    let file = bench.certificate_for("sandbox");
    let frames = said(&bench, HOST, &file).await;
    let (_, _, _, payload) = frames.last().unwrap();
    let [last, code] = [&payload[..4], &payload[4..8]]
        .map(|number| u32::from_be_bytes(number.try_into().unwrap()));
    let debug = std::str::from_utf8(&payload[8..]).unwrap();
    let code = if code == 0 { "NO_ERROR" } else { "another" };
    let go = format!(
        "http2: server sent GOAWAY and closed the connection; LastStreamID={last}, ErrCode={code}, \
         debug={debug:?}"
    );
    let expected = "http2: server sent GOAWAY and closed the connection; LastStreamID=0, \
                    ErrCode=NO_ERROR, debug=\"{\\\"reason\\\":\\\"BadCertificateEnvironment\\\"}\"";
    assert_eq!(go, expected);
}
