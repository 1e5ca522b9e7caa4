//! The world as a whole: the same commands give the same journal, one big step equals many small
//! ones, and what the control API shows is what happened.

use super::*;
use crate::clock::{Mode, Timestamp};
use crate::control::RealKeys;
use crate::crypto::{CertificatePlan, MadeCertificate, read_pem, self_signed};
use crate::journal::{Cursor, Limits};
use crate::post::{Connection, Fault, FaultId, Life, Outcome, Platform, Power};
use crate::providers::rim::{AppSpec, KeyMaker, Kit};
use crate::wire::{ConnectionId, Peer, Reply, Request, Tls, Wire};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

mod bound;
mod property;
mod slice;
mod watch;

const APP: &str = "com.example.chat";
const START: i64 = 1_700_000_000;
const DAY: Duration = Duration::from_secs(86_400);

/// A world with one app, and a sender that signs for it.
struct Bench {
    world: World,
    keys: KeyRing,
    at: Timestamp,
    iat: i64,
    /// The connection of the requests that come.
    connection: (ConnectionId, Arc<Peer>),
}

/// Makes keys of real randomness, and certificates that are valid in the tests.
struct Maker;

impl KeyMaker for Maker {
    fn p256(&mut self) -> Vec<u8> {
        RealKeys.p256()
    }

    fn certificate(&mut self, plan: &CertificatePlan) -> MadeCertificate {
        self_signed(plan, &self.p256(), [9; 16], Timestamp::from_seconds(START))
    }
}

/// The app's credentials: made once, since a key is chance that comes from outside.
fn app_kit() -> &'static Kit {
    static KIT: OnceLock<Kit> = OnceLock::new();
    KIT.get_or_init(|| {
        let spec = AppSpec { name: APP.to_owned(), ..AppSpec::default() };
        kit(service_named("apns").unwrap(), &spec, &Kit::default(), &mut Maker).unwrap()
    })
}

/// A provider token, signed once for each `iat`, so that two runs send the same bytes.
fn bearer(iat: i64) -> String {
    static SIGNED: OnceLock<std::sync::Mutex<std::collections::BTreeMap<i64, String>>> =
        OnceLock::new();
    let mut signed = SIGNED.get_or_init(Default::default).lock().unwrap();
    let sign = || {
        let kit = app_kit();
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(kit.values["key_id"].clone());
        let key = EncodingKey::from_ec_pem(&kit.files["key_p8"].content).unwrap();
        let claims = json!({"iss": kit.values["team_id"], "iat": iat});
        format!("bearer {}", jsonwebtoken::encode(&header, &claims, &key).unwrap())
    };
    signed.entry(iat).or_insert_with(sign).clone()
}

fn peer() -> Arc<Peer> {
    Arc::new(Peer::anybody())
}

/// A connection to the service itself, with the app's client certificate or without one.
fn peer_of_service(certified: bool) -> Arc<Peer> {
    let pem = std::str::from_utf8(&app_kit().files["certificate_pem"].content).unwrap();
    let certificate = certified.then(|| read_pem(pem).unwrap().1.into());
    let tls = Tls { client_certificates: certificate.into_iter().collect(), ..Tls::default() };
    let (_, about) = abouts().find(|(_, about)| about.name == "apns").unwrap();
    let peer = (*peer()).clone();
    Arc::new(Peer { profile: about.profile.name, tls: Some(tls), ..peer })
}

impl Bench {
    fn new(config: WorldConfig) -> Self {
        let at = Timestamp::from_seconds(START);
        let mut world = World::new(config, at);
        let mut keys = KeyRing::default();
        keys.learn(service_named("apns").unwrap(), app_kit()).unwrap();
        let provider = "apns".to_owned();
        world.apply(Command::AddApp { provider, kit: app_kit().clone() }, at).unwrap();
        Self { world, keys, at, iat: START, connection: (ConnectionId(1), peer()) }
    }

    fn frozen() -> Self {
        Self::new(WorldConfig { mode: Mode::Frozen, ..WorldConfig::default() })
    }

    fn apply(&mut self, command: Command) -> Result<Done, Refused> {
        self.world.apply(command, self.at)
    }

