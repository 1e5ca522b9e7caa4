//! Apps, devices and addresses: the commands that change them, and how they are shown.

use super::bad_command::BadCommand;
use super::command::{AddressChange, AppName, Done, NewDevice, Refused};
use super::device_change::DeviceChange;
use super::services::{DeviceSetting, about, abouts, address_bytes, address_text, service_named};
use super::state::World;
use super::view::{AddressView, DeviceView};
use crate::clock::Now;
use crate::post::{AddressId, AppId, DeviceId, Life, NoDevice};
use crate::providers::rim::{Kit, Retirement};
use crate::wire::{ConnectionId, Peer};
use serde_json::{Value, json};

impl World {
    /// All devices, or the page after a device's name.
    ///
    /// # Errors
    /// The name is not a device's.
    pub fn devices(&self, after: Option<&str>, limit: usize) -> Result<Vec<DeviceView>, Refused> {
        let skip = match after {
            Some(name) => self.device_named(name)?.0 as usize + 1,
            None => 0,
        };
        Ok(self.post.devices().skip(skip).take(limit).map(|id| self.device_view(id)).collect())
    }

    /// A device.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn device(&self, name: &str) -> Result<DeviceView, Refused> {
        Ok(self.device_view(self.device_named(name)?))
    }

    /// The addresses that read so at any service; when nothing is said all, from the one on that
    /// came after that number.
    pub fn addresses(
        &self,
        text: Option<&str>,
        after: Option<u32>,
        limit: usize,
    ) -> Vec<AddressView> {
        let Some(text) = text else {
            let skip = after.map_or(0, |after| after as usize + 1);
            let page = self.post.addresses().skip(skip).take(limit);
            return page.map(|id| self.address_view(id)).collect();
        };
        let found = abouts().filter_map(|(service, _)| {
            self.post.find_address(service, &address_bytes(service, text)?)
        });
        found.map(|id| self.address_view(id)).collect()
    }

    /// The address of that number.
    ///
    /// # Errors
    /// There is none.
    pub fn address(&self, number: u32) -> Result<AddressView, Refused> {
        Ok(self.address_view(self.address_numbered(number)?))
    }

    /// All apps: service and id, in the order in which they came.
    pub fn apps(&self) -> Vec<(&'static str, String)> {
        let name = |app: AppId| {
            let (service, name) = self.post.app(app);
            (about(service).name, name.to_owned())
        };
        self.post.apps().map(name).collect()
    }

    /// Whether an app is known or can be taken in.
    ///
    /// # Errors
    /// The provider is unknown, or there are too many apps.
    pub fn room_for_app(&self, provider: &str, name: &str) -> Result<(), Refused> {
        let service = service_named(provider).ok_or_else(|| unknown_provider(provider))?;
        Ok(self.post.room_for_app(service, name)?)
    }

    pub(super) fn add_app(&mut self, provider: &str, kit: &Kit, now: Now) -> Result<Done, Refused> {
        let service = service_named(provider).ok_or_else(|| unknown_provider(provider))?;
        let app = self.post.intern_app(service, &kit.app)?;
        self.services.adopt(app, kit, service, self.order)?;
        Ok(self.note(
            now,
            "app",
            &json!({"provider": provider, "app": kit.app, "values": kit.values}),
        ))
    }

    pub(super) fn add_device(&mut self, new: &NewDevice, now: Now) -> Result<Done, Refused> {
        new.check_name()?;
        if self.post.device_named(&new.name).is_some() {
            return Err(Refused::DeviceExists(new.name.clone()));
        }
        let apps = self.apps_named(&new.apps)?;
        for app in &apps {
            self.fits(new.platform, *app)?;
        }
        self.post.room_for_addresses(apps.len())?;
        let id = self.post.add_device(Some(&new.name), new.platform).map_err(|no| match no {
            NoDevice::Full(full) => Refused::Full(full),
            NoDevice::TakenName(name) => Refused::DeviceExists(name),
        })?;
        self.post.set_connection(id, new.connection, now);
        self.post.set_power(id, new.power, now);
        for app in apps {
            self.with_desk(now, |services, desk| services.register(desk, id, app));
        }
        Ok(self.device_done("device_added", id, now))
    }

    pub(super) fn change_device(
        &mut self,
        name: &str,
        change: &DeviceChange,
        now: Now,
    ) -> Result<Done, Refused> {
        let id = self.device_named(name)?;
        let settings = self.settings(id, change)?;
        // Written before what it sets free, so that the journal tells cause before effect.
        let mut note =
            json!({"device": name, "connection": change.connection, "power": change.power});
        for (provider, wanted) in &change.services {
            note[provider] = wanted.clone();
        }
        self.note(now, "device_changed", &note);
        for setting in settings {
            self.with_desk(now, |services, desk| services.set_device(desk, id, setting));
        }
        if let Some(power) = change.power {
            self.post.set_power(id, power, now);
        }
        if let Some(connection) = change.connection {
            self.post.set_connection(id, connection, now);
        }
        Ok(Done::Device(self.device_view(id)))
    }

    /// What a change says of single services, read by them.
    fn settings(&self, id: DeviceId, change: &DeviceChange) -> Result<Vec<DeviceSetting>, Refused> {
        let read = |(provider, wanted): (&String, &Value)| {
            let service = service_named(provider).ok_or_else(|| unknown_provider(provider))?;
            let setting = self.services.device_setting(service, &self.post, id, wanted);
            setting.map_err(|error| Refused::BadSetting { provider: provider.clone(), error })
        };
        change.services.iter().map(read).collect()
    }

    pub(super) fn install(&mut self, name: &str, app: &AppName, now: Now) -> Result<Done, Refused> {
        let (device, app) = (self.device_named(name)?, self.app_named(app)?);
        self.fits(self.post.device(device).platform, app)?;
        if self.active_addresses(device, app).is_empty() {
            self.post.room_for_addresses(1)?;
            self.with_desk(now, |services, desk| services.register(desk, device, app));
        }
        Ok(self.device_done("installed", device, now))
    }

    pub(super) fn uninstall(
        &mut self,
        name: &str,
        app: &AppName,
        now: Now,
    ) -> Result<Done, Refused> {
        let (device, addresses) = self.installed(name, app)?;
        for address in addresses {
            self.retire(address, Retirement::Uninstalled, now);
        }
        Ok(self.device_done("uninstalled", device, now))
    }

    pub(super) fn rotate(&mut self, name: &str, app: &AppName, now: Now) -> Result<Done, Refused> {
        let (device, old) = self.installed(name, app)?;
        let app = self.app_named(app)?;
        self.post.room_for_addresses(old.len())?;
        let new = self.with_desk(now, |services, desk| services.register(desk, device, app));
        for (old, new) in old.into_iter().zip(new) {
            self.post.link(old, new);
            self.retire(old, Retirement::Rotated(new), now);
        }
        Ok(self.device_done("rotated", device, now))
    }

    pub(super) fn change_address(
        &mut self,
        number: u32,
        change: AddressChange,
        now: Now,
    ) -> Result<Done, Refused> {
        let id = self.address_numbered(number)?;
        match change.state {
            Life::Active => self.post.revive(id),
            Life::Expired => self.retire(id, Retirement::Expired, now),
            Life::Unregistered => self.retire(id, Retirement::Uninstalled, now),
        }
        let view = self.address_view(id);
        self.note(now, "address_changed", &serde_json::to_value(&view).unwrap_or_default());
        Ok(Done::Address(view))
    }

    pub(super) fn app_named(&self, name: &AppName) -> Result<AppId, Refused> {
        let found: Vec<_> = self.post.apps().filter(|app| self.is_called(*app, &name.0)).collect();
        match found[..] {
            [app] => Ok(app),
            [] => Err(Refused::UnknownApp { name: name.0.clone(), near: self.near_app(&name.0) }),
            _ => {
                let full: Vec<_> =
                    found.iter().map(|app| format!("`{}`", self.full_name(*app))).collect();
                Err(Refused::AmbiguousApp(name.0.clone(), full.join(", ")))
            }
        }
    }

    /// Whether a provider, an app and a device are known; an app, to the provider where one is
    /// named. While unknown addresses register themselves, a device that has only a number for a
    /// name may come later and is let pass.
    ///
    /// # Errors
    /// One is not.
    pub fn check_names(
        &self,
        provider: Option<&str>,
        app: Option<&str>,
        device: Option<&str>,
    ) -> Result<(), Refused> {
        let named = |name| service_named(name).ok_or_else(|| unknown_provider(name));
        let service = provider.map(named).transpose()?;
        if let Some(name) = app {
            let of = |app: &AppId| service.is_none_or(|service| self.post.app(*app).0 == service);
            let known: Vec<_> = self.post.apps().filter(of).collect();
            if !known.iter().any(|app| self.post.app(*app).1 == name) {
                let full = known.iter().find(|app| self.full_name(**app) == name);
                let full = full.map(|app| self.post.app(*app).1.to_owned());
                let near = full.or_else(|| self.near_app(name));
                return Err(Refused::UnknownApp { name: name.to_owned(), near });
            }
        }
        let may_come = |name: &str| self.config.register_unknown && crate::post::is_numbered(name);
        match device {
            Some(name) if !may_come(name) => self.device_named(name).map(drop),
            _ => Ok(()),
        }
    }

    fn retire(&mut self, address: AddressId, how: Retirement, now: Now) {
        self.with_desk(now, |services, desk| services.retire(desk, address, how));
    }

    fn device_done(&mut self, event: &str, id: DeviceId, now: Now) -> Done {
        let view = self.device_view(id);
        self.note(now, event, &serde_json::to_value(&view).unwrap_or_default());
        Done::Device(view)
    }

    fn installed(&self, name: &str, app: &AppName) -> Result<(DeviceId, Vec<AddressId>), Refused> {
        let (device, id) = (self.device_named(name)?, self.app_named(app)?);
        let addresses = self.active_addresses(device, id);
        if addresses.is_empty() {
            return Err(Refused::NotInstalled { device: name.to_owned(), app: app.0.clone() });
        }
        Ok((device, addresses))
    }

    fn active_addresses(&self, device: DeviceId, app: AppId) -> Vec<AddressId> {
        let active = |id: &AddressId| {
            let address = self.post.address(*id);
            address.app == app && address.life == Life::Active
        };
        let mut found: Vec<_> = self.post.addresses_of(device).filter(active).collect();
        found.reverse();
        found
    }

    fn apps_named(&self, names: &[AppName]) -> Result<Vec<AppId>, Refused> {
        let mut apps =
            names.iter().map(|name| self.app_named(name)).collect::<Result<Vec<_>, _>>()?;
        let all = apps.len();
        apps.sort_unstable();
        apps.dedup();
        if apps.len() < all {
            return Err(BadCommand::TwoOfAnApp.into());
        }
        Ok(apps)
    }

    fn fits(&self, platform: crate::post::Platform, app: AppId) -> Result<(), Refused> {
        let about = about(self.post.app(app).0);
        if about.platforms.contains(&platform) {
            return Ok(());
        }
        let platform = serde_json::to_value(platform).unwrap_or_default();
        Err(Refused::WrongPlatform {
            platform: platform.as_str().unwrap_or_default().to_owned(),
            provider: about.name.to_owned(),
        })
    }

    fn device_named(&self, name: &str) -> Result<DeviceId, Refused> {
        self.post.device_named(name).ok_or_else(|| Refused::UnknownDevice {
            name: name.to_owned(),
            near: nearest(
                name,
                self.post
                    .devices()
                    .take(MAX_COMPARED)
                    .map(|id| self.post.device_name(id).into_owned()),
            ),
        })
    }

    fn address_numbered(&self, number: u32) -> Result<AddressId, Refused> {
        let found = self.post.find_address_id(number);
        found.ok_or_else(|| Refused::UnknownAddress(number.to_string()))
    }

    fn is_called(&self, app: AppId, name: &str) -> bool {
        self.post.app(app).1 == name || self.full_name(app) == name
    }

    fn full_name(&self, app: AppId) -> String {
        let (service, name) = self.post.app(app);
        format!("{}/{name}", about(service).name)
    }

    fn near_app(&self, name: &str) -> Option<String> {
        nearest(name, self.post.apps().map(|app| self.post.app(app).1.to_owned()))
    }

    fn device_view(&self, id: DeviceId) -> DeviceView {
        let device = self.post.device(id);
        let mut addresses: Vec<_> =
            self.post.addresses_of(id).map(|address| self.address_view(address)).collect();
        addresses.reverse();
        DeviceView {
            name: self.post.device_name(id).into_owned(),
            platform: device.platform,
            connection: device.connection,
            power: device.power,
            addresses,
            services: self
                .services
                .device_states(&self.post, id)
                .map(|(name, state)| (name.to_owned(), state))
                .collect(),
        }
    }

    fn address_view(&self, id: AddressId) -> AddressView {
        let address = self.post.address(id);
        AddressView {
            id: id.0,
            provider: about(address.service).name.to_owned(),
            app: self.post.app(address.app).1.to_owned(),
            device: self.post.device_name(address.device).into_owned(),
            kind: address.kind.to_owned(),
            address: address_text(address.service, self.post.address_text(id)),
            state: address.life,
            ended: (address.life != Life::Active).then_some(address.ended.world),
            link: address.link.map(|link| link.0),
        }
    }
}

