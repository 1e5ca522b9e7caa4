//! What can be asked of the world, and what comes back.

use super::bad_command::{BadCommand, BadDeviceName};
use super::device_change::DeviceChange;
use super::services::Prepared;
use super::view::{AddressView, ClockView, DeviceView, FaultView};
use crate::clock::{GoesBack, Timestamp, parse_duration, show_duration};
use crate::post::{Connection, Fault, FaultError, FaultId, Full, Life, Platform, Power, ServiceId};
use crate::providers::rim::{About, Kit, SettingError};
use crate::wire::{ConnectionId, GoAway, Peer, Reply, Request};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// A command. The same seed, commands and instants give the same journal, byte for byte.
#[derive(Debug)]
pub enum Command {
    /// Adds an app with its credentials, or replaces its credentials.
    AddApp {
        /// The service's name.
        provider: String,
        /// The app's credentials.
        kit: Kit,
    },
    /// Adds a device with apps on it.
    AddDevice(NewDevice),
    /// Begins to advance world time; [`Command::AdvanceOn`] must follow until the clock is back.
    Advance(Advance),
    /// Runs a slice of the advance under way; gives the clock when it has arrived.
    AdvanceOn,
    /// Makes credentials older.
    Age(Age),
    /// Adds a fault rule.
    AddFault(Fault),
    /// Changes an address's life.
    ChangeAddress(u32, AddressChange),
    /// Changes a device by name.
    ChangeDevice(String, DeviceChange),
    /// A connection is gone, and why.
    ConnectionClosed(ConnectionId, String),
    /// A connection stands.
    ConnectionOpened(ConnectionId, Arc<Peer>),
    /// Puts an app on a device.
    Install(String, AppName),
    /// A note for the journal from the edge: something that never became a request, a bug.
    Note(&'static str, serde_json::Value),
    /// Takes a fault rule away.
    RemoveFault(FaultId),
    /// A request of a sender.
    Request(Box<Incoming>),
    /// Clock to the start; devices, faults and queues gone; apps, keys and issued tokens kept.
    Reset,
    /// Revokes a credential.
    Revoke(Revoke),
    /// Gives an app on a device a new address in place of the old.
    Rotate(String, AppName),
    /// Takes an app from a device.
    Uninstall(String, AppName),
}

/// A request on its way into the world.
#[derive(Debug)]
pub struct Incoming {
    /// Its connection.
    pub connection: ConnectionId,
    /// The request as it came.
    pub request: Request,
    /// What its service made of it; `None` when no service takes it.
    pub prepared: Option<Prepared>,
    /// The service that owns its host, when the connection was opened to another one.
    pub misdirected: Option<ServiceId>,
}

/// What a command brought about.
#[derive(Clone, Debug, PartialEq)]
pub enum Done {
    /// An address, as it is now.
    Address(AddressView),
    /// Both clocks.
    Clock(ClockView),
    /// A device, as it is now.
    Device(DeviceView),
    /// A fault rule.
    Fault(FaultView),
    /// Nothing to tell.
    Nothing,
    /// The reply to a request.
    Reply(Reply),
    /// A connection that its service does not want: what it is ended with.
    Unwelcome(GoAway),
}

/// A device to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDevice {
    /// Its name: not empty, without `/` and control characters.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,
    /// What it is.
    pub platform: Platform,
    /// The apps on it: ids, or `provider/id` where a bare id is not unique.
    #[serde(default)]
    pub apps: Vec<AppName>,
    /// Whether providers reach it.
    #[serde(default)]
    pub connection: Connection,
    /// How it minds its battery.
    #[serde(default)]
    pub power: Power,
}

impl NewDevice {
    /// Refuses a name that could not stand in a path, a table or a snapshot.
    pub(super) fn check_name(&self) -> Result<(), BadDeviceName> {
        let (name, length) = (self.name.clone(), self.name.chars().count());
        match self.name.chars().find(|one| one.is_control() || *one == '/') {
            _ if length == 0 => Err(BadDeviceName::Empty),
            _ if length > LONGEST_NAME => {
                Err(BadDeviceName::TooLong { most: LONGEST_NAME, length })
            }
            Some(odd) => Err(BadDeviceName::Odd { name, odd }),
            None if name == "." || name == ".." => Err(BadDeviceName::Path(name)),
            None => Ok(()),
        }
    }
}

/// Longer ones are no names for people, and break the lines in which they are shown.
const LONGEST_NAME: usize = 64;

