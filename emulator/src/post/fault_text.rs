//! How connection faults are written in calls and files, and their schema.

use super::connection_fault::{
    Code, ConnectionFault, CutFault, FramesFault, GoAwayFault, NamedStream, ResetFault,
    SettingsFault, StallFault,
};
use super::object;
use crate::http2::ErrorCode;
use crate::wire::LastStream;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

impl<'de> Deserialize<'de> for ConnectionFault {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(FaultVisitor)
    }
}

struct FaultVisitor;

impl<'de> Visitor<'de> for FaultVisitor {
    type Value = ConnectionFault;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`drop`, `go_away`, `stall` or `tear`, or a map with one of ")?;
        f.write_str("`cut`, `frames`, `go_away`, `reset_stream`, `settings`, `stall`")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<ConnectionFault, E> {
        match word {
            "drop" => Ok(ConnectionFault::Drop),
            "go_away" => Ok(ConnectionFault::GoAway(GoAwayFault::default())),
            "stall" => Ok(ConnectionFault::Stall(StallFault::Answer)),
            "tear" => Ok(ConnectionFault::Tear),
            _ => Err(E::invalid_value(Unexpected::Str(word), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ConnectionFault, A::Error> {
        Ok(match FaultMap::deserialize(MapAccessDeserializer::new(map))? {
            FaultMap::Cut(fault) => ConnectionFault::Cut(fault),
            FaultMap::Frames(fault) => ConnectionFault::Frames(fault),
            FaultMap::GoAway(fault) => ConnectionFault::GoAway(fault),
            FaultMap::ResetStream(fault) => ConnectionFault::ResetStream(fault),
            FaultMap::Settings(fault) => ConnectionFault::Settings(fault),
            FaultMap::Stall(fault) => ConnectionFault::Stall(fault),
        })
    }
}

/// A fault as a map with one key.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum FaultMap {
    /// The answer breaks off in its body, and the connection with it.
    #[serde(deserialize_with = "object")]
    Cut(CutFault),
    /// HTTP/2: the answer's body goes out in other DATA frames than usual.
    #[serde(deserialize_with = "object")]
    Frames(FramesFault),
    /// After the answer the connection is closed; HTTP/2 says GOAWAY first.
    #[serde(deserialize_with = "object")]
    GoAway(GoAwayFault),
    /// HTTP/2: the stream is reset; HTTP/1.1: the connection is.
    ResetStream(ResetFault),
    /// HTTP/2: new SETTINGS are said before the answer.
    #[serde(deserialize_with = "object")]
    Settings(SettingsFault),
    /// Nothing is said any more.
    Stall(StallFault),
}

impl schemars::JsonSchema for ConnectionFault {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ConnectionFault".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let map = generator.subschema_for::<FaultMap>();
        schemars::json_schema!({
            "description": "What happens to the connection in place of an answer, or with it.",
            "oneOf": [{"enum": ["drop", "go_away", "stall", "tear"]}, map]
        })
    }
}

impl Serialize for ResetFault {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.after {
            None => self.code.serialize(to),
            Some(_) => ResetMap { code: self.code, after: self.after }.serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for ResetFault {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct ResetVisitor;
        impl<'de> Visitor<'de> for ResetVisitor {
            type Value = ResetFault;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an HTTP/2 error code, or a map with `code` and `after`")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<ResetFault, E> {
                Ok(ResetFault { code: CodeVisitor.visit_u64(number)?, after: None })
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<ResetFault, E> {
                Ok(ResetFault { code: CodeVisitor.visit_i64(number)?, after: None })
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<ResetFault, E> {
                Ok(ResetFault { code: CodeVisitor.visit_str(name)?, after: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ResetFault, A::Error> {
                let ResetMap { code, after } =
                    ResetMap::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ResetFault { code, after })
            }
        }
        from.deserialize_any(ResetVisitor)
    }
}

impl schemars::JsonSchema for ResetFault {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ResetFault".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let (code, map) =
            (generator.subschema_for::<Code>(), generator.subschema_for::<ResetMap>());
        schemars::json_schema!({
            "description": "A stream that is reset: an error code, or a map.",
            "oneOf": [code, map]
        })
    }
}

/// A stream that is reset.
#[derive(Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct ResetMap {
    /// The error code.
    code: Code,
    /// How much of the answer's body goes out before, bytes; without it, there is no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<u32>,
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u32(self.0)
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(CodeVisitor)
    }
}

struct CodeVisitor;

impl Visitor<'_> for CodeVisitor {
    type Value = Code;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an HTTP/2 error code: a number, or a name such as `REFUSED_STREAM`")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Code, E> {
        let code = u32::try_from(number);
        code.map(Code).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Code, E> {
        let code = u32::try_from(number);
        code.map(Code).map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Code, E> {
        let code = ErrorCode::named(name).map(|code| Code(code.0));
        code.ok_or_else(|| E::invalid_value(Unexpected::Str(name), &self))
    }
}

impl schemars::JsonSchema for Code {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Code".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let names: Vec<_> = ErrorCode::NAMES.iter().map(|(name, _)| *name).collect();
        schemars::json_schema!({
            "description": "An HTTP/2 error code: its number, or its name.",
            "oneOf": [{"type": "integer", "minimum": 0, "maximum": u32::MAX}, {"enum": names}]
        })
    }
}

impl Serialize for NamedStream {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            LastStream::Begun => to.serialize_str(BEGUN),
            LastStream::Before => to.serialize_str(BEFORE),
            LastStream::Number(number) => to.serialize_u32(number),
        }
    }
}

