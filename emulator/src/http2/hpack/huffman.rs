//! The Huffman code of header texts. [doc] RFC 7541, section 5.2 and appendix B
//!
//! The code is canonical, so that its lengths alone tell it. Codes of up to 12 bits, all that
//! tokens, paths and identifiers are made of, are read from one table, two symbols at a time where
//! both fit.

use super::HpackError;

/// Decodes a text and appends it.
pub(super) fn decode(coded: &[u8], to: &mut Vec<u8>) -> Result<(), HpackError> {
    let start = to.len();
    // The shortest code has five bits; a pair is written whole, also where its second symbol does
    // not count.
    to.resize(start + coded.len() * 8 / 5 + 2, 0);
    let decoded = decode_into(coded, &mut to[start..])?;
    to.truncate(start + decoded);
    Ok(())
}

/// Decodes a text; gives how many symbols it has.
fn decode_into(coded: &[u8], to: &mut [u8]) -> Result<usize, HpackError> {
    let mut bits = Bits { rest: coded, window: 0, count: 0 };
    let mut length = 0;
    loop {
        bits.refill();
        while bits.count >= u32::from(FAST_BITS) {
            let pair = FAST[(bits.window >> (64 - u32::from(FAST_BITS))) as usize];
            if pair.symbols == 0 {
                *to.get_mut(length).ok_or(HpackError::Huffman)? = bits.take_slow()?;
                length += 1;
                continue;
            }
            let room = to.get_mut(length..length + 2).ok_or(HpackError::Huffman)?;
            room.copy_from_slice(&[pair.first, pair.second]);
            length += usize::from(pair.symbols);
            bits.skip(pair.bits);
        }
        if bits.rest.is_empty() {
            break;
        }
    }
    while !bits.is_padding()? {
        *to.get_mut(length).ok_or(HpackError::Huffman)? = bits.take_slow()?;
        length += 1;
    }
    Ok(length)
}

/// The bits not yet decoded, the next one topmost.
struct Bits<'a> {
    rest: &'a [u8],
    window: u64,
    count: u32,
}

impl Bits<'_> {
    fn refill(&mut self) {
        if self.count > 56 {
            return;
        }
        if let Some(eight) = self.rest.first_chunk::<8>() {
            // Whole bytes, as many as there is room for; bits beyond them fall out or come again.
            self.window |= u64::from_be_bytes(*eight) >> self.count;
            let bytes = (64 - self.count) / 8;
            self.count += bytes * 8;
            self.rest = &self.rest[bytes as usize..];
            if self.count < 64 {
                self.window &= !(u64::MAX >> self.count);
            }
            return;
        }
        while self.count <= 56 {
            let Some((&byte, rest)) = self.rest.split_first() else {
                break;
            };
            self.window |= u64::from(byte) << (56 - self.count);
            self.count += 8;
            self.rest = rest;
        }
    }

    fn skip(&mut self, bits: u8) {
        self.window <<= bits;
        self.count -= u32::from(bits);
    }

    /// One symbol of any length.
    fn take_slow(&mut self) -> Result<u8, HpackError> {
        self.refill();
        let (symbol, bits) = symbol_at(self.window).ok_or(HpackError::Huffman)?;
        if u32::from(bits) > self.count {
            return Err(HpackError::Huffman);
        }
        self.skip(bits);
        u8::try_from(symbol).map_err(|_| HpackError::Huffman)
    }

    /// Whether nothing but padding is left: fewer than eight bits, all of them ones.
    fn is_padding(&self) -> Result<bool, HpackError> {
        if self.count == 0 {
            return Ok(true);
        }
        let ones = self.window.leading_ones() >= self.count;
        match (ones, self.count < 8) {
            (true, true) => Ok(true),
            (true, false) => Err(HpackError::Huffman),
            (false, _) => Ok(false),
        }
    }
}

