//! Root certificates from files, each once.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use std::collections::HashSet;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// Root certificates in the order in which they were found.
#[derive(Clone, Debug, Default)]
pub(super) struct Roots {
    all: Vec<CertificateDer<'static>>,
    known: HashSet<CertificateDer<'static>>,
}

impl Roots {
    /// Adds what a file holds. A file that cannot be read or holds none adds nothing: whoever was
    /// pointed to it had nothing of it either.
    pub(super) fn add_file(&mut self, path: &Path) {
        for certificate in certificates(path) {
            self.add(certificate);
        }
    }

    pub(super) fn add(&mut self, certificate: CertificateDer<'static>) {
        if self.known.insert(certificate.clone()) {
            self.all.push(certificate);
        }
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &CertificateDer<'static>> {
        self.all.iter()
    }

    /// All of them as OpenSSL and its like read them.
    pub(super) fn pem(&self) -> String {
        let mut pem = String::new();
        for certificate in &self.all {
            pem.push_str("-----BEGIN CERTIFICATE-----\n");
            let text = STANDARD.encode(certificate);
            let mut rest = text.as_str();
            while !rest.is_empty() {
                let (line, behind) = rest.split_at(rest.len().min(PEM_LINE));
                pem.push_str(line);
                pem.push('\n');
                rest = behind;
            }
            pem.push_str("-----END CERTIFICATE-----\n");
        }
        pem
    }
}

/// The certificates in a file; of a pipe, a device or an endless file none.
fn certificates(path: &Path) -> Vec<CertificateDer<'static>> {
    let is_file = std::fs::metadata(path).is_ok_and(|it| it.is_file() && it.len() <= LARGEST_FILE);
    let Some(file) = is_file.then(|| File::open(path).ok()).flatten() else { return Vec::new() };
    let mut bytes = Vec::new();
    if file.take(LARGEST_FILE).read_to_end(&mut bytes).is_err() {
        return Vec::new();
    }
    CertificateDer::pem_slice_iter(&bytes).filter_map(Result::ok).collect()
}

/// Where systems keep their roots, in the order in which Go looks, too: Debian, Fedora, openSUSE,
/// OpenELEC, RHEL, Alpine and macOS. [client] Go, `crypto/x509/root_linux.go`
pub(super) const SYSTEM: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// More than any bundle of roots has: those of Mozilla take 250 KB.
const LARGEST_FILE: u64 = 16 << 20;

/// How long a line of PEM is (RFC 7468, section 2).
const PEM_LINE: usize = 64;
