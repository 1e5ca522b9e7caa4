//! Problem documents (RFC 9457) that say what to do, and the one place that maps errors to statuses.

use super::route::lines_at;
use crate::control::error::{ControlError, refused_help};
use crate::journal::Cursor;
use crate::world::{Judgement, Miss, Refused};
use axum::extract::Request;
use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// A problem: what a call answers when it does not go well.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Problem(Box<Document>);

/// A problem document.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(super) struct Document {
    /// What kind of problem, as a name that stays: `urn:pushpit:problem:…`.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What is wrong this time.
    detail: String,
    /// What to do.
    help: String,
    /// The line of the body in which it is, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// The column in that line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    /// The query parameter that is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<String>,
    /// What of an expectation does not hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    misses: Vec<Miss>,
    /// What an expectation looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Vec<Value>>,
    /// The place up to which an expectation looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Cursor>,
    /// How many entries an expectation could not look at, because the journal dropped them.
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped: Option<u64>,
}

/// A kind of problem: its name, its title, its status.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind(&'static str, &'static str, StatusCode);

pub(super) const BAD_BODY: Kind =
    Kind("bad-body", "The body is not what this call takes", StatusCode::BAD_REQUEST);
pub(super) const BAD_PARAMETER: Kind =
    Kind("bad-parameter", "A query parameter is wrong", StatusCode::BAD_REQUEST);
pub(super) const BAD_PATH: Kind = Kind("bad-path", "The path is wrong", StatusCode::BAD_REQUEST);
pub(super) const FOREIGN: Kind =
    Kind("foreign", "Foreign pages may not call this API", StatusCode::FORBIDDEN);
pub(super) const NEEDS_TOKEN: Kind =
    Kind("needs-token", "The call needs the token", StatusCode::UNAUTHORIZED);
pub(super) const STOPPING: Kind =
    Kind("stopping", "The emulator is being stopped", StatusCode::SERVICE_UNAVAILABLE);
pub(super) const TOO_LARGE: Kind =
    Kind("too-large", "The body is too large", StatusCode::PAYLOAD_TOO_LARGE);
pub(super) const TOO_SLOW: Kind =
    Kind("too-slow", "The body did not arrive in time", StatusCode::REQUEST_TIMEOUT);
pub(super) const TROUBLE: Kind =
    Kind("trouble", "A file could not be used", StatusCode::INTERNAL_SERVER_ERROR);
const NO_METHOD: Kind =
    Kind("no-method", "The path does not take this method", StatusCode::METHOD_NOT_ALLOWED);
const NO_PATH: Kind = Kind("no-path", "There is nothing at this path", StatusCode::NOT_FOUND);
const NOT_HELD: Kind =
    Kind("not-held", "The expectation does not hold", StatusCode::UNPROCESSABLE_ENTITY);