/// What the topmost bits begin with.
#[derive(Clone, Copy)]
struct Pair {
    first: u8,
    second: u8,
    /// How many symbols are whole: 0, 1 or 2.
    symbols: u8,
    /// How many bits they take.
    bits: u8,
}

/// A canonical code: within a length the symbols' codes are consecutive.
struct Canon {
    /// By length: the first code, topmost in 32 bits.
    first: [u32; LONGEST + 2],
    /// By length: how many symbols are shorter.
    shorter: [u16; LONGEST + 2],
    /// The symbols by length, then by value.
    symbols: [u16; 257],
}

/// The symbol at the top of the window and its length in bits; the ones of a padded end may run
/// into [`EOS`].
const fn symbol_at(window: u64) -> Option<(u16, u8)> {
    let top = (window >> 32) as u32;
    let mut length = SHORTEST;
    while length <= LONGEST {
        let count = (CANON.shorter[length + 1] - CANON.shorter[length]) as u32;
        let Some(ahead) = top.checked_sub(CANON.first[length]) else {
            return None;
        };
        let place = ahead >> (32 - length);
        if place < count {
            let symbol = CANON.symbols[CANON.shorter[length] as usize + place as usize];
            return Some((symbol, length as u8));
        }
        length += 1;
    }
    None
}

const fn canon() -> Canon {
    let mut canon = Canon { first: [0; LONGEST + 2], shorter: [0; LONGEST + 2], symbols: [0; 257] };
    let (mut placed, mut code, mut length) = (0, 0_u64, 0);
    while length <= LONGEST {
        canon.first[length] = if length == 0 { 0 } else { (code << (32 - length)) as u32 };
        canon.shorter[length] = placed;
        let mut symbol = 0;
        while symbol < LENGTHS.len() {
            if LENGTHS[symbol] as usize == length {
                canon.symbols[placed as usize] = symbol as u16;
                placed += 1;
                code += 1;
            }
            symbol += 1;
        }
        code <<= 1;
        length += 1;
    }
    canon.shorter[LONGEST + 1] = placed;
    canon
}

const fn fast() -> [Pair; 1 << FAST_BITS] {
    let none = Pair { first: 0, second: 0, symbols: 0, bits: 0 };
    let mut table = [none; 1 << FAST_BITS];
    let mut top = 0;
    while top < table.len() {
        let window = (top as u64) << (64 - FAST_BITS);
        if let Some((first, bits)) = symbol_at(window)
            && bits <= FAST_BITS
        {
            table[top] = Pair { first: first as u8, symbols: 1, bits, ..none };
            if let Some((second, more)) = symbol_at(window << bits)
                && bits + more <= FAST_BITS
            {
                let bits = bits + more;
                table[top] = Pair { first: first as u8, second: second as u8, symbols: 2, bits };
            }
        }
        top += 1;
    }
    table
}

static FAST: [Pair; 1 << FAST_BITS] = fast();
const CANON: Canon = canon();
const FAST_BITS: u8 = 12;
const SHORTEST: usize = 5;
const LONGEST: usize = 30;

/// The length of each symbol's code, bits; the last is that of the end of the text.
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5,
    5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6,
    6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22,
    23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22,
    21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20,
    22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19,
    21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22,
    22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];

/// The bits of a byte's code, for tests.
#[cfg(test)]
pub(super) fn code_of(byte: u8) -> Vec<bool> {
    let length = usize::from(LENGTHS[usize::from(byte)]);
    let earlier = |other: &usize| {
        let theirs = usize::from(LENGTHS[*other]);
        theirs == length && *other < usize::from(byte)
    };
    // Canonical: the code is the room that all earlier codes take, in units of this length.
    let shorter = LENGTHS.iter().filter(|theirs| usize::from(**theirs) < length);
    let room: u32 = shorter.map(|theirs| 1 << (length - usize::from(*theirs))).sum();
    let code = room + u32::try_from((0..LENGTHS.len()).filter(earlier).count()).expect("few");
    (0..length).rev().map(|bit| code >> bit & 1 == 1).collect()
}
