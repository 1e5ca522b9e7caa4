//! The rim: all that the emulator needs to know of a service.
//!
//! Nothing of a protocol is abstracted here: there is no common request, reason or priority. A
//! service turns a request into something of its own without any state ([`Service::prepare`]), and
//! then that into an answer, with the state, under the world's lock ([`Service::answer`]).

use crate::clock::{Aging, Now, Order, Timestamp};
use crate::crypto::{CertificatePlan, MadeCertificate};
use crate::fidelity::Section;
use crate::ids::Ids;
use crate::post::{AddressId, AppId, DeviceId, FaultReply, Platform, Post, ServiceId};
use crate::switch::{Switch, Switches};
use crate::wire::{ConnectionId, ConnectionProfile, GoAway, Peer, Reply, Request};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// One provider or hub.
pub trait Service: Sized + Send {
    /// What `prepare` needs to check credentials: a snapshot that is shared and replaced whole.
    type Keys: Clone + Default + Send + Sync;
    /// A request of this service, parsed and with its signatures checked.
    type Prepared: Send;
    /// A change of what only this service knows of a device; `()` where there is nothing.
    type DeviceSetting;

    /// What it is, where it listens, how its connections behave.
    const ABOUT: About;

    /// The service at the start; it tells the post office its offline policies, and keeps the
    /// number under which the post office knows its apps and addresses, and what was chosen.
    fn new(post: &mut Post, service: ServiceId, switches: &Switches) -> Self;

    /// How its connections behave, as it was chosen.
    fn profile(switches: &Switches) -> ConnectionProfile {
        let _ = switches;
        Self::ABOUT.profile
    }

    /// Forgets devices, connections and whatever else a reset takes; keeps apps and keys.
    fn reset(&mut self);

    /// Makes the credentials of an app, where the app brings none of its own.
    ///
    /// # Errors
    /// The settings are unknown or contradict each other.
    fn kit(spec: &AppSpec, existing: &Kit, maker: &mut dyn KeyMaker) -> Result<Kit, SpecError>;

    /// Takes a credential out of an app's kit, by a word of [`About::credentials`], so that
    /// [`Service::kit`] makes another; whether there is such a word.
    fn shed(kit: &mut Kit, credential: &str) -> bool;

    /// Adds an app's keys to the snapshot.
    ///
    /// # Errors
    /// A setting is missing, unknown or cannot be read.
    fn learn(keys: &mut Self::Keys, kit: &Kit) -> Result<(), SpecError>;

    /// Adds an app to the state, as of a command.
    ///
    /// # Errors
    /// A setting is missing, unknown or cannot be read.
    fn adopt(&mut self, app: AppId, kit: &Kit, order: Order) -> Result<(), SpecError>;

    /// Revokes one of an app's credentials, by a word of [`About::credentials`]; gives which, for a
    /// person to read.
    fn revoke(&mut self, app: AppId, credential: &str) -> Option<String>;

    /// How many bytes of the body are worth keeping for this request.
    fn body_ceiling(request: &Request) -> usize;

    /// Parses a request and checks its signatures. Reads no state, takes no lock of the world.
    fn prepare(keys: &Self::Keys, peer: &Peer, request: &Request) -> Self::Prepared;

    /// Decides about a prepared request and submits what it accepts to the post office.
    fn answer(
        &mut self,
        desk: &mut Desk<'_>,
        request: &Request,
        prepared: &Self::Prepared,
    ) -> Answer;