impl Problem {
    pub(super) fn new(
        Kind(name, title, status): Kind,
        detail: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self(Box::new(Document {
            kind: format!("urn:pushpit:problem:{name}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            help: help.into(),
            line: None,
            column: None,
            parameter: None,
            misses: Vec::new(),
            items: None,
            next: None,
            dropped: None,
        }))
    }

    /// Places it in the body.
    pub(super) fn at(mut self, line: usize, column: usize) -> Self {
        (self.0.line, self.0.column) = (Some(line), Some(column));
        self
    }

    /// Places it in a query parameter.
    pub(super) fn in_parameter(mut self, name: &str) -> Self {
        self.0.parameter = Some(name.to_owned());
        self
    }

    /// An expectation that does not hold.
    pub(super) fn not_held(judgement: Judgement) -> Self {
        let detail = judgement.misses.first().map(|miss| miss.what.clone()).unwrap_or_default();
        let help = "each of `misses` says what comes nearest and which rule decided about it";
        let mut problem = Self::new(NOT_HELD, detail, help);
        problem.0.misses = judgement.misses;
        problem.0.items = Some(judgement.items);
        problem.0.next = Some(judgement.next);
        problem.0.dropped = Some(judgement.dropped);
        problem
    }

    /// What the world refuses because of something that the body names.
    pub(super) fn refused_body(refused: &Refused) -> Self {
        let mut problem = Self::from(refused);
        if problem.status() == StatusCode::NOT_FOUND.as_u16() {
            problem.0.status = StatusCode::UNPROCESSABLE_ENTITY.as_u16();
        }
        problem
    }

    /// What the world refuses because of something that a query parameter names.
    pub(super) fn refused_parameter(refused: &Refused) -> Self {
        let mut problem = Self::from(refused);
        problem.0.status = StatusCode::BAD_REQUEST.as_u16();
        match refused {
            Refused::UnknownApp { .. } => problem.in_parameter("app"),
            Refused::UnknownDevice { .. } => problem.in_parameter("device"),
            Refused::UnknownProvider { .. } => problem.in_parameter("provider"),
            _ => problem,
        }
    }

    pub(super) fn status(&self) -> u16 {
        self.0.status
    }
}

/// What the world refuses because of something that the path names.
impl From<&Refused> for Problem {
    fn from(refused: &Refused) -> Self {
        let (name, title, status) = match refused {
            Refused::AmbiguousApp(..) => {
                ("ambiguous-app", "The app's id is not unique", StatusCode::CONFLICT)
            }
            Refused::BadApp(_) => {
                ("bad-app", "A setting of the app is wrong", StatusCode::UNPROCESSABLE_ENTITY)
            }
            Refused::BadCommand(_) | Refused::BadFault(_) => (
                "bad-command",
                "The call says too little, or contradicts itself",
                StatusCode::UNPROCESSABLE_ENTITY,
            ),
            Refused::BadDeviceName(_) => (
                "bad-device-name",
                "No device can have that name",
                StatusCode::UNPROCESSABLE_ENTITY,
            ),
            Refused::BadSetting { .. } => (
                "bad-setting",
                "A setting of the device is wrong",
                StatusCode::UNPROCESSABLE_ENTITY,
            ),
            Refused::DeviceExists(_) => {
                ("device-exists", "The device exists already", StatusCode::CONFLICT)
            }
            Refused::Full(_) => ("too-many", "There are too many", StatusCode::CONFLICT),
            Refused::GoesBack(_) => {
                ("clock-goes-back", "World time only goes forward", StatusCode::CONFLICT)
            }
            Refused::NotInstalled { .. } => {
                ("not-installed", "The app is not on the device", StatusCode::NOT_FOUND)
            }
            Refused::UnknownAddress(_) => {
                ("unknown-address", "There is no such address", StatusCode::NOT_FOUND)
            }
            Refused::UnknownApp { .. } => {
                ("unknown-app", "There is no such app", StatusCode::NOT_FOUND)
            }
            Refused::UnknownDevice { .. } => {
                ("unknown-device", "There is no such device", StatusCode::NOT_FOUND)
            }
            Refused::UnknownFault(_) => {
                ("unknown-fault", "There is no such fault", StatusCode::NOT_FOUND)
            }
            Refused::UnknownProvider { .. } => {
                ("unknown-provider", "There is no such provider", StatusCode::NOT_FOUND)
            }
            Refused::WrongPlatform { .. } => (
                "wrong-platform",
                "The device cannot have such an app",
                StatusCode::UNPROCESSABLE_ENTITY,
            ),
        };
        Self::new(Kind(name, title, status), refused.to_string(), refused_help(refused))
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        Self::from(&refused)
    }
}

/// Credentials are made from what the body says.
impl From<ControlError> for Problem {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::Refused(refused) => Self::refused_body(&refused),
            ControlError::Spec(error) => Self::refused_body(&Refused::BadApp(error)),
            ControlError::Bind { .. }
            | ControlError::File { .. }
            | ControlError::Index { .. }
            | ControlError::Spoiled { .. } => Self::new(TROUBLE, error.to_string(), error.help()),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status()).unwrap_or(StatusCode::BAD_REQUEST);
        let kind = HeaderValue::from_static("application/problem+json");
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        (status, [(CONTENT_TYPE, kind)], body).into_response()
    }
}

/// Nothing is here.
pub(super) async fn no_path(request: Request) -> Problem {
    let detail = format!("there is nothing at `{}`", request.uri().path());
    Problem::new(NO_PATH, detail, "`/api/v1/openapi.json` lists all calls; the page is at `/`")
}

/// The path takes other methods.
pub(super) async fn no_method(request: Request) -> Response {
    let detail = format!("`{}` does not take {}", request.uri().path(), request.method());
    let lines = lines_at(request.uri().path());
    let mut allowed: Vec<_> = lines.map(|line| line.method.to_uppercase()).collect();
    if allowed.is_empty() {
        allowed.push("GET".to_owned());
    }
    let allowed = allowed.join(", ");
    let help = format!("it takes {allowed}");
    let mut response = Problem::new(NO_METHOD, detail, help).into_response();
    if let Ok(allowed) = HeaderValue::from_str(&allowed) {
        response.headers_mut().insert(ALLOW, allowed);
    }
    response
}
