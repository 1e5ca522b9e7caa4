//! What goes out and has no type of the world's: pages, entries, an app to be.

use crate::journal::Cursor;
use crate::providers::rim::AppSpec;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

/// A list that is shown whole, or a page of one that is not a piece of history.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Page<T> {
    /// The entries.
    pub(super) items: Vec<T>,
    /// What to give as `after` for the next page; null at the end.
    pub(super) next: Option<String>,
}

/// The emulator itself.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct EmulatorView {
    /// The version of Pushpit.
    pub(super) version: &'static str,
    /// The base URL for senders.
    pub(super) push: String,
    /// The base URL of the control API.
    pub(super) control: String,
    /// The file with the local CA's certificate, on the emulator's machine.
    pub(super) ca: String,
    /// The folder with the credentials and their `index.json`, on the emulator's machine.
    pub(super) credentials: String,
    /// The number of its process.
    pub(super) pid: u32,
    /// The end of what has happened so far: as `after`, it leaves the past out of a list.
    pub(super) end: Cursor,
}

/// An app.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct AppView {
    /// The service.
    pub(super) provider: String,
    /// Its id at the service.
    pub(super) app: String,
}

/// All credentials, as in `index.json`.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Kits {
    pub(super) apps: Vec<Value>,
}

/// An app to be: `provider`, `app`, and the provider's own settings beside them.
#[derive(Clone, Debug)]
pub(super) struct NewApp {
    pub(super) provider: String,
    pub(super) spec: AppSpec,
}

impl<'de> Deserialize<'de> for NewApp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = NewApp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with `provider` and `app`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NewApp, A::Error> {
                let (mut provider, mut spec) = (None, AppSpec::default());
                let mut is_named = false;
                while let Some((key, value)) = map.next_entry::<String, String>()? {
                    match key.as_str() {
                        "provider" => provider = Some(value),
                        "app" => {
                            is_named = !value.is_empty();
                            spec.name = value;
                        }
                        _ => {
                            spec.settings.insert(key, value);
                        }
                    }
                }
                let provider = provider.ok_or_else(|| A::Error::missing_field("provider"))?;
                if !is_named {
                    return Err(A::Error::missing_field("app"));
                }
                Ok(NewApp { provider, spec })
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

impl JsonSchema for NewApp {
    fn schema_name() -> Cow<'static, str> {
        "NewApp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An app to be; the provider's own settings stand beside its id.",
            "type": "object",
            "properties": {
                "provider": {"type": "string", "description": "The service."},
                "app": {"type": "string", "description": "Its id at the service."}
            },
            "additionalProperties": {"type": "string"},
            "required": ["provider", "app"]
        })
    }
}

/// An app with its credentials, as `index.json` lists it.
#[derive(Debug)]
pub(super) struct Entry;

impl JsonSchema for Entry {
    fn schema_name() -> Cow<'static, str> {
        "Credentials".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An app with its credentials; files are absolute paths.",
            "type": "object",
            "properties": {"provider": {"type": "string"}, "app": {"type": "string"}},
            "additionalProperties": {"type": "string"},
            "required": ["provider", "app"]
        })
    }
}

impl JsonSchema for Kits {
    fn schema_name() -> Cow<'static, str> {
        "Kits".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let entry = generator.subschema_for::<Entry>();
        json_schema!({
            "description": "All credentials, as in `index.json`.",
            "type": "object",
            "properties": {"apps": {"type": "array", "items": entry}},
            "required": ["apps"]
        })
    }
}
