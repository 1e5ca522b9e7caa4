//! What a scenario file may say, apart from its steps.
//!
//! Plain serde types. Unknown keys are refused; nothing here is flattened, untagged or internally
//! tagged, because those lose line and column.

use super::shape::{Length, Words};
use super::step::Step;
use super::switches::Choice;
use super::{Located, Table};
use crate::diagnostic::Place;
use pushpit_emulator::clock::{Mode, Timestamp};
use pushpit_emulator::post::{Connection, Platform, Power};
use pushpit_emulator::providers::rim;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A scenario: apps, devices, a sender to drive, and what must be true of what the devices got.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it shows, in a sentence.
    pub name: Located<String>,
    /// Why, for whoever reads it later.
    pub description: Option<String>,
    /// How world time moves; frozen at the start of 2030 when nothing is said.
    #[serde(default)]
    pub clock: ClockSpec,
    /// What becomes of well-formed addresses that no device has.
    #[serde(default)]
    pub unknown_addresses: UnknownAddresses,
    /// The service, or an environment of it such as `apns-production`, that the push port is bound
    /// to: its connections have that service's limits. It takes all services when nothing is said.
    pub push: Option<Located<String>>,
    /// Where chance starts from; the same seed gives the same addresses.
    pub seed: Option<u64>,
    /// Whether what each device got is recorded beside the scenario; yes by default.
    #[serde(default = "yes")]
    pub snapshot: bool,
    /// Choices where a real service's behavior is unknown, or made gentle, by the switch's name;
    /// a group's name with `strict` chooses the strict behavior of all of it.
    #[serde(default)]
    pub switches: Table<Choice>,
    /// The apps, by the names that the rest of the file uses.
    #[serde(default)]
    pub apps: Table<AppSpec>,
    /// The devices by name.
    #[serde(default)]
    pub devices: Table<DeviceSpec>,
    /// Names of free ports for senders that listen: `${ports.NAME}`.
    #[serde(default)]
    pub ports: Vec<Located<String>>,
    /// A long-running sender; short for one under `senders` with the name `sender`.
    pub sender: Option<Sender>,
    /// Long-running senders by name; started before the first step, in this order.
    #[serde(default)]
    pub senders: Table<Sender>,
    /// What happens, in order.
    pub steps: Vec<Located<Step>>,
}

impl Scenario {
    /// One that has nothing but choices, apps and devices.
    pub(super) fn of(
        switches: Table<Choice>,
        apps: Table<AppSpec>,
        devices: Table<DeviceSpec>,
    ) -> Self {
        Self {
            name: Located { value: String::new(), place: Place::default() },
            description: None,
            clock: ClockSpec::default(),
            unknown_addresses: UnknownAddresses::default(),
            push: None,
            seed: None,
            snapshot: false,
            switches,
            apps,
            devices,
            ports: Vec::new(),
            sender: None,
            senders: Table::default(),
            steps: Vec::new(),
        }
    }

    /// All long-running senders by name, that of `sender` first.
    pub fn all_senders(&self) -> impl Iterator<Item = (&str, &Sender)> {
        let single = self.sender.iter().map(|sender| (SINGLE_SENDER, sender));
        single.chain(self.senders.iter().map(|(name, sender)| (name.value.as_str(), sender)))
    }
}

/// The name of the one under `sender`.
pub(super) const SINGLE_SENDER: &str = "sender";

fn yes() -> bool {
    true
}

/// How world time moves.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockSpec {
    /// `frozen` (by `advance` only) or `running` (with real time, plus every `advance`).
    #[serde(default = "frozen")]
    pub mode: Mode,
    /// When the world starts; 2030-01-01T00:00:00Z for a frozen clock, now for a running one.
    pub start: Option<Timestamp>,
}

impl Default for ClockSpec {
    fn default() -> Self {
        Self { mode: frozen(), start: None }
    }
}

fn frozen() -> Mode {
    Mode::Frozen
}

/// What becomes of well-formed addresses that no device has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnknownAddresses {
    /// They become online devices on first use.
    Register,
    /// They are refused with the provider's real answer.
    #[default]
    Reject,
}

/// One application at one provider. Exactly one of `app`, `bundle_id`, `package` and `package_sid`
/// gives its id; each provider takes `app` and its own word.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppSpec {
    /// The push service, such as `apns`.
    pub provider: Located<String>,
    /// The app's id, whatever the provider calls it.
    pub app: Option<Located<String>>,
    /// The app's id, where the provider calls it so.
    pub bundle_id: Option<Located<String>>,
    /// The app's id, where the provider calls it so.
    pub package: Option<Located<String>>,
    /// The app's id, where the provider calls it so.
    pub package_sid: Option<Located<String>>,
    /// The team that signs for it, where there are teams; one for all by default.
    pub team_id: Option<Located<String>>,
    /// What else its provider lets an app choose.
    #[serde(default)]
    pub settings: Table<Value>,
}

