//! Client certificates that are their own issuer's, in the files that senders load.

use super::es256::pem;
use crate::clock::Timestamp;
use p12_keystore::{
    Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKey,
    PrivateKeyChain,
};
use rcgen::{
    CertificateParams, CustomExtension, DistinguishedName, DnType, DnValue,
    ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, SerialNumber,
};
use std::time::Duration;

/// What a client certificate is to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificatePlan {
    /// The subject's attributes: object identifiers and texts.
    pub subject: Vec<(&'static [u64], String)>,
    /// Extensions: object identifiers and contents in DER.
    pub extensions: Vec<(&'static [u64], Vec<u8>)>,
    /// How long it is valid.
    pub valid: Duration,
    /// What the key is called in the PKCS#12 file.
    pub alias: String,
    /// The PKCS#12 file's password, in ASCII.
    pub password: String,
}

/// A client certificate with its key, in both of the usual files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeCertificate {
    /// The certificate, then its key.
    pub pem: String,
    /// Both under the password.
    pub p12: Vec<u8>,
}

/// Makes a certificate for a P-256 key in PKCS#8 DER.
///
/// # Panics
/// The key is none, or the password not ASCII.
pub fn self_signed(
    plan: &CertificatePlan,
    key: &[u8],
    serial: [u8; 16],
    begins: Timestamp,
) -> MadeCertificate {
    let pair = KeyPair::try_from(key).expect("it is a key that was just made");
    let certificate = params(plan, serial, begins).self_signed(&pair);
    let certificate = certificate.expect("a subject, some extensions and a key are all it takes");
    let p12 = p12(plan, certificate.der(), key);
    let p12 = p12.expect("a certificate, a key and an ASCII password are all it takes");
    let pem = pem("CERTIFICATE", certificate.der()) + &pem("PRIVATE KEY", key);
    MadeCertificate { pem, p12 }
}

fn params(plan: &CertificatePlan, mut serial: [u8; 16], begins: Timestamp) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    for (id, text) in &plan.subject {
        let text = DnValue::Utf8String(text.clone());
        params.distinguished_name.push(DnType::from_oid(id), text);
    }
    let content =
        |(id, content): &(&[u64], Vec<u8>)| CustomExtension::from_oid_content(id, content.clone());
    params.custom_extensions = plan.extensions.iter().map(content).collect();
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let begins = Duration::from_secs(u64::try_from(begins.seconds()).unwrap_or_default());
    params.not_before = epoch + begins;
    params.not_after = epoch + begins + plan.valid;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    // A serial number is positive, and its first byte is not zero.
    serial[0] = (serial[0] & 0x7f) | 0x40;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    params
}

/// In the older form: that of the files which Apple's keychain exports, and the only one that Go's
/// `x/crypto/pkcs12` reads. [client] OpenSSL 3 and Java read it too.
fn p12(plan: &CertificatePlan, certificate: &[u8], key: &[u8]) -> p12_keystore::Result<Vec<u8>> {
    let (key, certificate) = (PrivateKey::from_der(key)?, Certificate::from_der(certificate)?);
    let chain = PrivateKeyChain::new(KEY_NUMBER, key, [certificate]);
    let mut store = KeyStore::new();
    store.add_entry(&plan.alias, KeyStoreEntry::PrivateKeyChain(chain));
    store
        .writer(&plan.password)
        .encryption_algorithm(EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc)
        .encryption_iterations(ITERATIONS)
        .mac_algorithm(MacAlgorithm::HmacSha1)
        .mac_iterations(ITERATIONS)
        .write()
}

/// By which the file says that key and certificate belong together.
const KEY_NUMBER: &[u8] = &[1];

/// As many as OpenSSL does; the password is no secret.
const ITERATIONS: u32 = 2_048;

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
    use p12_keystore::Pkcs12ImportPolicy;

    #[test]
    fn the_pkcs12_file_holds_what_the_pem_file_holds() {
        let key =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                .unwrap();
        let plan = CertificatePlan {
            subject: vec![(&[2, 5, 4, 3], "anna".to_owned())],
            extensions: vec![(&[1, 2, 3], vec![5, 0])],
            valid: Duration::from_secs(60),
            alias: "anna".to_owned(),
            password: "secret".to_owned(),
        };
        let made = self_signed(&plan, key.as_ref(), [7; 16], Timestamp::from_seconds(1_000));
        let (_, der) = super::super::es256::read_pem(&made.pem).unwrap();
        let store = KeyStore::from_pkcs12(&made.p12, "secret", Pkcs12ImportPolicy::Strict).unwrap();
        let (alias, chain) = store.private_key_chain().unwrap();
        assert_eq!((alias, chain.key().as_der()), ("anna", key.as_ref()));
        assert_eq!(chain.certs()[0].as_der(), der);
        let wrong = KeyStore::from_pkcs12(&made.p12, "wrong", Pkcs12ImportPolicy::Strict);
        assert!(wrong.is_err());
        let (_, read) = x509_parser::parse_x509_certificate(&der).unwrap();
        let validity = read.validity();
        let both = (validity.not_before.timestamp(), validity.not_after.timestamp());
        assert_eq!((both, read.subject().to_string()), ((1_000, 1_060), "CN=anna".to_owned()));
    }
}
