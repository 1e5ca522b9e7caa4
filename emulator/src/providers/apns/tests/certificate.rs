//! Cases 11, 32 to 34, 36 and 56: client certificates, and credentials that are revoked.

use super::bench::*;
use crate::clock::Timestamp;
use crate::crypto::{CertificatePlan, read_pem, self_signed};
use crate::providers::apns::Apns;
use crate::providers::apns::certificate::{Certificate, CertificateDefect};
use crate::providers::rim::{Kit, Service};
use crate::switch::Switches;
use bytes::Bytes;
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);
const ENVIRONMENT: &str = r#"{"reason":"BadCertificateEnvironment"}"#;
const BAD: &str = r#"{"reason":"BadCertificate"}"#;
const SUBJECT: &str = "subject UID `com.example.app`, CN `Apple Push Services: com.example.app`";

const UID: &[u64] = &[0, 9, 2342, 19_200_300, 100, 1, 1];
const VOIP: &[u64] = &[1, 2, 840, 113_635, 100, 6, 3, 4];
const LIST: &[u64] = &[1, 2, 840, 113_635, 100, 6, 3, 6];

/// A bench whose connections are opened with the app's certificate, made as the settings say.
fn bench(settings: &[(&str, &str)]) -> Bench {
    let mut bench = Bench::new();
    certify(&mut bench, settings);
    bench
}

fn certify(bench: &mut Bench, settings: &[(&str, &str)]) {
    bench.kit = bench.add_app(APP, settings);
    bench.certificate = Some(certificate_of(&bench.kit));
}

/// A push as senders with certificates make it.
fn push(bench: &Bench) -> Push {
    bench.push().without("authorization")
}