    /// The reply that a fault asks for, in the service's own shape, and the reason that it gives.
    fn fault_reply(desk: &mut Desk<'_>, request: &Request, fault: &FaultReply) -> FaultedReply;

    /// Gives an app on a device its address (or addresses, the first is the main one).
    fn register(&mut self, desk: &mut Desk<'_>, device: DeviceId, app: AppId) -> Vec<AddressId>;

    /// Ends an address's life.
    fn retire(&mut self, desk: &mut Desk<'_>, address: AddressId, how: Retirement);

    /// Whether what somebody wants of what only this service knows of a device can be read at all,
    /// whatever apps and devices there are.
    ///
    /// # Errors
    /// A key is unknown or a value wrong.
    fn check_device_setting(wanted: &Value) -> Result<(), SettingError> {
        let _ = wanted;
        Err(SettingError::none())
    }

    /// Reads what somebody wants of what only this service knows of a device. Changes nothing.
    ///
    /// # Errors
    /// A key is unknown or a value wrong.
    fn device_setting(
        &self,
        post: &Post,
        device: DeviceId,
        wanted: &Value,
    ) -> Result<Self::DeviceSetting, SettingError> {
        let _ = (post, device, wanted);
        Err(SettingError::none())
    }

    /// Changes what only this service knows of a device, as it was read just before.
    fn set_device(&mut self, desk: &mut Desk<'_>, device: DeviceId, setting: Self::DeviceSetting) {
        let _ = (desk, device, setting);
    }

    /// What only this service knows of a device, in the shape in which it is set, where there is
    /// something to tell.
    fn device_state(&self, post: &Post, device: DeviceId) -> Option<Value> {
        let _ = (post, device);
        None
    }

    /// An address's bytes as a sender writes them.
    fn address_text(bytes: &[u8]) -> String;

    /// The bytes by which the address that a sender writes so is looked up.
    fn address_bytes(text: &str) -> Option<Vec<u8>>;

    /// The app and the device that a prepared request is about, as far as they are known.
    fn scene(
        post: &Post,
        service: ServiceId,
        prepared: &Self::Prepared,
    ) -> (Option<AppId>, Option<DeviceId>);

    /// What of a request a person who reads a device's inbox wants to know, such as a priority.
    fn attributes(headers: &[(String, String)]) -> Attributes;

    /// A connection stands that was opened to this service; nothing has been asked on it yet.
    ///
    /// # Errors
    /// The service does not want it, and ends it before it takes any request.
    fn connection_opened(&mut self, desk: &mut Desk<'_>, peer: &Peer) -> Result<(), Unwelcome> {
        let _ = (desk, peer);
        Ok(())
    }

    /// The connection is gone; whatever was bound to it goes too.
    fn connection_closed(&mut self, connection: ConnectionId);

    /// The next moment at which the service itself has something to do.
    fn next_due(&self) -> Option<Timestamp> {
        None
    }

    /// What waited gets to its device now; why that does nothing with it, if so.
    fn arrives(&mut self, post: &Post, address: AddressId, payload: &[u8]) -> Option<&'static str> {
        let _ = (post, address, payload);
        None
    }

    /// Does what is due at `desk.now`.
    fn fall_due(&mut self, desk: &mut Desk<'_>) {
        let _ = desk;
    }
}

/// What a reader of an inbox wants to know of a request, by name.
pub type Attributes = BTreeMap<&'static str, String>;

/// What a service is, as data.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The word for it in files, in the API and on the page.
    pub name: &'static str,
    /// What its apps are called by, such as `bundle_id`.
    pub app_key: &'static str,
    /// The id of the app that stands ready when nothing is configured.
    pub demo_app: &'static str,
    /// The kinds of device that can be reached through it.
    pub platforms: &'static [Platform],
    /// Host names that are its own: exact, or `*.` and a suffix.
    pub hosts: &'static [&'static str],
    /// Path prefixes by which it is found under a name that is nobody's.
    pub paths: &'static [&'static str],
    /// Ports that senders dial on those hosts, for CONNECT.
    pub ports: &'static [u16],
    /// Names of listeners bound to it: its own, and one for each environment it has.
    pub listeners: &'static [&'static str],
    /// How its connections behave when nothing else is chosen.
    pub profile: ConnectionProfile,
    /// What can be chosen.
    pub switches: &'static [Switch],
    /// What is emulated and how sure that is, part by part.
    pub fidelity: fn() -> Vec<Section>,
    /// The kinds of credentials that can be revoked.
    pub credentials: &'static [&'static str],
}

