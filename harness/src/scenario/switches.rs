//! The choices of a scenario: `switches: { apns.idle-timeout: 10m }`.

use super::shape::shape;
use super::{Located, Table};
use pushpit_emulator::switch::{SwitchError, Switches};
use pushpit_emulator::world;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// What a switch is set to: a word, a length or a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice(pub String);

shape!(
    Choice,
    "a word, a length such as `10m`, or a number",
    |_generator| json_schema!({
        "description": "What a switch is set to: a word, a length such as `10m`, or a number.",
        "oneOf": [{"type": "string"}, {"type": "integer"}],
    }),
    {
        fn visit_str<E: Error>(self, word: &str) -> Result<Choice, E> {
            Ok(Choice(word.to_owned()))
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<Choice, E> {
            Ok(Choice(number.to_string()))
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<Choice, E> {
            Ok(Choice(number.to_string()))
        }
    }
);

impl Serialize for Choice {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

/// All that a file chooses, as far as it can be, and what cannot, by its name.
pub fn chosen(table: &Table<Choice>) -> (Switches, Vec<(&Located<String>, SwitchError)>) {
    let (mut switches, mut wrong) = (Switches::default(), Vec::new());
    for (name, choice) in table.iter() {
        if let Err(error) = switches.set(world::switches(), &name.value, &choice.0) {
            wrong.push((name, error));
        }
    }
    (switches, wrong)
}
