//! How single arguments are read, and what is said of those that make no sense.

use crate::redirect::HostPort;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;

/// A listener for providers: all, or one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushListener {
    /// The service that it is bound to, such as `apns-production`.
    pub service: Option<String>,
    /// Where it listens; port 0 picks a free one.
    pub address: SocketAddr,
}

/// A place outside, which needs a port to be relayed to.
pub(super) fn with_port(text: &str) -> Result<HostPort, ArgumentError> {
    let place = text.parse().ok().filter(|place: &HostPort| place.port.is_some());
    place.ok_or(ArgumentError::Place)
}

pub(super) fn control_address(text: &str) -> Result<SocketAddr, ArgumentError> {
    address(text).ok_or(ArgumentError::Control)
}

/// An IP address and a port; of names, the one that needs no resolver.
fn address(text: &str) -> Option<SocketAddr> {
    match text.strip_prefix("localhost:") {
        Some(port) => Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse().ok()?))),
        None => text.parse().ok(),
    }
}

pub(super) fn no_port(_: &str) -> Result<u16, ArgumentError> {
    Err(ArgumentError::Port)
}

impl FromStr for PushListener {
    type Err = ArgumentError;

    fn from_str(text: &str) -> Result<Self, ArgumentError> {
        let (service, place) = match text.split_once('=') {
            Some((service, place)) => (Some(service), place),
            None => (None, text),
        };
        match address(place) {
            Some(address) if service != Some("") => {
                Ok(Self { service: service.map(str::to_owned), address })
            }
            _ => Err(ArgumentError::Listener),
        }
    }
}

/// An app at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppName {
    /// The push service.
    pub provider: String,
    /// The app's id.
    pub app: String,
}

impl FromStr for AppName {
    type Err = ArgumentError;

    fn from_str(text: &str) -> Result<Self, ArgumentError> {
        match text.split_once(':') {
            Some((provider, app)) if !provider.is_empty() && !app.is_empty() => {
                Ok(Self { provider: provider.to_owned(), app: app.to_owned() })
            }
            _ => Err(ArgumentError::App),
        }
    }
}

/// A choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitchArg {
    /// The switch, or a group of them.
    pub name: String,
    /// What it is set to.
    pub value: String,
}

impl FromStr for SwitchArg {
    type Err = ArgumentError;

    fn from_str(text: &str) -> Result<Self, ArgumentError> {
        let (name, value) = text.split_once('=').ok_or(ArgumentError::Switch)?;
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }
}

/// What is wrong with an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArgumentError {
    /// No app.
    #[error("expected a provider and an app's id, such as `apns:com.acme.chat`")]
    App,
    /// No address.
    #[error("expected an IP address (or `localhost`) and a port, such as `127.0.0.1:7080`")]
    Control,
    /// No listener.
    #[error(
        "expected an IP address (or `localhost`) and a port, such as `127.0.0.1:7443` or \
         `apns-production=127.0.0.1:2197`"
    )]
    Listener,
    /// No place with a port.
    #[error("expected a host and a port, such as `localhost:5432`")]
    Place,
    /// Which of the two ports is not said.
    #[error("senders push to `--push 127.0.0.1:PORT`, the page is at `--control 127.0.0.1:PORT`")]
    Port,
    /// No choice.
    #[error("expected a switch and its value, such as `apns.idle-timeout=10m` or `http2=strict`")]
    Switch,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_is_an_address_and_perhaps_a_service() {
        let listener = |service: Option<&str>, address: &str| PushListener {
            service: service.map(str::to_owned),
            address: address.parse().expect("it is an address"),
        };
        let read = |text: &str| text.parse::<PushListener>();
        assert_eq!(read("127.0.0.1:0"), Ok(listener(None, "127.0.0.1:0")));
        assert_eq!(read("localhost:443"), Ok(listener(None, "127.0.0.1:443")));
        let bound = listener(Some("apns-production"), "[::1]:2197");
        assert_eq!(read("apns-production=[::1]:2197"), Ok(bound));
        for wrong in ["", "7443", "=127.0.0.1:1", "apns-production=", "example.com:443"] {
            assert_eq!(read(wrong), Err(ArgumentError::Listener), "{wrong}");
        }
    }

    #[test]
    fn apps_and_switches_are_read_in_their_two_parts() {
        let app = AppName { provider: "apns".to_owned(), app: "com.acme:chat".to_owned() };
        assert_eq!("apns:com.acme:chat".parse(), Ok(app));
        for wrong in ["apns", ":a", "apns:"] {
            assert_eq!(wrong.parse::<AppName>(), Err(ArgumentError::App), "{wrong}");
        }
        let switch = SwitchArg { name: "http2".to_owned(), value: "a=b".to_owned() };
        assert_eq!("http2=a=b".parse(), Ok(switch));
        assert_eq!("http2".parse::<SwitchArg>(), Err(ArgumentError::Switch));
    }

    #[test]
    fn a_place_to_allow_has_a_port_and_a_control_address_is_a_number() {
        let place = HostPort { host: "db.example".to_owned(), port: Some(5432) };
        assert_eq!(with_port("db.example:5432"), Ok(place));
        assert_eq!(with_port("db.example"), Err(ArgumentError::Place));
        assert_eq!(control_address("db.example:1"), Err(ArgumentError::Control));
        assert_eq!(no_port("7443"), Err(ArgumentError::Port));
    }
}
