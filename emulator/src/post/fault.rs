//! Fault rules: how the emulator misbehaves on purpose.

use super::{Bounded, ConnectionFault, Full, ServiceId, object};
use crate::clock::{parse_duration, show_duration};
use crate::ids::Ids;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::time::Duration;

/// A fault's number, from 1.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct FaultId(pub u64);

/// A rule: which requests it strikes, how often, and what happens to them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Fault {
    /// Which requests; all when nothing is said.
    #[serde(rename = "match", deserialize_with = "object")]
    pub matches: FaultMatch,
    /// Whether it strikes at once, once, and all open connections to the provider (those to no
    /// provider in particular too), instead of requests to come.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub now: bool,
    /// How many requests it strikes; each answer once by default, without answers all requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// The share of matching requests that it strikes, 0 to 1; all by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub probability: Option<f64>,
    /// What is answered, in turn; the status 200 lets the service answer.
    pub answers: Vec<FaultAnswer>,
    /// A real wait before the answer, such as `2s`; at most five minutes.
    #[serde(with = "delay", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub delay: Option<Duration>,
    /// What happens to the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionFault>,
}

/// What a request must be like; everything that is said must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FaultMatch {
    /// The service's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// A prefix of the path, such as `/3/device/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// The app's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// The device's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The whole path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// One answer of a fault: a bare status, or more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultAnswer(pub FaultReply);

/// What a fault answers instead of the service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultReply {
    /// The HTTP status.
    #[schemars(range(min = 200, max = 599))]
    pub status: u16,
    /// The provider's reason; a usual one for the status when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Headers to add.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The whole body, in place of the provider's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug)]
pub struct FaultScene<'a> {
    /// The service's name and number.
    pub service: (&'a str, ServiceId),
    /// The request's path.
    pub path: &'a [u8],
    /// The app's id, where it is known.
    pub app: Option<&'a str>,
    /// The device's name, where it is known.
    pub device: Option<&'a str>,
}

/// A fault struck: what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Struck {
    /// The rule.
    pub fault: FaultId,
    /// What to answer; `None` lets the service answer.
    pub reply: Option<FaultReply>,
    /// How long to wait, really.
    pub delay: Option<Duration>,
    /// What happens to the connection.
    pub connection: Option<ConnectionFault>,
    /// Whether its answer is that the service answers.
    pub passes: bool,
}

/// The fault rules in force, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    rules: Vec<Rule>,
    last: u64,
}

#[derive(Clone, Debug)]
struct Rule {
    id: FaultId,
    fault: Fault,
    struck: u32,
}

impl Faults {
    /// Adds a rule.
    ///
    /// # Errors
    /// There are too many.
    pub fn add(&mut self, fault: Fault) -> Result<FaultId, Full> {
        Bounded::Fault.check(self.rules.len(), 1, MAX_FAULTS)?;
        self.last += 1;
        self.rules.push(Rule { id: FaultId(self.last), fault, struck: 0 });
        Ok(FaultId(self.last))
    }

    /// Gives a number to a fault that has struck already.
    pub fn count(&mut self) -> FaultId {
        self.last += 1;
        FaultId(self.last)
    }

    /// Takes a rule away; `false` when there is none of that number.
    pub fn remove(&mut self, id: FaultId) -> bool {
        let before = self.rules.len();
        self.rules.retain(|rule| rule.id != id);
        self.rules.len() < before
    }

    /// The rules with their numbers and how often they struck.
    pub fn list(&self) -> impl Iterator<Item = (FaultId, &Fault, u32)> {
        self.rules.iter().map(|rule| (rule.id, &rule.fault, rule.struck))
    }

    /// Whether there is no rule at all, so that nobody needs to look for a scene.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Forgets all rules.
    pub fn clear(&mut self) {
        self.rules.clear();
    }

