//! The steps: names that they use, in the order in which apps come and go.

use super::Checker;
use crate::diagnostic::Place;
use crate::scenario::claim::{Answer, Exactly, Nothing, Patch};
use crate::scenario::{
    Advance, DeviceExpect, Fault, Length, Located, OneCredential, RequestMatch, Step, Table, Words,
    near,
};
use pushpit_emulator::world::{Arrival, DeliveryView, RequestView};
use schemars::JsonSchema;
use serde_json::Value;
use std::collections::BTreeSet;

/// Which apps are on which devices, at some point of the scenario.
type Installed<'a> = BTreeSet<(&'a str, &'a str)>;

impl<'a> Checker<'a> {
    pub(super) fn steps(&mut self) {
        let scenario = self.scenario;
        let mut installed = self.installed_at_start();
        let mut running: BTreeSet<&str> = scenario.all_senders().map(|(name, _)| name).collect();
        for step in &scenario.steps {
            self.step(step, &mut installed, &mut running);
        }
    }

    fn step(
        &mut self,
        step: &'a Located<Step>,
        installed: &mut Installed<'a>,
        running: &mut BTreeSet<&'a str>,
    ) {
        match &step.value {
            Step::Advance(Advance::By(length)) => self.not_zero(*length, step.place),
            Step::Advance(Advance::To(_)) => {}
            Step::AgeCredentials(age) => {
                self.not_zero(age.by, step.place);
                if let Some(app) = &age.app {
                    self.declared_app(app);
                }
            }
            Step::Await(wait) => {
                if wait.requests.is_none() && wait.deliveries.is_none() {
                    self.report(step.place, "nothing says what to wait for")
                        .help("add `requests: {…}` or `deliveries: {…}`".to_owned())
                        .file(self);
                }
                if let Some(requests) = &wait.requests {
                    self.requests(requests);
                }
                if let Some(Located { value, place }) = &wait.deliveries {
                    self.named(value.provider.as_ref(), value.app.as_ref(), value.device.as_ref());
                    self.outcome(value.outcome.as_ref());
                    self.one_claim(&value.exactly, &value.contains, &value.none, *place);
                    self.entries(
                        &value.exactly,
                        &value.contains,
                        &value.none,
                        &keys_of::<DeliveryView>(),
                    );
                }
            }
            Step::Expect(expect) => {
                if expect.devices.is_empty() && expect.requests.is_none() {
                    self.report(step.place, "nothing says what to expect")
                        .help("add a device, or `requests: {…}`".to_owned())
                        .file(self);
                }
                if let Some(requests) = &expect.requests {
                    self.requests(requests);
                }
                for (device, claims) in expect.devices.iter() {
                    self.declared_device(device);
                    self.claims(claims);
                }
            }
            Step::Fault(fault) => self.fault(fault, step.place),
            Step::Http(call) => self.http(call),
            Step::Request(request) => self.request(request),
            Step::IssueCredentials(one) | Step::RevokeCredentials(one) => self.credential(one),
            Step::Install(apps) => self.install(apps, installed),
            Step::Rotate(apps) => self.present(apps, installed, "rotate", false),
            Step::Uninstall(apps) => self.present(apps, installed, "uninstall", true),
            Step::Run(run) => self.command(&run.0, step.place),
            Step::Set(patches) => {
                for (device, patch) in patches.iter() {
                    self.declared_device(device);
                    self.patch(device.place, patch);
                }
            }
            Step::Stop(sender) => self.stop(sender, running),
        }
    }