/// An app as people write it: `com.example.chat`, or `apns/com.example.chat` where that is not
/// unique.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct AppName(pub String);

/// A change of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressChange {
    /// Where it is to be in its life.
    pub state: Life,
}

/// How far world time goes: `by` a length, or `to` an instant; exactly one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Advance {
    /// A length such as `3d`.
    #[serde(with = "length", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub by: Option<Duration>,
    /// An instant such as `2030-02-01T00:00:00Z`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
}

/// Makes credentials older.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Age {
    /// By how much, such as `61m`.
    #[serde(with = "length", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub by: Option<Duration>,
    /// Whose; everybody's when nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<AppName>,
}

/// Revokes a credential of an app; connections that were opened with it before go on, as far as the
/// service lets them. A reset makes it valid again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Revoke {
    /// Whose.
    pub app: AppName,
    /// Which, by the provider's word, such as `key` or `certificate`.
    pub credential: String,
}

/// Makes a credential of an app anew; the one before stays as it is, valid or revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Issue {
    /// Whose.
    pub app: AppName,
    /// Which, by the provider's word, such as `key` or `certificate`.
    pub credential: String,
}

/// The world could not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The app's id is known to several services.
    #[error("app `{0}` is not unique: it is known as {1}")]
    AmbiguousApp(String, String),
    /// A setting of an app is wrong.
    #[error("{0}")]
    BadApp(#[from] crate::providers::rim::SpecError),
    /// The words of the command contradict each other.
    #[error("{0}")]
    BadCommand(#[from] BadCommand),
    /// No device can have that name.
    #[error("{0}")]
    BadDeviceName(#[from] BadDeviceName),
    /// The fault cannot be.
    #[error("{0}")]
    BadFault(#[from] FaultError),
    /// A device of that name exists.
    #[error("a device named `{0}` exists already")]
    DeviceExists(String),
    /// There is too much of something already.
    #[error("{0}")]
    Full(#[from] Full),
    /// What is wanted of a device's settings at one service is wrong.
    #[error("`{provider}`: {error}")]
    BadSetting {
        /// The service.
        provider: String,
        /// What is wrong.
        error: SettingError,
    },
    /// World time does not go back.
    #[error("{0}")]
    GoesBack(#[from] GoesBack),
    /// The app is not on that device.
    #[error("app `{app}` is not installed on device `{device}`")]
    NotInstalled {
        /// The device.
        device: String,
        /// The app.
        app: String,
    },
    /// No such address.
    #[error("there is no address {0}")]
    UnknownAddress(String),
    /// No such app.
    #[error("app `{name}` is not known{}", near.as_ref().map(|it| format!("; did you mean `{it}`?")).unwrap_or_default())]
    UnknownApp {
        /// What was asked for.
        name: String,
        /// The known one that is most like it.
        near: Option<String>,
    },
    /// No such device.
    #[error("device `{name}` is not known{}", near.as_ref().map(|it| format!("; did you mean `{it}`?")).unwrap_or_default())]
    UnknownDevice {
        /// What was asked for.
        name: String,
        /// The known one that is most like it.
        near: Option<String>,
    },
    /// No such fault.
    #[error("there is no fault {}", .0.0)]
    UnknownFault(FaultId),
    /// No such service.
    #[error("there is no provider `{name}`{}", near.as_ref().map_or_else(|| format!("; known: {known}"), |it| format!("; did you mean `{it}`?")))]
    UnknownProvider {
        /// What was asked for.
        name: String,
        /// All there are.
        known: String,
        /// The known one that is most like it.
        near: Option<String>,
    },
    /// The device cannot have an app of that service.
    #[error("a device of platform `{platform}` has no apps of `{provider}`")]
    WrongPlatform {
        /// The device's platform.
        platform: String,
        /// The service.
        provider: String,
    },
}

impl Refused {
    /// An app of that service has no such credential.
    pub(crate) fn unknown_credential(about: &About, found: &str) -> Self {
        let known: Vec<_> = about.credentials.iter().map(|it| format!("`{it}`")).collect();
        let known = known.join(" or ");
        BadCommand::Credential { known, found: found.to_owned() }.into()
    }
}

mod length {
    use super::{Duration, parse_duration, show_duration};
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        length: &Option<Duration>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match length {
            Some(length) => to.serialize_str(&show_duration(*length)),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Duration>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else {
            return Ok(None);
        };
        parse_duration(&text).map(Some).map_err(serde::de::Error::custom)
    }
}