/// What a service works with while the world's lock is held.
pub struct Desk<'a> {
    /// Devices, addresses, queues.
    pub post: &'a mut Post,
    /// Seeded identifiers.
    pub ids: &'a mut Ids,
    /// How much older credentials have been made on purpose.
    pub aging: &'a Aging,
    /// The instant.
    pub now: Now,
    /// This command's place in the order of all commands.
    pub order: Order,
    /// The number under which the request is journalled.
    pub request: u64,
    /// The connection.
    pub connection: ConnectionId,
    /// Whether an unknown but well-formed address becomes an online device.
    pub register_unknown: bool,
}

/// A service's decision.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What goes on the wire.
    pub reply: Reply,
    /// What was decided, and why.
    pub verdict: Verdict,
}

/// What a fault answers, and the reason that the sender reads in it.
pub type FaultedReply = (Reply, Option<Cow<'static, str>>);

/// Accepted, or rejected with the provider's own reason, and our cause in plain words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the request was accepted.
    pub accepted: bool,
    /// The provider's reason, such as `BadDeviceToken`.
    pub reason: Option<Cow<'static, str>>,
    /// The name of the rule that decided.
    pub rule: Option<&'static str>,
    /// Why, so that a person can act on it: `signature valid, but iat is 63 min old`.
    pub cause: Option<Cow<'static, str>>,
    /// Things that were let pass but should be known: a guess that was used, a gentle default.
    pub warnings: Vec<Cow<'static, str>>,
}

/// Why a service does not want a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwelcome {
    /// What the connection is ended with.
    pub go_away: GoAway,
    /// What is wrong, so that a person can act on it.
    pub cause: String,
    /// What to do about it.
    pub help: &'static str,
}

/// How an address ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retirement {
    /// The provider let it run out.
    Expired,
    /// Another address took its place on the same device.
    Rotated(AddressId),
    /// The app was removed.
    Uninstalled,
}

/// An app as somebody asks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppSpec {
    /// Its id at the service, such as the bundle ID.
    pub name: String,
    /// The service's own settings, such as `team_id`.
    pub settings: BTreeMap<String, String>,
}

/// An app's credentials: values to name, and files in the formats that the real consoles hand out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kit {
    /// The app's id.
    pub app: String,
    /// Plain values by key, such as `key_id`.
    pub values: BTreeMap<&'static str, String>,
    /// Files by key, such as `key_p8`.
    pub files: BTreeMap<&'static str, KitFile>,
}

/// A file of a kit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KitFile {
    /// Its name, unique among all kits of the service that differ.
    pub name: String,
    /// Its content.
    pub content: Vec<u8>,
}

/// Makes keys; the randomness lives at the edge.
pub trait KeyMaker {
    /// A new P-256 private key in PKCS#8 DER.
    fn p256(&mut self) -> Vec<u8>;

    /// A new client certificate with a key of its own, valid from now on.
    fn certificate(&mut self, plan: &CertificatePlan) -> MadeCertificate;
}

/// A setting of an app is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("app `{app}`: {what}")]
pub struct SpecError {
    /// The app.
    pub app: String,
    /// The setting that is wrong; `None` when it is the app's id.
    pub setting: Option<String>,
    /// What is wrong, with what was expected.
    pub what: String,
    /// What to do.
    pub help: String,
}

/// What somebody wants of a device's settings at one service is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct SettingError {
    /// What is wrong, with what was expected.
    pub what: String,
    /// What to do.
    pub help: String,
}

impl SettingError {
    fn none() -> Self {
        Self {
            what: "devices have no settings of this provider".to_owned(),
            help: "take the provider's key away".to_owned(),
        }
    }
}
