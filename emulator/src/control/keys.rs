//! Keys and certificates of real randomness, as of the real clock.

use crate::crypto::{CertificatePlan, MadeCertificate, self_signed};
use crate::providers::rim::KeyMaker;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};

/// Makes keys of real randomness, and certificates that begin now.
#[derive(Clone, Copy, Debug)]
pub struct RealKeys;

impl KeyMaker for RealKeys {
    fn p256(&mut self) -> Vec<u8> {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
        key.expect("the system has randomness").as_ref().to_vec()
    }

    fn certificate(&mut self, plan: &CertificatePlan) -> MadeCertificate {
        let mut serial = [0; 16];
        aws_lc_rs::rand::fill(&mut serial).expect("the system has randomness");
        self_signed(plan, &self.p256(), serial, crate::clock::reading())
    }
}
