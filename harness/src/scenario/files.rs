//! The scenario files that paths stand for.

use super::near;
use std::fs;
use std::io;
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
            Self::SameSnapshot { .. } => {
                "give one of them a name that differs before its ending".to_owned()
            }
        }
    }
}

/// The scenario file whose name is nearest to one that is not there.
fn near_file(path: &Path) -> Option<PathBuf> {
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

/// Whether a file's name ends as a scenario's does; case does not count.
fn is_scenario(path: &Path) -> bool {
    let end = path.extension().map(|end| end.to_string_lossy().to_ascii_lowercase());
    end.is_some_and(|end| end == "yaml" || end == "yml")
}

/// Folders that hold packages or builds and may be huge.
const NOT_ENTERED: &[&str] = &["node_modules", "target"];
