//! Files of credentials: read back, written whole or not at all, readable by their owner alone.

use super::error::ControlError;
use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

/// Reads a file that we wrote earlier; `None` when it is not there.
pub(super) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, ControlError> {
    match read(path) {
        Ok(content) => Ok(Some(content)),
        Err(ControlError::File { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Reads a file that must be there.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, ControlError> {
    let error = |cause| ControlError::File { act: "read", path: path.to_owned(), cause };
    let file = fs::File::open(path).map_err(error)?;
    let mut content = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut content).map_err(error)?;
    if content.len() as u64 > LONGEST {
        let text = format!("it is longer than {LONGEST} bytes");
        return Err(error(io::Error::new(io::ErrorKind::FileTooLarge, text)));
    }
    Ok(content)
}

/// Writes a file beside its place and moves it there, so that nobody sees half of it. Does nothing
/// when it is there already with this content.
pub(super) fn write_secret(path: &Path, content: &[u8]) -> Result<(), ControlError> {
    if fs::read(path).is_ok_and(|there| there == content) {
        return Ok(());
    }
    let beside = path.with_extension("new");
    write_private(&beside, content).and_then(|()| fs::rename(&beside, path)).map_err(|cause| {
        // Nothing can be done about a left-over that cannot be removed either.
        let _ = fs::remove_file(&beside);
        ControlError::File { act: "write", path: path.to_owned(), cause }
    })
}

/// Makes a folder with all above it.
pub(super) fn make_folder(path: &Path) -> Result<(), ControlError> {
    fs::create_dir_all(path).map_err(|cause| ControlError::File {
        act: "create",
        path: path.to_owned(),
        cause,
    })
}

fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    // A left-over would keep its own mode.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(content)
}

/// No list and no key is longer; whatever is, is not ours.
const LONGEST: u64 = 4 << 20;
