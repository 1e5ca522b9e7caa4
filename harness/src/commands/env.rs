//! `pushpit env`.

use super::runtime::runtime;
use super::{CommandError, no_kit, not_attached};
use pushpit::cli::EnvArgs;
use pushpit::exec::attach;
use pushpit::exit::Exit;
use pushpit::redirect::{Environment, Kit, Way, hosts, written};
use std::io::Write as _;
use std::path::Path;

/// Prints the environment that redirects senders to a running emulator.
pub(crate) fn run(args: &EnvArgs, environment: &Environment) -> Result<Exit, CommandError> {
    let mut stdout = anstream::stdout();
    if args.hosts {
        stdout.write_all(hosts().as_bytes())?;
        return Ok(Exit::Held);
    }
    let places = match runtime()?.block_on(attach(&args.attach)) {
        Ok(attached) => attached.places,
        Err(error) => return Ok(not_attached(&error)?),
    };
    // Beside the CA: what is printed must be there when it is read.
    let folder = places.ca.parent().unwrap_or_else(|| Path::new(".")).join("environment");
    match Kit::write(&folder, &places, environment, Way::Environment) {
        Ok(kit) => {
            stdout.write_all(written(&kit.variables, args.format).as_bytes())?;
            stdout.flush()?;
            Ok(Exit::Held)
        }
        Err(error) => Ok(no_kit(&error)?),
    }
}
