//! What a scenario runs on: an emulator of its own, its devices, and its long-running senders.

use super::http::{PushPort, PushPortError};
use super::names::Names;
use super::process::{Launch, Process};
use super::result::{Failure, Inbox};
use super::scenario::Settings;
use super::sender::RunningSender;
use super::step::{call_failed, refused, said};
use crate::diagnostic::Place;
use crate::redirect::{Environment, Kit, KitError, Places, Way};
use crate::scenario::{AppSpec, Located, Scenario, Table, UnknownAddresses, chosen};
use crate::snapshot::Known;
use pushpit_emulator::journal::Cursor;
use pushpit_emulator::post::Outcome;
use pushpit_emulator::world::{AppName, DeviceView, FaultView, Filter, NewDevice};
use pushpit_emulator::{Config, ConfiguredApp, Emulator, PushListener, Running, StartError};
use serde_json::Value;
use std::collections::VecDeque;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tempfile::TempDir;

/// A scenario's emulator and everything around it.
pub(super) struct Stage<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) emulator: Running,
    pub(super) names: Names,
    pub(super) senders: Vec<(String, RunningSender)>,
    /// Processes that programs left running on purpose, apart from themselves.
    pub(super) daemons: Vec<Process>,
    /// What the last programs wrote that ran to their end: which, and what.
    pub(super) said: VecDeque<(String, String)>,
    /// The faults so far and where they are in the file; of those that strike at once, how many
    /// connections they struck is known already.
    pub(super) faults: Vec<(FaultView, Place)>,
    /// What happened up to here has been judged.
    pub(super) since: Cursor,
    /// Every address that a device had, with the name that the scenario gave it.
    addresses: Vec<(String, String)>,
    folder: PathBuf,
    /// Our own program, which keeps processes.
    keeper: PathBuf,
    environment: Environment,
    /// What programs get; made when the first is started.
    kit: OnceLock<Kit>,
    state: TempDir,
}

/// Why there is no stage.
#[derive(Debug)]
pub(super) enum NoStage {
    /// The emulator could not start.
    CannotStart { what: String, help: String },
    /// The file asks for an app that cannot be.
    Wrong { what: String, help: String },
    /// The scenario asks for what cannot be.
    Failed(Failure),
}

impl<'a> Stage<'a> {
    /// Starts an emulator and puts the scenario's apps and devices on it.
    pub(super) async fn build(
        scenario: &'a Scenario,
        folder: &Path,
        settings: &Settings,
    ) -> Result<Self, NoStage> {
        let state = tempfile::tempdir().map_err(|cause| NoStage::CannotStart {
            what: format!("could not make a temporary folder: {cause}"),
            help: "look at the space and the permissions of the folder for temporary files".into(),
        })?;
        let emulator =
            Emulator::start(config(scenario, state.path())).await.map_err(NoStage::from)?;
        let mut stage = Self {
            scenario,
            emulator,
            names: Names::default(),
            senders: Vec::new(),
            daemons: Vec::new(),
            said: VecDeque::new(),
            faults: Vec::new(),
            since: Cursor::default(),
            addresses: Vec::new(),
            folder: folder.to_owned(),
            keeper: settings.keeper.clone(),
            environment: settings.environment.clone(),
            kit: OnceLock::new(),
            state,
        };
        stage.name_places();
        stage.name_ports().map_err(NoStage::Failed)?;
        stage.name_credentials();
        stage.add_devices().map_err(NoStage::Failed)?;
        Ok(stage)
    }

    fn name_places(&mut self) {
        let push = self.emulator.push_url();
        let address = push.trim_start_matches("https://").to_owned();
        let (host, port) = address.rsplit_once(':').unwrap_or((&address, ""));
        self.names.set("push.host", host);
        self.names.set("push.port", port);
        self.names.set("push.url", push);
        self.names.set("control.url", self.emulator.control_url());
        self.names.set("ca", self.emulator.ca_path().display().to_string());
        self.names.set("credentials", self.emulator.credentials_path().display().to_string());
    }

    /// Finds free ports; all are held until the last is found, so that they differ.
    fn name_ports(&mut self) -> Result<(), Failure> {
        let mut held = Vec::new();
        for port in &self.scenario.ports {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
                .map_err(|cause| said(format!("there is no free port: {cause}")))?;
            let address = listener.local_addr().map_err(|cause| said(cause.to_string()))?;
            self.names.set(format!("ports.{}", port.value), address.port().to_string());
            held.push(listener);
        }
        Ok(())
    }