impl AppSpec {
    /// The id, with the word that the file used for it; `None` before a check found exactly one.
    pub fn id(&self) -> Option<(&'static str, &Located<String>)> {
        self.ids().next()
    }

    /// The app as the emulator takes it.
    pub fn spec(&self) -> rim::AppSpec {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let mut settings: BTreeMap<_, _> =
            self.settings.iter().map(|(key, value)| (key.value.clone(), text(value))).collect();
        if let Some(team) = &self.team_id {
            settings.insert("team_id".to_owned(), team.value.clone());
        }
        let name = self.id().map(|(_, id)| id.value.clone()).unwrap_or_default();
        rim::AppSpec { name, settings }
    }

    /// Where a setting stands, else the id.
    pub(super) fn place_of(&self, setting: Option<&str>) -> Place {
        let named = |name: &str| {
            let team = self.team_id.as_ref().filter(|_| name == "team_id").map(|team| team.place);
            let of =
                |(key, _): (&Located<String>, &Value)| (key.value == name).then_some(key.place);
            team.or_else(|| self.settings.iter().find_map(of))
        };
        let id = || self.id().map_or(self.provider.place, |(_, id)| id.place);
        setting.and_then(named).unwrap_or_else(id)
    }

    /// Every id that was given, with its word.
    pub(super) fn ids(&self) -> impl Iterator<Item = (&'static str, &Located<String>)> {
        [
            ("app", &self.app),
            ("bundle_id", &self.bundle_id),
            ("package", &self.package),
            ("package_sid", &self.package_sid),
        ]
        .into_iter()
        .filter_map(|(word, id)| Some((word, id.as_ref()?)))
    }
}

/// A simulated handset, PC or browser.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceSpec {
    /// What it is.
    pub platform: Located<Platform>,
    /// The apps that are installed at the start: one name, or a list.
    #[serde(default)]
    pub apps: Words,
    /// Whether providers reach it at the start; `online` by default.
    #[serde(default)]
    pub connection: Connection,
    /// How it minds its battery at the start; `normal` by default.
    #[serde(default)]
    pub power: Power,
}

/// A program that runs while the steps do. Exactly one of `run` and `shell` says which.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sender {
    /// The program and its arguments.
    pub run: Option<Located<Vec<Located<String>>>>,
    /// A line for the shell.
    pub shell: Option<Located<String>>,
    /// The folder to run in; that of the scenario by default.
    pub dir: Option<Located<String>>,
    /// Variables, besides those that every sender gets.
    #[serde(default)]
    pub env: Table<Located<String>>,
    /// How one knows that it is ready; at once by default.
    pub ready: Option<Located<Ready>>,
    /// How long it may take to become ready, in real time; 30s by default.
    pub timeout: Option<Length>,
}

/// How one knows that a sender is ready.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ready {
    /// A GET of this URL is answered with 200 to 399.
    Http(Located<String>),
    /// It wrote a line that contains this text.
    Line(Located<String>),
    /// It accepts connections on this port of 127.0.0.1.
    Port(Located<String>),
}

/// A program that runs to its end. Exactly one of `command` and `shell` says which.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The program and its arguments.
    pub command: Option<Located<Vec<Located<String>>>>,
    /// A line for the shell.
    pub shell: Option<Located<String>>,
    /// The folder to run in; that of the scenario by default.
    pub dir: Option<Located<String>>,
    /// Variables, besides those that every sender gets.
    #[serde(default)]
    pub env: Table<Located<String>>,
    /// The exit status that must come; 0 by default.
    pub status: Option<u8>,
    /// How long it may run, in real time; 30s by default.
    pub timeout: Option<Length>,
    /// What it reads.
    pub stdin: Option<Located<String>>,
    /// What it must write.
    pub stdout: Option<OutputMatch>,
    /// What it must write to its error output.
    pub stderr: Option<OutputMatch>,
}

impl Command {
    /// What it runs, in a line, as the file has it.
    pub fn line(&self) -> String {
        let words = self.command.iter().flat_map(|list| &list.value).chain(&self.shell);
        words.map(|word| word.value.as_str()).collect::<Vec<_>>().join(" ")
    }
}

/// What a program must write.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutputMatch {
    /// A text that must be in it.
    pub contains: Located<String>,
}
