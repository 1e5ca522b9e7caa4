//! Every `${…}` in a scenario must stand for something.

use super::Checker;
use crate::diagnostic::Place;
use crate::scenario::claim::{Exactly, Nothing};
use crate::scenario::model::{Command, Ready, Sender};
use crate::scenario::substitute::{Piece, parse};
use crate::scenario::{Located, Step, Table, near};
use serde_json::Value;

impl<'a> Checker<'a> {
    pub(super) fn texts(&mut self) {
        let scenario = self.scenario;
        for (_, sender) in scenario.all_senders() {
            self.sender_texts(sender);
        }
        for step in &scenario.steps {
            self.step_texts(&step.value);
        }
    }

    fn sender_texts(&mut self, sender: &'a Sender) {
        self.list(sender.run.as_ref());
        self.all([&sender.shell, &sender.dir]);
        self.table(&sender.env);
        if let Some(ready) = &sender.ready {
            let (Ready::Http(text) | Ready::Line(text) | Ready::Port(text)) = &ready.value;
            self.text(&text.value, text.place);
        }
    }

    fn step_texts(&mut self, step: &'a Step) {
        match step {
            Step::Advance(_)
            | Step::AgeCredentials(_)
            | Step::Install(_)
            | Step::IssueCredentials(_)
            | Step::RevokeCredentials(_)
            | Step::Rotate(_)
            | Step::Stop(_)
            | Step::Uninstall(_) => {}
            Step::Await(wait) => {
                if let Some(Located { value, .. }) = &wait.requests {
                    self.all([&value.path, &value.host]);
                    self.values(value.headers.iter().chain(&value.body));
                    self.matchers(&value.exactly, &value.contains, &value.none);
                }
                if let Some(Located { value, .. }) = &wait.deliveries {
                    self.values(&value.payload);
                    self.matchers(&value.exactly, &value.contains, &value.none);
                }
            }
            Step::Expect(expect) => {
                if let Some(Located { value, .. }) = &expect.requests {
                    self.all([&value.path, &value.host]);
                    self.values(value.headers.iter().chain(&value.body));
                    self.matchers(&value.exactly, &value.contains, &value.none);
                }
                for (_, Located { value, .. }) in expect.devices.iter() {
                    self.matchers(&value.exactly, &value.contains, &value.none);
                }
            }
            Step::Fault(fault) => {
                self.all([&fault.matches.path, &fault.matches.route]);
                for answer in &fault.answers {
                    self.all([&answer.value.0.body]);
                }
            }
            Step::Http(call) => {
                self.text(&call.url.value, call.url.place);
                self.all([&call.body]);
                self.table(&call.headers);
                self.values(&call.json);
            }
            Step::Request(request) => {
                self.text(&request.path.value, request.path.place);
                self.all([&request.host, &request.body]);
                self.table(&request.headers);
                self.values(&request.json);
            }
            Step::Run(run) => self.command_texts(&run.0),
            Step::Set(devices) => {
                for (provider, wanted) in devices.iter().flat_map(|(_, it)| it.providers.iter()) {
                    self.value(wanted, provider.place);
                }
            }
        }
    }

    fn command_texts(&mut self, command: &'a Command) {
        self.list(command.command.as_ref());
        self.all([&command.shell, &command.dir, &command.stdin]);
        self.table(&command.env);
        for output in [&command.stdout, &command.stderr].into_iter().flatten() {
            self.text(&output.contains.value, output.contains.place);
        }
    }

    fn list(&mut self, list: Option<&'a Located<Vec<Located<String>>>>) {
        for text in list.into_iter().flat_map(|list| &list.value) {
            self.text(&text.value, text.place);
        }
    }