/// A certificate that says just this, in DER.
fn certificate(uid: Option<&str>, extensions: &[(&'static [u64], &[u8])]) -> Bytes {
    let plan = CertificatePlan {
        subject: uid.map(|uid| (UID, uid.to_owned())).into_iter().collect(),
        extensions: extensions.iter().map(|(id, content)| (*id, content.to_vec())).collect(),
        valid: DAY,
        alias: "test".to_owned(),
        password: "test".to_owned(),
    };
    let made = self_signed(&plan, &key(), [9; 16], START);
    read_pem(&made.pem).unwrap().1.into()
}

fn key() -> Vec<u8> {
    use crate::providers::rim::KeyMaker;
    Maker.p256()
}

fn read(der: &[u8]) -> Result<Certificate, CertificateDefect> {
    Certificate::read(&Arc::from(der))
}

#[test]
fn case_11_a_certificate_for_production_is_turned_away_from_the_sandbox() {
    let mut bench = bench(&[("certificate_environment", "production")]);
    bench.dialed = Some(SANDBOX);
    let cause = format!(
        "the connection ends with GOAWAY BadCertificateEnvironment: the client certificate is for \
         production, the connection goes to sandbox; {SUBJECT}"
    );
    assert_eq!(bench.turned_away(), (ENVIRONMENT.to_owned(), cause));
    bench.dialed = Some(PRODUCTION);
    assert_eq!(bench.open(), Ok(()));
    // Nobody knows where a connection goes that is opened to no name of Apple's.
    bench.dialed = None;
    assert_eq!(bench.open(), Ok(()));
}

#[test]
fn a_certificate_for_both_environments_or_none_is_taken_in_both() {
    let mut bench = bench(&[]);
    let universal = bench.certificate.clone();
    for certificate in [universal, Some(certificate(Some(APP), &[]))] {
        bench.certificate = certificate;
        for host in [SANDBOX, PRODUCTION] {
            bench.dialed = Some(host);
            assert_eq!(bench.open(), Ok(()), "{host}");
        }
    }
}

#[test]
fn on_a_connection_to_no_name_of_apples_the_requests_host_decides() {
    let mut bench = bench(&[("certificate_environment", "production")]);
    bench.profile = "generic";
    assert_eq!(bench.send(&push(&bench)), err(403, "BadCertificateEnvironment"));
    let cause = format!(
        "the client certificate is for production, the connection goes to sandbox; {SUBJECT}"
    );
    assert_eq!(bench.cause(&push(&bench)), ("certificate", cause));
    let there = push(&bench).host(PRODUCTION);
    assert_eq!(bench.send(&there), format!("200 keep\napns-id: {ID}\n\n"));
}

#[test]
fn case_32_a_certificate_of_one_topic_needs_no_header_at_all() {
    const MDM: &str = "com.apple.mgmt.External.7ca4c5ab-b4bb-4b4a-8e1c-4f5e1d3a9c1e";
    let mut bench = Bench::new();
    let kit = bench.add_app(MDM, &[]);
    assert_eq!(kit.values["certificate_topics"], MDM);
    bench.certificate = Some(certificate_of(&kit));
    let app = bench.post.find_app(SERVICE, MDM).unwrap();
    let address = bench.register(bench.device, app);
    assert_eq!(bench.open(), Ok(()));
    let push = bench.push_to(&bench.token_of(address)).body(r#"{"mdm":"x"}"#);
    let push = push.without("authorization").without("apns-topic").without("apns-push-type");
    assert_eq!(bench.send(&push), OK);
    assert_eq!(bench.send(&push.with("apns-topic", "")), OK);
}

#[test]
fn case_33_a_certificate_of_several_topics_needs_to_be_told_which() {
    let mut bench = bench(&[]);
    let silent = push(&bench).without("apns-topic");
    assert_eq!(bench.send(&silent), err(400, "MissingTopic"));
    let cause = "the client certificate has several topics, `apns-topic` has to say which: \
                 `com.example.app`, `com.example.app.voip`, `com.example.app.complication`";
    assert_eq!(bench.cause(&silent), ("apns-topic", cause.to_owned()));
}

#[test]
fn case_34_a_topic_that_the_certificate_does_not_list_is_refused() {
    let mut bench = bench(&[]);
    bench.add_app("com.example.other", &[]);
    let other = push(&bench).with("apns-topic", "com.example.other");
    assert_eq!(bench.send(&other), err(400, "TopicDisallowed"));
    let cause = "topic `com.example.other` is none of the client certificate's: `com.example.app`, \
                 `com.example.app.voip`, `com.example.app.complication`";
    assert_eq!(bench.cause(&other), ("certificate-topic", cause.to_owned()));
    let live = push(&bench).with("apns-topic", "com.example.app.push-type.liveactivity");
    assert_eq!(bench.send(&live), err(400, "TopicDisallowed"));
    certify(&mut bench, &[("certificate_topics", "com.example.app.push-type.liveactivity")]);
    // The topic is right now, the device's token is of another one.
    assert_eq!(bench.send(&live), err(400, "DeviceTokenNotForTopic"));
}

#[test]
fn case_36_with_a_certificate_authorization_is_not_looked_at() {
    let mut bench = bench(&[]);
    for value in ["garbage", "bearer x.y.z", "Basic x"] {
        let both = push(&bench).with("authorization", value);
        let (reply, verdict) = bench.send_judged(&both);
        assert_eq!(reply, OK);
        let warning =
            "the connection has a client certificate, so that `authorization` is not looked at";
        assert_eq!(verdict.warnings, [warning]);
    }
    assert_eq!(bench.send_judged(&push(&bench)).1.warnings, Vec::<&str>::new());
}

#[test]
fn case_56_a_revoked_key_opens_nothing_any_more_and_an_open_connection_goes_on() {
    let mut bench = Bench::new();
    assert_eq!(bench.send(&bench.push()), OK);
    let app = bench.app;
    let told = bench.apns.revoke(app, "key");
    assert_eq!(told.as_deref(), Some("key `PUSHPITKEY`"));
    let push = bench.push();
    assert_eq!(bench.send(&push), OK);
    bench.connection.0 += 1;
    assert_eq!(bench.send(&push), err(403, "InvalidProviderToken"));
    let cause = "signature valid, but key `PUSHPITKEY` was revoked";
    assert_eq!(bench.cause(&push), ("key-revoked", cause.to_owned()));
    let next = bench.add_app(APP, &[("key_id", "NEXTKEY123")]);
    let renewed = bench.push().bearing(&sign(&next, START.seconds()));
    assert_eq!(bench.send(&renewed), OK);
    bench.apns.reset();
    assert_eq!(bench.send(&push), OK);
}

#[test]
fn a_revoked_certificate_opens_nothing_any_more_and_an_open_connection_goes_on() {
    let mut bench = bench(&[]);
    let push = push(&bench);
    assert_eq!(bench.open(), Ok(()));
    let (app, open) = (bench.app, bench.connection);
    assert_eq!(bench.apns.revoke(app, "certificate").as_deref(), Some("its certificate"));
    let cause = format!(
        "the connection ends with GOAWAY BadCertificate: the client certificate was revoked, \
         {SUBJECT}"
    );
    assert_eq!(bench.turned_away(), (BAD.to_owned(), cause));
    assert_eq!(bench.send(&push), err(403, "BadCertificate"));
    bench.connection = open;
    assert_eq!(bench.send(&push), OK);
    bench.apns.connection_closed(open);
    assert_eq!(bench.send(&push), err(403, "BadCertificate"));
    certify(&mut bench, &[("certificate_password", "next")]);
    assert_eq!(bench.open(), Ok(()));
    assert_eq!(bench.apns.revoke(app, "password"), None);
}

#[test]
fn a_certificate_is_good_until_its_end_on_the_senders_clock() {
    let mut bench = bench(&[]);
    bench.now.world = bench.now.world.after(500 * DAY);
    assert_eq!(bench.open(), Ok(()));
    bench.now.sender = START.after(395 * DAY);
    assert_eq!(bench.open(), Ok(()));
    let open = bench.connection;
    bench.now.sender = START.after(398 * DAY);
    let cause = format!(
        "the connection ends with GOAWAY BadCertificate: the client certificate ended 3 days ago \
         (2027-10-21T14:13:20Z), {SUBJECT}"
    );
    assert_eq!(bench.turned_away(), (BAD.to_owned(), cause));
    // It is looked at once for a connection.
    bench.connection = open;
    assert_eq!(bench.send(&push(&bench)), OK);
    bench.now.sender = START.before(Duration::from_secs(90));
    let (_, cause) = bench.turned_away();
    let begins = "the client certificate begins in 1m 30s (2026-09-21T14:13:20Z)";
    assert!(cause.contains(begins), "{cause}");
}

#[test]
fn a_certificate_that_was_aged_is_over_and_one_that_comes_later_is_not() {
    let mut bench = bench(&[]);
    bench.age(394 * DAY);
    assert_eq!(bench.open(), Ok(()));
    bench.age(2 * DAY);
    // The same second in which it was made.
    let cause = format!(
        "the connection ends with GOAWAY BadCertificate: the client certificate ended 1 day ago \
         (2027-10-21T14:13:20Z, made 396 days older by age_credentials), {SUBJECT}"
    );
    assert_eq!(bench.turned_away(), (BAD.to_owned(), cause));
    certify(&mut bench, &[("certificate_password", "next")]);
    assert_eq!(bench.open(), Ok(()));
}

#[test]
fn a_certificate_makes_channels_for_its_own_app_alone() {
    let mut bench = bench(&[]);
    let create = bench.new_channel(1).without("authorization");
    let made = bench.send(&create);
    assert!(made.starts_with("201 keep\n"), "{made}");
    bench.add_app("com.example.other", &[]);
    let other = create.clone().path("/1/apps/com.example.other/channels");
    assert_eq!(bench.send(&other), broadcast_err(403, "TopicMismatch"));
    let cause = "the path's app is not the client certificate's, which is `com.example.app`";
    assert_eq!(bench.cause(&other), ("bundle-allowed", cause.to_owned()));
    let nobody = create.clone().path("/1/apps/com.nobody.app/channels");
    let cause = "the path names no app here; the client certificate's is `com.example.app`";
    assert_eq!(bench.cause(&nobody), ("bundle-allowed", cause.to_owned()));
    let app = bench.app;
    assert!(bench.apns.revoke(app, "certificate").is_some());
    assert_eq!(bench.send(&create).lines().next(), Some("201 keep"));
    bench.connection.0 += 1;
    assert_eq!(bench.send(&create), broadcast_err(403, "BadCertificate"));
}

#[test]
fn location_pushes_need_a_provider_token() {
    let mut bench = bench(&[("certificate_topics", "com.example.app.location-query")]);
    let by_topic = push(&bench).with("apns-topic", "com.example.app.location-query");
    let by_type = push(&bench).with("apns-push-type", "location");
    let cause = "location pushes need a provider token, this connection has a certificate";
    for push in [by_topic, by_type] {
        assert_eq!(bench.send(&push), err(400, "TopicDisallowed"));
        assert_eq!(bench.cause(&push), ("certificate-topic", cause.to_owned()));
    }
}

#[test]
fn what_the_uid_alone_implies_is_taken_or_refused_as_chosen() {
    let voip = |bench: &mut Bench| {
        let text = [7; 32];
        bench.add_address("voip_token", 0, &text);
        bench.certificate = Some(certificate(Some(APP), &[]));
        let push = push(bench).path(format!("/3/device/{}", Apns::address_text(&text)));
        push.with("apns-topic", "com.example.app.voip").with("apns-push-type", "voip")
    };
    let mut gentle = Bench::new();
    let push = voip(&mut gentle).body("x".repeat(5_120));
    let (reply, verdict) = gentle.send_judged(&push);
    assert_eq!(reply, OK);
    let warning = "the client certificate lists no topics, `com.example.app.voip` is taken because \
                   of its UID";
    assert_eq!(verdict.warnings, [warning]);
    let widgets = push.clone().with("apns-topic", "com.example.app.push-type.widgets");
    assert_eq!(gentle.send(&widgets), err(400, "TopicDisallowed"));
    // With a list, what is not in it is refused whatever is chosen.
    certify(&mut gentle, &[("certificate_topics", "com.example.app.complication")]);
    assert_eq!(gentle.send(&push), err(400, "TopicDisallowed"));

    let mut switches = Switches::default();
    switches.set(Apns::ABOUT.switches.iter(), "apns.unlisted-topics", "refused").unwrap();
    let mut strict = Bench::with(&switches);
    let push = voip(&mut strict);
    assert_eq!(strict.send(&push), err(400, "TopicDisallowed"));
}

#[test]
fn the_topic_of_a_certificate_has_to_be_an_app_here() {
    let mut bench = Bench::new();
    bench.register_unknown = true;
    bench.certificate = Some(certificate(Some("com.nobody.app"), &[]));
    let push = bench.push_to("abcd").without("authorization").without("apns-topic");
    assert_eq!(bench.send(&push), err(400, "TopicDisallowed"));
    let cause = "topic `com.nobody.app` of the client certificate is of no app here; add the app";
    assert_eq!(bench.cause(&push), ("topic-allowed", cause.to_owned()));
}

#[test]
fn a_certificate_that_says_nothing_is_turned_away_with_what_it_lacks() {
    let mut bench = Bench::new();
    let list = |content: &'static [u8]| certificate(Some(APP), &[(LIST, content)]);
    let odd = [
        (Bytes::from_static(b"DER"), "the client certificate is not valid X.509"),
        (
            Bytes::from(vec![0x30; 8_193]),
            "the client certificate has 8193 bytes; more than 8192 are not read",
        ),
        (
            certificate(None, &[]),
            "the client certificate has no UID in its subject; the UID is the app's bundle ID",
        ),
        (
            certificate(Some("com.example app"), &[]),
            "the UID `com.example app` in the client certificate's subject is no topic",
        ),
        (
            list(&[2, 1, 7]),
            "the extension 1.2.840.113635.100.6.3.6 of the client certificate does not list topics",
        ),
        (
            certificate(Some(APP), &[(VOIP, &[0x30, 9])]),
            "the extension 1.2.840.113635.100.6.3.4 of the client certificate does not list topics",
        ),
    ];
    for (der, cause) in odd {
        bench.certificate = Some(der);
        let told = format!("the connection ends with GOAWAY BadCertificate: {cause}");
        assert_eq!(bench.turned_away(), (BAD.to_owned(), told));
        assert_eq!(bench.cause(&push(&bench)), ("certificate", cause.to_owned()));
        assert_eq!(bench.send(&push(&bench)), err(403, "BadCertificate"));
    }
}

#[test]
fn the_topics_of_both_extensions_are_read() {
    let voip = [&[0x0c, 20][..], b"com.example.app.voip"].concat();
    let mut list = vec![0x30, 24, 0x0c, 15];
    list.extend(b"com.example.app");
    list.extend([0x30, 5, 0x0c, 3]);
    list.extend(b"app");
    let read = read(&certificate(Some(APP), &[(LIST, &list), (VOIP, &voip)])).unwrap();
    assert_eq!(read.topics[..], ["com.example.app", "com.example.app.voip"]);
    let alone = self::read(&certificate(Some(APP), &[(LIST, &list)])).unwrap();
    assert_eq!((&alone.topics[..], alone.lists), (&["com.example.app".into()][..], true));
}

#[test]
fn what_a_kit_made_says_what_it_was_to_say() {
    let kit: Kit = Bench::new().add_app(APP, &[("certificate_environment", "sandbox")]);
    let der = certificate_of(&kit);
    let read = read(&der).unwrap();
    let expected = Certificate {
        uid: APP.into(),
        common_name: Some(format!("Apple Push Services: {APP}")),
        topics: [APP, "com.example.app.voip", "com.example.app.complication"]
            .map(Into::into)
            .into_iter()
            .collect(),
        lists: true,
        environment: Some(crate::providers::apns::request::Environment::Sandbox),
        begins: START,
        ends: Timestamp::from_seconds(START.seconds() + 395 * 86_400),
        der: Arc::from(&der[..]),
    };
    assert_eq!(read, expected);
}

proptest! {
    #[test]
    fn no_certificate_panics(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(read(&bytes).is_err());
    }

    #[test]
    fn no_damaged_certificate_panics(places in proptest::collection::vec((0..2_000_usize, any::<u8>()), 1..8)) {
        static WHOLE: std::sync::OnceLock<Bytes> = std::sync::OnceLock::new();
        let whole = WHOLE.get_or_init(|| certificate_of(&Bench::new().kit));
        let mut bytes = whole.to_vec();
        for (place, byte) in places {
            let place = place % bytes.len();
            bytes[place] = byte;
        }
        // Whatever it says now, it is read within its bounds.
        if let Ok(certificate) = read(&bytes) {
            prop_assert!(certificate.topics.len() <= 100);
        }
    }
}
