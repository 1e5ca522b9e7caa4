//! What a scenario means: names that stand for something, values that go together.
//!
//! Everything that is wrong is found in one go. What only the run can tell (an advance of a
//! running clock into the past, a patch that the provider does not know) is judged there.

mod calls;
mod clock;
mod steps;
mod texts;

use super::claim::REQUESTS;
use super::model::{AppSpec, Command, SINGLE_SENDER, Sender};
use super::substitute::is_name;
use super::switches::chosen;
use super::{Located, Scenario, near};
use crate::diagnostic::{Diagnostic, Names, Place};
use pushpit_emulator::post::Platform;
use pushpit_emulator::providers::rim::{self, SettingError, SpecError};
use serde_json::Value;

/// What a check needs to know of a push service.
#[derive(Clone, Copy, Debug)]
pub struct Provider<'a> {
    /// Its name in scenario files.
    pub name: &'a str,
    /// What its apps are called by, such as `bundle_id`.
    pub app_key: &'a str,
    /// What of an app can be revoked.
    pub credentials: &'a [&'a str],
    /// What the push port can be bound to: it, or an environment of it.
    pub listeners: &'a [&'a str],
    /// The kinds of device that it reaches.
    pub platforms: &'a [Platform],
    /// Says whether such an app can be, given the provider's name.
    pub judge: fn(&str, &rim::AppSpec) -> Result<(), SpecError>,
    /// Says whether a device's settings at it can be read, given the provider's name.
    pub judge_setting: fn(&str, &Value) -> Result<(), SettingError>,
}

/// Finds everything in a scenario that does not make sense.
pub fn check(
    file: &str,
    source: &str,
    scenario: &Scenario,
    providers: &[Provider<'_>],
) -> Vec<Diagnostic> {
    let mut checker = Checker { file, source, scenario, providers, found: Vec::new() };
    checker.scenario();
    checker.found.sort_by_key(|one| one.place);
    checker.found.dedup();
    checker.found
}

struct Checker<'a> {
    file: &'a str,
    source: &'a str,
    scenario: &'a Scenario,
    providers: &'a [Provider<'a>],
    found: Vec<Diagnostic>,
}

impl<'a> Checker<'a> {
    fn scenario(&mut self) {
        let scenario = self.scenario;
        if scenario.name.value.trim().is_empty() {
            self.report(scenario.name.place, "expected a name, found an empty text")
                .help("say in a sentence what the scenario shows".to_owned())
                .file(self);
        }
        if scenario.steps.is_empty() {
            let help = "add a step such as `- expect: …`".to_owned();
            let wrong = Diagnostic::new(self.file, "expected at least one step, found none");
            self.found.push(wrong.at(self.key("steps")).help(help));
        }
        for (name, wrong) in chosen(&scenario.switches).1 {
            self.report(name.place, wrong.to_string()).help(wrong.help().to_owned()).file(self);
        }
        if let Some(push) = &scenario.push {
            let known: Vec<&str> =
                self.providers.iter().flat_map(|provider| provider.listeners).copied().collect();
            if !known.contains(&push.value.as_str()) {
                self.unknown("service", push, &known);
            }
        }
        self.names();
        for (_, app) in scenario.apps.iter() {
            self.app(app);
        }
        self.devices();
        for (_, sender) in scenario.all_senders() {
            self.sender(sender);
        }
        self.steps();
        self.clock();
        self.texts();
    }

