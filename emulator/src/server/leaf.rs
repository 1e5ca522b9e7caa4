//! Leaf certificates: made per name when a connection asks for it, and kept.

use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SerialNumber,
};
use rustls::sign::{CertifiedKey, SigningKey};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The leaves made so far. All have one key, made when it is first needed.
#[derive(Default)]
pub(super) struct Leaves {
    key: Option<Arc<LeafKey>>,
    made: HashMap<String, Leaf>,
    /// Names in the order in which they were made, for eviction.
    order: VecDeque<String>,
}

pub(super) struct LeafKey {
    pair: KeyPair,
    signer: Arc<dyn SigningKey>,
}

struct Leaf {
    certified: Arc<CertifiedKey>,
    renew_at: SystemTime,
}

impl Leaves {
    /// The key, made now if there is none yet.
    ///
    /// The first random number of a process costs some 40 ms of gathering entropy, which a
    /// server that is starting has better things to do with.
    pub(super) fn key(&mut self) -> Result<Arc<LeafKey>, rcgen::Error> {
        if let Some(key) = &self.key {
            return Ok(Arc::clone(key));
        }
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pair.serialize_der()));
        let signer = rustls::crypto::aws_lc_rs::sign::any_ecdsa_type(&der)
            .expect("a P-256 key that was just made is one");
        let key = Arc::new(LeafKey { pair, signer });
        self.key = Some(Arc::clone(&key));
        Ok(key)
    }

    /// The leaf kept under this key, made for these names when there is none or it ends soon.
    pub(super) fn get(
        &mut self,
        key: &str,
        names: &[String],
        issuer: &Issuer<'_, KeyPair>,
        ca_until: SystemTime,
        now: SystemTime,
    ) -> Result<Arc<CertifiedKey>, rcgen::Error> {
        if let Some(leaf) = self.made.get(key).filter(|leaf| now < leaf.renew_at) {
            return Ok(Arc::clone(&leaf.certified));
        }
        let until = ca_until.min(now + LEAF_VALIDITY);
        let certified = self.key()?.mint(names, issuer, until, now)?;
        let leaf = Leaf { certified: Arc::clone(&certified), renew_at: until - LEAF_MARGIN };
        if self.made.insert(key.to_owned(), leaf).is_none() {
            self.order.push_back(key.to_owned());
        }
        if self.order.len() > MAX_LEAVES
            && let Some(oldest) = self.order.pop_front()
        {
            self.made.remove(&oldest);
        }
        Ok(certified)
    }
}

impl LeafKey {
    fn mint(
        &self,
        names: &[String],
        issuer: &Issuer<'_, KeyPair>,
        until: SystemTime,
        now: SystemTime,
    ) -> Result<Arc<CertifiedKey>, rcgen::Error> {
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = DistinguishedName::new();
        let common = names.first().filter(|name| name.len() <= COMMON_NAME_CEILING);
        params.distinguished_name.push(DnType::OrganizationName, "Pushpit");
        if let Some(name) = common {
            params.distinguished_name.push(DnType::CommonName, name.as_str());
        }
        set_validity(&mut params, now, until);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.serial_number = Some(serial());
        let certificate = params.signed_by(&self.pair, issuer)?;
        let chain = vec![certificate.der().clone()];
        Ok(Arc::new(CertifiedKey::new(chain, Arc::clone(&self.signer))))
    }
}

/// rcgen derives the serial from the key, which all leaves share; NSS refuses two certificates
/// of one issuer with one serial.
fn serial() -> SerialNumber {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system has randomness");
    bytes[0] = (bytes[0] & 0x7f) | 0x40;
    SerialNumber::from_slice(&bytes)
}

/// Sets when a certificate is valid: from a day before, so that a sender whose clock is behind
/// believes it.
pub(super) fn set_validity(params: &mut CertificateParams, now: SystemTime, until: SystemTime) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let since_epoch = |at: SystemTime| at.duration_since(UNIX_EPOCH).unwrap_or_default();
    params.not_before = epoch + since_epoch(now).saturating_sub(BACKDATING);
    params.not_after = epoch + since_epoch(until);
}

/// How long a leaf lives: every client accepts it (Apple's limit is 397 days).
const LEAF_VALIDITY: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// A leaf that ends sooner is made anew.
const LEAF_MARGIN: Duration = Duration::from_secs(7 * 24 * 60 * 60);
const BACKDATING: Duration = Duration::from_secs(24 * 60 * 60);
/// Names kept: more than any sender dials, and 1 MiB at most.
const MAX_LEAVES: usize = 1024;
/// X.520's upper bound of a common name.
const COMMON_NAME_CEILING: usize = 64;
