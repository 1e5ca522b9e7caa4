//! The push services that scenarios may name: the emulator's own list.

use crate::scenario::Provider;
use pushpit_emulator::control::check_app;
use pushpit_emulator::providers::rim::{About, SettingError};
use pushpit_emulator::world::{abouts, check_device_setting, service_named};
use serde_json::Value;

/// All of them, as a check wants to know them.
pub fn providers() -> Vec<Provider<'static>> {
    let provider = |about: &'static About| Provider {
        name: about.name,
        app_key: about.app_key,
        credentials: about.credentials,
        listeners: about.listeners,
        platforms: about.platforms,
        judge: check_app,
        judge_setting,
    };
    abouts().map(|(_, about)| provider(about)).collect()
}

fn judge_setting(provider: &str, wanted: &Value) -> Result<(), SettingError> {
    match service_named(provider) {
        Some(service) => check_device_setting(service, wanted),
        // Whoever asks knows the list.
        None => Ok(()),
    }
}
