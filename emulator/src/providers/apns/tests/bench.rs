//! An APNs with one app, one device and one key, and a sender to try it with.

use crate::clock::{Aging, AgingScope, FROZEN_START, Now, Order, Timestamp};
use crate::crypto::{CertificatePlan, MadeCertificate, read_pem, self_signed};
use crate::ids::Ids;
use crate::post::{
    AddressId, AppId, DeviceId, Happening, NewAddress, Outcome, Platform, Post, ServiceId,
};
use crate::providers::apns::{Apns, Keys};
use crate::providers::rim::{
    AppSpec, Desk, KeyMaker, Kit, Service, SettingError, Unwelcome, Verdict,
};
use crate::switch::Switches;
use crate::wire::{ConnectionId, GoAway, Peer, Protocol, Reply, Request, Tls, Wire};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Duration;

pub(super) const SERVICE: ServiceId = ServiceId(3);
pub(super) const APP: &str = "com.example.app";
pub(super) const ID: &str = "eabeae54-14a8-11e5-b60b-1697f925ec7b";
pub(super) const SANDBOX: &str = "api.sandbox.push.apple.com";
pub(super) const PRODUCTION: &str = "api.push.apple.com";
pub(super) const MANAGE_SANDBOX: &str = "api-manage-broadcast.sandbox.push.apple.com";
pub(super) const MANAGE_PRODUCTION: &str = "api-manage-broadcast.push.apple.com";

/// A 200 to a broadcast that brought [`ID`], in the sandbox.
pub(super) const SENT: &str = "200 keep\n\
     apns-request-id: eabeae54-14a8-11e5-b60b-1697f925ec7b\n\
     apns-unique-id: <uuid>\n\n";

/// 2026-09-21T14:13:20Z.
pub(super) const START: Timestamp = Timestamp::from_seconds(1_790_000_000);

/// A 200 to a push that brought [`ID`], in the sandbox.
pub(super) const OK: &str = "200 keep\n\
     apns-id: eabeae54-14a8-11e5-b60b-1697f925ec7b\n\
     apns-unique-id: <uuid>\n\n";

/// A rejection of a push that brought [`ID`], in the sandbox.
pub(super) fn err(status: u16, reason: &str) -> String {
    failed(status, &format!("{{\"reason\":\"{reason}\"}}"))
}

pub(super) fn failed(status: u16, body: &str) -> String {
    format!(
        "{status} keep\ncontent-type: application/json\napns-id: {ID}\n\
         apns-unique-id: <uuid>\n\n{body}"
    )
}

/// The switches, of which some are set.
pub(super) fn chosen(choices: &[(&str, &str)]) -> Switches {
    let mut switches = Switches::default();
    for (name, value) in choices {
        switches.set(Apns::ABOUT.switches.iter(), name, value).unwrap();
    }
    switches
}