    pub(super) fn name_credentials(&mut self) {
        let all = self.emulator.control().credentials();
        for (name, app) in self.scenario.apps.iter() {
            let Some((_, id)) = app.id() else { continue };
            let is_it = |entry: &&Value| {
                entry["provider"] == app.provider.value.as_str()
                    && entry["app"] == id.value.as_str()
            };
            let Some(entry) = all.iter().find(is_it).and_then(Value::as_object) else { continue };
            for (key, value) in entry {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                self.names.set(format!("apps.{}.{key}", name.value), text);
            }
        }
    }

    fn add_devices(&mut self) -> Result<(), Failure> {
        for (name, device) in self.scenario.devices.iter() {
            let apps = device.apps.0.iter().map(|app| self.app(&app.value)).collect();
            let new = NewDevice {
                name: name.value.clone(),
                platform: device.platform.value,
                apps,
                connection: device.connection,
                power: device.power,
            };
            let view = self.emulator.control().create_device(new).map_err(refused)?;
            self.names.set_device(&view, self.scenario);
            self.remember_addresses(&view);
        }
        Ok(())
    }

    /// Remembers what a device's addresses are called, for the snapshot.
    pub(super) fn remember_addresses(&mut self, device: &DeviceView) {
        for (place, address) in device.addresses.iter().enumerate() {
            let known = self.addresses.iter().any(|(value, _)| *value == address.address);
            if known {
                continue;
            }
            let app = self.app_name(&address.provider, &address.app).to_owned();
            let number = if place == 0 { String::new() } else { format!("-{}", place + 1) };
            let name = format!("{}.{app}.{}{number}", device.name, address.kind);
            self.addresses.push((address.address.clone(), name));
        }
    }

    /// The emulator's name of an app of the scenario.
    pub(super) fn app(&self, name: &str) -> AppName {
        match self.scenario.apps.find(name) {
            Some(app) => AppName(format!("{}/{}", app.provider.value, id_of(app))),
            None => AppName(name.to_owned()),
        }
    }

    /// The id at its provider of an app of the scenario.
    pub(super) fn app_id<'b>(&'b self, name: &'b str) -> &'b str {
        self.scenario.apps.find(name).map_or(name, id_of)
    }

    /// A client of the push port.
    pub(super) fn push_port(&self) -> Result<PushPort, Failure> {
        let bound = self.emulator.push().first().map(|bound| bound.address);
        let port = bound.ok_or(PushPortError::None);
        let port = port.and_then(|address| PushPort::new(address, &self.emulator.ca_path()));
        port.map_err(|error| call_failed(error.into()))
    }

    /// A command line: a list, or a line for the shell.
    pub(super) fn words(
        &self,
        list: Option<&Located<Vec<Located<String>>>>,
        shell: Option<&Located<String>>,
    ) -> Result<Vec<String>, Failure> {
        if let Some(line) = shell {
            return Ok(vec!["sh".to_owned(), "-c".to_owned(), self.fill(line)?]);
        }
        let words = list.into_iter().flat_map(|list| &list.value).map(|word| self.fill(word));
        let words: Vec<_> = words.collect::<Result<_, _>>()?;
        if words.is_empty() {
            return Err(said("there is no program to run".to_owned()));
        }
        Ok(words)
    }

    /// What it takes to start a program of the scenario.
    pub(super) fn launch(
        &self,
        mut words: Vec<String>,
        folder: Option<&Located<String>>,
        env: &Table<Located<String>>,
        input: String,
    ) -> Result<Launch, Failure> {
        let folder = match folder {
            Some(folder) => self.folder.join(self.fill(folder)?),
            None => self.folder.clone(),
        };
        // A program with a slash in its name is meant from the scenario's folder, as `dir` is.
        if words[0].contains('/') && Path::new(&words[0]).is_relative() {
            words[0] = folder.join(&words[0]).display().to_string();
        }
        let mut all = self.kit().map_err(no_kit)?.variables.clone();
        for (name, value) in env.iter() {
            all.insert(name.value.clone(), self.fill(value)?);
        }
        Ok(Launch { keeper: self.keeper.clone(), words, folder, variables: all, input })
    }

    /// What every program gets to find the emulator.
    fn kit(&self) -> Result<&Kit, KitError> {
        if let Some(kit) = self.kit.get() {
            return Ok(kit);
        }
        let places = Places {
            push: self.emulator.push_url(),
            control: self.emulator.control_url(),
            ca: self.emulator.ca_path(),
            credentials: self.emulator.credentials_path(),
        };
        let folder = self.state.path().join("environment");
        let kit = Kit::write(&folder, &places, &self.environment, Way::Environment)?;
        Ok(self.kit.get_or_init(|| kit))
    }

