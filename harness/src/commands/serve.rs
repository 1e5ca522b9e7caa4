//! `pushpit serve`.

use super::own::{Wanted, listeners, wanted};
use super::runtime::{Signals, runtime};
use super::{CommandError, Context, log, not_started};
use pushpit::cli::{Format, ServeArgs, UnknownAddresses};
use pushpit::exit::Exit;
use pushpit_emulator::server::Origin;
use pushpit_emulator::world::{Filter, Subject};
use pushpit_emulator::{Config, Emulator, Running};
use serde_json::json;
use std::io::{ErrorKind, Write as _};

/// Starts the emulator and runs it until somebody asks it to end.
pub(crate) fn run(args: &ServeArgs, context: Context) -> Result<Exit, CommandError> {
    let Some(wanted) = wanted(&args.emulator, context)? else { return Ok(Exit::Wrong) };
    runtime()?.block_on(async {
        let mut signals = Signals::listen()?;
        let running = match Emulator::start(config(args, &wanted)).await {
            Ok(running) => running,
            Err(error) => return Ok(not_started(&error)?),
        };
        if let Err(refused) = wanted.add_devices(&running) {
            writeln!(anstream::stderr(), "error: {refused}")?;
            return Ok(Exit::Wrong);
        }
        let telling = async {
            let told = match announce(&running, args.format) {
                Ok(()) => follow(&running, args.format).await,
                Err(error) => Err(error),
            };
            no_longer_told(told);
            // Senders are served whether or not anybody listens.
            std::future::pending().await
        };
        tokio::select! {
            () = telling => {}
            () = signals.come() => {}
        }
        running.stop().await;
        Ok(Exit::Held)
    })
}

fn config(args: &ServeArgs, wanted: &Wanted) -> Config {
    Config {
        push: listeners(&args.push),
        control: args.control,
        register_unknown: args.unknown_addresses == UnknownAddresses::Register,
        ..wanted.config(&args.emulator)
    }
}

fn announce(running: &Running, format: Format) -> std::io::Result<()> {
    let mut stdout = anstream::stdout();
    let (push, control) = (running.push_url(), running.control_url());
    let (ca, credentials) = (running.ca_path(), running.credentials_path());
    if format == Format::Json {
        if let origin @ Origin::Exposed { .. } = running.ca_origin() {
            writeln!(anstream::stderr(), "note: {origin}")?;
        }
        let line = json!({
            "push": push,
            "control": control,
            "ca": ca,
            "credentials": credentials,
            "pid": std::process::id(),
        });
        let token = running.control_token().map(|token| ("token".to_owned(), json!(token)));
        let line = serde_json::Value::from_iter(
            line.as_object().cloned().into_iter().flatten().chain(token),
        );
        writeln!(stdout, "{line}")?;
        return stdout.flush();
    }
    writeln!(stdout, "Pushpit {} is ready", env!("CARGO_PKG_VERSION"))?;
    for bound in running.push() {
        let service = bound.service.as_ref().map(|of| format!("   ({of})")).unwrap_or_default();
        writeln!(stdout, "  push         https://{}{service}", bound.address)?;
    }
    writeln!(stdout, "  control      {control}")?;
    if let Some(token) = running.control_token() {
        writeln!(stdout, "  token        {token}   (send it as `authorization: bearer …`)")?;
    }
    writeln!(stdout, "  CA           {}", ca.display())?;
    writeln!(stdout, "  credentials  {}", credentials.join("index.json").display())?;
    match running.ca_origin() {
        origin @ (Origin::Created | Origin::Renewed(_)) => {
            writeln!(stdout, "  note: {origin}; senders must load it")?;
        }
        origin @ Origin::Exposed { .. } => writeln!(stdout, "  note: {origin}")?,
        Origin::Loaded => {}
    }
    writeln!(stdout, "Point a sender at it; Ctrl-C ends it. Requests:")?;
    stdout.flush()
}

/// Says why nothing is told any more, unless it is that nobody reads it.
fn no_longer_told(told: std::io::Result<()>) {
    match told {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            // Where the output cannot be written, this may not be either.
            let _ = writeln!(anstream::stderr(), "error: cannot write the output: {error}");
        }
        _ => {}
    }
}

/// Tells of each request until the output is closed.
async fn follow(running: &Running, format: Format) -> std::io::Result<()> {
    if format == Format::Json {
        // The one line was all; whoever wants more asks the control API.
        return std::future::pending().await;
    }
    let control = running.control();
    let filter = Filter { of: Subject::Requests, ..Filter::default() };
    let mut after = control.end();
    let mut after_trouble = after;
    loop {
        control.door().changed_since(after).await;
        let list = control.requests(&filter, after, AT_ONCE);
        let troubles = control.events(Some("trouble"), after_trouble, AT_ONCE);
        let mut stdout = anstream::stdout();
        for request in &list.items {
            writeln!(stdout, "{}", log::line(request))?;
        }
        for event in &troubles.items {
            writeln!(stdout, "{}", log::trouble(event))?;
        }
        stdout.flush()?;
        (after, after_trouble) = (list.next, troubles.next);
    }
}

/// How many requests are told before it looks again.
const AT_ONCE: usize = 1_000;