/// The refusal of a provider that does not exist, with the name that is most like it.
pub fn unknown_provider(name: &str) -> Refused {
    let known: Vec<_> = abouts().map(|(_, about)| about.name).collect();
    let near = nearest(name, known.iter().map(|name| (*name).to_owned()));
    Refused::UnknownProvider { name: name.to_owned(), known: known.join(", "), near }
}

/// What the journal says of a connection.
pub(super) fn peer_note(id: ConnectionId, peer: &Peer) -> Value {
    json!({
        "connection": id.0,
        "remote": peer.remote.to_string(),
        "local": peer.local.to_string(),
        "profile": peer.profile,
        "protocol": peer.protocol.name(),
        "connect": peer.connect,
        "tls": peer.tls.as_ref().map(|tls| json!({
            "server_name": tls.server_name,
            "alpn": tls.alpn,
            "client_certificates": tls.client_certificates.len(),
        })),
    })
}

/// The known name that is most like a wrong one, if any is like it at all.
pub(super) fn nearest(wrong: &str, known: impl Iterator<Item = String>) -> Option<String> {
    let close = known.map(|name| (strsim::jaro_winkler(wrong, &name), name));
    let best = close.max_by(|(one, _), (two, _)| one.total_cmp(two))?;
    (best.0 > 0.8).then_some(best.1)
}

/// How many names a wrong one is compared with.
const MAX_COMPARED: usize = 1_000;
