//! The Apple Push Notification service: `POST /3/device/<token>` over HTTP/2.
//!
//! The facts are in the sheet `protocols/apns.md`; the tests carry its case numbers.

mod activity;
mod answer;
mod auth;
mod binding;
mod broadcast;
mod budget;
mod certificate;
mod connection;
mod content;
mod device;
mod edge;
mod fidelity;
mod handset;
mod kit;
mod offline;
mod rate;
mod request;
mod rules;
mod source;
mod state;
mod switches;
#[cfg(test)]
mod tests;
mod topic;

pub use auth::Keys;
pub use broadcast::Broadcast;
pub use handset::Setting;
pub use request::Push;

use crate::clock::{Order, Timestamp};
use crate::ids::Purpose;
use crate::post::{
    AddressId, AppId, DeviceId, FaultReply, Life, NewAddress, Platform, Post, ServiceId,
};
use crate::providers::rim::{
    About, Answer, AppSpec, Desk, FaultedReply, KeyMaker, Kit, Retirement, Service, SettingError,
    SpecError, Unwelcome,
};
use crate::switch::Switches;
use crate::wire::{ConnectionId, ConnectionProfile, Peer, Request};
use certificate::Certificate;
use connection::Conduct;
use serde_json::Value;
use smallvec::SmallVec;
use state::State;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The service.
#[derive(Debug)]
pub struct Apns {
    state: State,
}

/// A request, parsed, its provider token verified.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "there are many pushes, which need no room of their own, and few broadcasts"
)]
pub enum Asked {
    /// To a channel, or about channels.
    Broadcast(Box<Broadcast>),
    /// To a device.
    Push(Push),
}

impl Service for Apns {
    type Keys = Keys;
    type Prepared = Asked;
    type DeviceSetting = Setting;

    const ABOUT: About = About {
        name: "apns",
        app_key: kit::BUNDLE_ID,
        demo_app: "com.example.app",
        platforms: &[
            Platform::Ios,
            Platform::IpadOs,
            Platform::MacOs,
            Platform::TvOs,
            Platform::VisionOs,
            Platform::WatchOs,
        ],
        hosts: &[
            "api.push.apple.com",
            "api.sandbox.push.apple.com",
            "api.development.push.apple.com",
            "api-broadcast.push.apple.com",
            "api-broadcast.sandbox.push.apple.com",
            "api-manage-broadcast.push.apple.com",
            "api-manage-broadcast.sandbox.push.apple.com",
        ],
        paths: &["/3/device", "/4/broadcasts", "/1/apps"],
        ports: &[443, 2197, 2195, 2196],
        listeners: &["apns", "apns-production", "apns-sandbox"],
        profile: connection::PROFILE,
        switches: switches::SWITCHES,
        fidelity: fidelity::sections,
        credentials: &[CERTIFICATE, KEY],
    };

    fn new(post: &mut Post, service: ServiceId, switches: &Switches) -> Self {
        let conduct = Conduct::chosen(switches);
        Self { state: State::new(service, post.adopt_policy(offline::policy()), conduct) }
    }

    fn profile(switches: &Switches) -> ConnectionProfile {
        connection::profile(switches)
    }

    fn reset(&mut self) {
        self.state.reset();
    }

    fn kit(spec: &AppSpec, existing: &Kit, maker: &mut dyn KeyMaker) -> Result<Kit, SpecError> {
        kit::make(spec, existing, maker)
    }

    fn shed(kit: &mut Kit, credential: &str) -> bool {
        match credential {
            CERTIFICATE => kit::shed_certificate(kit),
            KEY => kit::shed_key(kit),
            _ => return false,
        }
        true
    }

    fn learn(keys: &mut Keys, kit: &Kit) -> Result<(), SpecError> {
        kit::learn(keys, kit)
    }

    fn adopt(&mut self, app: AppId, kit: &Kit, order: Order) -> Result<(), SpecError> {
        let (team, issued) = (kit::value(kit, kit::TEAM_ID)?, kit::issued(kit, order)?);
        self.state.adopt(&kit.app, app, team, issued, kit::broadcasts(kit));
        Ok(())
    }

    fn revoke(&mut self, app: AppId, credential: &str) -> Option<String> {
        match credential {
            CERTIFICATE => {
                self.state.revoke_certificate(app).map(|()| "its certificate".to_owned())
            }
            KEY => self.state.revoke_key(app).map(|id| format!("key `{id}`")),
            _ => None,
        }
    }

    fn body_ceiling(_: &Request) -> usize {
        usize::try_from(request::MAX_VOIP_PAYLOAD).unwrap_or(usize::MAX)
    }

    fn prepare(keys: &Keys, peer: &Peer, request: &Request) -> Asked {
        match broadcast::takes(request.path()) {
            true => Asked::Broadcast(Box::new(Broadcast::read(keys, peer, request))),
            false => Asked::Push(Push::read(keys, peer, request)),
        }
    }

    fn answer(&mut self, desk: &mut Desk<'_>, request: &Request, asked: &Asked) -> Answer {
        match asked {
            Asked::Broadcast(asked) => broadcast::answer(&mut self.state, desk, request, asked),
            Asked::Push(push) => answer::answer(&mut self.state, desk, request, push),
        }
    }