pub(super) struct Bench {
    pub(super) post: Post,
    pub(super) apns: Apns,
    pub(super) keys: Keys,
    pub(super) ids: Ids,
    pub(super) aging: Aging,
    pub(super) now: Now,
    pub(super) connection: ConnectionId,
    pub(super) register_unknown: bool,
    /// The client certificate that connections are opened with.
    pub(super) certificate: Option<Bytes>,
    /// The name that is dialed.
    pub(super) dialed: Option<&'static str>,
    pub(super) profile: &'static str,
    pub(super) kit: Kit,
    pub(super) app: AppId,
    pub(super) device: DeviceId,
    pub(super) address: AddressId,
    order: u64,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::with(&Switches::default())
    }

    pub(super) fn with(switches: &Switches) -> Self {
        let mut post = Post::default();
        let apns = Apns::new(&mut post, SERVICE, switches);
        let mut bench = Self {
            apns,
            post,
            keys: Keys::default(),
            ids: Ids::new(7),
            aging: Aging::default(),
            now: Now { world: FROZEN_START, sender: START },
            connection: ConnectionId(1),
            register_unknown: false,
            certificate: None,
            dialed: None,
            profile: "apns",
            kit: Kit::default(),
            app: AppId(0),
            device: DeviceId(0),
            address: AddressId(0),
            order: 0,
        };
        bench.kit = bench.add_app(APP, &[]);
        bench.device = bench.post.add_device(Some("anna"), Platform::Ios).unwrap();
        bench.address = bench.register(bench.device, bench.app);
        bench
    }

    /// Adds an app; its key is the team's, where that has one already.
    pub(super) fn add_app(&mut self, name: &str, settings: &[(&str, &str)]) -> Kit {
        let settings = settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let spec = AppSpec { name: name.to_owned(), settings };
        let kit = Apns::kit(&spec, &self.kit, &mut Maker).unwrap();
        Apns::learn(&mut self.keys, &kit).unwrap();
        let app = self.post.intern_app(SERVICE, name).unwrap();
        self.order += 1;
        self.apns.adopt(app, &kit, Order(self.order)).unwrap();
        kit
    }

    pub(super) fn register(&mut self, device: DeviceId, app: AppId) -> AddressId {
        self.at_desk(|apns, desk| apns.register(desk, device, app))[0]
    }

    pub(super) fn add_address(&mut self, kind: &'static str, realm: u8, text: &[u8]) -> AddressId {
        let (app, device) = (self.app, self.device);
        self.post.add_address(NewAddress { app, device, kind, realm, text }).unwrap()
    }

    pub(super) fn at_desk<T>(&mut self, work: impl FnOnce(&mut Apns, &mut Desk<'_>) -> T) -> T {
        self.order += 1;
        let mut desk = Desk {
            post: &mut self.post,
            ids: &mut self.ids,
            aging: &self.aging,
            now: self.now,
            order: Order(self.order),
            request: self.order,
            connection: self.connection,
            register_unknown: self.register_unknown,
        };
        work(&mut self.apns, &mut desk)
    }

    /// The device token of an address, as a sender writes it.
    pub(super) fn token_of(&self, address: AddressId) -> String {
        Apns::address_text(self.post.address_text(address))
    }

    /// A provider token of the app's team, issued now.
    pub(super) fn jwt(&self) -> String {
        sign(&self.kit, self.now.sender.seconds())
    }

    /// A push that is accepted.
    pub(super) fn push(&self) -> Push {
        self.push_to(&self.token_of(self.address))
    }

    pub(super) fn push_to(&self, token: &str) -> Push {
        let headers = [
            ("authorization", format!("bearer {}", self.jwt())),
            ("apns-id", ID.to_owned()),
            ("apns-push-type", "alert".to_owned()),
            ("apns-topic", APP.to_owned()),
        ];
        Push {
            method: "POST".to_owned(),
            host: SANDBOX.to_owned(),
            path: format!("/3/device/{token}").into(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.into())).into(),
            body: br#"{"aps":{"alert":"Hi"}}"#.to_vec(),
        }
    }

    /// A background push as it should be.
    pub(super) fn silent(&self) -> Push {
        let push = self.push().with("apns-push-type", "background").with("apns-priority", "5");
        push.body(r#"{"aps":{"content-available":1}}"#)
    }

    /// A push with news of the Live Activity on the device.
    pub(super) fn news(&mut self, payload: &str) -> Push {
        let token = [11; 32];
        if self.post.find_address(SERVICE, &token).is_none() {
            self.add_address("liveactivity_token", 0, &token);
        }
        let push = self.push_to(&"0b".repeat(32)).with("apns-push-type", "liveactivity");
        push.with("apns-topic", format!("{APP}.push-type.liveactivity")).body(payload)
    }

    /// Sends such news.
    pub(super) fn send_news(&mut self, payload: &str) -> String {
        let push = self.news(payload);
        self.send(&push)
    }

    /// Sends a push and gives the whole answer, as [`shown`].
    pub(super) fn send(&mut self, push: &Push) -> String {
        self.send_judged(push).0
    }

    pub(super) fn send_judged(&mut self, push: &Push) -> (String, Verdict) {
        let request = push.request();
        let prepared = Apns::prepare(&self.keys, &self.peer(), &request);
        let answer = self.at_desk(|apns, desk| apns.answer(desk, &request, &prepared));
        self.settle();
        (shown(&answer.reply), answer.verdict)
    }

    /// Does what the service itself has to do now; gives in how many steps.
    pub(super) fn settle(&mut self) -> usize {
        let mut steps = 0;
        while self.apns.next_due().is_some_and(|due| due <= self.now.world) {
            self.at_desk(|apns, desk| apns.fall_due(desk));
            steps += 1;
        }
        steps
    }

    /// Sends a push, and leaves undone what is to be done afterwards.
    pub(super) fn only_answer(&mut self, push: &Push) -> Reply {
        let request = push.request();
        let prepared = Apns::prepare(&self.keys, &self.peer(), &request);
        self.at_desk(|apns, desk| apns.answer(desk, &request, &prepared)).reply
    }

    /// Sends a push and gives what it does to its connection: a new stream limit, a GOAWAY's data.
    pub(super) fn told(&mut self, push: &Push) -> (Option<u32>, Option<String>) {
        let reply = self.only_answer(push);
        let limit = reply.settings.and_then(|settings| settings.max_concurrent_streams);
        let debug = match reply.wire {
            Wire::GoAway(go_away) => Some(String::from_utf8(go_away.debug.to_vec()).unwrap()),
            _ => None,
        };
        (limit, debug)
    }

    /// The rule and the cause that a push is turned down for.
    pub(super) fn cause(&mut self, push: &Push) -> (&'static str, String) {
        let (_, verdict) = self.send_judged(push);
        (verdict.rule.unwrap(), verdict.cause.unwrap().into_owned())
    }

    /// What is let pass in an accepted push but should be known.
    pub(super) fn warnings(&mut self, push: &Push) -> Vec<String> {
        let (_, verdict) = self.send_judged(push);
        assert!(verdict.accepted, "{verdict:?}");
        verdict.warnings.into_iter().map(Into::into).collect()
    }

    /// What is set of the device.
    pub(super) fn device_state(&self) -> Option<Value> {
        self.apns.device_state(&self.post, self.device)
    }

    pub(super) fn peer(&self) -> Peer {
        let client_certificates = self.certificate.iter().cloned().collect();
        let server_name = self.dialed.map(str::to_owned);
        Peer {
            remote: ([127, 0, 0, 1], 50_000).into(),
            local: ([127, 0, 0, 1], 7_443).into(),
            profile: self.profile,
            listener: None,
            connect: None,
            tls: Some(Tls { client_certificates, server_name, ..Tls::default() }),
            protocol: Protocol::Http2,
        }
    }

    /// Opens a new connection.
    pub(super) fn open(&mut self) -> Result<(), Unwelcome> {
        self.connection.0 += 1;
        let peer = self.peer();
        self.at_desk(|apns, desk| apns.connection_opened(desk, &peer))
    }

    /// Why a new connection is turned away; all of what it is told is as it should be.
    pub(super) fn turned_away(&mut self) -> (String, String) {
        let Unwelcome { go_away, cause, .. } = self.open().unwrap_err();
        let debug = go_away.debug.clone();
        assert_eq!(go_away, GoAway { debug, ..GoAway::default() });
        (String::from_utf8(go_away.debug.to_vec()).unwrap(), cause)
    }

    /// Moves both clocks, and does what falls due on the way.
    pub(super) fn advance(&mut self, by: Duration) {
        let end = self.now.world.after(by);
        let dues = |bench: &Self| [bench.post.next_due(), bench.apns.next_due()];
        while let Some(due) = dues(self).into_iter().flatten().min().filter(|due| *due <= end) {
            self.now.world = due;
            match self.post.next_due() == Some(due) {
                true => self.post.fall_due(self.now),
                false => self.at_desk(|apns, desk| apns.fall_due(desk)),
            }
        }
        self.now = Now { world: end, sender: self.now.sender.after(by) };
    }

    /// One more device with the app.
    pub(super) fn add_device(&mut self, name: &str) -> DeviceId {
        let device = self.post.add_device(Some(name), Platform::Ios).unwrap();
        self.register(device, self.app);
        device
    }

    /// A request about the app's channels in the sandbox.
    pub(super) fn channels(&self, method: &str) -> Push {
        Push {
            method: method.to_owned(),
            host: MANAGE_SANDBOX.to_owned(),
            path: format!("/1/apps/{APP}/channels").into(),
            headers: self.broadcaster(),
            body: Vec::new(),
        }
    }

    /// A request that makes a channel with a storage policy.
    pub(super) fn new_channel(&self, policy: u8) -> Push {
        let body = json!({"message-storage-policy": policy, "push-type": "LiveActivity"});
        self.channels("POST").body(body.to_string())
    }

    /// Makes a channel, and gives its id as the sender reads it.
    pub(super) fn create(&mut self, policy: u8) -> String {
        channel_id(&self.send(&self.new_channel(policy)))
    }

    /// A message to a channel that is accepted.
    pub(super) fn broadcast(&self, channel: &str) -> Push {
        let push = Push {
            method: "POST".to_owned(),
            host: "api-broadcast.sandbox.push.apple.com".to_owned(),
            path: format!("/4/broadcasts/apps/{APP}").into(),
            headers: self.broadcaster(),
            body: br#"{"aps":{"event":"update","content-state":{"score":1}}}"#.to_vec(),
        };
        push.with("apns-channel-id", channel).with("apns-push-type", "liveactivity")
    }

    fn broadcaster(&self) -> Vec<(String, Vec<u8>)> {
        let bearer = format!("bearer {}", self.jwt());
        vec![
            ("authorization".to_owned(), bearer.into_bytes()),
            ("apns-request-id".to_owned(), ID.as_bytes().to_vec()),
        ]
    }

    /// Sets what only APNs knows of a device.
    pub(super) fn set(&mut self, device: DeviceId, wanted: &Value) -> Result<(), SettingError> {
        let setting = self.apns.device_setting(&self.post, device, wanted)?;
        self.at_desk(|apns, desk| apns.set_device(desk, device, setting));
        Ok(())
    }

    /// Lets a device follow these channels and no others.
    pub(super) fn follow(&mut self, device: DeviceId, channels: &[&str]) {
        self.set(device, &json!({"channels": channels})).unwrap();
    }

    pub(super) fn age(&mut self, by: Duration) {
        self.order += 1;
        self.aging.age(AgingScope::All, by, self.now.sender, Order(self.order));
    }

    /// What happened to deliveries since the last call: which push, what, why.
    pub(super) fn deliveries(&mut self) -> Vec<(u64, Outcome, &'static str)> {
        let mut happenings = Vec::from_iter(self.post.take_happenings());
        for happening in &mut happenings {
            let got = happening.got();
            if let Some(why) =
                got.and_then(|(id, payload)| self.apns.arrives(&self.post, id, payload))
            {
                happening.drop_for(why);
            }
        }
        let told = |happening| match happening {
            Happening::Delivery { delivery, outcome, reason, .. } => (delivery.0, outcome, reason),
            other => panic!("APNs makes no {other:?}"),
        };
        happenings.into_iter().map(told).collect()
    }
}

