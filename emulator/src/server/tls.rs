//! The TLS edge: ALPN as the profile has it, a certificate per name, any client certificate.

use super::ca::Authority;
use super::delay;
use super::error::ServerError;
use super::front::{TlsFailure, Trouble};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{
    AlertDescription, DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, UnixTime};
use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Makes the configuration for each handshake.
#[derive(Debug)]
pub(super) struct TlsEdge {
    authority: Arc<Authority>,
    /// Without ALPN; the others are made from it, one for each protocol chosen.
    plain: Arc<ServerConfig>,
    chosen: Mutex<HashMap<&'static str, Arc<ServerConfig>>>,
}

impl TlsEdge {
    pub(super) fn new(authority: Arc<Authority>) -> Result<Self, ServerError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let error = |cause| ServerError::Tls { cause };
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(error)?
            .with_client_cert_verifier(Arc::new(AnyClient { provider }))
            .with_cert_resolver(Arc::new(Fixed(None)));
        Ok(Self { authority, plain: Arc::new(config), chosen: Mutex::default() })
    }

    /// The configuration for one handshake: with the protocol that the profile likes best of
    /// those offered. Where none is, ALPN is left out and the handshake goes on, for Apple's
    /// clients' sake. [client] pushy, aioapns
    pub(super) fn config(
        &self,
        hello: &ClientHello<'_>,
        alpn: &'static [&'static str],
        name: Option<&str>,
        local: IpAddr,
    ) -> Result<Arc<ServerConfig>, ServerError> {
        let offered: Vec<&[u8]> = hello.alpn().into_iter().flatten().collect();
        let protocol = alpn.iter().find(|protocol| offered.contains(&protocol.as_bytes()));
        let base = protocol.map_or_else(|| Arc::clone(&self.plain), |name| self.with_alpn(name));
        let mut config = ServerConfig::clone(&base);
        let leaf = self.authority.leaf(name, local, delay::now())?;
        config.cert_resolver = Arc::new(Fixed(Some(leaf)));
        Ok(Arc::new(config))
    }

    /// Whether the local CA speaks for this name, lower case.
    pub(super) fn speaks_for(&self, name: &str) -> bool {
        self.authority.speaks_for(name)
    }

    fn with_alpn(&self, protocol: &'static str) -> Arc<ServerConfig> {
        let mut chosen = self.chosen.lock().unwrap_or_else(PoisonError::into_inner);
        let config = chosen.entry(protocol).or_insert_with(|| {
            let mut config = ServerConfig::clone(&self.plain);
            config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
            Arc::new(config)
        });
        Arc::clone(config)
    }
}

/// What a handshake is told as that failed before we had said anything.
pub(super) fn no_hello(cause: io::Error) -> Trouble {
    Trouble::Tls(TlsFailure::Other(cause))
}

/// What a handshake is told as that failed when the sender had our certificate, for a name that
/// was asked for and is none of the CA's, if it was one.
pub(super) fn failed(cause: io::Error, foreign: Option<&str>) -> Trouble {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    // Node, for one, closes without an alert. [client]
    let closed =
        matches!(cause.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof);
    let distrusted = is_distrust(&cause);
    Trouble::Tls(match foreign {
        Some(name) if closed || distrusted => TlsFailure::ForeignName { name: name.to_owned() },
        _ if closed => TlsFailure::Closed,
        _ if distrusted => TlsFailure::Distrusted(cause),
        _ => TlsFailure::Other(cause),
    })
}

/// Whether the sender said that it does not take our certificate.
fn is_distrust(cause: &io::Error) -> bool {
    let inner = cause.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(
        inner,
        Some(rustls::Error::AlertReceived(
            AlertDescription::UnknownCA
                | AlertDescription::BadCertificate
                | AlertDescription::CertificateUnknown
                | AlertDescription::UnsupportedCertificate
        ))
    )
}

/// The one certificate that was chosen for this connection.
#[derive(Debug)]
struct Fixed(Option<Arc<CertifiedKey>>);

impl ResolvesServerCert for Fixed {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }
}

/// Asks for a client certificate and takes any: whether it is good is for the service to say.
/// Only that the client has its key is checked.
#[derive(Debug)]
struct AnyClient {
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for AnyClient {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
            .or_else(|error| self.verify_by_key(error, message, certificate, signed))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
            .or_else(|error| self.verify_by_key(error, message, certificate, signed))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl AnyClient {
    /// A certificate that the strict parser refuses (version 1, odd critical extensions) still
    /// has a key.
    fn verify_by_key(
        &self,
        error: rustls::Error,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let bad_signature =
            rustls::Error::InvalidCertificate(rustls::CertificateError::BadSignature);
        if error == bad_signature {
            return Err(error);
        }
        let Ok((_, parsed)) = x509_parser::parse_x509_certificate(certificate) else {
            return Err(error);
        };
        let key = parsed.public_key();
        let mapping = self.provider.signature_verification_algorithms.mapping;
        let candidates = mapping.iter().filter(|(scheme, _)| *scheme == signed.scheme);
        let valid = candidates.flat_map(|(_, algorithms)| algorithms.iter()).any(|algorithm| {
            algorithm
                .verify_signature(&key.subject_public_key.data, message, signed.signature())
                .is_ok()
        });
        if valid { Ok(HandshakeSignatureValid::assertion()) } else { Err(error) }
    }
}