impl<'de> Deserialize<'de> for NamedStream {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct StreamVisitor;
        impl Visitor<'_> for StreamVisitor {
            type Value = NamedStream;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`begun`, `before`, or a stream's number")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<NamedStream, E> {
                let number = u32::try_from(number).ok().filter(|it| it >> 31 == 0);
                let number = number.ok_or_else(|| E::custom("a stream's number has 31 bits"))?;
                Ok(NamedStream(LastStream::Number(number)))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<NamedStream, E> {
                self.visit_u64(u64::try_from(number).unwrap_or(u64::MAX))
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<NamedStream, E> {
                match word {
                    BEGUN => Ok(NamedStream(LastStream::Begun)),
                    BEFORE => Ok(NamedStream(LastStream::Before)),
                    _ => Err(E::invalid_value(Unexpected::Str(word), &self)),
                }
            }
        }
        from.deserialize_any(StreamVisitor)
    }
}

impl schemars::JsonSchema for NamedStream {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NamedStream".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "`begun`: all streams that were begun are answered; `before`: neither \
                            this request nor what came after it was looked at; or a number.",
            "oneOf": [
                {"enum": [BEGUN, BEFORE]},
                {"type": "integer", "minimum": 0, "maximum": crate::http2::frame::MAX_STREAM}
            ]
        })
    }
}

const BEGUN: &str = "begun";
const BEFORE: &str = "before";

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, from_value, json};

    fn read(value: Value) -> Result<ConnectionFault, String> {
        from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn words_and_maps_say_the_same() {
        let away = ConnectionFault::GoAway(GoAwayFault::default());
        assert_eq!(read(json!("go_away")), Ok(away.clone()));
        assert_eq!(read(json!({"go_away": {}})), Ok(away));
        let stall = ConnectionFault::Stall(StallFault::Answer);
        assert_eq!(read(json!("stall")), Ok(stall.clone()));
        assert_eq!(read(json!({"stall": "answer"})), Ok(stall));
        let reset = ConnectionFault::ResetStream(ResetFault { code: Code(7), after: None });
        for code in [json!(7), json!("REFUSED_STREAM"), json!({"code": "REFUSED_STREAM"})] {
            assert_eq!(read(json!({ "reset_stream": code })), Ok(reset.clone()));
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for fault in [
            json!("drop"),
            json!({"cut": {"after": 3, "reset": true}}),
            json!({"frames": {"split": 2, "empty": 1}}),
            json!({"go_away": {"code": 11, "debug": "x", "last_stream": "before"}}),
            json!({"go_away": {"code": 0, "last_stream": 5}}),
            json!({"reset_stream": {"code": 2, "after": 9}}),
            json!({"settings": {"max_concurrent_streams": 1}}),
            json!({"stall": "connection"}),
        ] {
            let read = read(fault.clone()).expect("it is well written");
            assert_eq!(serde_json::to_value(read).ok(), Some(fault));
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_what_was_expected() {
        assert_eq!(
            read(json!("explode")),
            Err("invalid value: string \"explode\", expected `drop`, `go_away`, `stall` or \
                 `tear`, or a map with one of `cut`, `frames`, `go_away`, `reset_stream`, \
                 `settings`, `stall`"
                .to_owned())
        );
        let check = |value| read(value).and_then(|it| it.check().map_err(|it| it.to_string()));
        let low = json!({"settings": {"max_frame_size": 5}});
        let range = "`max_frame_size` must lie between 16384 and 1048576";
        assert_eq!(check(low), Err(range.to_owned()));
        let none = "`settings` needs at least one value";
        assert_eq!(check(json!({"settings": {}})), Err(none.to_owned()));
    }
}