/// The id in the answer to a channel that was made.
pub(super) fn channel_id(answer: &str) -> String {
    let id = answer.lines().find_map(|line| line.strip_prefix("apns-channel-id: "));
    id.expect("a channel was made").to_owned()
}

/// A rejection of a request to or about a channel that brought [`ID`].
pub(super) fn broadcast_err(status: u16, reason: &str) -> String {
    let body = format!("{{\"reason\":\"{reason}\"}}");
    told(status, &body)
}

/// An answer with a body to a request about channels that brought [`ID`].
pub(super) fn told(status: u16, body: &str) -> String {
    format!("{status} keep\ncontent-type: application/json\napns-request-id: {ID}\n\n{body}")
}

/// A request to be.
#[derive(Clone, Debug)]
pub(super) struct Push {
    pub(super) method: String,
    pub(super) host: String,
    pub(super) path: Vec<u8>,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Vec<u8>,
}

impl Push {
    /// The push with a header in place of the one of that name.
    pub(super) fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self = self.without(name);
        self.and(name, value)
    }

    /// The push with one more header.
    pub(super) fn and(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(present, _)| present != name);
        self
    }

    pub(super) fn bearing(self, token: &str) -> Self {
        self.with("authorization", format!("bearer {token}"))
    }

    pub(super) fn path(mut self, path: impl AsRef<[u8]>) -> Self {
        self.path = path.as_ref().to_vec();
        self
    }

    pub(super) fn host(mut self, host: &str) -> Self {
        host.clone_into(&mut self.host);
        self
    }

    pub(super) fn method(mut self, method: &str) -> Self {
        method.clone_into(&mut self.method);
        self
    }

    pub(super) fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    pub(super) fn request(&self) -> Request {
        let mut request = Request::with_capacity(512);
        request.set_method(self.method.as_bytes());
        request.set_scheme(b"https");
        request.set_authority(self.host.as_bytes());
        request.set_target(&self.path);
        for (name, value) in &self.headers {
            request.push_header(name.as_bytes(), value);
        }
        request.body_length = self.body.len() as u64;
        let kept = self.body.len().min(Apns::body_ceiling(&request));
        request.push_body(&self.body[..kept]);
        request
    }
}

