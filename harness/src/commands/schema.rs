//! `pushpit schema`.

use super::CommandError;
use pushpit::exit::Exit;
use pushpit::scenario::schema::schema;
use std::io::Write;

/// Prints the JSON Schema of scenario files.
pub(crate) fn run() -> Result<Exit, CommandError> {
    anstream::stdout().write_all(schema().as_bytes())?;
    Ok(Exit::Held)
}
