//! The local CA: made once, kept in a folder, loaded again, renewed by itself.
//!
//! It is name-constrained, so that trusting it costs little: who steals its key can speak for
//! push hosts and this machine, and for nothing else.

use super::error::ServerError;
use super::leaf::{Leaves, set_validity};
use super::permitted::Permitted;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    NameConstraints, PKCS_ECDSA_P256_SHA256, PublicKeyData,
};
use rustls::sign::CertifiedKey;
use std::fmt;
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The local CA and the leaf certificates that it has made.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    until: SystemTime,
    permitted: Permitted,
    leaves: Mutex<Leaves>,
}

/// How a CA came to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// There was none; it is new.
    Created,
    /// It was there, and others than its owner could read its key.
    Exposed {
        /// The key's file.
        path: PathBuf,
        /// The file's mode as it was found.
        mode: u32,
        /// Whether the owner alone can read it now.
        mended: bool,
    },
    /// It was there.
    Loaded,
    /// One was there and could not be kept; everything that trusts it must load the new one.
    Renewed(Renewal),
}

/// Why a CA could not be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Renewal {
    /// It ends soon or has ended.
    #[error("it ends in {days} days")]
    EndsSoon {
        /// Whole days left.
        days: u64,
    },
    /// It may not speak for a name that is wanted now.
    #[error("it may not speak for `{name}`")]
    Lacks {
        /// The first such name.
        name: String,
    },
    /// The certificate is not that of the key.
    #[error("its certificate and its key do not belong together")]
    Mismatched,
    /// A file is not there.
    #[error("`{}` is missing", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file is not what it should be.
    #[error("`{}` cannot be read as what it should be", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Created => f.write_str("the local CA is new"),
            Self::Exposed { path, mode, mended } => {
                let now = if *mended { "it has 0600 now" } else { "this cannot be changed" };
                let path = path.display();
                write!(f, "others could read the local CA's key `{path}` (mode {mode:04o}); {now}")
            }
            Self::Loaded => f.write_str("the local CA was there"),
            Self::Renewed(reason) => write!(f, "the local CA is new, because {reason}"),
        }
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").field("permitted", &self.permitted).finish_non_exhaustive()
    }
}

impl Authority {
    /// Loads the CA of this folder, or makes it, or makes it anew.
    pub fn open(
        folder: &Path,
        permitted: Permitted,
        now: SystemTime,
    ) -> Result<(Self, Origin), ServerError> {
        let (certificate, key) = (folder.join(CERTIFICATE), folder.join(KEY));
        let origin = match (read(&certificate)?, read(&key)?) {
            (None, None) => Origin::Created,
            (Some(pem), Some(key_pem)) => match load(folder, &pem, &key_pem, &permitted, now) {
                Ok((issuer, until)) => {
                    let pem = String::from_utf8_lossy(&pem).into_owned();
                    let authority = Self::assemble(issuer, pem, until, permitted);
                    return Ok((authority, guarded(key)));
                }
                Err(reason) => Origin::Renewed(reason),
            },
            (None, Some(_)) => Origin::Renewed(Renewal::Missing { path: certificate.clone() }),
            (Some(_), None) => Origin::Renewed(Renewal::Missing { path: key.clone() }),
        };
        let authority = Self::in_memory(permitted, now)?;
        // The key first: whatever stops us in between leaves a pair that does not match, which
        // is made anew at the next start.
        let key_pem = authority.issuer.key().serialize_pem();
        write_whole(&key, key_pem.as_bytes(), true)?;
        write_whole(&certificate, authority.pem.as_bytes(), false)?;
        Ok((authority, origin))
    }

    /// Makes a CA that lives as long as this value.
    pub fn in_memory(permitted: Permitted, now: SystemTime) -> Result<Self, ServerError> {
        let (params, key, until) =
            make(&permitted, now).map_err(|cause| certificate_error("the local CA", cause))?;
        let certificate =
            params.self_signed(&key).map_err(|cause| certificate_error("the local CA", cause))?;
        Ok(Self::assemble(Issuer::new(params, key), certificate.pem(), until, permitted))
    }

    /// The CA's certificate, for senders to trust.
    pub fn certificate_pem(&self) -> &str {
        &self.pem
    }

    /// The certificate for a connection: for the name, if the CA may speak for it, else for the
    /// machine and the address that was dialed.
    pub(super) fn leaf(
        &self,
        name: Option<&str>,
        local: IpAddr,
        now: SystemTime,
    ) -> Result<Arc<CertifiedKey>, ServerError> {
        let local = local.to_canonical();
        let (key, names) = match name.filter(|name| self.permitted.allows(name)) {
            Some(name) => (name.to_owned(), vec![name.to_owned()]),
            None => {
                let mut names = self.permitted.own();
                let (key, address) = (format!("[{local}]"), local.to_string());
                if self.permitted.allows_address(local) && !names.contains(&address) {
                    names.push(address);
                }
                (key, names)
            }
        };
        let mut leaves = self.leaves.lock().unwrap_or_else(PoisonError::into_inner);
        leaves
            .get(&key, &names, &self.issuer, self.until, now)
            .map_err(|cause| certificate_error(&key, cause))
    }

