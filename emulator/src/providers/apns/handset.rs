//! What people set on their devices and APNs heard of: which channels they follow, whose
//! notifications they want.
//!
//! Nothing of that passes through a sender, so that it is said from outside.

use super::auth::cut;
use super::broadcast::{self, Subscriptions};
use super::device;
use super::offline;
use super::state::State;
use crate::post::{AddressId, AppId, DeviceId, Life, Post};
use crate::providers::rim::{Desk, SettingError};
use foldhash::fast::FixedState;
use hashbrown::HashSet;
use serde_json::{Map, Value, json};

/// Whose notifications people do not want.
#[derive(Debug, Default)]
pub(super) struct Handsets {
    disabled: HashSet<(DeviceId, AppId), FixedState>,
}

/// A change of a device, read and possible; what is not said stays.
#[derive(Debug)]
pub struct Setting {
    channels: Option<Subscriptions>,
    /// Apps, and whether their notifications are wanted.
    notifications: Vec<(AppId, bool)>,
}

impl Handsets {
    /// Whether notifications of an app are not wanted on a device.
    pub(super) fn disable(&self, device: DeviceId, app: AppId) -> bool {
        self.disabled.contains(&(device, app))
    }

    /// Forgets what was set of an app that was removed.
    pub(super) fn forget(&mut self, device: DeviceId, app: AppId) {
        self.disabled.remove(&(device, app));
    }
}

/// Reads `{"channels": …, "notifications": {"com.example.chat": "disabled"}}`.
pub(super) fn read(
    state: &State,
    post: &Post,
    device: DeviceId,
    wanted: &Value,
) -> Result<Setting, SettingError> {
    let Value::Object(keys) = wanted else {
        return Err(error(format!("expected an object, found `{}`", shown(wanted)), EXAMPLE));
    };
    if keys.is_empty() {
        return Err(error("nothing says what to change".to_owned(), EXAMPLE));
    }
    let mut setting = Setting { channels: None, notifications: Vec::new() };
    for (key, value) in keys {
        match key.as_str() {
            CHANNELS => {
                setting.channels = Some(broadcast::read_subscriptions(state, post, device, value)?);
            }
            NOTIFICATIONS => setting.notifications = notifications(state, post, device, value)?,
            unknown => return Err(unknown_key(unknown)),
        }
    }
    Ok(setting)
}

/// Sets what was read; what waits for the device and is not wanted any more is dropped.
pub(super) fn set(state: &mut State, desk: &mut Desk<'_>, device: DeviceId, setting: Setting) {
    if let Some(channels) = setting.channels {
        broadcast::subscribe(state, desk, device, channels);
    }
    for (app, wanted) in setting.notifications {
        if wanted {
            state.handsets.forget(device, app);
            continue;
        }
        state.handsets.disabled.insert((device, app));
        for address in addresses_of(desk.post, device, app) {
            let reason = offline::DISABLED_WHILE_STORED;
            desk.post.withdraw_marked(address, offline::PUSH, device::ALERT, reason);
        }
    }
}

/// What is set, in the shape in which it is set; nothing where nothing is.
pub(super) fn state_of(state: &State, post: &Post, device: DeviceId) -> Option<Value> {
    let channels = broadcast::shown_subscriptions(state, device);
    let mut disabled: Vec<_> = state
        .handsets
        .disabled
        .iter()
        .filter(|(of, _)| *of == device)
        .map(|(_, app)| *app)
        .collect();
    disabled.sort_unstable();
    let words = disabled.into_iter().map(|app| (post.app(app).1.to_owned(), json!(DISABLED)));
    let words: Map<_, _> = words.collect();
    let mut all = Map::new();
    all.extend(channels.map(|channels| (CHANNELS.to_owned(), channels)));
    if !words.is_empty() {
        all.insert(NOTIFICATIONS.to_owned(), words.into());
    }
    (!all.is_empty()).then_some(Value::Object(all))
}

fn notifications(
    state: &State,
    post: &Post,
    device: DeviceId,
    wanted: &Value,
) -> Result<Vec<(AppId, bool)>, SettingError> {
    let Value::Object(apps) = wanted else {
        let what =
            format!("expected apps and words in `{NOTIFICATIONS}`, found `{}`", shown(wanted));
        return Err(error(what, EXAMPLE));
    };
    let one = |(bundle, word): (&String, &Value)| {
        let app = post.find_app(state.service, bundle);
        let there = app.filter(|app| !addresses_of(post, device, *app).is_empty());
        let app = there.ok_or_else(|| {
            let what = format!("app `{}` is not on the device", cut(bundle));
            error(what, "give its bundle ID, and install it before")
        })?;
        match word.as_str() {
            Some(ENABLED) => Ok((app, true)),
            Some(DISABLED) => Ok((app, false)),
            _ => {
                let what = format!("expected `{ENABLED}` or `{DISABLED}`, found `{}`", shown(word));
                Err(error(what, EXAMPLE))
            }
        }
    };
    apps.iter().map(one).collect()
}

/// The living addresses of an app on a device.
fn addresses_of(post: &Post, device: DeviceId, app: AppId) -> Vec<AddressId> {
    let living = |id: &AddressId| {
        let address = post.address(*id);
        address.app == app && address.life == Life::Active
    };
    post.addresses_of(device).filter(living).collect()
}

fn unknown_key(key: &str) -> SettingError {
    let near = [CHANNELS, NOTIFICATIONS]
        .into_iter()
        .find(|known| strsim::damerau_levenshtein(key, known) <= MAX_DISTANCE);
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the keys are `{CHANNELS}` and `{NOTIFICATIONS}`"),
    };
    SettingError { what: format!("unknown key `{}`", cut(key)), help }
}

/// What is wrong with a setting, and what to do.
pub(super) fn error(what: String, help: &str) -> SettingError {
    SettingError { what, help: help.to_owned() }
}

/// A foreign value, short enough for a sentence.
pub(super) fn shown(value: &Value) -> String {
    cut(&value.to_string())
}

const CHANNELS: &str = "channels";
const NOTIFICATIONS: &str = "notifications";
const ENABLED: &str = "enabled";
const DISABLED: &str = "disabled";
const EXAMPLE: &str =
    r#"such as `{"channels": "all", "notifications": {"com.example.chat": "disabled"}}`"#;

/// How many letters of a key may be wrong before a suggestion would puzzle.
const MAX_DISTANCE: usize = 3;
