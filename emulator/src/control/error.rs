//! What can go wrong in this room besides what the world refuses.

use crate::post::Bounded;
use crate::providers::rim::SpecError;
use crate::world::Refused;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The credentials or the control API could not be had.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The address for the control API could not be listened on.
    #[error("could not listen on `{address}` for the control API: {cause}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        cause: io::Error,
    },
    /// A file or folder of credentials.
    #[error("cannot {act} `{}`: {cause}", path.display())]
    File {
        /// What was tried, such as `write`.
        act: &'static str,
        /// Which one.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The list of credentials is not what we wrote.
    #[error("cannot read the list of credentials `{}`: {what}", path.display())]
    Index {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column where they are known.
        what: String,
    },
    /// A file of credentials is not what we wrote.
    #[error("the credentials in `{}` are spoiled: {error}", path.display())]
    Spoiled {
        /// The folder with them.
        path: PathBuf,
        /// What is wrong.
        error: SpecError,
    },
    /// The world does not take the app.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// A setting of an app is wrong.
    #[error(transparent)]
    Spec(#[from] SpecError),
}

impl ControlError {
    /// What to do.
    pub fn help(&self) -> &str {
        match self {
            Self::Bind { cause, .. } if cause.kind() == io::ErrorKind::AddrInUse => {
                "stop the other program, or take another address with `--control`; port 0 picks a \
                 free one"
            }
            Self::Bind { .. } => "take another address with `--control`",
            Self::File { act: "read", cause, .. } if cause.kind() == io::ErrorKind::NotFound => {
                "put the file back, or delete the `credentials` folder to get new credentials"
            }
            Self::File { act: "read", .. } => {
                "make it readable, or delete the `credentials` folder to get new credentials"
            }
            Self::File { .. } => "make the folder writable, or take another one with `--state`",
            Self::Index { .. } | Self::Spoiled { .. } => {
                "put the file back, or delete the `credentials` folder to get new credentials"
            }
            Self::Refused(refused) => refused_help(refused),
            Self::Spec(error) => &error.help,
        }
    }
}

/// What to do about what the world refuses.
pub(super) fn refused_help(refused: &Refused) -> &str {
    match refused {
        Refused::AmbiguousApp(..) => "write the app with its provider in front: `provider/app`",
        Refused::BadApp(error) => &error.help,
        Refused::BadCommand(_) | Refused::BadFault(_) => {
            "look the call up in `/api/v1/openapi.json`"
        }
        Refused::BadSetting { error, .. } => &error.help,
        Refused::BadDeviceName(_) => "such as `anna`: up to 64 characters, without `/`",
        Refused::DeviceExists(_) => "choose another name, or change the device with PATCH",
        Refused::Full(full) => full_help(full.kind),
        Refused::GoesBack(_) => "world time only goes forward; `POST /api/v1/reset` starts anew",
        Refused::NotInstalled { .. } => "install it: PUT `/api/v1/devices/{name}/apps/{app}`",
        Refused::UnknownAddress(_) => "look addresses up: GET `/api/v1/addresses?address=…`",
        Refused::UnknownApp { .. } => "add it: POST `/api/v1/apps`; GET shows the known ones",
        Refused::UnknownDevice { .. } => "add it: POST `/api/v1/devices`; GET shows the known ones",
        Refused::UnknownFault(_) => "GET `/api/v1/faults` shows the faults in force",
        Refused::UnknownProvider { .. } => "take one of the known providers",
        Refused::WrongPlatform { .. } => "give the device another platform, or another app",
    }
}

/// What to do where there is no room for more of something.
const fn full_help(kind: Bounded) -> &'static str {
    match kind {
        Bounded::Address => {
            "addresses stay known when they are dead; `POST /api/v1/reset` forgets all, and all \
             devices"
        }
        Bounded::App => "delete the `credentials` folder and start anew: apps outlive a reset",
        Bounded::Device => "`POST /api/v1/reset` forgets all devices",
        Bounded::Fault => {
            "take some away: DELETE `/api/v1/faults/{id}`; `POST /api/v1/reset` forgets all"
        }
    }
}
