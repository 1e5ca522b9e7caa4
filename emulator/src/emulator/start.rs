//! Start and stop.

use super::config::{Config, State};
use super::front::WorldFront;
use crate::clock::reading;
use crate::control::{
    Control, ControlError, ControlServer, ControlServerConfig, Door, Places, drive,
};
use crate::server::{
    Authority, Bound, Listener, Origin, Permitted, Server, ServerConfig, ServerError, Socket,
    StateFolder, is_name, most_connections,
};
use crate::world::{RouteConflict, WorldConfig, abouts, check_routes};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The emulator; see [`Emulator::start`].
#[derive(Debug)]
pub struct Emulator;

/// An emulator that runs until it is stopped. Dropping it cuts all connections.
#[derive(Debug)]
pub struct Running {
    server: crate::server::Running,
    control_server: ControlServer,
    control: Control,
    state: StateFolder,
    origin: Origin,
    driver: CancellationToken,
}

/// The emulator could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The control API or the credentials could not be had.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// An app that was asked for cannot be: an unknown service, a wrong id or setting.
    #[error(transparent)]
    App(ControlError),
    /// A name that certificates were wanted for is none.
    #[error("expected a host name or an IP address, found `{name}`")]
    Name {
        /// What was asked for.
        name: String,
    },
    /// Two services claim places that overlap; a mistake of ours.
    #[error("bug in pushpit: {0}")]
    Routes(RouteConflict),
    /// Sockets, certificates or the state folder could not be had.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// A listener is bound to a service that does not exist.
    #[error("there is no service `{name}` to bind a listener to; known: {known}")]
    UnknownService {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
}

impl StartError {
    /// Whether what was asked for can never be, on no machine: the call is wrong.
    pub const fn is_wrong_call(&self) -> bool {
        matches!(self, Self::App(_) | Self::Name { .. } | Self::UnknownService { .. })
    }

    fn of_apps(error: ControlError) -> Self {
        match error {
            ControlError::Refused(_) | ControlError::Spec(_) => Self::App(error),
            error => Self::Control(error),
        }
    }

    /// What to do.
    pub fn help(&self) -> &str {
        match self {
            Self::App(error) | Self::Control(error) => error.help(),
            Self::Name { .. } => {
                "names are written without scheme and port, with letters, digits, `-` and dots: \
                 `push.test`; other letters in their ASCII form (`xn--…`)"
            }
            Self::Routes(_) => "please report it",
            Self::Server(error) => error.help(),
            Self::UnknownService { .. } => "bind it to one of these, or to none: ADDR alone",
        }
    }
}

impl Emulator {
    /// Starts everything; when this returns, all listeners accept.
    ///
    /// # Errors
    /// An address is taken, a folder cannot be written, a key cannot be read.
    pub async fn start(config: Config) -> Result<Running, StartError> {
        check_routes().map_err(StartError::Routes)?;
        check_listeners(&config)?;
        check_names(&config)?;
        let state = open_state(&config.state)?;
        let (authority, origin) = state.authority(permitted(&config), crate::server::now())?;
        let world = WorldConfig {
            seed: config.seed,
            mode: config.clock,
            start: config.clock_start,
            register_unknown: config.register_unknown,
            journal: config.journal,
            switches: config.switches.clone(),
            ..WorldConfig::default()
        };
        let door = Arc::new(Door::new(world, reading));
        let control = Control::new(Arc::clone(&door), &state.path().join("credentials"))?;
        let apps = config.apps.iter().map(|app| (app.provider.as_str(), &app.spec));
        control.prepare_apps(apps).map_err(StartError::of_apps)?;
        let server = serve(&config, authority, &door, state.ca_path()).await?;
        let control_config = ControlServerConfig {
            address: config.control,
            places: Places {
                push: url_of(server.bound()),
                ca: state.ca_path(),
                credentials: state.path().join("credentials"),
            },
            names: config.names.clone(),
            token: None,
        };
        let control_server = ControlServer::start_with(control_config, control.clone()).await?;
        let driver = CancellationToken::new();
        tokio::spawn(drive(door, driver.clone()));
        Ok(Running { server, control_server, control, state, origin, driver })
    }
}

