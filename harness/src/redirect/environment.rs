//! The environment that the program was started in, as far as a sender's may hang on it.

use super::roots::{Roots, SYSTEM};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// The variables that are preset, and the roots that they name.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    preset: BTreeMap<String, String>,
    /// Read once, by whoever needs them first: hundreds of scenarios may share them.
    roots: Arc<OnceLock<Roots>>,
}

impl Environment {
    /// What is preset. What is not UTF-8 is left out: none of the variables that matter here can
    /// be that and be of use.
    pub fn new(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let text = |(name, value): (OsString, OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self { preset: variables.into_iter().filter_map(text).collect(), roots: Arc::default() }
    }

    /// What a variable is preset to; `None` when that is nothing.
    pub(super) fn preset(&self, name: &str) -> Option<&str> {
        self.preset.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The roots of the system, and of every file that a variable named before.
    pub(super) fn roots(&self) -> &Roots {
        self.roots.get_or_init(|| {
            let system = SYSTEM.iter().map(PathBuf::from).find(|path| path.is_file());
            let preset = BUNDLED.iter().filter_map(|name| self.preset(name)).map(PathBuf::from);
            let mut roots = Roots::default();
            for path in system.into_iter().chain(preset) {
                roots.add_file(&path);
            }
            roots
        })
    }

    /// The file of certificates that Node was to trust besides its own.
    pub(super) fn node_extra(&self) -> Option<&Path> {
        self.preset(NODE_EXTRA).map(Path::new)
    }
}

/// What names a file of all roots, and who reads it ([tried], [client] or [guess]: `senders.md`
/// of the guides says which).
pub(super) const BUNDLED: &[&str] = &[
    "AWS_CA_BUNDLE",
    "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",
    "CURL_CA_BUNDLE",
    "DENO_CERT",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "HTTPLIB2_CA_CERTS",
    "NIX_SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
];

/// What names a file of roots besides those that Node has. [client]
pub(super) const NODE_EXTRA: &str = "NODE_EXTRA_CA_CERTS";
