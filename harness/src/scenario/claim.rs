//! What may be written in two ways inside claims, faults and changes of devices.

use super::shape::shape;
use super::step::{DeviceExpect, RequestMatch};
use super::{Located, Table};
use pushpit_emulator::post::{Connection, Power};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// How many there must be, or which.
#[derive(Clone, Debug, PartialEq)]
pub enum Exactly {
    /// So many.
    Count(u64),
    /// These, in this order and no others.
    List(Vec<Located<Value>>),
}

shape!(
    Exactly,
    "a number, or a list of what there must be",
    |_generator| json_schema!({
        "description": "How many there must be; or which: whole, in order, each matched as a subset.",
        "oneOf": [{"type": "integer", "minimum": 0}, {"type": "array"}],
    }),
    {
        fn visit_u64<E: Error>(self, count: u64) -> Result<Exactly, E> {
            Ok(Exactly::Count(count))
        }

        fn visit_i64<E: Error>(self, count: i64) -> Result<Exactly, E> {
            u64::try_from(count)
                .map(Exactly::Count)
                .map_err(|_| E::custom(format!("expected a number from 0, found `{count}`")))
        }

        fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Exactly, A::Error> {
            Deserialize::deserialize(SeqAccessDeserializer::new(list)).map(Exactly::List)
        }
    }
);

/// What there must not be.
#[derive(Clone, Debug, PartialEq)]
pub enum Nothing {
    /// Nothing at all.
    AtAll,
    /// Nothing like one of these.
    Like(Vec<Located<Value>>),
}

shape!(
    Nothing,
    "`true`, or a list of what there must not be",
    |_generator| json_schema!({
        "description": "`true`: nothing at all. A list: nothing like one of these.",
        "oneOf": [{"const": true}, {"type": "array"}],
    }),
    {
        fn visit_bool<E: Error>(self, none: bool) -> Result<Nothing, E> {
            match none {
                true => Ok(Nothing::AtAll),
                false => Err(E::custom("expected `true` or a list, found `false`")),
            }
        }

        fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Nothing, A::Error> {
            Deserialize::deserialize(SeqAccessDeserializer::new(list)).map(Nothing::Like)
        }
    }
);

/// One answer of a fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Answer(pub AnswerSpec);

/// What a fault answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerSpec {
    /// The status.
    pub status: u16,
    /// The provider's reason; a usual one for the status when nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Headers to add.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The whole body, in place of the provider's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Located<String>>,
}

shape!(
    Answer,
    "a status, or a map with `status`",
    |generator| json_schema!({
        "description": "A status, or a map that says more.",
        "oneOf": [
            {"type": "integer", "minimum": 200, "maximum": 599},
            generator.subschema_for::<AnswerSpec>(),
        ],
    }),
    {
        fn visit_u64<E: Error>(self, status: u64) -> Result<Answer, E> {
            u16::try_from(status)
                .map(|status| Answer(AnswerSpec { status, ..AnswerSpec::default() }))
                .map_err(|_| {
                    E::custom(format!("expected a status from 200 to 599, found `{status}`"))
                })
        }

        fn visit_i64<E: Error>(self, status: i64) -> Result<Answer, E> {
            self.visit_u64(u64::try_from(status).unwrap_or(0))
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Answer, A::Error> {
            Deserialize::deserialize(MapAccessDeserializer::new(map)).map(Answer)
        }
    }
);

/// How a device changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Patch {
    /// Whether providers reach it.
    pub connection: Option<Connection>,
    /// How it minds its battery.
    pub power: Option<Power>,
    /// What only one provider knows of, by the provider's name; the emulator judges it.
    pub providers: Table<Value>,
}

shape!(
    Patch,
    "a map with `connection`, `power` or a provider's own settings",
    |generator| {
        json_schema!({
            "description": "How a device changes; settings of one provider stand under its name.",
            "type": "object",
            "properties": {
                "connection": generator.subschema_for::<Connection>(),
                "power": generator.subschema_for::<Power>(),
            },
            "additionalProperties": {"type": "object"},
            "minProperties": 1,
        })
    },
    {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Patch, A::Error> {
            let mut patch = Patch::default();
            while let Some(key) = map.next_key::<Located<String>>()? {
                match key.value.as_str() {
                    "connection" => patch.connection = Some(map.next_value()?),
                    "power" => patch.power = Some(map.next_value()?),
                    _ => patch.providers.0.push((key, map.next_value()?)),
                }
            }
            Ok(patch)
        }
    }
);

/// What must be true since the `expect` before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expect {
    /// Of requests.
    pub requests: Option<Located<RequestMatch>>,
    /// Of devices, by name.
    pub devices: Table<Located<DeviceExpect>>,
}

shape!(
    Expect,
    "a map from devices (or `requests`) to what must be true of them",
    |generator| {
        json_schema!({
            "description": "What must be true since the `expect` before: by device, and of requests.",
            "type": "object",
            "properties": {"requests": generator.subschema_for::<RequestMatch>()},
            "additionalProperties": generator.subschema_for::<DeviceExpect>(),
            "minProperties": 1,
        })
    },
    {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Expect, A::Error> {
            let mut expect = Expect::default();
            while let Some(key) = map.next_key::<Located<String>>()? {
                match key.value.as_str() {
                    REQUESTS => expect.requests = Some(map.next_value()?),
                    _ => expect.devices.0.push((key, map.next_value()?)),
                }
            }
            Ok(expect)
        }
    }
);

/// The word under which `expect` speaks of requests; no device may have it as its name.
pub(super) const REQUESTS: &str = "requests";
