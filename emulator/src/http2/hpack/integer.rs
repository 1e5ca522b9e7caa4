//! Integers with a prefix. [doc] RFC 7541, section 5.1

use super::HpackError;

/// Reads an integer whose first byte keeps it in its lowest `prefix` bits; takes its bytes.
pub(super) fn read(from: &mut &[u8], prefix: u8) -> Result<usize, HpackError> {
    let (&first, mut rest) = from.split_first().ok_or(HpackError::Cut)?;
    let most = (1_u32 << prefix) - 1;
    let mut value = u32::from(first) & most;
    if value == most {
        let mut shift = 0;
        loop {
            let (&byte, after) = rest.split_first().ok_or(HpackError::Cut)?;
            rest = after;
            let part = u32::from(byte & 0x7f);
            if shift > MAX_SHIFT {
                return Err(HpackError::Integer);
            }
            value = value.checked_add(part << shift).ok_or(HpackError::Integer)?;
            if byte & 0x80 == 0 {
                break;
            }
            shift += 7;
        }
    }
    *from = rest;
    Ok(value as usize)
}

/// Writes an integer into `prefix` bits; `flags` are the bits above them.
pub(super) fn write(to: &mut Vec<u8>, flags: u8, prefix: u8, value: usize) {
    let most = (1_usize << prefix) - 1;
    if value < most {
        to.push(flags | low_byte(value));
        return;
    }
    to.push(flags | low_byte(most));
    let mut rest = value - most;
    while rest >= 0x80 {
        to.push(low_byte(rest & 0x7f) | 0x80);
        rest >>= 7;
    }
    to.push(low_byte(rest));
}

fn low_byte(value: usize) -> u8 {
    value.to_le_bytes()[0]
}

/// Four bytes after the first: 2^28, far beyond any length or index that a peer may use.
const MAX_SHIFT: u32 = 21;
