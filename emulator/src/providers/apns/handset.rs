//! What people do with their devices and APNs heard of: which channels they follow, whose
//! notifications they want, what their apps do.
//!
//! Nothing of that passes through a sender, so that it is said from outside.

use super::auth::cut;
use super::broadcast::{self, Subscriptions};
use super::device;
use super::offline;
use super::request::{self, Environment};
use super::state::State;
use super::topic;
use crate::post::{AddressId, AppId, DeviceId, Gate, Life, Post};
use crate::providers::rim::{Desk, SettingError};
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};
use serde_json::{Map, Value, json};

/// What is known of the apps on people's devices.
#[derive(Debug, Default)]
pub(super) struct Handsets {
    disabled: HashSet<(DeviceId, AppId), FixedState>,
    /// The apps whose tokens are of one environment alone.
    environments: HashMap<(DeviceId, AppId), Environment, FixedState>,
    /// The apps that are not suspended.
    states: HashMap<(DeviceId, AppId), AppState, FixedState>,
}

/// What an app on a device is doing. That suspended is the usual state is ours. [guess]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum AppState {
    /// It is used, or was launched just now.
    Running,
    /// It stands still, and a push can wake it.
    #[default]
    Suspended,
    /// The user threw it out, so that no push wakes it.
    ForceQuit,
}

/// A change of a device, read and possible; what is not said stays.
#[derive(Debug, Default)]
pub struct Setting {
    channels: Option<Subscriptions>,
    /// Apps, and whether their notifications are wanted.
    notifications: Vec<(AppId, bool)>,
    /// Apps, and what they do.
    apps: Vec<(AppId, AppState)>,
    /// Apps, and the environment of their tokens; `None` is any.
    environments: Vec<(AppId, Option<Environment>)>,
}

impl Handsets {
    /// Whether notifications of an app are not wanted on a device.
    pub(super) fn disable(&self, device: DeviceId, app: AppId) -> bool {
        self.disabled.contains(&(device, app))
    }

    /// What an app on a device is doing.
    pub(super) fn app_state(&self, device: DeviceId, app: AppId) -> AppState {
        self.states.get(&(device, app)).copied().unwrap_or_default()
    }

    /// The realm of the tokens of an app on a device.
    pub(super) fn realm(&self, device: DeviceId, app: AppId) -> u8 {
        self.environments.get(&(device, app)).map_or(request::REALM_ANY, |it| it.realm())
    }

    /// Forgets what was set of an app that was removed.
    pub(super) fn forget(&mut self, device: DeviceId, app: AppId) {
        self.disabled.remove(&(device, app));
        self.environments.remove(&(device, app));
        self.states.remove(&(device, app));
    }
}

/// Reads `{"apps": {"com.example.chat": "running"}, "channels": …, "notifications":
/// {"com.example.chat": "disabled"}}`.
pub(super) fn read(
    state: &State,
    post: &Post,
    device: DeviceId,
    wanted: &Value,
) -> Result<Setting, SettingError> {
    let Wish { channels, notifications, apps, environments } = Wish::read(wanted)?;
    let channels = channels
        .map(|value| broadcast::read_subscriptions(state, post, device, value))
        .transpose()?;
    Ok(Setting {
        channels,
        notifications: resolved(state, post, device, notifications)?,
        apps: resolved(state, post, device, apps)?,
        environments: resolved(state, post, device, environments)?,
    })
}

/// Whether a wish can be read, whatever apps and channels there are.
pub(super) fn check(wanted: &Value) -> Result<(), SettingError> {
    Wish::read(wanted).map(drop)
}

