//! What the program does: one file for each thing it is told to do.

pub(crate) mod check;
pub(crate) mod credentials;
pub(crate) mod env;
pub(crate) mod exec;
mod isolate;
mod log;
mod own;
mod runtime;
pub(crate) mod scenarios;
pub(crate) mod schema;
pub(crate) mod serve;
pub(crate) mod snapshots;

use pushpit::diagnostic::Style;
use pushpit::exec::AttachError;
use pushpit::exit::Exit;
use pushpit::redirect::KitError;
use pushpit::scenario::files::FilesError;
use pushpit::snapshot::review::ReviewError;
use pushpit_emulator::StartError;
use std::io::{self, Write as _};
use std::path::PathBuf;

/// What kept a command from its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// A path to scenarios is wrong.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The output cannot be written.
    #[error("cannot write the output")]
    Print(#[from] io::Error),
    /// A snapshot cannot be found, read or written.
    #[error(transparent)]
    Review(#[from] ReviewError),
}

/// What the program knows of its surroundings; read once, in `main`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context {
    /// Whether drawings for the standard output have colors.
    pub(crate) stdout: Style,
    /// Whether drawings for the error output have colors.
    pub(crate) stderr: Style,
    /// Whether this is a CI system, where no snapshot is written.
    pub(crate) ci: bool,
}

/// Says why there is no emulator, and gives whose fault it is: the call's, or the machine's.
fn not_started(error: &StartError) -> io::Result<Exit> {
    writeln!(anstream::stderr(), "error: {error}\nhelp: {}", error.help())?;
    Ok(if error.is_wrong_call() { Exit::Wrong } else { Exit::CannotStart })
}

/// Says why no running emulator can be used.
fn not_attached(error: &AttachError) -> io::Result<Exit> {
    writeln!(anstream::stderr(), "error: {error}\nhelp: {}", error.help())?;
    Ok(if matches!(error, AttachError::Url(_)) { Exit::Wrong } else { Exit::CannotStart })
}

/// Says why a sender cannot be given its environment.
fn no_kit(error: &KitError) -> io::Result<Exit> {
    writeln!(anstream::stderr(), "error: {error}\nhelp: {}", error.help())?;
    Ok(Exit::CannotStart)
}

/// Our own program; on Linux the one that runs, even if its file is another one by now.
fn own_program() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") {
        return Ok(PathBuf::from("/proc/self/exe"));
    }
    std::env::current_exe()
}
