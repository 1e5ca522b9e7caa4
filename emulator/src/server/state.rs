//! The state folder `.pushpit/`: found upwards like `.git`, ignoring itself, locked.

use super::ca::{Authority, Origin, write_whole};
use super::error::ServerError;
use super::permitted::Permitted;
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The state folder, held for as long as this value lives.
#[derive(Debug)]
pub struct StateFolder {
    path: PathBuf,
    /// The locked file; `None` for a temporary folder, which nobody else knows.
    lock: Option<File>,
}

impl StateFolder {
    /// The nearest `.pushpit/` upwards of `start`; made in `start` when there is none.
    pub fn find(start: &Path) -> Result<Self, ServerError> {
        let start = &std::path::absolute(start).map_err(|cause| ServerError::File {
            act: "find",
            path: start.to_owned(),
            cause,
        })?;
        let found = start.ancestors().map(|folder| folder.join(NAME)).find(|path| path.is_dir());
        Self::open(&found.unwrap_or_else(|| start.join(NAME)))
    }

    /// This folder, made when it is not there.
    pub fn open(path: &Path) -> Result<Self, ServerError> {
        let error = |act, path: &Path| {
            let path = path.to_owned();
            move |cause| ServerError::File { act, path, cause }
        };
        std::fs::create_dir_all(path).map_err(error("create", path))?;
        let path = std::path::absolute(path).map_err(error("read", path))?;
        let lock = lock(&path)?;
        let ignore = path.join(".gitignore");
        if !ignore.exists() {
            write_whole(&ignore, b"*\n", false)?;
        }
        Ok(Self { path, lock: Some(lock) })
    }

    /// A folder of the caller's that goes away by itself: nothing secret of ours is written, and
    /// the CA lives in memory.
    pub const fn temporary(path: PathBuf) -> Self {
        Self { path, lock: None }
    }

    /// The folder, as an absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file with the CA's certificate, once [`authority`](Self::authority) has been called.
    pub fn ca_path(&self) -> PathBuf {
        self.path.join("ca.pem")
    }

    /// The local CA that belongs to this folder.
    pub fn authority(
        &self,
        permitted: Permitted,
        now: SystemTime,
    ) -> Result<(Authority, Origin), ServerError> {
        if self.lock.is_some() {
            return Authority::open(&self.path, permitted, now);
        }
        let authority = Authority::in_memory(permitted, now)?;
        write_whole(&self.ca_path(), authority.certificate_pem().as_bytes(), false)?;
        Ok((authority, Origin::Created))
    }
}

fn lock(folder: &Path) -> Result<File, ServerError> {
    let path = folder.join("lock");
    let error = |act| {
        let path = path.clone();
        move |cause| ServerError::File { act, path, cause }
    };
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    let mut file = options.open(&path).map_err(error("write"))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            // Without its number the other process is still one.
            let _ = file.read_to_string(&mut text);
            let pid = text.trim().parse().ok();
            return Err(ServerError::Locked { path: folder.to_owned(), pid });
        }
        Err(TryLockError::Error(cause)) => return Err(error("lock")(cause)),
    }
    let written = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()));
    written.map_err(error("write"))?;
    Ok(file)
}

const NAME: &str = ".pushpit";