/// A change of a device as it is written; apps by their bundle IDs.
#[derive(Default)]
struct Wish<'a> {
    channels: Option<&'a Value>,
    notifications: Vec<(&'a str, bool)>,
    apps: Vec<(&'a str, AppState)>,
    environments: Vec<(&'a str, Option<Environment>)>,
}

impl<'a> Wish<'a> {
    fn read(wanted: &'a Value) -> Result<Self, SettingError> {
        let Value::Object(keys) = wanted else {
            return Err(error(format!("expected an object, found `{}`", shown(wanted)), EXAMPLE));
        };
        if keys.is_empty() {
            return Err(error("nothing says what to change".to_owned(), EXAMPLE));
        }
        let mut wish = Self::default();
        for (key, value) in keys {
            match key.as_str() {
                APPS => wish.apps = by_app(APPS, value, STATES)?,
                CHANNELS => {
                    broadcast::check_subscriptions(value)?;
                    wish.channels = Some(value);
                }
                ENVIRONMENTS => wish.environments = by_app(ENVIRONMENTS, value, REALMS)?,
                NOTIFICATIONS => wish.notifications = by_app(NOTIFICATIONS, value, WISHES)?,
                unknown => return Err(unknown_key(unknown)),
            }
        }
        Ok(wish)
    }
}

/// Sets what was read; what waits for the device and is not wanted any more is dropped.
pub(super) fn set(state: &mut State, desk: &mut Desk<'_>, device: DeviceId, setting: Setting) {
    if let Some(channels) = setting.channels {
        broadcast::subscribe(state, desk, device, channels);
    }
    for (app, wanted) in setting.notifications {
        if wanted {
            state.handsets.disabled.remove(&(device, app));
            continue;
        }
        state.handsets.disabled.insert((device, app));
        for address in addresses_of(desk.post, device, app) {
            let reason = offline::DISABLED_WHILE_STORED;
            desk.post.withdraw_marked(address, offline::PUSH, device::ALERT, reason);
        }
    }
    for (app, environment) in setting.environments {
        match environment {
            Some(environment) => {
                state.handsets.environments.insert((device, app), environment);
            }
            None => drop(state.handsets.environments.remove(&(device, app))),
        }
        let realm = state.handsets.realm(device, app);
        for address in addresses_of(desk.post, device, app) {
            desk.post.set_realm(address, realm);
        }
    }
    for (app, does) in setting.apps {
        state.handsets.states.insert((device, app), does);
        for address in addresses_of(desk.post, device, app) {
            match does {
                AppState::Running => launched(state, desk, address),
                AppState::Suspended => {}
                AppState::ForceQuit => force_quit(state, desk, address),
            }
        }
    }
}

/// An app that is launched gets what was held back. [doc] Apple, "Pushing background updates to
/// your App"
fn launched(state: &mut State, desk: &mut Desk<'_>, address: AddressId) {
    if desk.post.address(address).kind == topic::PLAIN {
        state.budgets.forget(address);
        desk.post.let_go(address, offline::HELD, Gate::OnlineAndPowered, desk.now);
    }
}

/// An app that is thrown out loses what was held back. [doc] the same page; that what waits for the
/// device goes as well is a [guess].
fn force_quit(state: &mut State, desk: &mut Desk<'_>, address: AddressId) {
    for lane in [offline::PUSH, offline::HELD] {
        let reason = offline::FORCE_QUIT_WHILE_STORED;
        desk.post.withdraw_marked(address, lane, device::SILENT, reason);
    }
    if desk.post.address(address).kind == topic::PLAIN {
        state.budgets.forget(address);
    }
}

/// The hour of a token is over: what was held back goes, and counts for the next.
pub(super) fn let_go(state: &mut State, desk: &mut Desk<'_>, address: AddressId) {
    let gate = match desk.post.address(address).kind {
        topic::PLAIN => Gate::OnlineAndPowered,
        _ => Gate::Online,
    };
    if desk.post.let_go(address, offline::HELD, gate, desk.now) {
        state.budgets.spend(address, desk.now.world);
    }
}

/// What is set, in the shape in which it is set; nothing where nothing is.
pub(super) fn state_of(state: &State, post: &Post, device: DeviceId) -> Option<Value> {
    let channels = broadcast::shown_subscriptions(state, device);
    let Handsets { disabled, environments, states } = &state.handsets;
    let environments = environments.iter().map(|(place, it)| (place, it.name()));
    let disabled = disabled.iter().map(|place| (place, DISABLED));
    let states = states.iter().filter_map(|(place, state)| Some((place, name_of(*state)?)));
    let mut all = Map::new();
    all.extend(channels.map(|channels| (CHANNELS.to_owned(), channels)));
    let disabled = words(post, device, disabled).map(|words| (NOTIFICATIONS.to_owned(), words));
    let states = words(post, device, states).map(|words| (APPS.to_owned(), words));
    let environments =
        words(post, device, environments).map(|words| (ENVIRONMENTS.to_owned(), words));
    all.extend(disabled.into_iter().chain(states).chain(environments));
    (!all.is_empty()).then_some(Value::Object(all))
}

/// What is said of a device's apps, by their bundle IDs; nothing where nothing is.
fn words<'a>(
    post: &Post,
    device: DeviceId,
    said: impl Iterator<Item = (&'a (DeviceId, AppId), &'static str)>,
) -> Option<Value> {
    let here = said.filter(|((of, _), _)| *of == device);
    let words: Map<_, _> =
        here.map(|((_, app), word)| (post.app(*app).1.to_owned(), json!(word))).collect();
    (!words.is_empty()).then_some(Value::Object(words))
}

/// The word for what an app does, where that is not the usual.
fn name_of(state: AppState) -> Option<&'static str> {
    let (word, _) = STATES.iter().find(|(_, known)| *known == state)?;
    (state != AppState::default()).then_some(*word)
}

