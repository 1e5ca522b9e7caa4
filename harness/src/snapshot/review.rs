//! Pending snapshots: finding them, and asking a person about each.

use super::diff;
use super::store::{self, Accepted, StoreError};
use crate::diagnostic::Style;
use crate::scenario::files::has_ending;
use std::fs;
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};

/// How a review went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reviewed {
    /// How many became the accepted snapshot.
    pub accepted: usize,
    /// How many were removed.
    pub rejected: usize,
    /// How many still wait.
    pub skipped: usize,
}

/// What kept a review from its end.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// The terminal is gone.
    #[error("cannot ask about snapshots")]
    Ask(#[from] io::Error),
    /// A folder or file cannot be looked at.
    #[error("cannot look for snapshots in `{}`", path.display())]
    Look {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file is named that can have no snapshot.
    #[error("expected a scenario or a snapshot, found `{}`", path.display())]
    Neither {
        /// The file.
        path: PathBuf,
    },
    /// A snapshot cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ReviewError {
    /// What to do.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Ask(_) => "use `accept` or `reject`, which ask nothing",
            Self::Look { .. } | Self::Neither { .. } => {
                "name a scenario, its snapshot, or a folder with such files"
            }
            Self::Store(error) => error.help(),
        }
    }
}

/// All pending snapshots at or under these paths, sorted. A path may name a pending file, its
/// snapshot, its scenario, or a folder; hidden folders and those of packages are left out.
///
/// # Errors
/// A path is not there, cannot be read, or is a file that can have no snapshot.
pub fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, ReviewError> {
    let mut found = Vec::new();
    for path in paths {
        let look = |source| ReviewError::Look { path: path.clone(), source };
        if fs::metadata(path).map_err(look)?.is_dir() {
            walk(path, &mut found)?;
        } else if store::is_pending(path) {
            found.push(path.clone());
        } else if !has_ending(path, &["json", "snap", "yaml", "yml"]) {
            return Err(ReviewError::Neither { path: path.clone() });
        } else {
            let pending = store::pending_path(&store::path_beside(path));
            found.extend(pending.is_file().then_some(pending));
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// Shows each pending snapshot and does what the person says: `a`ccept, `r`eject, `s`kip, `q`uit.
/// The end of the input quits.
///
/// # Errors
/// Reading or writing fails.
pub fn review(
    pending: &[PathBuf],
    input: &mut dyn BufRead,
    output: &mut dyn Write,
    style: Style,
) -> Result<Reviewed, ReviewError> {
    let mut reviewed = Reviewed::default();
    for (at, path) in pending.iter().enumerate() {
        let can_be_accepted = show(path, at + 1, pending.len(), output, style)?;
        match ask(input, output, can_be_accepted)? {
            Answer::Accept => {
                store::accept(path)?;
                reviewed.accepted += 1;
            }
            Answer::Reject => {
                store::reject(path)?;
                reviewed.rejected += 1;
            }
            Answer::Skip => reviewed.skipped += 1,
            Answer::Quit => {
                reviewed.skipped += pending.len() - at;
                break;
            }
        }
    }
    Ok(reviewed)
}

enum Answer {
    Accept,
    Quit,
    Reject,
    Skip,
}

/// Shows a pending snapshot; gives whether it is one that can be accepted.
fn show(
    path: &Path,
    number: usize,
    count: usize,
    output: &mut dyn Write,
    style: Style,
) -> Result<bool, ReviewError> {
    let accepted = path.with_extension("");
    let expected = store::accepted(&accepted)?;
    let new = if expected == Accepted::Nothing { ", which is new" } else { "" };
    writeln!(output, "snapshot {number} of {count}: {}{new}", accepted.display())?;
    let found = match store::accepted(path)? {
        Accepted::Broken(why) => {
            writeln!(output, "what waits is broken and can only be rejected: {why}")?;
            return Ok(false);
        }
        Accepted::Nothing => String::new(),
        Accepted::Text(found) => found,
    };
    let expected = match expected {
        Accepted::Broken(why) => {
            writeln!(output, "what was accepted is broken; accepting replaces it: {why}")?;
            String::new()
        }
        Accepted::Nothing => String::new(),
        Accepted::Text(expected) => expected,
    };
    let ended = |text: &str| {
        if text.is_empty() { String::new() } else { format!("{text}\n") }
    };
    write!(output, "{}", diff::draw(&ended(&expected), &ended(&found), style))?;
    Ok(true)
}

fn ask(
    input: &mut dyn BufRead,
    output: &mut dyn Write,
    can_be_accepted: bool,
) -> io::Result<Answer> {
    loop {
        let accept = if can_be_accepted { "[a]ccept, " } else { "" };
        write!(output, "{accept}[r]eject, [s]kip, [q]uit? ")?;
        output.flush()?;
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            writeln!(output)?;
            return Ok(Answer::Quit);
        }
        match line.trim().to_lowercase().as_str() {
            "a" | "accept" if can_be_accepted => return Ok(Answer::Accept),
            "q" | "quit" => return Ok(Answer::Quit),
            "r" | "reject" => return Ok(Answer::Reject),
            "s" | "skip" => return Ok(Answer::Skip),
            other => writeln!(output, "there is no answer `{}`", other.escape_debug())?,
        }
    }
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), ReviewError> {
    let look = |source| ReviewError::Look { path: folder.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(look)? {
        let entry = entry.map_err(look)?;
        let path = entry.path();
        // Links are not followed: they may lead in a circle.
        let kind = entry.file_type().map_err(look)?;
        if kind.is_dir() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if !name.starts_with('.') && !NOT_ENTERED.contains(&&*name) {
                walk(&path, found)?;
            }
        } else if store::is_pending(&path) {
            found.push(path);
        }
    }
    Ok(())
}

/// Folders that hold packages or builds and may be huge.
const NOT_ENTERED: &[&str] = &["node_modules", "target"];
