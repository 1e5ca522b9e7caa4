//! A sender with one app, one device and a key, in a world of its own.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pushpit_emulator::clock::{Mode, Timestamp};
use pushpit_emulator::control::RealKeys;
use pushpit_emulator::crypto::read_pem;
use pushpit_emulator::post::{Connection, Platform, Power, ServiceId};
use pushpit_emulator::providers::rim::{AppSpec, Kit};
use pushpit_emulator::switch::Switches;
use pushpit_emulator::wire::{ConnectionId, Peer, Reply, Request};
use pushpit_emulator::world::{
    AppName, Command, DeviceChange, Done, Incoming, KeyRing, NewDevice, Prepared, World,
    WorldConfig, fidelity, kit, service_named, switches,
};
use std::collections::{BTreeMap, BTreeSet};

/// The sender.
pub(crate) struct Sender {
    world: World,
    keys: KeyRing,
    service: ServiceId,
    key: Vec<u8>,
    token: String,
    connection: u32,
    reasons: BTreeSet<&'static str>,
}

impl Sender {
    /// A sender, with switches as they usually are or with all that are strict.
    pub(crate) fn new(strict: bool) -> Self {
        let service = service_named("apns").expect("APNs is listed");
        let settings = [("team_id", TEAM), ("key_id", KEY_ID)];
        let settings: BTreeMap<_, _> =
            settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let spec = AppSpec { name: APP.to_owned(), settings };
        let kit = kit(service, &spec, &Kit::default(), &mut RealKeys).expect("settings are right");
        let pem = String::from_utf8_lossy(&kit.files["key_p8"].content).into_owned();
        let mut chosen = Switches::default();
        if strict {
            chosen.set(switches(), "apns", "strict").expect("APNs can be strict");
            // Else the world would hold nothing but what waits.
            chosen.set(switches(), "apns.background-budget", "off").expect("it can be off");
            chosen.set(switches(), "apns.errors-before-goaway", "off").expect("it can be off");
        }
        let config = WorldConfig {
            mode: Mode::Frozen,
            switches: chosen,
            register_unknown: true,
            ..WorldConfig::default()
        };
        let mut world = World::new(config, AT);
        let mut keys = KeyRing::default();
        keys.learn(service, &kit).expect("the kit is ours");
        world
            .apply(Command::AddApp { provider: "apns".to_owned(), kit }, AT)
            .expect("so is the app");
        let device = NewDevice {
            name: DEVICE.to_owned(),
            platform: Platform::Ios,
            apps: vec![AppName(APP.to_owned())],
            connection: Connection::Online,
            power: Power::Normal,
        };
        let Ok(Done::Device(device)) = world.apply(Command::AddDevice(device), AT) else {
            unreachable!("the name is free");
        };
        let reasons = fidelity()
            .flat_map(|(_, sections)| sections)
            .filter(|section| section.title == "Reasons")
            .flat_map(|section| section.rows)
            .filter_map(|row| row.rule)
            .collect();
        Self {
            world,
            keys,
            service,
            key: read_pem(&pem).expect("the kit is ours").1,
            token: device.addresses[0].address.clone(),
            connection: 0,
            reasons,
        }
    }

    /// A provider token of this header and these claims, with a valid signature.
    pub(crate) fn sign(&self, header: &[u8], claims: &[u8], der: bool) -> String {
        let algorithm: &'static EcdsaSigningAlgorithm =
            if der { &ECDSA_P256_SHA256_ASN1_SIGNING } else { &ECDSA_P256_SHA256_FIXED_SIGNING };
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, &self.key).expect("the key is ours");
        let signed =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).expect("it signs");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// A provider token that is accepted.
    pub(crate) fn good_token(&self) -> String {
        let header = format!(r#"{{"alg":"ES256","kid":"{KEY_ID}"}}"#);
        let claims = format!(r#"{{"iss":"{TEAM}","iat":{}}}"#, AT.seconds());
        self.sign(header.as_bytes(), claims.as_bytes(), false)
    }

    /// Sends a push to the device on a connection of its own; gives the status and the reason.
    pub(crate) fn push(&mut self, headers: &[(&str, &[u8])], body: &[u8]) -> Said {
        let path = format!("/3/device/{}", self.token);
        self.send("POST", &path, headers, body)
    }

    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &[u8])],
        body: &[u8],
    ) -> Said {
        let mut request = Request::with_capacity(1_024);
        request.set_method(method.as_bytes());
        request.set_scheme(b"https");
        request.set_authority(b"api.sandbox.push.apple.com");
        request.set_target(path.as_bytes());
        for (name, value) in headers {
            request.push_header(name.as_bytes(), value);
        }
        request.body_length = body.len() as u64;
        request.push_body(&body[..body.len().min(5_120)]);
        let peer = Peer::anybody();
        let prepared = Some(Prepared::new(self.service, &self.keys, &peer, &request));
        self.connection += 1;
        let connection = ConnectionId(self.connection);
        let incoming = Incoming { connection, request, prepared, misdirected: None };
        let reply = self.world.answer(&incoming, AT);
        let closed = Command::ConnectionClosed(connection, String::new());
        self.world.apply(closed, AT).expect("it was open");
        self.said(&reply)
    }

    /// Switches all devices on or off; what waits arrives.
    pub(crate) fn connect(&mut self, connection: Connection) {
        for number in 1.. {
            let change = DeviceChange { connection: Some(connection), ..DeviceChange::default() };
            let name = if number == 1 { DEVICE.to_owned() } else { format!("device-{number}") };
            if self.world.apply(Command::ChangeDevice(name, change), AT).is_err() {
                return;
            }
        }
    }

    /// Reads a reply, which has a reason of the table when it is a rejection.
    fn said(&self, reply: &Reply) -> Said {
        if reply.status < 300 {
            return (reply.status, None);
        }
        let body: serde_json::Value =
            serde_json::from_slice(&reply.body).expect("a rejection has a JSON body");
        let said = body["reason"].as_str().expect("it has a reason");
        let reason = self.reasons.get(said).expect("the reason is one of the table");
        (reply.status, Some(reason))
    }
}

/// The status, and with a rejection the reason.
pub(crate) type Said = (u16, Option<&'static str>);

pub(crate) const APP: &str = "com.example.chat";
pub(crate) const TEAM: &str = "TEAM000001";
pub(crate) const KEY_ID: &str = "KEY0000001";
/// The moment at which all is sent.
pub(crate) const AT: Timestamp = Timestamp::from_seconds(1_700_000_000);
const DEVICE: &str = "phone";