/// Reads an object of bundle IDs, and of a word for each.
fn by_app<'a, T: Copy>(
    key: &str,
    wanted: &'a Value,
    words: &[(&str, T)],
) -> Result<Vec<(&'a str, T)>, SettingError> {
    let Value::Object(apps) = wanted else {
        let what = format!("expected apps and words in `{key}`, found `{}`", shown(wanted));
        return Err(error(what, EXAMPLE));
    };
    apps.iter().map(|(bundle, value)| Ok((bundle.as_str(), word(words, value)?))).collect()
}

/// Finds the apps that are named; all have to be on the device.
fn resolved<T>(
    state: &State,
    post: &Post,
    device: DeviceId,
    named: Vec<(&str, T)>,
) -> Result<Vec<(AppId, T)>, SettingError> {
    let one = |(bundle, meant): (&str, T)| {
        let app = post.find_app(state.service, bundle);
        let there = app.filter(|app| !addresses_of(post, device, *app).is_empty());
        let app = there.ok_or_else(|| {
            let what = format!("app `{}` is not on the device", cut(bundle));
            error(what, "give its bundle ID, and install it before")
        })?;
        Ok((app, meant))
    };
    named.into_iter().map(one).collect()
}

/// Reads one of some words.
fn word<T: Copy>(known: &[(&str, T)], found: &Value) -> Result<T, SettingError> {
    let meant = known.iter().find(|(word, _)| found == word).map(|(_, meant)| *meant);
    meant.ok_or_else(|| {
        let words: Vec<_> = known.iter().map(|(word, _)| format!("`{word}`")).collect();
        let what = format!("expected {}, found `{}`", words.join(" or "), shown(found));
        error(what, EXAMPLE)
    })
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
    let near = [APPS, CHANNELS, ENVIRONMENTS, NOTIFICATIONS]
        .into_iter()
        .find(|known| strsim::damerau_levenshtein(key, known) <= MAX_DISTANCE);
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            format!("the keys are `{APPS}`, `{CHANNELS}`, `{ENVIRONMENTS}` and `{NOTIFICATIONS}`")
        }
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

const APPS: &str = "apps";
const CHANNELS: &str = "channels";
const ENVIRONMENTS: &str = "environments";
const NOTIFICATIONS: &str = "notifications";
const DISABLED: &str = "disabled";

/// Whether the notifications of an app are wanted, as it is written.
const WISHES: &[(&str, bool)] = &[("enabled", true), (DISABLED, false)];

/// The environment of an app's tokens, as it is written.
const REALMS: &[(&str, Option<Environment>)] = &[
    ("sandbox", Some(Environment::Sandbox)),
    ("production", Some(Environment::Production)),
    ("any", None),
];

/// What an app does, as it is written.
const STATES: &[(&str, AppState)] = &[
    ("running", AppState::Running),
    ("suspended", AppState::Suspended),
    ("force-quit", AppState::ForceQuit),
];

const EXAMPLE: &str =
    r#"such as `{"channels": "all", "notifications": {"com.example.chat": "disabled"}}`"#;

/// How many letters of a key may be wrong before a suggestion would puzzle.
const MAX_DISTANCE: usize = 3;