/// A whole reply as text; the identifier that only the service knows is named, if it is one.
pub(super) fn shown(reply: &Reply) -> String {
    let wire = match reply.wire {
        Wire::Keep if reply.delay.is_none() => "keep",
        _ => "something else",
    };
    let mut text = format!("{} {wire}\n", reply.status);
    for (name, value) in &reply.headers {
        let value = std::str::from_utf8(value.as_bytes()).unwrap();
        let lower = value == value.to_ascii_lowercase() && uuid::Uuid::try_parse(value).is_ok();
        let value = if *name == "apns-unique-id" && lower { "<uuid>" } else { value };
        writeln!(text, "{name}: {value}").unwrap();
    }
    text + "\n" + std::str::from_utf8(&reply.body).unwrap()
}

/// A provider token by an independent hand: raw signature, URL alphabet, no padding.
pub(super) fn sign(kit: &Kit, issued: i64) -> String {
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::ES256);
    header.kid = Some(kit.values["key_id"].clone());
    let claims = json!({"iss": kit.values["team_id"], "iat": issued});
    let key = jsonwebtoken::EncodingKey::from_ec_pem(&kit.files["key_p8"].content).unwrap();
    jsonwebtoken::encode(&header, &claims, &key).unwrap()
}

/// How [`write_token`] writes.
#[derive(Clone, Copy)]
pub(super) struct Hand {
    pub(super) der: bool,
    pub(super) standard: bool,
}

