//! What an emulator is started with.

use crate::clock::{Mode, Timestamp};
use crate::journal::Limits;
use crate::providers::rim::AppSpec;
use crate::switch::Switches;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// What an emulator is started with; [`Config::default`] is what `pushpit serve` does.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where senders connect.
    pub push: Vec<PushListener>,
    /// Where the control API listens.
    pub control: SocketAddr,
    /// Where the local CA and the credentials live.
    pub state: State,
    /// The apps; one demo app per service when there are none.
    pub apps: Vec<ConfiguredApp>,
    /// How world time moves.
    pub clock: Mode,
    /// Where world time starts.
    pub clock_start: Option<Timestamp>,
    /// Whether an unknown but well-formed address becomes an online device on first use.
    pub register_unknown: bool,
    /// Where identifiers and chance come from.
    pub seed: u64,
    /// Names, besides those of push hosts and of this machine, that certificates are made for.
    pub names: Vec<String>,
    /// How much history is kept.
    pub journal: Limits,
    /// What was chosen of [all that can be](crate::world::switches).
    pub switches: Switches,
}

/// One place where senders connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushListener {
    /// The service, or one of its environments, that it is bound to.
    pub service: Option<String>,
    /// The address; port 0 picks a free one.
    pub address: SocketAddr,
}

/// An app that is there from the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredApp {
    /// The service.
    pub provider: String,
    /// The app's id and settings.
    pub spec: AppSpec,
}

/// Where the local CA and the credentials live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// In this folder, which is made when it is not there.
    Folder(PathBuf),
    /// In the nearest `.pushpit` upwards of a folder, else in one made there.
    Nearest(PathBuf),
    /// In a folder of the caller's that goes away by itself; the CA's key is not written.
    Temporary(PathBuf),
}

impl Config {
    /// An emulator of its own for a test: free ports, its files in a folder that goes away.
    pub fn temporary(folder: PathBuf) -> Self {
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            push: vec![PushListener { service: None, address: free }],
            control: free,
            state: State::Temporary(folder),
            ..Self::default()
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self {
            push: vec![PushListener { service: None, address: local(PUSH_PORT) }],
            control: local(CONTROL_PORT),
            state: State::Nearest(PathBuf::from(".")),
            apps: Vec::new(),
            clock: Mode::Running,
            clock_start: None,
            register_unknown: true,
            seed: 0,
            names: Vec::new(),
            journal: Limits::default(),
            switches: Switches::default(),
        }
    }
}

/// Where senders connect when nothing else is said.
const PUSH_PORT: u16 = 7443;

/// Where the control API listens when nothing else is said.
const CONTROL_PORT: u16 = 7080;
