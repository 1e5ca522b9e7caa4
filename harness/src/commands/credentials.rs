//! `pushpit credentials`.

use super::CommandError;
use super::runtime::runtime;
use pushpit::cli::{AppName, CredentialsArgs, Format};
use pushpit::exit::Exit;
use pushpit_emulator::providers::rim::AppSpec;
use pushpit_emulator::{Config, ConfiguredApp, Emulator, State};
use serde_json::{Value, json};
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};

/// Makes the credentials where they are not there yet, and lists them.
pub(crate) fn run(args: &CredentialsArgs) -> Result<Exit, CommandError> {
    let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let defaults = Config::default();
    let named = args.apps.iter().map(|AppName { provider, app }| ConfiguredApp {
        provider: provider.clone(),
        spec: AppSpec { name: app.clone(), ..AppSpec::default() },
    });
    let config = Config {
        push: Vec::new(),
        control: free,
        apps: named.collect(),
        state: args.state.clone().map_or_else(|| defaults.state.clone(), State::Folder),
        ..defaults
    };
    runtime()?.block_on(async {
        let running = match Emulator::start(config).await {
            Ok(running) => running,
            Err(error) => {
                writeln!(anstream::stderr(), "error: {error}\nhelp: {}", error.help())?;
                return Ok(Exit::CannotStart);
            }
        };
        list(&running.control().credentials(), args.format)?;
        running.stop().await;
        Ok(Exit::Held)
    })
}

fn list(apps: &[Value], format: Format) -> std::io::Result<()> {
    let mut stdout = anstream::stdout();
    if format == Format::Json {
        return writeln!(stdout, "{}", json!({ "apps": apps }));
    }
    for app in apps {
        let text = |key: &str| app[key].as_str().unwrap_or_default().to_owned();
        writeln!(stdout, "{} {}", text("provider"), text("app"))?;
        for (key, value) in app.as_object().into_iter().flatten() {
            if key != "provider" && key != "app" {
                writeln!(stdout, "  {key:<16} {}", value.as_str().unwrap_or_default())?;
            }
        }
    }
    Ok(())
}
