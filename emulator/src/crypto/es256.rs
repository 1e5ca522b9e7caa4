//! ECDSA on P-256 with SHA-256: keys as people have them, signatures as libraries write them.

use super::jwt::decode_base64;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED, EcdsaKeyPair,
    KeyPair, ParsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A public key, ready to verify with.
#[derive(Debug)]
pub struct VerifyingKey {
    raw: ParsedPublicKey,
    der: ParsedPublicKey,
}

/// A key cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The PEM block has a label that is not a key's.
    #[error("expected a `PRIVATE KEY` or `PUBLIC KEY` block, found `{0}`")]
    Label(String),
    /// The content between the PEM lines is not base64.
    #[error("the text between the PEM lines is not base64")]
    NotBase64,
    /// The key is not one of P-256.
    #[error("the key is not a P-256 key")]
    NotP256,
    /// There is no PEM block.
    #[error("expected a PEM block, found no `-----BEGIN …-----` and `-----END …-----` lines")]
    NotPem,
}

/// A signature is not the key's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// It has the form of one, but does not verify.
    #[error("the signature does not verify")]
    DoesNotVerify,
    /// It has neither form.
    #[error("expected 64 bytes of r and s, or ASN.1 DER, found {0} bytes of neither")]
    NotASignature(usize),
}

impl VerifyingKey {
    /// The key in a PEM text: a PKCS#8 private key, as Apple's `.p8` files hold it, or a public key.
    ///
    /// # Errors
    /// The text holds no such key.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let (label, der) = read_pem(text)?;
        match label {
            "PRIVATE KEY" => Self::from_pkcs8(&der),
            "PUBLIC KEY" => Self::from_spki(&der),
            other => Err(KeyError::Label(other.to_owned())),
        }
    }

    /// The public half of a PKCS#8 private key.
    ///
    /// # Errors
    /// It is not a P-256 key.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der)
            .map_err(|_| KeyError::NotP256)?;
        Self::from_point(pair.public_key().as_ref())
    }

    /// The key in a SubjectPublicKeyInfo structure.
    ///
    /// # Errors
    /// It is not an uncompressed P-256 key.
    pub fn from_spki(der: &[u8]) -> Result<Self, KeyError> {
        let point = der.strip_prefix(P256_SPKI).ok_or(KeyError::NotP256)?;
        Self::from_point(point)
    }

    /// The key at an uncompressed point: the byte 4, then x, then y.
    ///
    /// # Errors
    /// The point is not on the curve.
    pub fn from_point(point: &[u8]) -> Result<Self, KeyError> {
        let parse =
            |algorithm| ParsedPublicKey::new(algorithm, point).map_err(|_| KeyError::NotP256);
        Ok(Self { raw: parse(&ECDSA_P256_SHA256_FIXED)?, der: parse(&ECDSA_P256_SHA256_ASN1)? })
    }

    /// The public point, uncompressed; two keys are the same when it is.
    pub fn point(&self) -> &[u8] {
        self.raw.as_ref()
    }

    /// Checks a signature, which may be raw (r and s, 32 bytes each) or ASN.1 DER.
    ///
    /// # Errors
    /// It is no signature, or not this key's over this message.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        let raw = signature.len() == RAW_LENGTH;
        let der = signature.first() == Some(&DER_SEQUENCE);
        if !raw && !der {
            return Err(SignatureError::NotASignature(signature.len()));
        }
        let verified = raw && self.raw.verify_sig(message, signature).is_ok()
            || der && self.der.verify_sig(message, signature).is_ok();
        if verified { Ok(()) } else { Err(SignatureError::DoesNotVerify) }
    }
}

/// Writes a PKCS#8 private key as PEM, in the lines of 64 characters of Apple's `.p8` files.
pub fn pkcs8_pem(der: &[u8]) -> String {
    pem("PRIVATE KEY", der)
}

/// Writes a PEM block.
pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    for (place, character) in text.chars().enumerate() {
        if place > 0 && place % PEM_LINE == 0 {
            pem.push('\n');
        }
        pem.push(character);
    }
    pem.push_str(&format!("\n-----END {label}-----\n"));
    pem
}

