//! What `${…}` stands for while a scenario runs, and the variables that senders get.

use crate::scenario::Scenario;
use crate::scenario::substitute::Lookup;
use pushpit_emulator::world::{AddressView, DeviceView};
use std::collections::BTreeMap;

/// Names and their values, as they are now.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    values: BTreeMap<String, String>,
}

impl Lookup for Names {
    fn look_up(&self, name: &str) -> Option<String> {
        self.values.get(name).cloned()
    }
}

impl Names {
    /// Sets what a name stands for.
    pub(super) fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.values.insert(name.into(), value.into());
    }

    /// Sets what a device's newest addresses are: `devices.NAME.APP.token`, and by their own kind.
    pub(super) fn set_device(&mut self, device: &DeviceView, scenario: &Scenario) {
        for address in &device.addresses {
            let Some(app) = app_name(scenario, address) else { continue };
            let prefix = format!("devices.{}.{app}", device.name);
            self.set(format!("{prefix}.id"), address.id.to_string());
            for word in ["address", "token", &address.kind] {
                self.set(format!("{prefix}.{word}"), &address.address);
            }
        }
    }
}

/// The scenario's name for the app of an address.
fn app_name<'a>(scenario: &'a Scenario, address: &AddressView) -> Option<&'a str> {
    let is_it = |provider: &str, id: &str| provider == address.provider && id == address.app;
    let found = scenario
        .apps
        .iter()
        .find(|(_, app)| app.id().is_some_and(|(_, id)| is_it(&app.provider.value, &id.value)));
    found.map(|(name, _)| name.value.as_str())
}