    fn fault_reply(desk: &mut Desk<'_>, request: &Request, fault: &FaultReply) -> FaultedReply {
        edge::fault(desk, request, fault)
    }

    fn register(&mut self, desk: &mut Desk<'_>, device: DeviceId, app: AppId) -> Vec<AddressId> {
        let mut text = [0; TOKEN_BYTES];
        desk.ids.fill(Purpose::Address, &mut text);
        let realm = self.state.handsets.realm(device, app);
        let address = NewAddress { app, device, kind: topic::PLAIN, realm, text: &text };
        desk.post.add_address(address).into_iter().collect()
    }

    fn retire(&mut self, desk: &mut Desk<'_>, address: AddressId, how: Retirement) {
        let life = match how {
            Retirement::Expired => Life::Expired,
            Retirement::Rotated(next) => {
                desk.post.link(address, next);
                Life::Unregistered
            }
            Retirement::Uninstalled => {
                let gone = desk.post.address(address);
                if gone.kind == topic::PLAIN {
                    self.state.channels.leave_app(gone.device, gone.app);
                    self.state.handsets.forget(gone.device, gone.app);
                }
                Life::Unregistered
            }
        };
        self.state.activities.forget(address);
        self.state.budgets.forget(address);
        desk.post.retire(address, life, desk.now);
    }

    fn check_device_setting(wanted: &Value) -> Result<(), SettingError> {
        handset::check(wanted)
    }

    fn device_setting(
        &self,
        post: &Post,
        device: DeviceId,
        wanted: &Value,
    ) -> Result<Setting, SettingError> {
        handset::read(&self.state, post, device, wanted)
    }

    fn set_device(&mut self, desk: &mut Desk<'_>, device: DeviceId, setting: Setting) {
        handset::set(&mut self.state, desk, device, setting);
    }

    fn device_state(&self, post: &Post, device: DeviceId) -> Option<Value> {
        handset::state_of(&self.state, post, device)
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.state.fan_outs.next_due().into_iter().chain(self.state.budgets.next_due()).min()
    }

    fn fall_due(&mut self, desk: &mut Desk<'_>) {
        match self.state.budgets.take_due(desk.now.world) {
            Some(address) => handset::let_go(&mut self.state, desk, address),
            None => self.state.go_on(desk),
        }
    }

    fn arrives(&mut self, post: &Post, address: AddressId, payload: &[u8]) -> Option<&'static str> {
        device::arrives(&mut self.state, post, address, payload)
    }

    fn address_text(bytes: &[u8]) -> String {
        bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(hex_digit).collect()
    }

    fn address_bytes(text: &str) -> Option<Vec<u8>> {
        request::read_hex(text.as_bytes()).map(SmallVec::into_vec)
    }

    fn scene(post: &Post, service: ServiceId, asked: &Asked) -> (Option<AppId>, Option<DeviceId>) {
        let push = match asked {
            Asked::Push(push) => push,
            Asked::Broadcast(asked) => {
                return (asked.bundle().and_then(|app| post.find_app(service, app)), None);
            }
        };
        let app = push.topic().and_then(|topic| {
            let bundle = || topic::split(topic).map(|(bundle, ..)| bundle);
            post.find_app(service, topic).or_else(|| post.find_app(service, bundle()?))
        });
        let address = push.device_token().and_then(|bytes| post.find_address(service, bytes));
        (app, address.map(|address| post.address(address).device))
    }

    fn attributes(headers: &[(String, String)]) -> BTreeMap<&'static str, String> {
        let named = |(name, value): &(String, String)| {
            let (_, short) = ATTRIBUTES.iter().find(|(header, _)| header == name)?;
            Some((*short, value.clone()))
        };
        headers.iter().filter_map(named).collect()
    }

    fn connection_opened(&mut self, desk: &mut Desk<'_>, peer: &Peer) -> Result<(), Unwelcome> {
        let Some(der) = auth::leaf(peer) else { return Ok(()) };
        let read = Certificate::read(&Arc::from(der));
        let environment = request::dialed(peer);
        rules::at_the_door(read.as_ref(), environment, &self.state, desk)
            .map_err(connection::turned_away)?;
        self.state.admit(desk.connection);
        Ok(())
    }

    fn connection_closed(&mut self, connection: ConnectionId) {
        self.state.unbind(connection);
    }
}

fn hex_digit(half: u8) -> char {
    char::from(if half < 10 { b'0' + half } else { b'a' + half - 10 })
}

/// The size of the tokens that we hand out: the usual one. [client] pushy, APNSwift
const TOKEN_BYTES: usize = 32;

/// What of an app can be revoked: a client certificate of its own, and its team's key.
const CERTIFICATE: &str = "certificate";
const KEY: &str = "key";

/// The headers that an inbox shows, and how it calls them.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("apns-channel-id", "channel-id"),
    ("apns-collapse-id", "collapse-id"),
    ("apns-expiration", "expiration"),
    ("apns-priority", "priority"),
    ("apns-push-type", "push-type"),
    ("apns-topic", "topic"),
];
