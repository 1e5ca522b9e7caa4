//! Query parameters: only those that a call takes, each once, and typed.

use super::problem::{BAD_PARAMETER, Problem};
use super::route::line_of;
use crate::clock::parse_duration;
use crate::control::handle::Wait;
use crate::journal::Cursor;
use crate::world::{EVENT_KINDS, Filter};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

/// The query parameters of a call.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let axum::extract::Query(pairs) = pairs.map_err(|_| {
            let query = parts.uri.query().unwrap_or_default();
            let detail = format!("expected `name=value` pairs, found `{query}`");
            Problem::new(BAD_PARAMETER, detail, "percent-encode names and values")
        })?;
        let line = line_of(&parts.method, parts.uri.path());
        let known = line.map_or(&[][..], |line| line.query);
        for (place, (name, _)) in pairs.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                return Err(unknown(name, known));
            }
            if pairs[..place].iter().any(|(earlier, _)| earlier == name) {
                let detail = format!("`{name}` is there twice");
                return Err(Problem::new(BAD_PARAMETER, detail, "say it once").in_parameter(name));
            }
        }
        Ok(Self(pairs))
    }
}

impl Query {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn limit(&self) -> Result<usize, Problem> {
        self.read("limit", "a number from 1 to 1000", |text| {
            text.parse().ok().filter(|limit| (1..=MOST_ENTRIES).contains(limit))
        })
        .map(|limit| limit.unwrap_or(USUAL_ENTRIES))
    }

    pub(super) fn after(&self) -> Result<Cursor, Problem> {
        let after =
            self.read("after", "a cursor as `next` gave it, such as `1795707000-42`", |text| {
                text.parse().ok()
            });
        after.map(Option::unwrap_or_default)
    }

    /// The number of the entry after which a page begins.
    pub(super) fn after_number(&self) -> Result<Option<u32>, Problem> {
        self.read("after", "a number as `next` gave it", |text| text.parse().ok())
    }

    /// How long to wait for how many entries, if a wait is asked for at all.
    pub(super) fn wait(&self) -> Result<Option<Wait>, Problem> {
        let limit = self.read("wait", "a length such as `5s`", |text| {
            parse_duration(text).ok().map(|limit| limit.min(LONGEST_WAIT))
        })?;
        let count = self.read("count", "a number from 1 to 1000", |text| {
            text.parse().ok().filter(|count| (1..=MOST_ENTRIES).contains(count))
        })?;
        match (limit, count) {
            (Some(limit), count) => Ok(Some(Wait { limit, count: count.unwrap_or(1) })),
            (None, None) => Ok(None),
            (None, Some(_)) => {
                let detail = "`count` says what to wait for, but there is no `wait`";
                let help = "say how long to wait, such as `wait=5s`";
                Err(Problem::new(BAD_PARAMETER, detail, help).in_parameter("wait"))
            }
        }
    }

    /// The kind of event that is asked for.
    pub(super) fn kind(&self) -> Result<Option<String>, Problem> {
        let Some(kind) = self.text("kind") else { return Ok(None) };
        if EVENT_KINDS.contains(&kind) {
            return Ok(Some(kind.to_owned()));
        }
        let detail = format!("there is no event of the kind `{kind}`");
        let help = near(kind, EVENT_KINDS, "events are");
        Err(Problem::new(BAD_PARAMETER, detail, help).in_parameter("kind"))
    }

    pub(super) fn filter(&self) -> Result<Filter, Problem> {
        let text = |name| self.text(name).map(str::to_owned);
        Ok(Filter {
            device: text("device"),
            provider: text("provider"),
            app: text("app"),
            outcome: self.read(
                "outcome",
                "one of `collapsed`, `delivered`, `dropped`, `expired`, `pending`",
                word,
            )?,
            status: self.read("status", "an HTTP status, or 0", |text| text.parse().ok())?,
            verdict: self.read("verdict", "`accepted` or `rejected`", |text| {
                matches!(text, "accepted" | "rejected").then(|| text.to_owned())
            })?,
            reason: text("reason"),
            path: text("path"),
            method: text("method"),
            host: text("host"),
            origin: text("origin"),
            like: self.read("like", "JSON", |text| serde_json::from_str(text).ok())?,
            ..Filter::default()
        })
    }

    fn read<T>(
        &self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        read(text).map(Some).ok_or_else(|| {
            let detail = format!("expected `{name}` to be {expected}, found `{text}`");
            let help = "look the parameter up in `/api/v1/openapi.json`";
            Problem::new(BAD_PARAMETER, detail, help).in_parameter(name)
        })
    }
}

fn word<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(Value::String(text.to_owned())).ok()
}

fn unknown(name: &str, known: &[&str]) -> Problem {
    let help = match known {
        [] => "it takes no query parameters".to_owned(),
        _ => near(name, known, "it takes"),
    };
    let detail = format!("the call does not take `{name}`");
    Problem::new(BAD_PARAMETER, detail, help).in_parameter(name)
}

/// The name that was probably meant, else all that there are.
fn near(wrong: &str, known: &[&str], all: &str) -> String {
    let likeness = |name: &&&str| strsim::jaro_winkler(wrong, name);
    let nearest = known.iter().max_by(|one, two| likeness(one).total_cmp(&likeness(two)));
    match nearest.filter(|name| likeness(name) > 0.8) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("{all} {}", known.join(", ")),
    }
}

/// How many entries a list has when nothing is said.
pub(super) const USUAL_ENTRIES: usize = 100;

/// More entries at once would make answers that neither side wants to hold.
pub(super) const MOST_ENTRIES: usize = 1_000;

/// A longer wait would meet the limits of HTTP clients; ask again.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(60);