pub(super) const PLAIN_HAND: Hand = Hand { der: false, standard: false };

/// A provider token of any content, signed with a kit's key.
pub(super) fn write_token(kit: &Kit, hand: Hand, header: &Value, claims: &Value) -> String {
    let encode = |bytes: &[u8]| match hand.standard {
        true => STANDARD.encode(bytes),
        false => URL_SAFE_NO_PAD.encode(bytes),
    };
    let signed = format!(
        "{}.{}",
        encode(header.to_string().as_bytes()),
        encode(claims.to_string().as_bytes())
    );
    let algorithm =
        if hand.der { &ECDSA_P256_SHA256_ASN1_SIGNING } else { &ECDSA_P256_SHA256_FIXED_SIGNING };
    let pem = String::from_utf8(kit.files["key_p8"].content.clone()).unwrap();
    let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, &STANDARD.decode(der).unwrap()).unwrap();
    let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
    format!("{signed}.{}", encode(signature.as_ref()))
}

/// The client certificate of a kit.
pub(super) fn certificate_of(kit: &Kit) -> Bytes {
    let pem = String::from_utf8(kit.files["certificate_pem"].content.clone()).unwrap();
    read_pem(&pem).unwrap().1.into()
}

pub(super) struct Maker;

impl KeyMaker for Maker {
    fn p256(&mut self) -> Vec<u8> {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap().as_ref().to_vec()
    }

    fn certificate(&mut self, plan: &CertificatePlan) -> MadeCertificate {
        self_signed(plan, &self.p256(), [7; 16], START)
    }
}