impl Running {
    /// The push listeners, in the order in which they were configured.
    pub fn push(&self) -> &[Bound] {
        self.server.bound()
    }

    /// The base URL for senders: that of the first push listener.
    pub fn push_url(&self) -> String {
        url_of(self.push())
    }

    /// Serves a sender's connection that the caller accepted, perhaps in another network namespace.
    pub fn admit(&self, stream: tokio::net::TcpStream, remote: SocketAddr) {
        self.server.admit(stream, remote);
    }

    /// Where the control API listens.
    pub fn control_address(&self) -> SocketAddr {
        self.control_server.address()
    }

    /// The base URL of the control API.
    pub fn control_url(&self) -> String {
        format!("http://{}", self.control_address())
    }

    /// What the control API needs beyond loopback.
    pub fn control_token(&self) -> Option<&str> {
        self.control_server.token()
    }

    /// The control API, in process.
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// The file with the local CA's certificate.
    pub fn ca_path(&self) -> PathBuf {
        self.state.ca_path()
    }

    /// The folder with the credentials and their `index.json`.
    pub fn credentials_path(&self) -> PathBuf {
        self.state.path().join("credentials")
    }

    /// The state folder.
    pub fn state_path(&self) -> &Path {
        self.state.path()
    }

    /// Where the local CA came from: whether senders have to be told of a new one.
    pub fn ca_origin(&self) -> &Origin {
        &self.origin
    }

    /// Takes no more connections, finishes what is in flight, and ends.
    pub async fn stop(self) {
        self.server.stop().await;
        self.driver.cancel();
        self.control_server.stop().await;
    }
}

/// The base URL for senders: that of the first push listener.
fn url_of(push: &[Bound]) -> String {
    push.first().map(|bound| format!("https://{}", bound.address)).unwrap_or_default()
}

async fn serve(
    config: &Config,
    authority: Authority,
    door: &Arc<Door>,
    ca: PathBuf,
) -> Result<crate::server::Running, ServerError> {
    let listener = |push: &super::config::PushListener| Listener {
        socket: Socket::Bind(push.address),
        service: push.service.clone(),
    };
    let listeners = config.push.iter().map(listener).collect();
    let switches = config.switches.clone();
    let front = Arc::new(WorldFront { door: Arc::clone(door), switches, ca });
    let authority = Arc::new(authority);
    let config = ServerConfig { listeners, authority, max_connections: most_connections() };
    Server::start(config, front).await
}

fn open_state(state: &State) -> Result<StateFolder, ServerError> {
    match state {
        State::Folder(path) => StateFolder::open(path),
        State::Nearest(start) => StateFolder::find(start),
        State::Temporary(path) => Ok(StateFolder::temporary(path.clone())),
    }
}

/// The names that the local CA may speak for: all push hosts, and what the user adds.
fn permitted(config: &Config) -> Permitted {
    let hosts = abouts().flat_map(|(_, about)| about.hosts.iter().copied());
    Permitted::new(hosts.chain(config.names.iter().map(String::as_str)))
}

fn check_listeners(config: &Config) -> Result<(), StartError> {
    let known: Vec<_> = abouts().flat_map(|(_, about)| about.listeners.iter().copied()).collect();
    let bound = config.push.iter().filter_map(|push| push.service.as_deref());
    match bound.into_iter().find(|name| !known.contains(name)) {
        None => Ok(()),
        Some(name) => {
            Err(StartError::UnknownService { name: name.to_owned(), known: known.join(", ") })
        }
    }
}

/// A variable that is set to nothing names nothing.
fn check_names(config: &Config) -> Result<(), StartError> {
    match config.names.iter().find(|name| !name.is_empty() && !is_name(name)) {
        None => Ok(()),
        Some(name) => Err(StartError::Name { name: name.clone() }),
    }
}
