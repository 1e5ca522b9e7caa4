//! What comes in with a request: the body as JSON, and names in the path, with our own errors.

use super::problem::{BAD_BODY, BAD_PATH, Problem, TOO_LARGE};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::response::IntoResponse;
use serde::de::DeserializeOwned;

/// A JSON body. Its content type is not looked at: `curl -d` says something else.
#[derive(Debug)]
pub(super) struct Told<T>(pub(super) T);

/// Names in the path, decoded.
#[derive(Debug)]
pub(super) struct Named<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Told<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, state).await.map_err(unread)?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(Problem::new(
                BAD_BODY,
                "expected a JSON body, found none",
                "send one; `/api/v1/openapi.json` says what belongs in it",
            ));
        }
        serde_json::from_slice(&bytes).map(Self).map_err(|error| not_ours(&error))
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

fn not_ours(error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let detail = text.strip_suffix(&place).unwrap_or(&text);
    let help = if error.is_data() {
        "`/api/v1/openapi.json` says what belongs in the body"
    } else {
        "send valid JSON"
    };
    Problem::new(BAD_BODY, detail, help).at(error.line(), error.column())
}

/// No call takes a longer body; a fault with a large answer is the largest.
pub(super) const LONGEST_BODY: usize = 1 << 20;
