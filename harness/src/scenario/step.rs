//! The steps of a scenario: each is a map with one key, the step's name.

use super::claim::{Answer, Exactly, Expect, Nothing, Patch};
use super::shape::{Advance, AgeCredentials, Length, Run, Words};
use super::{Located, Table};
use pushpit_emulator::post::ConnectionFault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One step.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Moves the world clock: `3d`, or `{ to: 2030-02-01T00:00:00Z }`.
    Advance(Advance),
    /// Makes credentials that were signed or issued before older, in sender time.
    AgeCredentials(AgeCredentials),
    /// Waits in real time for requests or deliveries.
    Await(Box<Await>),
    /// States what happened since the `expect` before this one.
    Expect(Box<Expect>),
    /// Makes the emulator misbehave on purpose.
    Fault(Box<Fault>),
    /// Calls the sender's own API.
    Http(Box<HttpCall>),
    /// Installs apps on devices.
    Install(Table<Words>),
    /// Makes a credential of an app anew.
    IssueCredentials(OneCredential),
    /// Sends a request that is written by hand to the push port.
    Request(Box<PushRequest>),
    /// Revokes a credential of an app.
    RevokeCredentials(OneCredential),
    /// Gives apps on devices a new address in place of the old.
    Rotate(Table<Words>),
    /// Runs a program to its end.
    Run(Box<Run>),
    /// Changes devices.
    Set(Table<Patch>),
    /// Stops a long-running sender.
    Stop(Located<String>),
    /// Takes apps off devices.
    Uninstall(Table<Words>),
}

impl Step {
    /// The step's name in the file.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Advance(_) => "advance",
            Self::AgeCredentials(_) => "age_credentials",
            Self::Await(_) => "await",
            Self::Expect(_) => "expect",
            Self::Fault(_) => "fault",
            Self::Http(_) => "http",
            Self::Install(_) => "install",
            Self::IssueCredentials(_) => "issue_credentials",
            Self::Request(_) => "request",
            Self::RevokeCredentials(_) => "revoke_credentials",
            Self::Rotate(_) => "rotate",
            Self::Run(_) => "run",
            Self::Set(_) => "set",
            Self::Stop(_) => "stop",
            Self::Uninstall(_) => "uninstall",
        }
    }
}

/// Waits in real time; then the clock may move.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Await {
    /// Requests that must come; at least one when no number is said.
    pub requests: Option<Located<RequestMatch>>,
    /// Deliveries that must come; at least one when no number is said.
    pub deliveries: Option<Located<DeliveryMatch>>,
    /// How long to wait, in real time; 5s by default.
    pub timeout: Option<Length>,
}

/// A credential of an app.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OneCredential {
    /// Of which app, by its name in this file.
    pub app: Located<String>,
    /// Which, by the provider's word, such as `key` or `certificate`.
    pub credential: Located<String>,
}

/// Which requests are meant, and how many or which of them there must be.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestMatch {
    /// The push service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<Located<String>>,
    /// The app, by its name in this file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<Located<String>>,
    /// The host it was sent to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<Located<String>>,
    /// The method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<Located<String>>,
    /// The path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Located<String>>,
    /// Headers that it must have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<Located<Value>>,
    /// What the body must be: a text, or JSON that is matched as a subset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Located<Value>>,
    /// The status that was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// `accepted` or `rejected`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Located<String>>,
    /// The provider's reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Located<String>>,
    /// Who asked, where it was not the sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Located<String>>,
    /// How many there must be, or which: a list is whole and in order.
    #[serde(skip_serializing)]
    pub exactly: Option<Exactly>,
    /// Requests that must be among them.
    #[serde(skip_serializing)]
    pub contains: Option<Vec<Located<Value>>>,
    /// `true`: there must be none. A list: none like these.
    #[serde(skip_serializing)]
    pub none: Option<Located<Nothing>>,
}

impl RequestMatch {
    /// Which requests are meant, as the control API's filter; the app is still this file's name.
    pub fn filter(&self) -> Map<String, Value> {
        object(self)
    }
}

