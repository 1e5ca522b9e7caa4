//! Carries out one step of a scenario.

use super::http::{Call, call};
use super::process::{Left, Process};
use super::result::{Failure, in_words};
use super::stage::Stage;
use crate::diagnostic::Place;
use crate::scenario::substitute::{fill, fill_value};
use crate::scenario::{
    Advance, AgeCredentials, Await, Command, Fault, HttpCall, Located, OneCredential, OutputMatch,
    Patch, PushRequest, Run, SenderUrl, Step, Table, Words,
};
use pushpit_emulator::world::{self, AppName, DeviceChange};
use serde_json::Value;
use std::time::Duration;

impl Stage<'_> {
    /// Carries out a step.
    pub(super) async fn step(&mut self, step: &Located<Step>) -> Result<(), Failure> {
        match &step.value {
            Step::Advance(advance) => self.advance(advance).await,
            Step::AgeCredentials(age) => self.age(age),
            Step::Await(wait) => self.wait(wait).await,
            Step::Expect(expect) => self.expect(expect).await,
            Step::Fault(fault) => self.fault(fault, step.place).await,
            Step::Http(http) => self.http(http).await,
            Step::Install(apps) => {
                self.each(apps, |stage, device, app| stage.emulator.control().install(device, app))
            }
            Step::IssueCredentials(one) => self.issue(one),
            Step::Request(request) => self.request(request).await,
            Step::RevokeCredentials(revoke) => self.revoke(revoke),
            Step::Rotate(apps) => {
                self.each(apps, |stage, device, app| stage.emulator.control().rotate(device, app))
            }
            Step::Run(run) => self.run(run).await,
            Step::Set(devices) => self.set(devices),
            Step::Stop(sender) => self.stop(&sender.value).await,
            Step::Uninstall(apps) => self
                .each(apps, |stage, device, app| stage.emulator.control().uninstall(device, app)),
        }
    }

    async fn advance(&mut self, advance: &Advance) -> Result<(), Failure> {
        let advance = match advance {
            Advance::By(length) => world::Advance { by: Some(length.0), to: None },
            Advance::To(instant) => world::Advance { by: None, to: Some(instant.value) },
        };
        self.emulator.control().advance(advance).await.map(drop).map_err(refused)
    }

    fn age(&mut self, age: &AgeCredentials) -> Result<(), Failure> {
        let app = age.app.as_ref().map(|app| self.app(&app.value));
        let age = world::Age { by: Some(age.by.0), app };
        self.emulator.control().age(age).map_err(refused)
    }

    fn revoke(&mut self, revoke: &OneCredential) -> Result<(), Failure> {
        let app = self.app(&revoke.app.value);
        let revoke = world::Revoke { app, credential: revoke.credential.value.clone() };
        self.emulator.control().revoke(revoke).map_err(refused)
    }

    fn issue(&mut self, one: &OneCredential) -> Result<(), Failure> {
        let app = self.app(&one.app.value);
        let issue = world::Issue { app, credential: one.credential.value.clone() };
        self.emulator.control().issue(&issue).map_err(|error| said(error.to_string()))?;
        self.name_credentials();
        Ok(())
    }

    async fn fault(&mut self, fault: &Fault, place: Place) -> Result<(), Failure> {
        let mut value = serde_json::to_value(fault).map_err(|error| said(error.to_string()))?;
        if let Some(app) = value.pointer_mut("/match/app") {
            let name = app.as_str().unwrap_or_default().to_owned();
            *app = Value::String(self.app_id(&name).to_owned());
        }
        let value = self.fill_value(&value)?;
        let fault = serde_json::from_value(value).map_err(|error| said(error.to_string()))?;
        let fault = self.emulator.control().add_fault(fault).await.map_err(refused)?;
        self.faults.push((fault, place));
        Ok(())
    }

    fn set(&mut self, devices: &Table<Patch>) -> Result<(), Failure> {
        for (name, patch) in devices.iter() {
            let filled = |(provider, wanted): (&Located<String>, &Value)| {
                Ok((provider.value.clone(), self.fill_value(wanted)?))
            };
            let change = DeviceChange {
                connection: patch.connection,
                power: patch.power,
                services: patch.providers.iter().map(filled).collect::<Result<_, _>>()?,
            };
            self.emulator.control().change_device(&name.value, change).map_err(refused)?;
        }
        Ok(())
    }

    fn each(
        &mut self,
        apps: &Table<Words>,
        act: impl Fn(&Self, &str, &AppName) -> Result<world::DeviceView, world::Refused>,
    ) -> Result<(), Failure> {
        for (device, words) in apps.iter() {
            for word in &words.0 {
                let app = self.app(&word.value);
                let view = act(self, &device.value, &app).map_err(refused)?;
                self.names.set_device(&view, self.scenario);
                self.remember_addresses(&view);
            }
        }
        Ok(())
    }

    async fn run(&mut self, run: &Run) -> Result<(), Failure> {
        let Run(command) = run;
        let launch = self.launch_command(command)?;
        let program = launch.words.join(" ");
        let limit = command.timeout.map_or(RUN_LIMIT, |limit| limit.0);
        let process = Process::start(launch).await.map_err(|error| Failure {
            help: Some(error.help().to_owned()),
            ..said(error.to_string())
        })?;
        let (ended, output, lives_on) = process.finish(limit).await;
        self.daemons.extend(lives_on);
        self.remember_output(&program, output);
        let ended = ended.map_err(|error| Failure {
            help: Some(error.help().to_owned()),
            ..said(error.to_string())
        })?;
        let wanted = i32::from(command.status.unwrap_or(0));
        if ended.status != wanted {
            let found = match ended.status {
                status @ 0..=128 => format!("found {status}"),
                status => format!("but it ended {}", in_words(status)),
            };
            return Err(said(format!("expected exit status {wanted}, {found}")));
        }
        if ended.left == Left::Group {
            let what = format!("`{program}` left processes running; they were stopped");
            let help = "let it wait for its children, or declare it under `senders`".to_owned();
            return Err(Failure { help: Some(help), ..said(what) });
        }
        self.holds("output", command.stdout.as_ref(), &ended.stdout)?;
        self.holds("error output", command.stderr.as_ref(), &ended.stderr)
    }

    fn holds(&self, name: &str, wanted: Option<&OutputMatch>, found: &str) -> Result<(), Failure> {
        let Some(wanted) = wanted else { return Ok(()) };
        let text = self.fill(&wanted.contains)?;
        if found.contains(&text) {
            return Ok(());
        }
        Err(said(format!("expected `{text}` in the {name}")))
    }

    fn launch_command(&self, command: &Command) -> Result<super::process::Launch, Failure> {
        let words = self.words(command.command.as_ref(), command.shell.as_ref())?;
        let input = command.stdin.as_ref().map(|text| self.fill(text)).transpose()?;
        self.launch(words, command.dir.as_ref(), &command.env, input.unwrap_or_default())
    }

    async fn http(&mut self, http: &HttpCall) -> Result<(), Failure> {
        let body = self.body(http.json.as_ref(), http.body.as_ref())?;
        let by_body = if body.is_some() { "POST" } else { "GET" };
        let url =
            SenderUrl::parse(&self.fill(&http.url)?).map_err(|error| call_failed(error.into()))?;
        let request = Call {
            method: http.method.as_ref().map_or(by_body, |it| &it.value).to_owned(),
            headers: self.headers(&http.headers, http.json.is_some())?,
            body: body.unwrap_or_default(),
        };
        let limit = http.timeout.map_or(CALL_LIMIT, |limit| limit.0);
        let called = call(&url, request, limit).await.map_err(call_failed)?;
        let good = match &http.status {
            Some(wanted) => called.status == wanted.value,
            None => (200..300).contains(&called.status),
        };
        if good {
            return Ok(());
        }
        let wanted = http.status.as_ref();
        let wanted = wanted.map_or_else(|| "200 to 299".to_owned(), |it| it.value.to_string());
        let what = format!("expected status {wanted}, found {}: {}", called.status, called.body);
        Err(said(what))
    }

    async fn request(&mut self, request: &PushRequest) -> Result<(), Failure> {
        let body = self.body(request.json.as_ref(), request.body.as_ref())?;
        let call = Call {
            method: request.method.as_ref().map_or("POST", |it| &it.value).to_owned(),
            headers: self.headers(&request.headers, false)?,
            body: body.unwrap_or_default(),
        };
        let path = self.fill(&request.path)?;
        let host = request.host.as_ref().map(|host| self.fill(host)).transpose()?;
        let host = host.unwrap_or_else(|| "localhost".to_owned());
        let limit = request.timeout.map_or(CALL_LIMIT, |limit| limit.0);
        let called =
            self.push_port()?.send(&host, &path, call, limit).await.map_err(call_failed)?;
        let wanted = request.status.as_ref().map_or(200, |status| status.value);
        if called.status != wanted {
            let what =
                format!("expected status {wanted}, found {}: {}", called.status, called.body);
            return Err(said(what));
        }
        match &request.reason {
            Some(reason) if !called.body.contains(&reason.value) => {
                Err(said(format!("expected reason `{}`, found {}", reason.value, called.body)))
            }
            _ => Ok(()),
        }
    }

    async fn wait(&mut self, wait: &Await) -> Result<(), Failure> {
        let limit = wait.timeout.map_or(AWAIT_LIMIT, |limit| limit.0);
        let mut expectations = Vec::new();
        if let Some(requests) = &wait.requests {
            expectations.push(("requests".to_owned(), self.request_expectation(&requests.value)?));
        }
        if let Some(deliveries) = &wait.deliveries {
            expectations
                .push(("deliveries".to_owned(), self.delivery_expectation(&deliveries.value)?));
        }
        self.judge(expectations, limit, AT_LEAST_ONE).await.map(drop)
    }

    fn body(
        &self,
        json: Option<&Located<Value>>,
        text: Option<&Located<String>>,
    ) -> Result<Option<Vec<u8>>, Failure> {
        let json = json.map(|json| self.fill_value(&json.value)).transpose()?;
        let text = text.map(|text| self.fill(text)).transpose()?;
        Ok(json.map(|json| json.to_string().into_bytes()).or_else(|| text.map(String::into_bytes)))
    }

    fn headers(
        &self,
        headers: &Table<Located<String>>,
        json: bool,
    ) -> Result<std::collections::BTreeMap<String, String>, Failure> {
        let mut all = std::collections::BTreeMap::new();
        if json {
            all.insert("content-type".to_owned(), "application/json".to_owned());
        }
        for (name, value) in headers.iter() {
            all.insert(name.value.to_ascii_lowercase(), self.fill(value)?);
        }
        Ok(all)
    }

    /// Fills in a text's names.
    pub(super) fn fill(&self, text: &Located<String>) -> Result<String, Failure> {
        fill(&text.value, &self.names).map_err(|error| Failure {
            help: Some(error.help().to_owned()),
            ..said(error.to_string())
        })
    }

    /// Fills in the names of every text in a JSON value.
    pub(super) fn fill_value(&self, value: &Value) -> Result<Value, Failure> {
        fill_value(value, &self.names).map_err(|error| Failure {
            help: Some(error.help().to_owned()),
            ..said(error.to_string())
        })
    }
}

/// A failure of which nothing more is known yet.
pub(super) fn said(what: String) -> Failure {
    Failure { what, ..Failure::default() }
}

/// The emulator would not do it.
pub(super) fn refused(refused: world::Refused) -> Failure {
    let what = refused.to_string();
    let help = match refused {
        world::Refused::BadSetting { error, .. } => Some(error.help),
        _ => None,
    };
    Failure { help, ..said(what) }
}

#[expect(clippy::needless_pass_by_value, reason = "it stands at the end of a chain of results")]
pub(super) fn call_failed(error: super::http::CallError) -> Failure {
    Failure { help: Some(error.help().to_owned()), ..said(error.to_string()) }
}

/// An `await` without a number waits for the first.
pub(super) const AT_LEAST_ONE: bool = true;

const RUN_LIMIT: Duration = Duration::from_secs(30);
const CALL_LIMIT: Duration = Duration::from_secs(10);
const AWAIT_LIMIT: Duration = Duration::from_secs(5);
