//! The scenario files that paths stand for.

use super::near;
use super::parse::LARGEST_FILE;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// What is wrong with a path to scenarios.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// It holds none.
    #[error("expected a scenario (`.yaml` or `.yml`) in `{}`, found none", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// It is not there or cannot be read.
    #[error("cannot look for scenarios in `{}`", path.display())]
    Look {
        /// The path.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is the snapshot of one.
    #[error("expected a scenario, found the snapshot `{}`", path.display())]
    Snapshot {
        /// The snapshot.
        path: PathBuf,
    },
    /// Two of them would write the same snapshot.
    #[error("`{}` and `{}` would have the same snapshot", first.display(), second.display())]
    SameSnapshot {
        /// The one.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
}

impl FilesError {
    /// What to do.
    pub fn help(&self) -> String {
        match self {
            Self::Empty { .. } => {
                "write one: docs/scenarios.md of the project explains how".to_owned()
            }
            Self::Look { path, .. } => match near_file(path) {
                Some(near) => format!("did you mean `{}`?", near.display()),
                None => "name a scenario file, or a folder with such files".to_owned(),
            },
            Self::Snapshot { path } => match scenario_beside(path) {
                Some(scenario) => format!("its scenario is `{}`", scenario.display()),
                None => "name the scenario; `pushpit review` shows what waits".to_owned(),
            },
            Self::SameSnapshot { .. } => {
                "give one of them a name that differs before its ending".to_owned()
            }
        }
    }
}

/// The scenario file whose name is nearest to one that is not there.
fn near_file(path: &Path) -> Option<PathBuf> {
    let mut whole = ["yaml", "yml"].into_iter().map(|ending| path.with_extension(ending));
    if let Some(whole) = whole.find(|whole| whole != path && whole.is_file()) {
        return Some(whole);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let entries = fs::read_dir(folder.unwrap_or_else(|| Path::new("."))).ok()?;
    let names: Vec<_> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| is_scenario(Path::new(name)))
        .collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let near = near::nearest(path.file_name()?.to_str()?, &names)?;
    Some(path.with_file_name(near))
}

/// All scenario files that these paths name or hold, each once, in the order of the paths. In
/// folders, hidden files and folders and those of packages and senders' modules are left out.
///
/// # Errors
/// A path is not there, cannot be read, or is a folder without scenarios; two files differ in their
/// ending alone.
pub fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, FilesError> {
    let mut found: Vec<PathBuf> = Vec::new();
    for path in paths {
        let look = |source| FilesError::Look { path: path.clone(), source };
        if !fs::metadata(path).map_err(look)?.is_dir() {
            if is_snapshot(path) {
                return Err(FilesError::Snapshot { path: path.clone() });
            }
            found.push(path.clone());
            continue;
        }
        let mut inside = Vec::new();
        walk(path, &mut inside)?;
        if inside.is_empty() {
            return Err(FilesError::Empty { path: path.clone() });
        }
        inside.sort();
        found.extend(inside);
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|path| seen.insert(path.clone()));
    let mut by_snapshot = std::collections::HashMap::new();
    for path in &found {
        if let Some(first) = by_snapshot.insert(path.with_extension(""), path) {
            let (first, second) = (first.clone(), path.clone());
            return Err(FilesError::SameSnapshot { first, second });
        }
    }
    Ok(found)
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), FilesError> {
    let look = |source| FilesError::Look { path: folder.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(look)? {
        let entry = entry.map_err(look)?;
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') {
            continue;
        }
        // Links to folders are not followed: they may lead in a circle.
        if entry.file_type().map_err(look)?.is_dir() {
            if !NOT_ENTERED.contains(&&*name) {
                walk(&path, found)?;
            }
        } else if is_scenario(&path) {
            found.push(path);
        }
    }
    Ok(())
}

/// The bytes of a file, as many as it takes to see that it is too large to be read.
///
/// # Errors
/// It cannot be read.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(LARGEST_FILE as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether a file's name ends as a scenario's does.
fn is_scenario(path: &Path) -> bool {
    has_ending(path, &["yaml", "yml"])
}

/// Whether a file's name has one of these endings; case does not count.
pub(crate) fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let end = path.extension().map(|end| end.to_string_lossy().to_ascii_lowercase());
    end.is_some_and(|end| endings.contains(&end.as_str()))
}

/// Whether a file's name is that of a snapshot, or of what waits to be one.
fn is_snapshot(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    name.ends_with(".snap") || name.ends_with(".snap.new")
}

/// The scenario of a snapshot, or of what waits to be one.
fn scenario_beside(snapshot: &Path) -> Option<PathBuf> {
    let name = snapshot.file_name()?.to_str()?;
    let stem = name.split_once(".snap").map_or(name, |(stem, _)| stem);
    let named = |ending| snapshot.with_file_name(format!("{stem}.{ending}"));
    ["yaml", "yml"].map(named).into_iter().find(|path| path.is_file())
}

/// Folders that hold packages or builds and may be huge.
const NOT_ENTERED: &[&str] = &["node_modules", "target"];