    fn installed_at_start(&self) -> Installed<'a> {
        let devices = self.scenario.devices.iter();
        devices
            .flat_map(|(device, spec)| {
                spec.apps.0.iter().map(|app| (device.value.as_str(), app.value.as_str()))
            })
            .collect()
    }

    /// Which apps are on which devices at any point.
    pub(super) fn ever_installed(&self) -> Installed<'a> {
        let mut ever = self.installed_at_start();
        for step in &self.scenario.steps {
            if let Step::Install(table) = &step.value {
                for (device, apps) in table.iter() {
                    ever.extend(apps.0.iter().map(|app| (&*device.value, &*app.value)));
                }
            }
        }
        ever
    }

    fn install(&mut self, table: &'a Table<Words>, installed: &mut Installed<'a>) {
        for (device, apps) in table.iter() {
            if !self.declared_device(device) {
                continue;
            }
            let Some(spec) = self.scenario.devices.find(&device.value) else {
                continue;
            };
            for app in &apps.0 {
                self.app_on(app, spec.platform.value);
                if !installed.insert((&device.value, &app.value)) {
                    let (app_name, device) = (&app.value, &device.value);
                    self.report(app.place, format!("`{app_name}` is on `{device}` already"))
                        .help("uninstall it first, or use `rotate` for a new address".to_owned())
                        .file(self);
                }
            }
        }
    }

    fn present(
        &mut self,
        table: &'a Table<Words>,
        installed: &mut Installed<'a>,
        verb: &str,
        leaves: bool,
    ) {
        for (device, apps) in table.iter() {
            if !self.declared_device(device) {
                continue;
            }
            for app in &apps.0 {
                if self.declared_app(app).is_none() {
                    continue;
                }
                let pair = (device.value.as_str(), app.value.as_str());
                if !installed.contains(&pair) {
                    self.report(app.place, format!("`{}` is not on `{}`", pair.1, pair.0))
                        .help(format!("install it before the step `{verb}`"))
                        .file(self);
                }
                if leaves {
                    installed.remove(&pair);
                }
            }
        }
    }

    fn patch(&mut self, place: Place, patch: &'a Patch) {
        if patch.connection.is_none() && patch.power.is_none() && patch.providers.is_empty() {
            self.report(place, "nothing says what to change")
                .help("add `connection: …` or `power: …`".to_owned())
                .file(self);
        }
        for (key, wanted) in patch.providers.iter() {
            self.setting(key, wanted);
            let mut known = vec!["connection", "power"];
            known.extend(self.providers.iter().map(|provider| provider.name));
            if !known.contains(&key.value.as_str()) {
                self.report(key.place, format!("unknown key `{}`", key.value))
                    .help(near::suggest(&key.value, &known))
                    .file(self);
            }
        }
    }

    /// A device's settings at one provider; names in them are put in at the run.
    fn setting(&mut self, provider: &Located<String>, wanted: &Value) {
        let has_names = wanted.to_string().contains("${");
        let Some(known) = self.providers.iter().find(|it| it.name == provider.value) else {
            return;
        };
        if let (false, Err(wrong)) = (has_names, (known.judge_setting)(known.name, wanted)) {
            self.report(provider.place, format!("`{}`: {wrong}", provider.value))
                .help(wrong.help)
                .file(self);
        }
    }

    fn requests(&mut self, requests: &'a Located<RequestMatch>) {
        let Located { value, place } = requests;
        self.named(value.provider.as_ref(), value.app.as_ref(), None);
        self.one_claim(&value.exactly, &value.contains, &value.none, *place);
        self.entries(&value.exactly, &value.contains, &value.none, &keys_of::<RequestView>());
        if let Some(verdict) = &value.verdict {
            self.one_of("verdict", verdict, &["accepted", "rejected"]);
        }
    }

    fn claims(&mut self, claims: &'a Located<DeviceExpect>) {
        let Located { value, place } = claims;
        let counts = [value.collapsed, value.expired, value.dropped, value.pending];
        let lists = value.exactly.is_some() || value.contains.is_some() || value.none.is_some();
        if !lists && counts.iter().all(Option::is_none) {
            self.report(*place, "nothing says what to expect")
                .help("add `exactly: […]`, `contains: […]`, `none: true` or a count".to_owned())
                .file(self);
        }
        self.one_claim(&value.exactly, &value.contains, &value.none, *place);
        self.entries(&value.exactly, &value.contains, &value.none, &keys_of::<Arrival>());
    }

    /// Checks that entries of lists speak of what such entries have.
    fn entries(
        &mut self,
        exactly: &Option<Exactly>,
        contains: &Option<Vec<Located<Value>>>,
        none: &Option<Located<Nothing>>,
        keys: &[String],
    ) {
        let whole = match exactly {
            Some(Exactly::List(list)) => list.as_slice(),
            _ => &[],
        };
        let unwanted = match none {
            Some(Located { value: Nothing::Like(list), .. }) => list.as_slice(),
            _ => &[],
        };
        for entry in whole.iter().chain(contains.iter().flatten()).chain(unwanted) {
            for (key, value) in entry.value.as_object().into_iter().flatten() {
                if !keys.contains(key) {
                    let known: Vec<_> = keys.iter().map(String::as_str).collect();
                    self.report(entry.place, format!("no entry has a key `{key}`"))
                        .help(meant(key, value, &known))
                        .file(self);
                }
            }
        }
    }

    /// Checks that claims about the same list do not contradict each other.
    fn one_claim(
        &mut self,
        exactly: &Option<Exactly>,
        contains: &Option<Vec<Located<Value>>>,
        none: &Option<Located<Nothing>>,
        place: Place,
    ) {
        let all = matches!(none, Some(Located { value: Nothing::AtAll, .. }));
        let whole = matches!(exactly, Some(Exactly::List(_)));
        if all && (exactly.is_some() || contains.is_some()) {
            let place = none.as_ref().map_or(place, |none| none.place);
            self.report(place, "`none: true` cannot stand beside `exactly` or `contains`")
                .help("keep one of them".to_owned())
                .file(self);
        } else if whole && contains.is_some() {
            self.report(place, "`contains` cannot stand beside a list under `exactly`")
                .help("keep one of them, or give `exactly` a number".to_owned())
                .file(self);
        }
    }

    fn fault(&mut self, fault: &'a Fault, place: Place) {
        let matches = &fault.matches;
        self.named(matches.provider.as_ref(), matches.app.as_ref(), matches.device.as_ref());
        if fault.answers.is_empty() && fault.delay.is_none() && fault.connection.is_none() {
            self.report(place, "nothing says what the fault does")
                .help("add `answers: […]`, `delay: …` or `connection: …`".to_owned())
                .file(self);
        }
        for Located { value: Answer(answer), place } in &fault.answers {
            if !(200..=599).contains(&answer.status) {
                let found = answer.status;
                let message = format!("expected a status from 200 to 599, found `{found}`");
                self.report(*place, message).file(self);
            }
        }
        if let Some(Located { value, place }) = &fault.probability
            && !(0.0..=1.0).contains(value)
        {
            let message = format!("expected a probability from 0 to 1, found `{value}`");
            self.report(*place, message).file(self);
        }
    }

    fn named(
        &mut self,
        provider: Option<&'a Located<String>>,
        app: Option<&'a Located<String>>,
        device: Option<&'a Located<String>>,
    ) {
        if let Some(provider) = provider {
            self.provider(provider);
        }
        if let Some(app) = app {
            self.declared_app(app);
        }
        if let Some(device) = device {
            self.declared_device(device);
        }
    }

    fn outcome(&mut self, outcome: Option<&'a Located<String>>) {
        if let Some(outcome) = outcome {
            let known = ["pending", "delivered", "collapsed", "expired", "dropped"];
            self.one_of("outcome", outcome, &known);
        }
    }

    fn one_of(&mut self, what: &str, found: &Located<String>, known: &[&str]) {
        if !known.contains(&found.value.as_str()) {
            self.unknown(what, found, known);
        }
    }

    fn stop(&mut self, sender: &'a Located<String>, running: &mut BTreeSet<&'a str>) {
        let known: Vec<&str> = self.scenario.all_senders().map(|(name, _)| name).collect();
        if !known.contains(&sender.value.as_str()) {
            self.undeclared("sender", sender, &known);
        } else if !running.remove(sender.value.as_str()) {
            self.report(sender.place, format!("sender `{}` is stopped twice", sender.value))
                .help("remove this step".to_owned())
                .file(self);
        }
    }

    fn credential(&mut self, one: &'a OneCredential) {
        let Some(app) = self.declared_app(&one.app) else { return };
        let provider = self.providers.iter().find(|it| it.name == app.provider.value);
        if let Some(provider) = provider {
            self.one_of("credential", &one.credential, provider.credentials);
        }
    }

    fn not_zero(&mut self, length: Length, place: Place) {
        if length.0.is_zero() {
            self.report(place, "expected a length above zero, found `0s`").file(self);
        }
    }
}

/// The keys of a list's entries.
fn keys_of<T: JsonSchema>() -> Vec<String> {
    let schema = schemars::schema_for!(T);
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flat_map(|keys| keys.keys().cloned()).collect()
}

/// What somebody most likely meant who wrote a key that no entry has.
fn meant(key: &str, value: &Value, known: &[&str]) -> String {
    match near::nearest(key, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.contains(&"payload") => {
            let payload = match key {
                "alert" | "badge" | "sound" => format!("{{ aps: {{ {key}: {value} }} }}"),
                _ => format!("{{ {key}: {value} }}"),
            };
            format!("what the app gets stands under `payload`: write `payload: {payload}`")
        }
        None => near::suggest(key, known),
    }
}
