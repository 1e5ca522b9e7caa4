//! `pushpit exec`.

use super::own::{listeners, wanted};
use super::runtime::runtime;
use super::{CommandError, Context, isolate, no_kit, not_attached, not_started};
use pushpit::cli::{ExecArgs, UnknownAddresses};
use pushpit::exec::{Attached, Launch, attach, tally};
use pushpit::exit::Exit;
use pushpit::redirect::{Environment, Kit};
use pushpit_emulator::{Config, Emulator, Running, State};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Runs a sender on an emulator, and gives the sender's own exit status.
pub(crate) fn run(
    args: &ExecArgs,
    context: Context,
    environment: &Environment,
) -> Result<ExitCode, CommandError> {
    let folder = tempfile::tempdir()?;
    runtime()?.block_on(async {
        let own = match &args.attach {
            Some(_) => None,
            None => match start(args, context, folder.path()).await? {
                Ok(running) => Some(Arc::new(running)),
                Err(exit) => return Ok(exit.into()),
            },
        };
        let control = own.as_ref().map(|own| own.control_url());
        let control = control.or_else(|| args.attach.clone()).unwrap_or_default();
        let done = match attach(&control).await {
            Ok(attached) => on(&attached, own.clone(), args, folder.path(), environment).await?,
            Err(error) => not_attached(&error)?.into(),
        };
        // Who still holds it is being cut off, and lets go of it.
        if let Some(running) = own.and_then(Arc::into_inner) {
            running.stop().await;
        }
        Ok(done)
    })
}

/// Starts an emulator of our own.
async fn start(
    args: &ExecArgs,
    context: Context,
    folder: &Path,
) -> Result<Result<Running, Exit>, CommandError> {
    let Some(wanted) = wanted(&args.emulator, context)? else { return Ok(Err(Exit::Wrong)) };
    let by_default = match context.ci {
        true => UnknownAddresses::Reject,
        false => UnknownAddresses::Register,
    };
    let unknown = args.unknown_addresses.unwrap_or(by_default);
    let config = wanted.config(&args.emulator);
    let state = match &args.emulator.state {
        Some(_) => config.state.clone(),
        None => State::Temporary(folder.to_owned()),
    };
    let config = Config {
        push: listeners(&args.push),
        control: args.control,
        register_unknown: unknown == UnknownAddresses::Register,
        state,
        ..config
    };
    let running = match Emulator::start(config).await {
        Ok(running) => running,
        Err(error) => return Ok(Err(not_started(&error)?)),
    };
    if let Err(refused) = wanted.add_devices(&running) {
        writeln!(anstream::stderr(), "error: {refused}")?;
        return Ok(Err(Exit::Wrong));
    }
    Ok(Ok(running))
}

/// Runs the sender on an emulator, and tells what became of its pushes.
async fn on(
    attached: &Attached,
    own: Option<Arc<Running>>,
    args: &ExecArgs,
    folder: &Path,
    environment: &Environment,
) -> io::Result<ExitCode> {
    let places = &attached.places;
    tell(&format!("pushpit: push {}, control {}", places.push, places.control));
    let seal = match isolate::seal(args, places, own).await {
        Ok(seal) => seal,
        Err(exit) => return Ok(exit.into()),
    };
    let kit = match Kit::write(&folder.join("environment"), places, environment, seal.way()) {
        Ok(kit) => kit,
        Err(error) => return Ok(no_kit(&error)?.into()),
    };
    let launch = Launch { words: seal.command(&args.command), variables: kit.variables };
    let ended = match pushpit::exec::run(&launch).await {
        Ok(ended) => ended,
        Err(error) => return Ok(not_run(&launch, &error)),
    };
    if ended.left > 0 {
        tell(&format!("pushpit: stopped processes that it left running: {}", ended.left));
    }
    match tally(attached).await {
        Ok(tally) => tell(&format!("pushpit: {tally}")),
        Err(error) => tell(&format!("pushpit: the emulator cannot be asked any more: {error}")),
    }
    Ok(ExitCode::from(if seal.was_broken() { UNEXPECTED } else { ended.status }))
}

/// Says why there is no process, with the status that shells give.
fn not_run(launch: &Launch, error: &io::Error) -> ExitCode {
    let program = launch.words[0].display();
    let (status, help) = match error.kind() {
        ErrorKind::NotFound => (NOT_FOUND, "install it, or write its path"),
        _ => (NOT_EXECUTABLE, "look at the file, its permissions and its first line"),
    };
    tell(&format!("error: cannot run `{program}`: {error}\nhelp: {help}"));
    ExitCode::from(status)
}

/// Tells whoever reads the error output; the sender's status counts whether or not anybody does.
pub(super) fn tell(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// The sender dialed what it should not.
const UNEXPECTED: u8 = 125;

/// As shells say it (POSIX, Shell Command Language, 2.8.2).
const NOT_FOUND: u8 = 127;
const NOT_EXECUTABLE: u8 = 126;
