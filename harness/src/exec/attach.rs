//! A running emulator, asked where it is.

use crate::redirect::Places;
use crate::run::http::{Call, CallError, Called, call};
use crate::scenario::{SenderUrl, UrlError};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::path::PathBuf;
use std::time::Duration;

/// An emulator that runs, and how far it had come when it was asked.
#[derive(Clone, Debug)]
pub struct Attached {
    /// Where it is.
    pub places: Places,
    /// The end of its journal, as its lists take it.
    pub end: String,
}

/// There is no emulator to be had.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// Nobody answers.
    #[error(transparent)]
    Call(#[from] CallError),
    /// What answers is no emulator.
    #[error("`{url}` is no control API of Pushpit: it answered {status}")]
    Foreign {
        /// What was asked.
        url: String,
        /// How it answered.
        status: u16,
    },
    /// What was given is no URL of a control API.
    #[error(transparent)]
    Url(#[from] UrlError),
}

impl AttachError {
    /// What to do.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Call(_) => {
                "start one with `pushpit serve`; it prints the URL of its control API, which \
                 `--attach` takes"
            }
            Self::Foreign { .. } => {
                "`--attach` takes the URL of the control API that `pushpit serve` prints, of a \
                 Pushpit as new as this one"
            }
            Self::Url(_) => "such as `--attach http://127.0.0.1:7080`",
        }
    }
}

/// Asks the emulator behind a control API where it is.
///
/// # Errors
/// The URL is wrong, nobody answers, or what answers is no emulator.
pub async fn attach(control: &str) -> Result<Attached, AttachError> {
    SenderUrl::parse(control)?;
    let told: Told = ask(control, "emulator").await?;
    let places = Places {
        push: told.push,
        // As it was reached: an emulator that listens everywhere does not know how that was.
        control: control.trim_end_matches('/').to_owned(),
        ca: told.ca,
        credentials: told.credentials,
    };
    Ok(Attached { places, end: told.end })
}

/// Asks a control API for something below `/api/v1/`.
pub(super) async fn ask<T: DeserializeOwned>(control: &str, what: &str) -> Result<T, AttachError> {
    let url = format!("{}/api/v1/{what}", control.trim_end_matches('/'));
    let parsed = SenderUrl::parse(&url)?;
    let get = Call { method: "GET".to_owned(), ..Call::default() };
    let Called { status, body } = call(&parsed, get, LIMIT).await?;
    let told = (status == 200).then(|| serde_json::from_str(&body).ok()).flatten();
    told.ok_or(AttachError::Foreign { url, status })
}

#[derive(Deserialize)]
struct Told {
    push: String,
    ca: PathBuf,
    credentials: PathBuf,
    end: String,
}

/// How long an emulator of this machine may take to answer.
const LIMIT: Duration = Duration::from_secs(5);
