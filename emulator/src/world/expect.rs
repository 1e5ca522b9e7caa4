//! What must be true: the words of an expectation, and how a judgement looks.

use super::bad_command::BadCommand;
use crate::journal::Cursor;
use crate::post::{Outcome, object};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// An expectation about what happened after a place in the journal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Expectation {
    /// What it is about.
    #[serde(rename = "where", deserialize_with = "object")]
    pub filter: Filter,
    /// Exactly these, in order and whole; or exactly so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exactly: Option<Wanted>,
    /// At least these, in any order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<Vec<Value>>,
    /// None like these; an empty list means nothing at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub none: Option<Vec<Value>>,
    /// Only what happened after this place; everything when nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Cursor>,
    /// How long to wait, really, for what must have arrived, such as `5s`; not at all by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
}

/// What an expectation looks at; everything that is said must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Filter {
    /// Which list.
    pub of: Subject,
    /// The device's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The service's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The app's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// The outcome of deliveries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The status of requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The verdict on requests: `accepted` or `rejected`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
    /// The reason of requests or deliveries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The raw target of requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The method of requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The authority of requests, as it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Who sent requests: `sender`, or a hub, a bridge, a schedule by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// What an entry must be like: JSON that is matched as a subset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub like: Option<Value>,
}

impl Expectation {
    /// Whether it can be judged.
    ///
    /// # Errors
    /// It says nothing, so that it would hold whatever happened.
    pub fn check(&self) -> Result<(), BadCommand> {
        if self.exactly.is_some() || self.contains.is_some() || self.none.is_some() {
            return Ok(());
        }
        Err(BadCommand::ExpectsNothing)
    }
}

impl Filter {
    /// Whether the list has what the filter asks about.
    ///
    /// # Errors
    /// It does not, or a word is none that can be there.
    pub fn check(&self) -> Result<(), BadCommand> {
        let of_requests = [
            ("status", self.status.is_some()),
            ("verdict", self.verdict.is_some()),
            ("path", self.path.is_some()),
            ("method", self.method.is_some()),
            ("host", self.host.is_some()),
            ("origin", self.origin.is_some()),
        ];
        let wrong = match self.of {
            Subject::Deliveries => of_requests.into_iter().find(|(_, said)| *said),
            Subject::Inbox => {
                let outcome = ("outcome", self.outcome.is_some());
                of_requests.into_iter().chain([outcome]).find(|(_, said)| *said)
            }
            Subject::Requests => {
                Some(("outcome", self.outcome.is_some())).filter(|(_, said)| *said)
            }
        };
        if let Some((name, _)) = wrong {
            let list = match name {
                "outcome" => Subject::Deliveries,
                _ => Subject::Requests,
            };
            return Err(BadCommand::Foreign { name, list: list.name(), of: self.of.name() });
        }
        match self.verdict.as_deref() {
            None | Some("accepted" | "rejected") => Ok(()),
            Some(other) => Err(BadCommand::Verdict(other.to_owned())),
        }
    }
}

impl Subject {
    fn name(self) -> &'static str {
        match self {
            Self::Deliveries => "deliveries",
            Self::Inbox => "inbox",
            Self::Requests => "requests",
        }
    }
}

/// Which list an expectation is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// Deliveries, whatever became of them.
    Deliveries,
    /// What devices got, in the order of arrival.
    #[default]
    Inbox,
    /// Requests.
    Requests,
}

/// A list, or how many.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// So many.
    Count(u64),
    /// These.
    Items(Vec<Value>),
}

/// Whether an expectation holds, and if not, why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Judgement {
    /// Whether it holds.
    pub held: bool,
    /// What was looked at.
    pub items: Vec<Value>,
    /// What is wrong; empty when it holds.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub misses: Vec<Miss>,
    /// How many lines of the list's kind the bounded journal dropped after the place that was asked
    /// from, so that they could not be looked at; whatever was in them.
    pub dropped: u64,
    /// The place up to which it was looked.
    pub next: Cursor,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Miss {
    /// What is wrong, in a sentence.
    pub what: String,
    /// What was expected.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expected: Option<Value>,
    /// What comes nearest to it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub nearest: Option<Value>,
    /// In what the nearest differs.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub differences: Vec<Difference>,
    /// The rule that decided about the nearest, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub decided_by: Option<String>,
}

/// One place in which two values differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// The place, such as `payload.aps.alert`.
    pub at: String,
    /// What was expected there; null when nothing was.
    pub expected: Value,
    /// What was found there; null when nothing was.
    pub found: Value,
}

impl Serialize for Wanted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(count) => serializer.serialize_u64(*count),
            Self::Items(items) => items.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Wanted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Wanted;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of what is expected, or how many")
            }

            fn visit_u64<E: serde::de::Error>(self, count: u64) -> Result<Wanted, E> {
                Ok(Wanted::Count(count))
            }

            fn visit_i64<E: serde::de::Error>(self, count: i64) -> Result<Wanted, E> {
                u64::try_from(count).map(Wanted::Count).map_err(|_| E::custom("expected 0 or more"))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut list: A,
            ) -> Result<Wanted, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(Wanted::Items(items))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Wanted {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Wanted".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "oneOf": [{"type": "integer", "minimum": 0}, {"type": "array"}]
        })
    }
}
