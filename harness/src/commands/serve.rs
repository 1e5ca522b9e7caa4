//! `pushpit serve`.

use super::runtime::{Signals, runtime};
use super::{CommandError, Context, log, not_started};
use pushpit::cli::{AppName, Format, ServeArgs, SwitchArg, UnknownAddresses};
use pushpit::diagnostic::{Diagnostic, draw};
use pushpit::exit::Exit;
use pushpit::providers::providers;
use pushpit::run::configured;
use pushpit::scenario::{Setup, chosen, files, load_setup};
use pushpit_emulator::providers::rim::AppSpec;
use pushpit_emulator::server::Origin;
use pushpit_emulator::switch::Switches;
use pushpit_emulator::world::{self, AppName as WorldApp, Filter, NewDevice, Subject};
use pushpit_emulator::{Config, ConfiguredApp, Emulator, PushListener, Running, State};
use serde_json::json;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

/// Starts the emulator and runs it until somebody asks it to end.
pub(crate) fn run(args: &ServeArgs, context: Context) -> Result<Exit, CommandError> {
    let setup = match args.config.as_deref().map(|path| read(path, context)).transpose()? {
        Some(None) => return Ok(Exit::Wrong),
        Some(Some(setup)) => setup,
        None => Setup::default(),
    };
    let mut switches = chosen(&setup.switches).0;
    for SwitchArg { name, value } in &args.switches {
        if let Err(wrong) = switches.set(world::switches(), name, value) {
            writeln!(anstream::stderr(), "error: {wrong}\nhelp: {}", wrong.help())?;
            return Ok(Exit::Wrong);
        }
    }
    runtime()?.block_on(async {
        let mut signals = Signals::listen()?;
        let running = match Emulator::start(config(args, &setup, switches)).await {
            Ok(running) => running,
            Err(error) => return Ok(not_started(&error)?),
        };
        if let Err(refused) = add_devices(&running, &setup) {
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

fn config(args: &ServeArgs, setup: &Setup, switches: Switches) -> Config {
    let push = args
        .push
        .iter()
        .map(|push| PushListener { service: push.service.clone(), address: push.address });
    let named = args.apps.iter().map(|AppName { provider, app }| ConfiguredApp {
        provider: provider.clone(),
        spec: AppSpec { name: app.clone(), ..AppSpec::default() },
    });
    let defaults = Config::default();
    Config {
        push: push.collect(),
        control: args.control,
        state: args.state.clone().map_or_else(|| defaults.state.clone(), State::Folder),
        apps: setup.apps.iter().map(|(_, app)| configured(app)).chain(named).collect(),
        clock: args.clock.into(),
        clock_start: args.clock_start,
        register_unknown: args.unknown_addresses == UnknownAddresses::Register,
        seed: args.seed.unwrap_or_default(),
        names: args.names.clone(),
        switches,
        ..defaults
    }
}

/// Reads the set-up; what is wrong with it is told at once.
fn read(path: &Path, context: Context) -> Result<Option<Setup>, CommandError> {
    let file = path.display().to_string();
    let (source, read) = match files::read(path) {
        Err(error) => {
            let help = "name a file with `apps:` and `devices:`".to_owned();
            let wrong = Diagnostic::new(&file, format!("cannot read the file: {error}")).help(help);
            (String::new(), Err(vec![wrong]))
        }
        Ok(bytes) => {
            let read = load_setup(&file, &bytes, &providers());
            (String::from_utf8_lossy(&bytes).into_owned(), read)
        }
    };
    match read {
        Ok(setup) => Ok(Some(setup)),
        Err(wrong) => {
            for one in wrong {
                writeln!(anstream::stderr(), "{}\n", draw(&one, &source, context.stderr))?;
            }
            Ok(None)
        }
    }
}

fn add_devices(running: &Running, setup: &Setup) -> Result<(), pushpit_emulator::world::Refused> {
    for (name, device) in setup.devices.iter() {
        let app = |name: &str| {
            let app = setup.apps.find(name).map(configured);
            let full = app.map(|app| format!("{}/{}", app.provider, app.spec.name));
            WorldApp(full.unwrap_or_else(|| name.to_owned()))
        };
        running.control().create_device(NewDevice {
            name: name.value.clone(),
            platform: device.platform.value,
            apps: device.apps.0.iter().map(|name| app(&name.value)).collect(),
            connection: device.connection,
            power: device.power,
        })?;
    }
    Ok(())
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
