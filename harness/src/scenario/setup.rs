//! The file that `pushpit serve --config` reads: choices, apps and devices, as a scenario writes them.

use super::model::{AppSpec, DeviceSpec};
use super::switches::Choice;
use super::{Provider, Scenario, Table, parse};
use crate::diagnostic::Diagnostic;
use serde::Deserialize;

/// Choices, apps and devices that are there from the start.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// Choices where a real service's behavior is unknown, or made gentle.
    #[serde(default)]
    pub switches: Table<Choice>,
    /// The apps, by the names that the devices use.
    #[serde(default)]
    pub apps: Table<AppSpec>,
    /// The devices by name.
    #[serde(default)]
    pub devices: Table<DeviceSpec>,
}

/// Parses and checks a set-up. `file` is what diagnostics call it.
///
/// # Errors
/// As for scenarios.
pub fn load_setup(
    file: &str,
    bytes: &[u8],
    providers: &[Provider<'_>],
) -> Result<Setup, Vec<Diagnostic>> {
    let setup: Setup = parse::read(file, bytes).map_err(|first| vec![*first])?;
    let source = String::from_utf8_lossy(bytes);
    if parse::is_blank(&source) {
        let message = "expected `switches`, `apps` or `devices`, found an empty file";
        let help = "write `apps: …`, or start without the file".to_owned();
        return Err(vec![Diagnostic::new(file, message).help(help)]);
    }
    let scenario = Scenario::of(setup.switches.clone(), setup.apps.clone(), setup.devices.clone());
    let mut wrong = super::check(file, &source, &scenario, providers);
    // A set-up has neither a name nor steps.
    wrong.retain(|one| one.place.is_some_and(|place| place.end > 0));
    if wrong.is_empty() { Ok(setup) } else { Err(wrong) }
}