    fn all<const N: usize>(&mut self, texts: [&'a Option<Located<String>>; N]) {
        for text in texts.into_iter().flatten() {
            self.text(&text.value, text.place);
        }
    }

    fn table(&mut self, table: &'a Table<Located<String>>) {
        for (_, text) in table.iter() {
            self.text(&text.value, text.place);
        }
    }

    fn matchers(
        &mut self,
        exactly: &'a Option<Exactly>,
        contains: &'a Option<Vec<Located<Value>>>,
        none: &'a Option<Located<Nothing>>,
    ) {
        if let Some(Exactly::List(list)) = exactly {
            self.values(list);
        }
        self.values(contains.iter().flatten());
        if let Some(Located { value: Nothing::Like(list), .. }) = none {
            self.values(list);
        }
    }

    fn values(&mut self, values: impl IntoIterator<Item = &'a Located<Value>>) {
        for Located { value, place } in values {
            self.value(value, *place);
        }
    }

    fn value(&mut self, value: &'a Value, place: Place) {
        match value {
            Value::String(text) => self.text(text, place),
            Value::Array(list) => list.iter().for_each(|one| self.value(one, place)),
            Value::Object(map) => map.values().for_each(|one| self.value(one, place)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Checks one text that stands at or after `place`.
    fn text(&mut self, text: &'a str, place: Place) {
        if !text.contains("${") {
            return;
        }
        match parse(text) {
            Err(error) => {
                let place = self.find(&text[error.at()], place);
                self.report(place, error.to_string()).help(error.help().to_owned()).file(self);
            }
            Ok(pieces) => {
                for piece in pieces {
                    if let Piece::Name { name, at } = piece
                        && let Err(nameless) = self.stands_for_something(name)
                    {
                        let place = self.find(&text[at], place);
                        self.report(place, format!("`${{{name}}}` stands for nothing"))
                            .help(nameless.to_string())
                            .file(self);
                    }
                }
            }
        }
    }

    /// Where a piece of text stands, as far as it is written in the file as it is meant.
    fn find(&self, piece: &str, place: Place) -> Place {
        let rest = self.source.get(place.start..).unwrap_or_default();
        match rest.find(piece) {
            Some(at) => Place::of(self.source, place.start + at..place.start + at + piece.len()),
            None => place,
        }
    }

    /// Whether a name stands for something.
    fn stands_for_something(&self, name: &str) -> Result<(), Nameless> {
        let scenario = self.scenario;
        let segments: Vec<&str> = name.split('.').collect();
        match segments.as_slice() {
            ["ca" | "credentials"] | ["control", "url"] => Ok(()),
            ["push", key] => known(key, &["host", "port", "url"]),
            ["control", key] => known(key, &["url"]),
            ["ports", port] => {
                let ports: Vec<&str> = scenario.ports.iter().map(|port| &*port.value).collect();
                declared("ports", port, &ports)
            }
            ["apps", app, _] => declared("apps", app, &scenario.apps.names()),
            ["devices", device, app, key] => {
                declared("devices", device, &scenario.devices.names())?;
                declared("apps", app, &scenario.apps.names())?;
                if !self.ever_installed().contains(&(*device, *app)) {
                    let (device, app) = ((*device).to_owned(), (*app).to_owned());
                    return Err(Nameless::NotInstalled { device, app });
                }
                known(key, &["address", "id", "token"])
            }
            ["devices", ..] => Err(Nameless::Form("${devices.DEVICE.APP.token}")),
            ["apps", ..] => Err(Nameless::AppKey),
            ["ports", ..] => Err(Nameless::Form("${ports.NAME}")),
            [first, ..] => {
                let help = near::suggest(first, &FIRST_WORDS);
                match first.bytes().all(|byte| !byte.is_ascii_lowercase()) {
                    true => Err(Nameless::Foreign { help, name: name.to_owned() }),
                    false => Err(Nameless::Key { help }),
                }
            }
            [] => Err(Nameless::Empty),
        }
    }
}

fn known(key: &str, keys: &[&str]) -> Result<(), Nameless> {
    if keys.contains(&key) { Ok(()) } else { Err(Nameless::Key { help: near::suggest(key, keys) }) }
}

fn declared(table: &'static str, name: &str, names: &[&str]) -> Result<(), Nameless> {
    if names.contains(&name) {
        return Ok(());
    }
    Err(match near::nearest(name, names) {
        Some(near) => Nameless::Misspelt { near: near.to_owned() },
        None => Nameless::Undeclared { table, name: name.to_owned() },
    })
}

/// A name that stands for nothing, told as what to do about it.
#[derive(Debug, thiserror::Error)]
enum Nameless {
    #[error("write `${{apps.APP.KEY}}`, such as `${{apps.chat.key_id}}`")]
    AppKey,
    #[error("name something")]
    Empty,
    /// A variable of a shell, most likely.
    #[error("{help}; for a variable of the program's own write `$${{{name}}}`")]
    Foreign { help: String, name: String },
    #[error("write `{0}`")]
    Form(&'static str),
    #[error("{help}")]
    Key { help: String },
    #[error("did you mean `{near}`?")]
    Misspelt { near: String },
    #[error("add `{app}` to the apps of `{device}`")]
    NotInstalled { device: String, app: String },
    #[error("add `{name}` under `{table}`")]
    Undeclared { table: &'static str, name: String },
}

/// What a name can begin with.
const FIRST_WORDS: [&str; 7] = ["apps", "ca", "control", "credentials", "devices", "ports", "push"];
