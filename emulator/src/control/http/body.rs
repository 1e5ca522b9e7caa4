//! What comes in with a request: the body as JSON, and names in the path, with our own errors.

use super::problem::{BAD_BODY, BAD_PATH, Problem, TOO_LARGE, TOO_SLOW};
use super::wording::{Wording, reworded, text_of};
use crate::control::pause::within;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::response::IntoResponse;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::time::Duration;

/// A JSON body. Its content type is not looked at: `curl -d` says something else.
#[derive(Debug)]
pub(super) struct Told<T>(pub(super) T);

/// Names in the path, decoded.
#[derive(Debug)]
pub(super) struct Named<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Told<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let read = within(BODY_LIMIT, Bytes::from_request(request, state)).await;
        let bytes = read.ok_or_else(too_slow)?.map_err(unread)?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(Problem::new(
                BAD_BODY,
                "expected a JSON body, found none",
                "send one; `/api/v1/openapi.json` says what belongs in it",
            ));
        }
        // The reader would take a list of an object's fields in order.
        let is_object = bytes.trim_ascii_start().first() == Some(&b'{');
        match serde_json::from_slice(&bytes) {
            Ok(told) if is_object => Ok(Self(told)),
            Ok(_) => Err(no_object(&bytes)),
            Err(error) => Err(not_ours(&error, &bytes)),
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::from_request_parts(parts, state).await;
        path.map(|Path(names)| Self(names)).map_err(|_| {
            Problem::new(
                BAD_PATH,
                format!("expected UTF-8 names in the path, found `{}`", parts.uri.path()),
                "percent-encode the UTF-8 bytes of a name, and a slash in it as `%2F`",
            )
        })
    }
}

fn unread(rejection: BytesRejection) -> Problem {
    if rejection.status().as_u16() == 413 {
        let detail = format!("expected a body of at most {LONGEST_BODY} bytes");
        return Problem::new(TOO_LARGE, detail, "send less at once");
    }
    let text = rejection.into_response().status().to_string();
    Problem::new(BAD_BODY, format!("the body did not arrive whole: {text}"), "send it again")
}

fn too_slow() -> Problem {
    let detail = format!("expected the whole body within {} s", BODY_LIMIT.as_secs());
    Problem::new(TOO_SLOW, detail, "send as many bytes as `content-length` says, at once")
}

fn not_ours(error: &serde_json::Error, bytes: &[u8]) -> Problem {
    let text = text_of(error);
    if serde_json::from_slice::<IgnoredAny>(bytes).is_err() {
        return Problem::new(BAD_BODY, text, "send valid JSON").at(error.line(), error.column());
    }
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return no_object(bytes);
    }
    let Wording { detail, near } = reworded(&text);
    let help = near.map_or_else(|| LOOK_IT_UP.to_owned(), |near| format!("did you mean `{near}`?"));
    Problem::new(BAD_BODY, detail, help).at(error.line(), error.column())
}

/// Valid JSON, but no object.
fn no_object(bytes: &[u8]) -> Problem {
    let found = match bytes.trim_ascii_start().first() {
        Some(b'[') => "a list",
        Some(b'"') => "a text",
        Some(b't' | b'f') => "`true` or `false`",
        Some(b'n') => "`null`",
        _ => "a number",
    };
    Problem::new(BAD_BODY, format!("expected an object, found {found}"), LOOK_IT_UP).at(1, 1)
}

const LOOK_IT_UP: &str = "`/api/v1/openapi.json` says what belongs in the body";

/// No call takes a longer body; a fault with a large answer is the largest.
pub(super) const LONGEST_BODY: usize = 1 << 20;

/// How long a body may take: bodies are small, and a caller that stops in its middle is stuck.
const BODY_LIMIT: Duration = Duration::from_secs(30);
