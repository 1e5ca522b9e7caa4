//! Signatures and tokens, as real senders write them; knows no provider and no clock.
//!
//! Everything cryptographic is asked of `aws-lc-rs`; what is here reads the forms in which keys,
//! tokens and signatures arrive, and says which of them is wrong in what way.

mod bounded;
mod es256;
mod jwt;
mod self_signed;
mod token_cache;

pub use bounded::{BoundedTexts, hash_text};
pub use es256::{KeyError, SignatureError, VerifyingKey, pkcs8_pem, read_pem};
pub use jwt::{Jwt, JwtError, Segment, decode_base64};
pub use self_signed::{CertificatePlan, MadeCertificate, self_signed};
pub use token_cache::TokenCache;
