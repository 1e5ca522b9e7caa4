//! Why the server, its CA or its state folder could not be had.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why the server, its CA or its state folder could not be had.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address cannot be listened on.
    #[error("could not listen on `{address}`: {cause}")]
    Bind {
        /// The address that was wanted.
        address: SocketAddr,
        /// What the system said.
        cause: io::Error,
    },
    /// The CA or a certificate could not be made.
    #[error("could not make a certificate for `{name}`: {cause}")]
    Certificate {
        /// The subject.
        name: String,
        /// What the certificate library said.
        cause: rcgen::Error,
    },
    /// A file or folder of the state cannot be read or written.
    #[error("could not {act} `{}`: {cause}", path.display())]
    File {
        /// What was tried: `create`, `read`, `write`, `lock`.
        act: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// Another process works on the state folder.
    #[error("the state folder `{}` is in use by {}", path.display(), holder(*pid))]
    Locked {
        /// The folder.
        path: PathBuf,
        /// The other process, if it wrote its number.
        pid: Option<u32>,
    },
    /// The TLS library refused its settings.
    #[error("could not set up TLS: {cause}")]
    Tls {
        /// What the library said.
        cause: rustls::Error,
    },
}

impl ServerError {
    /// What a person can do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Bind { cause, .. } => match cause.kind() {
                io::ErrorKind::AddrInUse => {
                    "another program listens there: stop it, or choose another port (0 picks a \
                     free one)"
                }
                io::ErrorKind::PermissionDenied => {
                    "ports below 1024 need a privilege on this machine: choose a higher port (0 \
                     picks a free one)"
                }
                io::ErrorKind::AddrNotAvailable => {
                    "this machine has no such address: use `127.0.0.1` or `[::1]`"
                }
                _ => "choose another address (port 0 picks a free one)",
            },
            Self::Certificate { .. } => "look at the names that were given",
            Self::File { .. } => "give another folder with `--state DIR`, or mend its permissions",
            Self::Locked { .. } => "stop that process, or give another folder with `--state DIR`",
            Self::Tls { .. } => "this is a bug: please report it",
        }
    }
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}