    /// The first rule that strikes this request.
    pub fn strike(&mut self, scene: &FaultScene<'_>, ids: &mut Ids) -> Option<Struck> {
        let fits = |rule: &&mut Rule| !rule.is_spent() && rule.fault.matches.holds(scene);
        let rule = self.rules.iter_mut().filter(fits).find(|rule| {
            rule.fault.probability.is_none_or(|probability| ids.happens(probability))
        })?;
        let count = rule.fault.answers.len();
        let turn = rule.struck as usize;
        rule.struck = rule.struck.saturating_add(1);
        let reply = (count > 0).then(|| rule.fault.answers[turn % count].0.clone());
        let passes = reply.as_ref().is_some_and(FaultReply::passes);
        Some(Struck {
            fault: rule.id,
            reply: reply.filter(|_| !passes),
            passes,
            delay: rule.fault.delay,
            connection: rule.fault.connection.clone(),
        })
    }
}

impl Rule {
    fn is_spent(&self) -> bool {
        let each_once = u32::try_from(self.fault.answers.len()).ok().filter(|count| *count > 0);
        self.fault.times.or(each_once).is_some_and(|times| self.struck >= times)
    }
}

impl FaultReply {
    /// Whether it says no more than "let the service answer".
    fn passes(&self) -> bool {
        *self == Self { status: PASS, ..Self::default() }
    }
}

impl FaultMatch {
    fn holds(&self, scene: &FaultScene<'_>) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        is(&self.provider, Some(scene.service.0))
            && is(&self.app, scene.app)
            && is(&self.device, scene.device)
            && self.path.as_ref().is_none_or(|path| scene.path == path.as_bytes())
            && self.route.as_ref().is_none_or(|route| scene.path.starts_with(route.as_bytes()))
    }
}

impl Serialize for FaultAnswer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bare = FaultReply { status: self.0.status, ..FaultReply::default() };
        if self.0 == bare {
            serializer.serialize_u16(self.0.status)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for FaultAnswer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = FaultAnswer;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a status from 200 to 599, or a map with `status`")
            }

            fn visit_u64<E: serde::de::Error>(self, status: u64) -> Result<FaultAnswer, E> {
                let status = u16::try_from(status).ok().filter(|it| (200..=599).contains(it));
                let status =
                    status.ok_or_else(|| E::custom("expected a status from 200 to 599"))?;
                Ok(FaultAnswer(FaultReply { status, ..FaultReply::default() }))
            }

            fn visit_i64<E: serde::de::Error>(self, status: i64) -> Result<FaultAnswer, E> {
                self.visit_u64(u64::try_from(status).unwrap_or(0))
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                map: A,
            ) -> Result<FaultAnswer, A::Error> {
                let reply =
                    FaultReply::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                self.visit_u64::<A::Error>(reply.status.into())?;
                Ok(FaultAnswer(reply))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl schemars::JsonSchema for FaultAnswer {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FaultAnswer".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let reply = generator.subschema_for::<FaultReply>();
        schemars::json_schema!({
            "oneOf": [{"type": "integer", "minimum": 200, "maximum": 599}, reply]
        })
    }
}

mod delay {
    use super::{
        Deserialize, Deserializer, Duration, MAX_DELAY, Serializer, parse_duration, show_duration,
    };

    pub(super) fn serialize<S: Serializer>(
        delay: &Option<Duration>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match delay {
            Some(delay) => to.serialize_str(&show_duration(*delay)),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Duration>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else {
            return Ok(None);
        };
        let delay = parse_duration(&text).map_err(serde::de::Error::custom)?;
        if delay > MAX_DELAY {
            return Err(serde::de::Error::custom("a delay is real time, at most `5m`"));
        }
        Ok(Some(delay))
    }
}

/// A status that stands for "let the service answer", so that a list can say 503, 503, 200.
const PASS: u16 = 200;

/// More rules than a test would write; each matching request looks at all of them.
const MAX_FAULTS: usize = 1_000;

/// A real wait; a longer one would outlive every sender's own limit.
const MAX_DELAY: Duration = Duration::from_secs(300);