    fn names(&mut self) {
        let scenario = self.scenario;
        let declared = scenario.apps.iter().map(|(name, _)| name);
        let declared = declared.chain(scenario.devices.iter().map(|(name, _)| name));
        let declared = declared.chain(scenario.senders.iter().map(|(name, _)| name));
        for name in declared.chain(&scenario.ports) {
            if !is_name(&name.value) {
                let shown: String = name.value.chars().take(LONGEST_NAME).collect();
                let message = match shown.is_empty() {
                    true => "expected a name, found an empty text".to_owned(),
                    false => format!("`{}` cannot be a name", shown.escape_debug()),
                };
                self.report(name.place, message)
                    .help("use letters, digits, `-` and `_`".to_owned())
                    .file(self);
            } else if name.value.len() > LONGEST_NAME {
                let length = name.value.len();
                let message =
                    format!("expected a name of at most {LONGEST_NAME} characters, found {length}");
                self.report(name.place, message).help("shorten it".to_owned()).file(self);
            }
        }
        if let Some((name, _)) = scenario.devices.iter().find(|(name, _)| name.value == REQUESTS) {
            self.report(name.place, format!("no device can be called `{REQUESTS}`"))
                .help(format!("choose another name; `expect` means all requests by `{REQUESTS}`"))
                .file(self);
        }
        for (at, port) in scenario.ports.iter().enumerate() {
            if scenario.ports[..at].iter().any(|other| other.value == port.value) {
                self.report(port.place, format!("port `{}` is declared twice", port.value))
                    .help("keep one of them".to_owned())
                    .file(self);
            }
        }
        let twice = scenario.senders.iter().find(|(name, _)| name.value == SINGLE_SENDER);
        if let (Some(_), Some((name, _))) = (&scenario.sender, twice) {
            self.report(name.place, format!("sender `{SINGLE_SENDER}` is declared twice"))
                .help(format!("rename it; the one under `{SINGLE_SENDER}:` has that name"))
                .file(self);
        }
    }

    fn app(&mut self, app: &'a AppSpec) {
        let provider = self.provider(&app.provider);
        let ids: Vec<_> = app.ids().collect();
        match (provider, ids.as_slice()) {
            (None, _) => {}
            (Some(provider), []) => {
                let message = format!("this app of `{}` has no id", provider.name);
                self.report(app.provider.place, message)
                    .help(format!("add `{}: …`", provider.app_key))
                    .file(self);
            }
            (Some(provider), [(word, id)]) => {
                if *word != "app" && *word != provider.app_key {
                    let message = format!("an app of `{}` has no `{word}`", provider.name);
                    self.report(id.place, message)
                        .help(format!("name it by `{}`", provider.app_key))
                        .file(self);
                }
                if id.value.is_empty() {
                    self.report(id.place, "expected an app's id, found an empty text").file(self);
                } else if let Err(error) = (provider.judge)(provider.name, &app.spec()) {
                    let place = app.place_of(error.setting.as_deref());
                    self.report(place, error.what).help(error.help).file(self);
                }
            }
            (Some(provider), [_, (word, id), ..]) => {
                self.report(id.place, format!("the app has a second id, `{word}`"))
                    .help(format!("keep one of them, such as `{}`", provider.app_key))
                    .file(self);
            }
        }
    }

    fn devices(&mut self) {
        for (_, device) in self.scenario.devices.iter() {
            for (at, app) in device.apps.0.iter().enumerate() {
                self.app_on(app, device.platform.value);
                if device.apps.0[..at].iter().any(|other| other.value == app.value) {
                    self.report(app.place, format!("app `{}` is installed twice", app.value))
                        .help("keep one of them".to_owned())
                        .file(self);
                }
            }
        }
    }

    /// Checks that an app is declared and that its provider reaches such devices.
    fn app_on(&mut self, app: &Located<String>, platform: Platform) {
        let Some(spec) = self.declared_app(app) else {
            return;
        };
        let Some(provider) = self.providers.iter().find(|one| one.name == spec.provider.value)
        else {
            return;
        };
        if !provider.platforms.contains(&platform) {
            let platforms: Vec<String> = provider.platforms.iter().map(word).collect();
            let platforms: Vec<&str> = platforms.iter().map(String::as_str).collect();
            let message = format!(
                "app `{}` cannot be on a device with `platform: {}`",
                app.value,
                word(&platform)
            );
            self.report(app.place, message)
                .help(format!("`{}` reaches {}", provider.name, Names(&platforms)))
                .file(self);
        }
    }

    fn sender(&mut self, sender: &'a Sender) {
        self.one_program(sender.run.as_ref(), sender.shell.as_ref(), "run", None);
        if let Some(ready) = &sender.ready {
            self.ready(&ready.value);
        }
    }

