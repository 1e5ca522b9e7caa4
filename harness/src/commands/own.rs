//! An emulator of our own, as the options ask for it.

use super::{CommandError, Context};
use pushpit::cli::{AppName, EmulatorArgs, PushListener, SwitchArg};
use pushpit::diagnostic::{Diagnostic, draw};
use pushpit::providers::providers;
use pushpit::run::configured;
use pushpit::scenario::{Setup, chosen, files, load_setup};
use pushpit_emulator::providers::rim::AppSpec;
use pushpit_emulator::switch::Switches;
use pushpit_emulator::world::{self, AppName as WorldApp, NewDevice, Refused};
use pushpit_emulator::{self as emulator, Config, ConfiguredApp, Running, State};
use std::io::Write as _;
use std::path::Path;

/// What the files and switches that the options name come to.
pub(super) struct Wanted {
    setup: Setup,
    switches: Switches,
}

/// Reads what the options name; what is wrong with it is told at once.
pub(super) fn wanted(
    args: &EmulatorArgs,
    context: Context,
) -> Result<Option<Wanted>, CommandError> {
    let setup = match args.config.as_deref().map(|path| read(path, context)).transpose()? {
        Some(None) => return Ok(None),
        Some(Some(setup)) => setup,
        None => Setup::default(),
    };
    let mut switches = chosen(&setup.switches).0;
    for SwitchArg { name, value } in &args.switches {
        if let Err(wrong) = switches.set(world::switches(), name, value) {
            writeln!(anstream::stderr(), "error: {wrong}\nhelp: {}", wrong.help())?;
            return Ok(None);
        }
    }
    Ok(Some(Wanted { setup, switches }))
}

/// Listeners as the emulator takes them.
pub(super) fn listeners(push: &[PushListener]) -> Vec<emulator::PushListener> {
    let listener = |push: &PushListener| emulator::PushListener {
        service: push.service.clone(),
        address: push.address,
    };
    push.iter().map(listener).collect()
}

impl Wanted {
    /// How the emulator is started, but for where it listens.
    pub(super) fn config(&self, args: &EmulatorArgs) -> Config {
        let named = args.apps.iter().map(|AppName { provider, app }| ConfiguredApp {
            provider: provider.clone(),
            spec: AppSpec { name: app.clone(), ..AppSpec::default() },
        });
        let defaults = Config::default();
        Config {
            state: args.state.clone().map_or_else(|| defaults.state.clone(), State::Folder),
            apps: self.setup.apps.iter().map(|(_, app)| configured(app)).chain(named).collect(),
            clock: args.clock.into(),
            clock_start: args.clock_start,
            seed: args.seed.unwrap_or_default(),
            names: args.names.clone(),
            switches: self.switches.clone(),
            ..defaults
        }
    }

    /// Puts the devices on it.
    pub(super) fn add_devices(&self, running: &Running) -> Result<(), Refused> {
        for (name, device) in self.setup.devices.iter() {
            let app = |name: &str| {
                let app = self.setup.apps.find(name).map(configured);
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
