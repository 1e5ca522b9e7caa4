//! A change of a device: what every device has, and what only single services know of.
//!
//! Read by hand, because the keys of the services come from their list.

use super::services::abouts;
use crate::post::{Connection, Power};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

/// A change of a device; what is not said stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceChange {
    /// Whether providers reach it.
    pub connection: Option<Connection>,
    /// How it minds its battery.
    pub power: Option<Power>,
    /// What only one service knows of, by the service's name; that service reads it.
    pub services: BTreeMap<String, Value>,
}

impl<'de> Deserialize<'de> for DeviceChange {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Changes)
    }
}

struct Changes;

impl<'de> Visitor<'de> for Changes {
    type Value = DeviceChange;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<DeviceChange, A::Error> {
        let mut change = DeviceChange::default();
        let mut seen = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            let Some(known) = KEYS.iter().find(|known| **known == key) else {
                return Err(A::Error::unknown_field(&key, &KEYS));
            };
            if seen.contains(known) {
                return Err(A::Error::duplicate_field(known));
            }
            seen.push(known);
            match *known {
                CONNECTION => change.connection = map.next_value()?,
                POWER => change.power = map.next_value()?,
                _ => drop(change.services.insert(key, map.next_value()?)),
            }
        }
        Ok(change)
    }
}

impl JsonSchema for DeviceChange {
    fn schema_name() -> Cow<'static, str> {
        "DeviceChange".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut connection = generator.subschema_for::<Option<Connection>>();
        connection.insert("description".to_owned(), "Whether providers reach it.".into());
        let mut power = generator.subschema_for::<Option<Power>>();
        power.insert("description".to_owned(), "How it minds its battery.".into());
        let mut properties = Map::new();
        properties.insert(CONNECTION.to_owned(), connection.into());
        properties.insert(POWER.to_owned(), power.into());
        for (_, about) in abouts() {
            let description = format!("What only `{}` knows of a device.", about.name);
            let own = json_schema!({"type": "object", "description": description});
            properties.insert(about.name.to_owned(), own.into());
        }
        json_schema!({
            "type": "object",
            "description": "A change of a device; what is not said stays.",
            "properties": properties,
            "additionalProperties": false,
        })
    }
}

/// What can be changed.
static KEYS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    [CONNECTION, POWER].into_iter().chain(abouts().map(|(_, about)| about.name)).collect()
});

const CONNECTION: &str = "connection";
const POWER: &str = "power";

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(text: &str) -> Result<DeviceChange, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_change_speaks_of_the_device_and_of_single_services() {
        let change = DeviceChange {
            connection: Some(Connection::Offline),
            power: None,
            services: [("apns".to_owned(), json!({"x": [1]}))].into(),
        };
        let text = r#"{"apns": {"x": [1]}, "connection": "offline", "power": null}"#;
        assert_eq!(read(text), Ok(change));
        assert_eq!(read("{}"), Ok(DeviceChange::default()));
    }

    #[test]
    fn unknown_and_repeated_keys_are_refused_with_the_known_ones() {
        let wrong = [r#"{"conection": "offline"}"#, r#"{"power": "low", "power": "low"}"#, "[]"];
        insta::assert_snapshot!(wrong.map(|text| read(text).unwrap_err()).join("\n"), @r"
        unknown field `conection`, expected one of `connection`, `power`, `apns` at line 1 column 12
        duplicate field `power` at line 1 column 24
        invalid type: sequence, expected a map at line 1 column 0
        ");
    }
}
