//! Documents that the code writes: committed, and held fresh.

use std::fs;
use std::path::{Path, PathBuf};

/// A document under `docs/`, and the ignored test that writes it.
pub(crate) struct Written {
    pub(crate) name: &'static str,
    pub(crate) writer: &'static str,
}

impl Written {
    /// Fails where the committed document is not what the code writes.
    pub(crate) fn assert_fresh(&self, text: &str) {
        let Self { name, writer } = self;
        let committed = fs::read_to_string(self.path()).unwrap_or_default();
        assert!(
            committed == text,
            "docs/{name} is old; write it anew with\n\
             cargo test -p pushpit-emulator --test it {writer} -- --ignored"
        );
    }

    /// Writes it.
    pub(crate) fn write(&self, text: &str) {
        fs::write(self.path(), text).unwrap();
    }

    fn path(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(self.name)
    }
}