    /// What each device got, in short.
    pub(super) fn inboxes(&self) -> Vec<Inbox> {
        self.scenario.devices.iter().map(|(name, _)| self.inbox(&name.value)).collect()
    }

    fn inbox(&self, device: &str) -> Inbox {
        let control = self.emulator.control();
        let filter = Filter { device: Some(device.to_owned()), ..Filter::default() };
        let arrivals = control.inbox(&filter, Cursor::default(), MANY).items;
        let deliveries = control.deliveries(&filter, Cursor::default(), MANY).items;
        let count = |outcome| deliveries.iter().filter(|it| it.outcome == outcome).count() as u64;
        let others = [
            (count(Outcome::Collapsed), "collapsed"),
            (count(Outcome::Expired), "expired"),
            (count(Outcome::Dropped), "dropped"),
            (count(Outcome::Pending), "pending"),
        ];
        Inbox {
            device: device.to_owned(),
            arrivals: arrivals
                .into_iter()
                .map(|it| (it.at, it.app, it.payload, it.reason))
                .collect(),
            others: others.into_iter().filter(|(count, _)| *count > 0).collect(),
        }
    }

    /// What is volatile in a snapshot, and what it is called there.
    pub(super) fn known(&self) -> Vec<Known> {
        let known =
            |(value, name): &(String, String)| Known { value: value.clone(), name: name.clone() };
        self.addresses.iter().map(known).collect()
    }

    /// The scenario's name for an app, else its id.
    pub(super) fn app_name<'b>(&'b self, provider: &str, id: &'b str) -> &'b str {
        let found = self.scenario.apps.iter().find(|(_, app)| {
            app.provider.value == provider && app.id().is_some_and(|(_, it)| it.value == id)
        });
        found.map_or(id, |(name, _)| name.value.as_str())
    }

    /// Everything that senders wrote: the last programs that ended, and those that still run.
    pub(super) fn outputs(&self) -> Vec<(String, String)> {
        let output = |(name, sender): &(String, RunningSender)| {
            (format!("sender `{name}`"), sender.output())
        };
        let all = self.said.iter().cloned().chain(self.senders.iter().map(output));
        all.filter(|(_, text)| !text.is_empty()).collect()
    }

    /// Remembers what a program wrote, for whoever asks why something did not arrive.
    pub(super) fn remember_output(&mut self, program: &str, output: String) {
        if self.said.len() == REMEMBERED {
            self.said.pop_front();
        }
        self.said.push_back((format!("`{program}`"), output));
    }

    /// Ends senders and emulator.
    pub(super) async fn strike(self) {
        for (_, sender) in self.senders {
            sender.stop().await;
        }
        for mut daemon in self.daemons {
            daemon.end().await;
        }
        self.emulator.stop().await;
    }
}

impl From<StartError> for NoStage {
    fn from(error: StartError) -> Self {
        let (what, help) = (error.to_string(), error.help().to_owned());
        match error.is_wrong_call() {
            true => Self::Wrong { what, help },
            false => Self::CannotStart { what, help },
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it stands at the end of a chain of results")]
fn no_kit(error: KitError) -> Failure {
    Failure { help: Some(error.help().to_owned()), ..said(error.to_string()) }
}

fn config(scenario: &Scenario, folder: &Path) -> Config {
    let apps = scenario.apps.iter().map(|(_, app)| configured(app));
    let temporary = Config::temporary(folder.to_owned());
    let service = scenario.push.as_ref().map(|push| push.value.clone());
    let push = temporary.push.into_iter();
    let push = push.map(|listener| PushListener { service: service.clone(), ..listener });
    Config {
        push: push.collect(),
        apps: apps.collect(),
        clock: scenario.clock.mode,
        clock_start: scenario.clock.start,
        register_unknown: scenario.unknown_addresses == UnknownAddresses::Register,
        seed: scenario.seed.unwrap_or_default(),
        switches: chosen(&scenario.switches).0,
        ..temporary
    }
}

/// An app of a file as the emulator is started with it.
pub fn configured(app: &AppSpec) -> ConfiguredApp {
    ConfiguredApp { provider: app.provider.value.clone(), spec: app.spec() }
}

fn id_of(app: &AppSpec) -> &str {
    app.id().map_or("", |(_, id)| id.value.as_str())
}

/// More entries than a scenario's journal holds.
pub(super) const MANY: usize = 100_000;

/// How many programs' outputs a failure shows.
const REMEMBERED: usize = 3;
