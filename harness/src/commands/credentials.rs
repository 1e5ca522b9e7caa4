//! `pushpit credentials`.

use super::runtime::runtime;
use super::{CommandError, not_started};
use pushpit::cli::{AppName, CredentialsArgs, Format};
use pushpit::exit::Exit;
use pushpit_emulator::providers::rim::AppSpec;
use pushpit_emulator::server::ServerError;
use pushpit_emulator::{Config, ConfiguredApp, Emulator, StartError, State};
use serde_json::{Value, json};
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

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
            Err(StartError::Server(ServerError::Locked { path, pid })) => {
                return Ok(of_running(args, &path, pid)?);
            }
            Err(error) => return Ok(not_started(&error)?),
        };
        list(&running.control().credentials(), args.format)?;
        running.stop().await;
        Ok(Exit::Held)
    })
}

/// Lists what the running emulator has, which it keeps in a file. Only it can add to that.
fn of_running(args: &CredentialsArgs, state: &Path, pid: Option<u32>) -> std::io::Result<Exit> {
    let who = pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
    let apps = kept(&state.join("credentials").join("index.json"));
    let is_there = |named: &AppName| {
        let is_it = |app: &Value| app["provider"] == *named.provider && app["app"] == *named.app;
        apps.iter().flatten().any(is_it)
    };
    let mut stderr = anstream::stderr();
    if let Some(AppName { provider, app }) = args.apps.iter().find(|named| !is_there(named)) {
        writeln!(
            stderr,
            "error: `{provider}:{app}` is not among the apps of {who}, which works on `{}`\n\
             help: add it there: `POST /api/v1/apps`; `GET /api/v1/credentials` shows what it has",
            state.display()
        )?;
        return Ok(Exit::CannotStart);
    }
    let Some(apps) = &apps else {
        writeln!(
            stderr,
            "error: {who} works on `{}`, and its list of credentials cannot be read\n\
             help: ask it: `GET /api/v1/credentials` of its control API",
            state.display()
        )?;
        return Ok(Exit::CannotStart);
    };
    list(apps, args.format)?;
    writeln!(stderr, "note: {who} works on `{}`; these are its credentials", state.display())?;
    Ok(Exit::Held)
}

/// The list as an emulator keeps it; it is replaced as a whole, so that no lock is needed.
fn kept(index: &Path) -> Option<Vec<Value>> {
    let mut index: Value = serde_json::from_slice(&std::fs::read(index).ok()?).ok()?;
    match index["apps"].take() {
        Value::Array(apps) => Some(apps),
        _ => None,
    }
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