    fn device(&mut self, name: &str) -> String {
        let new = NewDevice {
            name: name.to_owned(),
            platform: Platform::Ios,
            apps: vec![AppName(APP.to_owned())],
            connection: Connection::Online,
            power: crate::post::Power::Normal,
        };
        match self.apply(Command::AddDevice(new)) {
            Ok(Done::Device(view)) => view.addresses[0].address.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn connect(&mut self, name: &str, connection: Connection) {
        let change = DeviceChange { connection: Some(connection), ..DeviceChange::default() };
        self.apply(Command::ChangeDevice(name.to_owned(), change)).unwrap();
    }

    fn push(&mut self, token: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        self.request(&format!("/3/device/{token}"), headers, body)
    }

    fn request(&mut self, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let incoming = self.incoming(path, headers, body);
        match self.apply(Command::Request(Box::new(incoming))) {
            Ok(Done::Reply(reply)) => reply,
            other => panic!("{other:?}"),
        }
    }

    fn incoming(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Incoming {
        let mut request = Request::with_capacity(512);
        request.set_method(b"POST");
        request.set_scheme(b"https");
        request.set_authority(b"127.0.0.1:7443");
        request.set_target(path.as_bytes());
        request.push_header(b"authorization", bearer(self.iat).as_bytes());
        request.push_header(b"apns-topic", APP.as_bytes());
        for (name, value) in headers {
            request.push_header(name.as_bytes(), value.as_bytes());
        }
        request.push_body(body.as_bytes());
        request.body_length = body.len() as u64;
        let service = service_named("apns").unwrap();
        let (connection, peer) = &self.connection;
        let prepared = Some(Prepared::new(service, &self.keys, peer, &request));
        Incoming { connection: *connection, request, prepared, misdirected: None }
    }

    fn advance(&mut self, by: Duration) {
        self.apply(Command::Advance(Advance { by: Some(by), to: None })).unwrap();
        while self.apply(Command::AdvanceOn).unwrap() == Done::Nothing {}
    }

    fn deliveries(&mut self) -> Vec<DeliveryView> {
        let tail = self.world.tail(Cursor::default());
        deliveries(&tail, &Filter::default(), Cursor::default(), 1_000).items
    }

    fn inbox(&mut self, device: &str) -> Vec<Arrival> {
        let tail = self.world.tail(Cursor::default());
        let filter = Filter { device: Some(device.to_owned()), ..Filter::default() };
        inbox(&tail, &filter, Cursor::default(), 1_000).items
    }

    fn last_request(&mut self) -> RequestView {
        let tail = self.world.tail(Cursor::default());
        requests(&tail, &Filter::default(), 1_000).items.pop().unwrap()
    }

    fn expect(&mut self, expectation: &Value) -> Judgement {
        let expectation = serde_json::from_value(expectation.clone()).unwrap();
        judge(&self.world.tail(Cursor::default()), &expectation)
    }
}

#[test]
fn the_story_of_a_switched_off_iphone() {
    let mut bench = Bench::frozen();
    let token = bench.device("anna");
    bench.connect("anna", Connection::Offline);
    for alert in ["Dinner?", "Dinner at eight"] {
        let body = json!({"aps": {"alert": alert}}).to_string();
        assert_eq!(bench.push(&token, &[], &body).status, 200);
    }
    bench.advance(3 * DAY);
    bench.connect("anna", Connection::Online);
    let outcomes: Vec<_> = bench.deliveries().iter().map(|it| (it.id, it.outcome)).collect();
    assert_eq!(outcomes, [(1, Outcome::Collapsed), (2, Outcome::Delivered)]);
    let arrivals = bench.inbox("anna");
    let got: Vec<_> = arrivals.iter().map(|it| (it.at.to_string(), &it.payload)).collect();
    let alert = json!({"aps": {"alert": "Dinner at eight"}});
    assert_eq!(got, [("2030-01-04T00:00:00Z".to_owned(), &alert)]);
    let judgement = bench.expect(&json!({
        "where": {"of": "deliveries", "device": "anna", "outcome": "collapsed"}, "exactly": 1,
    }));
    assert!(judgement.held, "{judgement:?}");
}

#[test]
fn a_missing_push_is_explained_by_the_rule_that_decided_about_it() {
    let mut bench = Bench::frozen();
    let token = bench.device("anna");
    bench.connect("anna", Connection::Offline);
    bench.push(&token, &[], r#"{"aps":{"alert":"old"}}"#);
    bench.push(&token, &[], r#"{"aps":{"alert":"new"}}"#);
    bench.connect("anna", Connection::Online);
    let judgement = bench.expect(&json!({
        "where": {"device": "anna"}, "exactly": [{"payload": {"aps": {"alert": "old"}}}],
    }));
    assert!(!judgement.held);
    let told = judgement.misses[0].decided_by.clone().unwrap();
    assert!(told.starts_with("delivery 1 with this payload was collapsed"), "{told}");
}

#[test]
fn faults_answer_in_turn_and_then_the_service_does() {
    let mut bench = Bench::frozen();
    let token = bench.device("anna");
    let fault: Fault =
        serde_json::from_value(json!({"match": {"device": "anna"}, "answers": [503, 200, 429]}))
            .unwrap();
    bench.apply(Command::AddFault(fault)).unwrap();
    let statuses: Vec<_> = (0..4).map(|_| bench.push(&token, &[], "{}").status).collect();
    assert_eq!(statuses, [503, 200, 429, 200]);
    assert_eq!(bench.deliveries().len(), 2);
}

#[test]
fn a_connection_fault_loses_the_request_before_it_is_carried_out() {
    let mut bench = Bench::frozen();
    let token = bench.device("anna");
    let fault: Fault = serde_json::from_value(json!({"times": 1, "connection": "drop"})).unwrap();
    bench.apply(Command::AddFault(fault)).unwrap();
    assert_eq!(bench.push(&token, &[], "{}").wire, Wire::Drop);
    assert_eq!(bench.last_request().status, 0);
    assert!(bench.deliveries().is_empty());
    assert_eq!(bench.push(&token, &[], "{}").wire, Wire::Keep);
}

#[test]
fn ageing_breaks_a_token_that_was_there_and_no_new_one() {
    let mut bench = Bench::frozen();
    let token = bench.device("anna");
    assert_eq!(bench.push(&token, &[], "{}").status, 200);
    let age = Age { by: Some(Duration::from_secs(61 * 60)), app: None };
    bench.apply(Command::Age(age)).unwrap();
    assert_eq!(bench.push(&token, &[], "{}").status, 403);
    assert_eq!(bench.last_request().reason.as_deref(), Some("ExpiredProviderToken"));
    bench.at = bench.at.after(Duration::from_secs(2));
    bench.iat += 2;
    assert_eq!(bench.push(&token, &[], "{}").status, 200);
}

#[test]
fn three_days_of_world_time_do_not_hurt_a_healthy_sender() {
    let mut bench = Bench::frozen();
    let token = bench.device("anna");
    bench.advance(3 * DAY);
    assert_eq!(bench.push(&token, &[], "{}").status, 200);
}

#[test]
fn an_uninstall_is_told_in_the_senders_own_time() {
    let mut bench = Bench::frozen();
    let token = bench.device("anna");
    bench.advance(3 * DAY);
    bench.at = bench.at.after(Duration::from_secs(5));
    bench.apply(Command::Uninstall("anna".to_owned(), AppName(APP.to_owned()))).unwrap();
    bench.advance(DAY);
    let reply = bench.push(&token, &[], "{}");
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    let timestamp = (START + 5) * 1_000;
    assert_eq!(body, json!({"reason": "Unregistered", "timestamp": timestamp}));
}

#[test]
fn a_reset_takes_devices_and_history_and_keeps_the_keys() {
    let mut bench = Bench::frozen();
    let before = bench.device("anna");
    let old = bench.world.end();
    bench.apply(Command::Reset).unwrap();
    assert!(bench.world.devices(None, 10).unwrap().is_empty());
    let after = bench.device("anna");
    assert_eq!(before, after, "the same seed gives the same tokens");
    assert_eq!(bench.push(&after, &[], "{}").status, 200);
    assert!(bench.world.end().epoch > old.epoch);
}

#[test]
fn names_that_are_not_known_are_answered_with_the_nearest() {
    let mut bench = Bench::frozen();
    bench.device("anna");
    let change = DeviceChange::default();
    let refused = bench.apply(Command::ChangeDevice("ana".to_owned(), change)).unwrap_err();
    assert_eq!(refused.to_string(), "device `ana` is not known; did you mean `anna`?");
    let app = AppName("com.example.cat".to_owned());
    let refused = bench.apply(Command::Install("anna".to_owned(), app)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "app `com.example.cat` is not known; did you mean `com.example.chat`?"
    );
}
