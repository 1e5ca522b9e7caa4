//! What may be written in two ways: a word or a list, a number or a map.
//!
//! Hand-written, because serde's untagged enums lose line, column and the reason.

use super::Located;
use super::model::Command;
use pushpit_emulator::clock::{Timestamp, parse_duration, show_duration};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// Writes `Deserialize` by a visitor for whatever stands there, and `JsonSchema`.
macro_rules! shape {
    ($type:ident, $expected:literal, |$generator:ident| $schema:expr, { $($visit:item)* }) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Shape;

                impl<'de> Visitor<'de> for Shape {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expected)
                    }

                    $($visit)*
                }

                deserializer.deserialize_any(Shape)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema($generator: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

pub(super) use shape;

/// A length of time, such as `3d`, `61m` or `1h 30m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Length(pub Duration);

impl Serialize for Length {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&show_duration(self.0))
    }
}

shape!(
    Length,
    "a length such as `3d`, `61m` or `250ms`",
    |_generator| json_schema!({
        "type": "string",
        "description": "A length of time, such as `3d`, `61m`, `1h 30m` or `250ms`.",
        "examples": ["3d", "61m", "1h 30m", "250ms"],
    }),
    {
        fn visit_str<E: Error>(self, text: &str) -> Result<Length, E> {
            parse_duration(text).map(Length).map_err(E::custom)
        }
    }
);

/// One name, or a list of names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(pub Vec<Located<String>>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Located { value, place } = Located::<WordOrWords>::deserialize(deserializer)?;
        Ok(match value {
            WordOrWords::Word(value) => Self(vec![Located { value, place }]),
            WordOrWords::Words(words) => Self(words),
        })
    }
}

impl JsonSchema for Words {
    fn schema_name() -> Cow<'static, str> {
        "Words".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        WordOrWords::json_schema(generator)
    }
}

enum WordOrWords {
    Word(String),
    Words(Vec<Located<String>>),
}

shape!(
    WordOrWords,
    "a name or a list of names",
    |_generator| json_schema!({
        "description": "One name, or a list of names.",
        "oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
    }),
    {
        fn visit_str<E: Error>(self, text: &str) -> Result<WordOrWords, E> {
            Ok(WordOrWords::Word(text.to_owned()))
        }

        fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<WordOrWords, A::Error> {
            Deserialize::deserialize(SeqAccessDeserializer::new(list)).map(WordOrWords::Words)
        }
    }
);

/// A program that runs to its end: a list (program and arguments), or a map that says more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run(pub Command);

impl<'de> Deserialize<'de> for Run {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Located { value, place } = Located::<ListOrCommand>::deserialize(deserializer)?;
        Ok(Self(match value {
            ListOrCommand::List(value) => {
                Command { command: Some(Located { value, place }), ..Command::default() }
            }
            ListOrCommand::Command(command) => *command,
        }))
    }
}

impl JsonSchema for Run {
    fn schema_name() -> Cow<'static, str> {
        "Run".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        ListOrCommand::json_schema(generator)
    }
}

enum ListOrCommand {
    List(Vec<Located<String>>),
    Command(Box<Command>),
}

shape!(
    ListOrCommand,
    "a list (program and arguments) or a map with `command` or `shell`",
    |generator| json_schema!({
        "description": "A program and its arguments, or a map that says more.",
        "oneOf": [
            {"type": "array", "items": {"type": "string"}, "minItems": 1},
            generator.subschema_for::<Command>(),
        ],
    }),
    {
        fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<ListOrCommand, A::Error> {
            Deserialize::deserialize(SeqAccessDeserializer::new(list)).map(ListOrCommand::List)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ListOrCommand, A::Error> {
            Deserialize::deserialize(MapAccessDeserializer::new(map)).map(ListOrCommand::Command)
        }
    }
);

/// Where the world clock moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Advance {
    /// By a length.
    By(Length),
    /// To a moment.
    To(Located<Timestamp>),
}

shape!(
    Advance,
    "a length such as `3d`, or `{ to: 2030-02-01T00:00:00Z }`",
    |generator| {
        json_schema!({
            "description": "How far the world clock moves, or where to.",
            "oneOf": [
                generator.subschema_for::<Length>(),
                {
                    "type": "object",
                    "properties": {"by": generator.subschema_for::<Length>()},
                    "required": ["by"],
                    "additionalProperties": false,
                },
                {
                    "type": "object",
                    "properties": {"to": generator.subschema_for::<Timestamp>()},
                    "required": ["to"],
                    "additionalProperties": false,
                },
            ],
        })
    },
    {
        fn visit_str<E: Error>(self, text: &str) -> Result<Advance, E> {
            parse_duration(text).map(|length| Advance::By(Length(length))).map_err(E::custom)
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Advance, A::Error> {
            let wrong = "expected one of `by` and `to`";
            let Some(key) = map.next_key::<AdvanceKey>()? else {
                return Err(A::Error::custom(wrong));
            };
            let advance = match key {
                AdvanceKey::By => Advance::By(map.next_value()?),
                AdvanceKey::To => Advance::To(map.next_value()?),
            };
            match map.next_key::<AdvanceKey>()? {
                None => Ok(advance),
                Some(_) => Err(A::Error::custom("expected one of `by` and `to`, found both")),
            }
        }
    }
);

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum AdvanceKey {
    By,
    To,
}

/// Makes credentials older, in sender time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgeCredentials {
    /// By how much.
    pub by: Length,
    /// Whose; all when nothing is said.
    pub app: Option<Located<String>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AgeMap {
    /// By how much.
    by: Length,
    /// Of which app, by its name in this file; of all when nothing is said.
    app: Option<Located<String>>,
}

shape!(
    AgeCredentials,
    "a length such as `61m`, or `{ by: 61m, app: chat }`",
    |generator| {
        json_schema!({
            "description": "By how much credentials age, and whose.",
            "oneOf": [generator.subschema_for::<Length>(), generator.subschema_for::<AgeMap>()],
        })
    },
    {
        fn visit_str<E: Error>(self, text: &str) -> Result<AgeCredentials, E> {
            let by = parse_duration(text).map(Length).map_err(E::custom)?;
            Ok(AgeCredentials { by, app: None })
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<AgeCredentials, A::Error> {
            let AgeMap { by, app } = Deserialize::deserialize(MapAccessDeserializer::new(map))?;
            Ok(AgeCredentials { by, app })
        }
    }
);
