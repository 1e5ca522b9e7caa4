//! `pushpit check`.

use super::{CommandError, Context};
use pushpit::cli::{CheckArgs, Format};
use pushpit::diagnostic::{Diagnostic, draw};
use pushpit::exit::Exit;
use pushpit::scenario::files::{find, read};
use pushpit::scenario::load;
use serde_json::json;
use std::io::Write;
use std::path::Path;

/// Reads scenario files and says what is wrong with them.
pub(crate) fn run(args: &CheckArgs, context: Context) -> Result<Exit, CommandError> {
    let files = find(&args.paths)?;
    let (mut stdout, mut stderr) = (anstream::stdout(), anstream::stderr());
    let mut exit = Exit::Held;
    for file in &files {
        let Checked { source, wrong } = check(file);
        if !wrong.is_empty() {
            exit = Exit::Wrong;
        }
        for one in wrong {
            match args.format {
                Format::Json => writeln!(stdout, "{}", as_json(&one))?,
                Format::Text => {
                    writeln!(stderr, "{}\n", draw(&one, &source, context.stderr))?;
                }
            }
        }
    }
    if exit == Exit::Held && args.format == Format::Text {
        let count = files.len();
        let scenarios = if count == 1 { "scenario is" } else { "scenarios are" };
        writeln!(stdout, "{count} {scenarios} fine")?;
    }
    Ok(exit)
}

struct Checked {
    source: String,
    wrong: Vec<Diagnostic>,
}

fn check(path: &Path) -> Checked {
    let file = path.display().to_string();
    match read(path) {
        Err(error) => Checked {
            source: String::new(),
            wrong: vec![Diagnostic::new(&file, format!("cannot read the file: {error}"))],
        },
        Ok(bytes) => Checked {
            wrong: load(&file, &bytes, &pushpit::providers::providers()).err().unwrap_or_default(),
            source: String::from_utf8_lossy(&bytes).into_owned(),
        },
    }
}

fn as_json(one: &Diagnostic) -> serde_json::Value {
    json!({
        "file": one.file,
        "line": one.place.map(|place| place.line),
        "column": one.place.map(|place| place.column),
        "message": one.message,
        "help": one.help,
    })
}
