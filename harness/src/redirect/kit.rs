//! All that a sender's process gets: files in a folder, and the variables that name them.

use super::environment::{Environment, NODE_EXTRA};
use super::roots::Roots;
use super::{java, node, php, variable};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Where an emulator is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// The base URL for senders.
    pub push: String,
    /// The base URL of the control API.
    pub control: String,
    /// The file with the local CA's certificate.
    pub ca: PathBuf,
    /// The folder with the credentials.
    pub credentials: PathBuf,
}

impl Places {
    /// Host and port of the push port; a host of IPv6 without its brackets.
    pub(super) fn push_address(&self) -> (&str, &str) {
        let address = self.push.trim_start_matches("https://");
        let (host, port) = address.rsplit_once(':').unwrap_or((address, "443"));
        (host.trim_start_matches('[').trim_end_matches(']'), port)
    }
}

/// What redirects a sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Its environment alone: proxies and hooks too.
    Environment,
    /// It is isolated, so that names lead to the emulator: its environment names what to trust, and
    /// takes preset proxies away.
    Isolation,
}

/// What a sender's process gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kit {
    /// The variables, which take the place of what is preset.
    pub variables: BTreeMap<String, String>,
}

/// The kit cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum KitError {
    /// The CA's certificate cannot be read.
    #[error("cannot read the CA's certificate `{}`: {cause}", path.display())]
    Ca {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        cause: rustls_pki_types::pem::Error,
    },
    /// A file cannot be written.
    #[error("cannot write `{}`: {cause}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
}

impl KitError {
    /// What to do.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Ca { .. } => {
                "its file must be where this runs: where the emulator is on another machine or in \
                 another container, share its state folder under the same path"
            }
            Self::Write { .. } => "look at the space and the permissions of the folder",
        }
    }
}

impl Kit {
    /// Writes the files into a folder, and says what names them.
    ///
    /// # Errors
    /// The CA cannot be read, or a file not be written.
    pub fn write(
        folder: &Path,
        places: &Places,
        environment: &Environment,
        way: Way,
    ) -> Result<Self, KitError> {
        let ca = CertificateDer::from_pem_file(&places.ca)
            .map_err(|cause| KitError::Ca { path: places.ca.clone(), cause })?;
        let mut roots = environment.roots().clone();
        roots.add(ca.clone());
        let (host, port) = places.push_address();
        let at = |name: &str| folder.join(name);
        let (bundle, store, hook) = (at("bundle.pem"), at("truststore.jks"), at("hook.js"));
        write(&bundle, roots.pem().as_bytes())?;
        write(&store, &java::trust_store(roots.iter()))?;
        write(&at("php/pushpit.ini"), php::ini(&bundle).as_bytes())?;
        let mut variables = variable::plain(places, &bundle, environment, way);
        let mut set = |name: &str, value: String| variables.insert(name.to_owned(), value);
        set(NODE_EXTRA, node_extra(folder, places, ca, environment)?.display().to_string());
        if way == Way::Environment {
            write(&hook, node::hook(host, port).as_bytes())?;
            let preset = environment.preset("NODE_OPTIONS");
            set("NODE_OPTIONS", node::options(preset, &hook.display().to_string()));
        }
        let preset = environment.preset("PHP_INI_SCAN_DIR");
        set("PHP_INI_SCAN_DIR", php::scanned(preset, &at("php")));
        let proxy = (way == Way::Environment).then_some((host, port));
        let flags = java::flags(&store.display().to_string(), proxy);
        // Of two flags of one name the last holds. [tried] JDK 17
        let preset = environment.preset("JAVA_TOOL_OPTIONS").map(|it| format!("{it} "));
        set("JAVA_TOOL_OPTIONS", format!("{}{flags}", preset.unwrap_or_default()));
        Ok(Self { variables })
    }
}

/// The file of what Node trusts besides its own roots: the CA, and what was preset.
fn node_extra(
    folder: &Path,
    places: &Places,
    ca: CertificateDer<'static>,
    environment: &Environment,
) -> Result<PathBuf, KitError> {
    let Some(preset) = environment.node_extra() else { return Ok(places.ca.clone()) };
    let mut roots = Roots::default();
    roots.add_file(preset);
    roots.add(ca);
    let path = folder.join("node-extra.pem");
    write(&path, roots.pem().as_bytes())?;
    Ok(path)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), KitError> {
    let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    folder
        .and_then(|()| std::fs::write(path, bytes))
        .map_err(|cause| KitError::Write { path: path.to_owned(), cause })
}
