//! Snapshots on disk, in the file format of insta: `NAME.snap` is accepted, `NAME.snap.new` waits
//! for a review.
//!
//! A header of YAML between two lines `---`, then the text with one newline at its end. Users of
//! Rust can review the same files with `cargo insta`; nothing here needs it.

use super::yaml;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What is to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The scenario's file, relative to where the program runs.
    pub source: String,
    /// The scenario's name.
    pub description: String,
    /// The text.
    pub text: String,
}

/// What may be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Update {
    /// Whatever was found becomes the snapshot.
    Always,
    /// What is new or differs is written beside the snapshot as `.snap.new`, for review.
    #[default]
    New,
    /// Nothing.
    No,
    /// What has no snapshot yet gets one; what differs is written as `.snap.new`.
    Unseen,
}

impl Update {
    /// In CI nothing is written, whatever was asked for.
    #[must_use]
    pub const fn in_ci(self, ci: bool) -> Self {
        if ci { Self::No } else { self }
    }
}

/// What was accepted before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// Something that is no snapshot stands in its file; why it is none.
    Broken(String),
    /// Nothing yet.
    Nothing,
    /// This text.
    Text(String),
}

/// How a comparison went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is not what was accepted, or nothing was accepted yet.
    Differs {
        /// What was accepted.
        expected: Accepted,
        /// What was found.
        found: String,
        /// The file that waits for a review, where one was written.
        pending: Option<PathBuf>,
    },
    /// It is what was accepted.
    Same,
    /// It was written as accepted.
    Written,
}

/// What kept a snapshot from being read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file is there but has no header.
    #[error("expected a snapshot that begins with a header between two lines `---`, found something else in `{}`", path.display())]
    NotASnapshot {
        /// The file.
        path: PathBuf,
    },
    /// The file is there but is no text.
    #[error("expected a snapshot in UTF-8, found bytes that are no part of it in `{}`", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file cannot be written, renamed or removed.
    #[error("cannot write `{}`: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl StoreError {
    /// What to do.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::NotASnapshot { .. } | Self::NotText { .. } => {
                "write a snapshot anew with `pushpit run SCENARIO --update`, or remove one that \
                 waits for a review with `pushpit reject`"
            }
            Self::Read { .. } | Self::Write { .. } => "mend the permissions of the file or folder",
        }
    }

    /// Whether the file can be read, and is no snapshot.
    const fn is_broken(&self) -> bool {
        matches!(self, Self::NotASnapshot { .. } | Self::NotText { .. })
    }
}

/// The snapshot of a scenario: its name with `.snap`, in the same folder.
pub fn path_beside(scenario: &Path) -> PathBuf {
    scenario.with_extension(ACCEPTED)
}

/// The pending file of a snapshot.
pub fn pending_path(snapshot: &Path) -> PathBuf {
    snapshot.with_extension(PENDING)
}

/// Whether a file is one that waits for a review.
pub fn is_pending(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(".snap.new"))
}

/// The text of a snapshot file; `None` where there is none.
///
/// # Errors
/// It cannot be read, is not UTF-8, or is no snapshot.
pub fn read(path: &Path) -> Result<Option<String>, StoreError> {
    let whole = match fs::read_to_string(path) {
        Ok(whole) => whole.replace("\r\n", "\n"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Err(StoreError::NotText { path: path.to_owned() });
        }
        Err(source) => {
            return Err(StoreError::Read { path: path.to_owned(), source });
        }
    };
    let mut lines = whole.split_inclusive('\n');
    let mut length = 0;
    let mut dashes = 0;
    while dashes < 2 {
        let line = lines.next().unwrap_or_default();
        let is_dashes = line.trim_end() == "---";
        if line.is_empty() || dashes == 0 && !is_dashes {
            return Err(StoreError::NotASnapshot { path: path.to_owned() });
        }
        dashes += usize::from(is_dashes);
        length += line.len();
    }
    Ok(Some(normal(&whole[length..])))
}

/// What was accepted at `path`, whatever stands there.
///
/// # Errors
/// It cannot be read.
pub fn accepted(path: &Path) -> Result<Accepted, StoreError> {
    match read(path) {
        Ok(None) => Ok(Accepted::Nothing),
        Ok(Some(text)) => Ok(Accepted::Text(text)),
        Err(error) if error.is_broken() => Ok(Accepted::Broken(error.to_string())),
        Err(error) => Err(error),
    }
}

/// Compares with the accepted snapshot at `path`, and writes what `update` allows.
///
/// # Errors
/// A file cannot be read or written.
pub fn settle(path: &Path, snapshot: &Snapshot, update: Update) -> Result<Settled, StoreError> {
    let found = normal(&snapshot.text);
    let expected = accepted(path)?;
    let pending = pending_path(path);
    if matches!(&expected, Accepted::Text(text) if *text == found) {
        if update != Update::No {
            remove(&pending)?;
        }
        return Ok(Settled::Same);
    }
    let accept = match update {
        Update::Always => true,
        Update::Unseen => expected == Accepted::Nothing,
        Update::New => false,
        Update::No => {
            return Ok(Settled::Differs { expected, found, pending: None });
        }
    };
    if accept {
        write(path, snapshot)?;
        remove(&pending)?;
        return Ok(Settled::Written);
    }
    write(&pending, snapshot)?;
    Ok(Settled::Differs { expected, found, pending: Some(pending) })
}

/// Makes a pending file the accepted one.
///
/// # Errors
/// It is no snapshot, or cannot be renamed.
pub fn accept(pending: &Path) -> Result<(), StoreError> {
    read(pending)?;
    fs::rename(pending, pending.with_extension(""))
        .map_err(|source| StoreError::Write { path: pending.to_owned(), source })
}

/// Removes a pending file.
///
/// # Errors
/// It cannot be removed.
pub fn reject(pending: &Path) -> Result<(), StoreError> {
    fs::remove_file(pending)
        .map_err(|source| StoreError::Write { path: pending.to_owned(), source })
}

/// Lines end in one newline character, and the text's end has none.
fn normal(text: &str) -> String {
    text.replace("\r\n", "\n").trim_end_matches('\n').to_owned()
}

/// Writes a whole file at once: whoever reads it sees the old or the new one.
fn write(path: &Path, snapshot: &Snapshot) -> Result<(), StoreError> {
    let Snapshot { source, description, text } = snapshot;
    let (source, description) = (yaml::scalar(source), yaml::scalar(description));
    let text = normal(text);
    let whole = format!("---\nsource: {source}\ndescription: {description}\n---\n{text}\n");
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let written = new_file(folder.unwrap_or_else(|| Path::new("."))).and_then(|mut file| {
        file.write_all(whole.as_bytes())?;
        file.persist(path).map_err(|error| error.error)
    });
    written.map(|_| ()).map_err(|source| StoreError::Write { path: path.to_owned(), source })
}

fn new_file(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".pushpit-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any file that a program makes; the user's mask takes from it.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::Write { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

/// The extension of accepted snapshots.
const ACCEPTED: &str = "snap";
/// The extension of those that wait for a review.
const PENDING: &str = "snap.new";
