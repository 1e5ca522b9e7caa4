//! Taking a JSON Web Token apart, as leniently as services do that take it from many libraries.
//!
//! Nothing is believed here: the caller checks the signature over [`Jwt::signed`], the text exactly
//! as it was received.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use std::fmt;

/// A token in its three parts, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwt<'a> {
    /// The received text that the signature covers: the first two segments and the dot between.
    pub signed: &'a [u8],
    /// The header's bytes, which should be JSON.
    pub header: Vec<u8>,
    /// The claims' bytes, which should be JSON.
    pub claims: Vec<u8>,
    /// The signature's bytes.
    pub signature: Vec<u8>,
}

/// One of the three segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment {
    /// The second.
    Claims,
    /// The first.
    Header,
    /// The third.
    Signature,
}

/// The text is not a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// A segment is not base64.
    #[error("the token's {0} segment is not base64")]
    NotBase64(Segment),
    /// There are fewer or more than three segments.
    #[error("expected three segments with dots between, found {0}")]
    NotThreeSegments(usize),
}

impl<'a> Jwt<'a> {
    /// Splits a token at its dots and decodes the segments.
    ///
    /// # Errors
    /// There are not three segments, or one is not base64.
    pub fn split(text: &'a [u8]) -> Result<Self, JwtError> {
        let mut segments = text.split(|byte| *byte == b'.');
        let (Some(header), Some(claims), Some(signature), None) =
            (segments.next(), segments.next(), segments.next(), segments.next())
        else {
            return Err(JwtError::NotThreeSegments(text.split(|byte| *byte == b'.').count()));
        };
        let decode = |segment, text| decode_base64(text).ok_or(JwtError::NotBase64(segment));
        Ok(Self {
            signed: &text[..header.len() + 1 + claims.len()],
            header: decode(Segment::Header, header)?,
            claims: decode(Segment::Claims, claims)?,
            signature: decode(Segment::Signature, signature)?,
        })
    }
}

/// Decodes base64 in the standard or the URL alphabet, with or without padding.
///
/// Real libraries send tokens in either: a2 and dotAPNS in the standard one with padding. [client]
pub fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    if padding > 2 {
        return None;
    }
    let standard: Vec<u8> = text[..text.len() - padding]
        .iter()
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        })
        .collect();
    STANDARD_NO_PAD.decode(standard).ok()
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Claims => "claims",
            Self::Header => "header",
            Self::Signature => "signature",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_alphabets_are_read_with_and_without_padding() {
        let read: Vec<_> =
            ["-_8=", "-_8", "+/8=", "+/8"].iter().map(|it| decode_base64(it.as_bytes())).collect();
        assert_eq!(read, vec![Some(vec![0xfb, 0xff]); 4]);
    }

    #[test]
    fn the_signed_text_is_the_received_one() {
        let token = Jwt::split(b"e30=.W10.AA").unwrap();
        let whole = Jwt {
            signed: b"e30=.W10",
            header: b"{}".to_vec(),
            claims: b"[]".to_vec(),
            signature: vec![0],
        };
        assert_eq!(token, whole);
    }

    #[test]
    fn each_defect_has_its_name() {
        let defects: Vec<_> =
            ["", "a.b", "e30.W10.AA.AA", "*.W10.AA", "e30.*.AA", "e30.W10.A", "e30===.W10.AA"]
                .iter()
                .map(|text| Jwt::split(text.as_bytes()).unwrap_err())
                .collect();
        let named = vec![
            JwtError::NotThreeSegments(1),
            JwtError::NotThreeSegments(2),
            JwtError::NotThreeSegments(4),
            JwtError::NotBase64(Segment::Header),
            JwtError::NotBase64(Segment::Claims),
            JwtError::NotBase64(Segment::Signature),
            JwtError::NotBase64(Segment::Header),
        ];
        assert_eq!(defects, named);
    }
}