/// Which deliveries are meant, and how many or which of them there must be.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliveryMatch {
    /// The push service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<Located<String>>,
    /// The app, by its name in this file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<Located<String>>,
    /// The device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<Located<String>>,
    /// `pending`, `delivered`, `collapsed`, `expired` or `dropped`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Located<String>>,
    /// Why it came to that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Located<String>>,
    /// What the payload must contain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<Located<Value>>,
    /// How many there must be, or which: a list is whole and in order.
    #[serde(skip_serializing)]
    pub exactly: Option<Exactly>,
    /// Deliveries that must be among them.
    #[serde(skip_serializing)]
    pub contains: Option<Vec<Located<Value>>>,
    /// `true`: there must be none. A list: none like these.
    #[serde(skip_serializing)]
    pub none: Option<Located<Nothing>>,
}

impl DeliveryMatch {
    /// Which deliveries are meant, as the control API's filter; the app is this file's name.
    pub fn filter(&self) -> Map<String, Value> {
        object(self)
    }
}

/// What one device must have got since the `expect` before. At least one of these is said.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceExpect {
    /// How many arrived, or which: a list is whole and in order, its values match as subsets.
    pub exactly: Option<Exactly>,
    /// What must be among those that arrived.
    pub contains: Option<Vec<Located<Value>>>,
    /// `true`: nothing arrived. A list: nothing like these.
    pub none: Option<Located<Nothing>>,
    /// How many a newer one replaced.
    pub collapsed: Option<u64>,
    /// How many reached the end of their lifetime.
    pub expired: Option<u64>,
    /// How many were dropped for another reason.
    pub dropped: Option<u64>,
    /// How many still wait.
    pub pending: Option<u64>,
}

/// A call to the sender's own API.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpCall {
    /// `GET`, or `POST` with a body, when nothing is said.
    pub method: Option<Located<String>>,
    /// Where to.
    pub url: Located<String>,
    /// Headers.
    #[serde(default)]
    pub headers: Table<Located<String>>,
    /// A JSON body. Not together with `body`.
    pub json: Option<Located<Value>>,
    /// A text as the body. Not together with `json`.
    pub body: Option<Located<String>>,
    /// The status that must come; any from 200 to 299 when nothing is said.
    pub status: Option<Located<u16>>,
    /// How long the answer may take, in real time; 10s by default.
    pub timeout: Option<Length>,
}

/// A request to the push port, written by hand.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PushRequest {
    /// `POST` when nothing is said.
    pub method: Option<Located<String>>,
    /// The path, such as `/3/device/${devices.anna.chat.token}`.
    pub path: Located<String>,
    /// The name that the request is for; decides the service where the path does not.
    pub host: Option<Located<String>>,
    /// Headers.
    #[serde(default)]
    pub headers: Table<Located<String>>,
    /// A JSON body. Not together with `body`.
    pub json: Option<Located<Value>>,
    /// A text as the body. Not together with `json`.
    pub body: Option<Located<String>>,
    /// The status that must come.
    pub status: Option<Located<u16>>,
    /// The provider's reason that must come.
    pub reason: Option<Located<String>>,
    /// How long the answer may take, in real time; 10s by default.
    pub timeout: Option<Length>,
}

/// A rule that makes the emulator misbehave on purpose.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Which requests it strikes; all when nothing is said.
    #[serde(default, rename = "match")]
    pub matches: FaultMatch,
    /// Whether it strikes at once all open connections to the provider, instead of requests to
    /// come.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub now: bool,
    /// How many requests it strikes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// The share of matching requests that it strikes, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub probability: Option<Located<f64>>,
    /// What is answered, in turn.
    #[serde(default)]
    pub answers: Vec<Located<Answer>>,
    /// A real wait before the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<Length>,
    /// What happens to the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionFault>,
}

/// Which requests a fault strikes; everything that is said must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultMatch {
    /// The push service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<Located<String>>,
    /// A prefix of the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<Located<String>>,
    /// The app, by its name in this file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<Located<String>>,
    /// The device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<Located<String>>,
    /// The whole path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Located<String>>,
}

fn object(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}