    fn command(&mut self, command: &'a Command, place: Place) {
        let (list, shell) = (command.command.as_ref(), command.shell.as_ref());
        self.one_program(list, shell, "command", Some(place));
    }

    /// Checks that exactly one of a list and a shell line says what to run.
    fn one_program(
        &mut self,
        list: Option<&Located<Vec<Located<String>>>>,
        shell: Option<&Located<String>>,
        word: &str,
        place: Option<Place>,
    ) {
        match (list, shell) {
            (Some(_), Some(shell)) => {
                self.report(shell.place, format!("`shell` cannot stand beside `{word}`"))
                    .help("keep one of them".to_owned())
                    .file(self);
            }
            (None, None) => {
                let place = place.or_else(|| self.key("sender"));
                let wrong = Diagnostic::new(self.file, "nothing says what to run");
                self.found.push(wrong.at(place).help(format!("add `{word}: […]` or `shell: …`")));
            }
            (Some(list), None) if list.value.first().is_none_or(|one| one.value.is_empty()) => {
                self.report(list.place, "expected a program and its arguments, found none")
                    .help("name the program first, as in `[node, send.js]`".to_owned())
                    .file(self);
            }
            _ => {}
        }
    }

    /// The provider of that name; reports an unknown one.
    fn provider(&mut self, name: &Located<String>) -> Option<&'a Provider<'a>> {
        let providers = self.providers;
        let provider = providers.iter().find(|provider| provider.name == name.value);
        if provider.is_none() {
            let known: Vec<&str> = providers.iter().map(|provider| provider.name).collect();
            self.unknown("provider", name, &known);
        }
        provider
    }

    /// The app of that name; reports an unknown one.
    fn declared_app(&mut self, name: &Located<String>) -> Option<&'a AppSpec> {
        let scenario = self.scenario;
        let app = scenario.apps.find(&name.value);
        if app.is_none() {
            self.undeclared("app", name, &scenario.apps.names());
        }
        app
    }

    /// Reports a device that is not declared.
    fn declared_device(&mut self, name: &Located<String>) -> bool {
        let scenario = self.scenario;
        let known = scenario.devices.find(&name.value).is_some();
        if !known {
            self.undeclared("device", name, &scenario.devices.names());
        }
        known
    }

    fn unknown(&mut self, what: &str, name: &Located<String>, known: &[&str]) {
        self.report(name.place, format!("unknown {what} `{}`", name.value))
            .help(near::suggest(&name.value, known))
            .file(self);
    }

    fn undeclared(&mut self, what: &str, name: &Located<String>, known: &[&str]) {
        let add = format!("add it under `{what}s`");
        let help = match near::nearest(&name.value, known) {
            Some(near) => format!("{add}, or did you mean `{near}`?"),
            None => add,
        };
        self.report(name.place, format!("{what} `{}` is not declared", name.value))
            .help(help)
            .file(self);
    }

    fn report(&self, place: Place, message: impl Into<String>) -> Report {
        Report(Diagnostic::new(self.file, message).at(place))
    }

    /// The place of a key at the start of a line.
    fn key(&self, key: &str) -> Option<Place> {
        let starts = |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
        let mut at = 0;
        for line in self.source.split_inclusive('\n') {
            if starts(line) {
                return Some(Place::of(self.source, at..at + key.len()));
            }
            at += line.len();
        }
        None
    }
}

/// A diagnostic that is still being written.
struct Report(Diagnostic);

impl Report {
    fn help(self, help: String) -> Self {
        Self(self.0.help(help))
    }

    fn file(self, checker: &mut Checker<'_>) {
        checker.found.push(self.0);
    }
}

/// A platform as files write it.
fn word(platform: &Platform) -> String {
    match serde_json::to_value(platform) {
        Ok(serde_json::Value::String(word)) => word,
        _ => format!("{platform:?}"),
    }
}

/// As long as the emulator lets names of devices be.
const LONGEST_NAME: usize = 64;
