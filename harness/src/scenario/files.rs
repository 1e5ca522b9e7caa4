//! The scenario files that paths stand for.

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
}

/// All scenario files that these paths name or hold, each once, in the order of the paths. In
/// folders, hidden files and folders and those of packages and senders' modules are left out.
///
/// # Errors
/// A path is not there, cannot be read, or is a folder without scenarios.
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
        } else if path.extension().is_some_and(|end| end == "yaml" || end == "yml") {
            found.push(path);
        }
    }
    Ok(())
}

/// Folders that hold packages or builds and may be huge.
const NOT_ENTERED: &[&str] = &["node_modules", "target"];
