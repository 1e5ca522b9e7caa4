//! A file's bytes to a scenario that makes sense, or all that is wrong with it.

use super::{Provider, Scenario, check, parse};
use crate::diagnostic::Diagnostic;

/// Parses and checks a scenario. `file` is what diagnostics call it.
///
/// # Errors
/// The first thing that the parser could not read, or else everything that does not make sense.
pub fn load(
    file: &str,
    bytes: &[u8],
    providers: &[Provider<'_>],
) -> Result<Scenario, Vec<Diagnostic>> {
    let scenario = parse(file, bytes).map_err(|first| vec![*first])?;
    let source = String::from_utf8_lossy(bytes);
    let wrong = check(file, &source, &scenario, providers);
    if wrong.is_empty() { Ok(scenario) } else { Err(wrong) }
}