    /// Whether the CA speaks for this name, lower case.
    pub(super) fn speaks_for(&self, name: &str) -> bool {
        self.permitted.allows(name)
    }

    /// Makes the leaves' key before the first connection needs it.
    pub(super) fn warm_up(&self) {
        // Whoever needs the key next tells why it cannot be made.
        let _ = self.leaves.lock().unwrap_or_else(PoisonError::into_inner).key();
    }

    fn assemble(
        issuer: Issuer<'static, KeyPair>,
        pem: String,
        until: SystemTime,
        permitted: Permitted,
    ) -> Self {
        Self { issuer, pem, until, permitted, leaves: Mutex::default() }
    }
}

fn make(
    permitted: &Permitted,
    now: SystemTime,
) -> Result<(CertificateParams, KeyPair, SystemTime), rcgen::Error> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let until = now + CA_VALIDITY;
    let mut params = CertificateParams::default();
    // The key's own bytes in the name tell a renewed CA from the one before it.
    let mark: String =
        key.public_key_raw().iter().skip(1).take(4).map(|b| format!("{b:02x}")).collect();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Pushpit");
    params.distinguished_name.push(DnType::CommonName, format!("Pushpit local CA {mark}"));
    set_validity(&mut params, now, until);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: permitted.subtrees(),
        excluded_subtrees: Vec::new(),
    });
    Ok((params, key, until))
}

fn load(
    folder: &Path,
    pem: &[u8],
    key_pem: &[u8],
    permitted: &Permitted,
    now: SystemTime,
) -> Result<(Issuer<'static, KeyPair>, SystemTime), Renewal> {
    let bad_certificate = || Renewal::Unreadable { path: folder.join(CERTIFICATE) };
    let bad_key = || Renewal::Unreadable { path: folder.join(KEY) };
    let key_text = std::str::from_utf8(key_pem).map_err(|_| bad_key())?;
    let key = KeyPair::from_pem(key_text).map_err(|_| bad_key())?;
    let (_, block) = x509_parser::pem::parse_x509_pem(pem).map_err(|_| bad_certificate())?;
    let certificate = block.parse_x509().map_err(|_| bad_certificate())?;
    if certificate.public_key().raw != key.subject_public_key_info() {
        return Err(Renewal::Mismatched);
    }
    let until = u64::try_from(certificate.validity().not_after.timestamp())
        .map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds))
        .map_err(|_| bad_certificate())?;
    let left = until.duration_since(now).unwrap_or_default();
    if left < RENEWAL_MARGIN {
        return Err(Renewal::EndsSoon { days: left.as_secs() / DAY.as_secs() });
    }
    let constraints = certificate.name_constraints().map_err(|_| bad_certificate())?;
    let constraints = constraints.ok_or_else(bad_certificate)?;
    if let Some(name) = permitted.missing_in(constraints.value) {
        return Err(Renewal::Lacks { name });
    }
    let der = block.contents.as_slice().into();
    let issuer = Issuer::from_ca_cert_der(&der, key).map_err(|_| bad_certificate())?;
    Ok((issuer, until))
}

/// Takes the key's file away from all but its owner.
#[cfg(unix)]
fn guarded(path: PathBuf) -> Origin {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(&path).map_or(0, |file| file.permissions().mode() & 0o777);
    if mode & 0o077 == 0 {
        return Origin::Loaded;
    }
    let mended = std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).is_ok();
    Origin::Exposed { path, mode, mended }
}

/// Who may read a file is not told by a mode here.
#[cfg(not(unix))]
fn guarded(_: PathBuf) -> Origin {
    Origin::Loaded
}

/// The file's bytes; `None` when there is no such file.
fn read(path: &Path) -> Result<Option<Vec<u8>>, ServerError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(ServerError::File { act: "read", path: path.to_owned(), cause }),
    }
}

/// Writes a file so that others see the old one or the new one, never a part.
pub(super) fn write_whole(path: &Path, bytes: &[u8], secret: bool) -> Result<(), ServerError> {
    let beside = path.with_extension(format!("{}.tmp", std::process::id()));
    let written = (|| {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, if secret { 0o600 } else { 0o644 });
        let mut file = options.open(&beside)?;
        file.write_all(bytes)?;
        std::fs::rename(&beside, path)
    })();
    written.map_err(|cause| {
        // What could not be put in place is of no use; what could not be made is not there.
        let _ = std::fs::remove_file(&beside);
        ServerError::File { act: "write", path: path.to_owned(), cause }
    })
}

fn certificate_error(name: &str, cause: rcgen::Error) -> ServerError {
    ServerError::Certificate { name: name.to_owned(), cause }
}

const CERTIFICATE: &str = "ca.pem";
const KEY: &str = "ca-key.pem";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Two years: nobody needs to load it anew in the life of a branch.
const CA_VALIDITY: Duration = Duration::from_secs(2 * 365 * DAY.as_secs());
/// Renewed when less is left than the longest run that we expect.
const RENEWAL_MARGIN: Duration = Duration::from_secs(30 * DAY.as_secs());