/// The label and the content of the first PEM block; text before and after it is passed over.
///
/// # Errors
/// There is none, or its content is not base64.
pub fn read_pem(text: &str) -> Result<(&str, Vec<u8>), KeyError> {
    let block = || {
        let (_, begun) = text.split_once("-----BEGIN ")?;
        let (label, rest) = begun.split_once("-----")?;
        let (content, _) = rest.split_once("-----END ")?;
        Some((label, content))
    };
    let (label, content) = block().ok_or(KeyError::NotPem)?;
    let packed: Vec<u8> = content.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let der = decode_base64(&packed).filter(|der| !der.is_empty()).ok_or(KeyError::NotBase64)?;
    Ok((label, der))
}

/// The length of a raw signature. [doc] RFC 7518, 3.4
const RAW_LENGTH: usize = 64;

/// The first byte of a DER signature. [doc] RFC 3279, 2.2.3
const DER_SEQUENCE: u8 = 0x30;

/// Base64 characters in a line of a PEM text. [doc] RFC 7468
const PEM_LINE: usize = 64;

/// What stands before the point in the SubjectPublicKeyInfo of a P-256 key. [doc] RFC 5480
const P256_SPKI: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED_SIGNING;

    fn pkcs8() -> Vec<u8> {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap().as_ref().to_vec()
    }

    fn sign(pkcs8: &[u8], raw: bool, message: &[u8]) -> Vec<u8> {
        let algorithm =
            if raw { &ECDSA_P256_SHA256_FIXED_SIGNING } else { &ECDSA_P256_SHA256_ASN1_SIGNING };
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8).unwrap();
        pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
    }

    #[test]
    fn raw_and_der_signatures_verify() {
        let secret = pkcs8();
        let key = VerifyingKey::from_pkcs8(&secret).unwrap();
        let results = [true, false].map(|raw| key.verify(b"text", &sign(&secret, raw, b"text")));
        assert_eq!(results, [Ok(()), Ok(())]);
    }

    #[test]
    fn what_does_not_verify_says_so_and_what_is_no_signature_says_that() {
        let secret = pkcs8();
        let key = VerifyingKey::from_pkcs8(&secret).unwrap();
        let raw = sign(&secret, true, b"text");
        let results = [
            key.verify(b"texts", &raw),
            key.verify(b"text", &[0; 64]),
            key.verify(b"text", &[0x30, 0x01]),
            key.verify(b"text", b""),
            key.verify(b"text", &[1; 63]),
        ];
        let expected = [
            Err(SignatureError::DoesNotVerify),
            Err(SignatureError::DoesNotVerify),
            Err(SignatureError::DoesNotVerify),
            Err(SignatureError::NotASignature(0)),
            Err(SignatureError::NotASignature(63)),
        ];
        assert_eq!(results, expected);
    }

    #[test]
    fn a_private_and_a_public_pem_give_the_same_key() {
        let secret = pkcs8();
        let private = VerifyingKey::from_pem(&pkcs8_pem(&secret)).unwrap();
        let spki = STANDARD.encode([P256_SPKI, private.point()].concat());
        let public = format!("-----BEGIN PUBLIC KEY-----\r\n{spki}\r\n-----END PUBLIC KEY-----");
        let public = VerifyingKey::from_pem(&public).unwrap();
        assert_eq!(public.point(), private.point());
    }

    #[test]
    fn each_unreadable_key_says_why() {
        let texts = [
            "",
            "-----BEGIN PRIVATE KEY-----\n*\n-----END PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----",
        ];
        let errors = texts.map(|text| VerifyingKey::from_pem(text).unwrap_err());
        let expected = [
            KeyError::NotPem,
            KeyError::NotBase64,
            KeyError::NotP256,
            KeyError::NotP256,
            KeyError::Label("RSA PRIVATE KEY".to_owned()),
        ];
        assert_eq!(errors, expected);
    }
}
