//! Header lists to request heads: what a request must have, and what it may not. [doc] RFC 9113,
//! section 8.3

use super::hpack::{Decoder, HpackError, Listed, Walk};
use super::{ErrorCode, Failure};
use crate::wire::{Leniency, Request};

/// What a header block turned out to be.
#[derive(Debug)]
pub(super) enum Read {
    /// The head of a request.
    Head(Request),
    /// Not the head of any request, and why; the stream is reset.
    Malformed(&'static str),
    /// Larger than SETTINGS_MAX_HEADER_LIST_SIZE.
    TooLarge,
}

/// Reads the header blocks of one connection.
#[derive(Debug)]
pub(super) struct Heads {
    decoder: Decoder,
    last: Known,
}

/// The headers of the last request: most senders repeat all but the path, byte for byte.
#[derive(Debug, Default)]
struct Known {
    /// As they stood in the block, behind the pseudo-headers.
    coded: Vec<u8>,
    /// Of the table when they were read, and after it.
    generation: u64,
    /// How much they count.
    size: usize,
    text: Vec<u8>,
    shape: Vec<[u32; 3]>,
}

impl Heads {
    pub(super) fn new(table_size: usize) -> Self {
        Self { decoder: Decoder::new(table_size), last: Known::default() }
    }

    /// Says how large the table may be from now on.
    pub(super) fn allow(&mut self, table_size: usize) {
        self.decoder.allow(table_size);
    }

    /// Reads the head of a request.
    pub(super) fn read(
        &mut self,
        block: &[u8],
        limit: usize,
        leniency: Leniency,
    ) -> Result<Read, HpackError> {
        let mut head =
            Builder { request: Request::with_capacity(CAPACITY), leniency, ..Builder::default() };
        let generation = self.decoder.generation();
        let mut walk = Walk::new(block, limit);
        // Where the headers begin that are no pseudo-headers.
        let mut headers = walk;
        while !walk.rest().is_empty() {
            if !head.regular {
                headers = walk;
                if self.last.stands_for(walk.rest(), self.decoder.generation())
                    && walk.pass_over(self.last.size)
                {
                    head.request.push_header_block(&self.last.text, &self.last.shape);
                    return Ok(head.finish());
                }
            }
            self.decoder.step(&mut walk, &mut |name, value| head.take(name, value))?;
        }
        if walk.listed() == Listed::TooLarge {
            return Ok(Read::TooLarge);
        }
        if head.is_usual() && generation == self.decoder.generation() {
            let size = walk.size() - headers.size();
            self.last.learn(headers.rest(), generation, size, &head.request);
        }
        Ok(head.finish())
    }

    /// Reads trailers, which are thrown away; whether they may stand there.
    pub(super) fn read_trailers(&mut self, block: &[u8]) -> Result<bool, HpackError> {
        let mut fine = true;
        self.decoder.decode(block, TRAILER_LIMIT, |name, value| {
            fine &= !name.starts_with(b":") && is_field(name, value);
        })?;
        Ok(fine)
    }

    /// What it keeps on the heap, bytes.
    pub(super) fn memory(&self) -> usize {
        let Known { coded, text, shape, .. } = &self.last;
        let last = coded.capacity() + text.capacity() + shape.capacity() * SHAPE;
        self.decoder.memory() + last
    }
}

impl Known {
    fn stands_for(&self, coded: &[u8], generation: u64) -> bool {
        self.generation == generation && self.coded == coded
    }

    fn learn(&mut self, coded: &[u8], generation: u64, size: usize, request: &Request) {
        let (text, shape) = request.header_block();
        if coded.len() + text.len() + shape.len() * SHAPE > MOST_KNOWN {
            return;
        }
        self.coded.clear();
        self.coded.extend_from_slice(coded);
        self.text.clear();
        self.text.extend_from_slice(text);
        self.shape.clear();
        self.shape.extend(shape);
        (self.generation, self.size) = (generation, size);
    }
}

/// What a connection error of a bad header block is told as.
pub(super) const fn failure(error: HpackError) -> Failure {
    match error {
        HpackError::Bomb => Failure {
            code: ErrorCode::ENHANCE_YOUR_CALM,
            what: "a header list is far larger than its limit",
        },
        _ => Failure { code: ErrorCode::COMPRESSION_ERROR, what: "a header block is malformed" },
    }
}

#[derive(Default)]
struct Builder {
    request: Request,
    leniency: Leniency,
    method: bool,
    scheme: bool,
    path: bool,
    authority: bool,
    regular: bool,
    /// There is a `host`, which stands for the authority where there is none.
    hosted: bool,
    /// What was found wrong first.
    wrong: Option<&'static str>,
}

impl Builder {
    fn take(&mut self, name: &[u8], value: &[u8]) {
        match name {
            [b':', rest @ ..] => self.take_pseudo(rest, value),
            _ => {
                self.regular = true;
                self.must(is_field(name, value), "a header that HTTP/2 does not allow");
                if !self.leniency.underscores {
                    self.must(!name.contains(&b'_'), "a header name with an underscore");
                }
                if name == b"host" {
                    self.hosted = true;
                    if !self.authority {
                        self.request.set_authority(value);
                    }
                }
                self.request.push_header(name, value);
            }
        }
    }

    fn take_pseudo(&mut self, name: &[u8], value: &[u8]) {
        let seen = match name {
            b"method" => {
                self.request.set_method(value);
                &mut self.method
            }
            b"scheme" => {
                self.request.set_scheme(value);
                &mut self.scheme
            }
            b"path" => {
                self.request.set_target(value);
                &mut self.path
            }
            b"authority" => {
                self.request.set_authority(value);
                &mut self.authority
            }
            _ => return self.must(false, "a pseudo-header that no request has"),
        };
        let again = std::mem::replace(seen, true);
        self.must(!again, "a pseudo-header twice");
        self.must(!self.regular, "a pseudo-header after a header");
        self.must(is_value(value), "a control character in a pseudo-header");
    }

    /// Whether the headers that are no pseudo-headers say nothing but themselves.
    fn is_usual(&self) -> bool {
        self.regular && !self.hosted && self.wrong.is_none()
    }

    fn must(&mut self, held: bool, otherwise: &'static str) {
        if !held {
            self.wrong.get_or_insert(otherwise);
        }
    }

    fn finish(mut self) -> Read {
        let whole = self.method && self.scheme && self.path && !self.request.target().is_empty();
        self.must(whole, "no `:method`, `:scheme` or `:path`");
        if self.leniency != Leniency::ALL {
            self.check_strictly();
        }
        match self.wrong {
            Some(what) => Read::Malformed(what),
            None => Read::Head(self.request),
        }
    }

    fn check_strictly(&mut self) {
        let scheme = self.request.scheme();
        let plain = matches!(scheme, b"http" | b"https");
        let bare = bare_authority(self.request.authority(), scheme);
        self.must(plain || self.leniency.scheme, "a `:scheme` that is not `http` or `https`");
        self.must(self.authority || self.leniency.missing_authority, "no `:authority`");
        self.must(
            bare || self.leniency.authority_form,
            "an `:authority` with a trailing dot, user information or the usual port",
        );
    }
}

/// Whether an authority is written as a client should: without user information, without the port
/// that the scheme implies, and without the dot of the DNS root.
fn bare_authority(authority: &[u8], scheme: &[u8]) -> bool {
    let usual: &[u8] = if scheme == b"http" { b":80" } else { b":443" };
    let host = match authority.iter().rposition(|byte| *byte == b':') {
        Some(colon) if authority[colon + 1..].iter().all(u8::is_ascii_digit) => &authority[..colon],
        _ => authority,
    };
    !authority.ends_with(usual) && !authority.contains(&b'@') && !host.ends_with(b".")
}

fn is_field(name: &[u8], value: &[u8]) -> bool {
    let bare = !name.is_empty() && name.iter().all(|byte| NAME_BYTES[usize::from(*byte)]);
    bare && is_value(value) && !is_of_connection(name, value)
}

/// Whether a header speaks of the connection, which HTTP/2 does not allow.
fn is_of_connection(name: &[u8], value: &[u8]) -> bool {
    match name {
        b"connection" | b"keep-alive" | b"proxy-connection" | b"transfer-encoding" | b"upgrade" => {
            true
        }
        b"te" => value != b"trailers",
        _ => false,
    }
}

/// The bytes of header names; underscores are sent by the Firebase SDKs. [client]
static NAME_BYTES: [bool; 256] = {
    let mut allowed = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        allowed[byte] = matches!(byte as u8, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'0'..=b'9' | b'^'..=b'z' | b'|' | b'~');
        byte += 1;
    }
    allowed
};

fn is_value(value: &[u8]) -> bool {
    // Without a way out of the loop, so that many bytes are looked at with one instruction.
    !value.iter().fold(false, |found, byte| found | matches!(byte, 0 | b'\r' | b'\n'))
}

/// The text of a push request: a provider token, a path with a device token, a small payload.
const CAPACITY: usize = 1_000;

/// How much of the last request's headers is remembered, coded and not, bytes.
pub(super) const MOST_KNOWN: usize = 4 << 10;

/// What the places of a header take, bytes.
const SHAPE: usize = size_of::<[u32; 3]>();

/// How much of trailers is looked at: no sender of pushes has any.
const TRAILER_LIMIT: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Pieces of blocks: references to both tables, literals that go into the table or not, `host`,
    /// what HTTP/2 does not allow, changes of the table's size.
    const PIECES: &[&[u8]] = &[
        &[0x83],
        &[0x86],
        &[0x84],
        &[0x04, 2, b'/', b'a'],
        &[0x04, 2, b'/', b'b'],
        &[0x01, 1, b'a'],
        &[0xbe],
        &[0xbf],
        &[0x40, 1, b'x', 1, b'1'],
        &[0x00, 1, b'y', 1, b'2'],
        &[0x00, 1, b'y', 1, b'3'],
        &[0x00, 4, b'h', b'o', b's', b't', 1, b'h'],
        &[0x00, 1, b'Z', 1, b'4'],
        &[0x00, 3, b'a', b'_', b'b', 1, b'5'],
        &[0x20],
        &[0x3f, 0xe1, 0x1f],
    ];

    fn blocks() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let piece = prop::sample::select(PIECES);
        let headers = prop::collection::vec(piece, 0..4);
        let few = prop::collection::vec(headers, 1..4);
        few.prop_flat_map(|few| {
            let block = (prop::sample::select(few), prop::sample::select(vec![3_usize, 4]));
            let block = block.prop_map(|(headers, path)| {
                let pseudo = [PIECES[0], PIECES[1], PIECES[path], PIECES[5]].concat();
                [pseudo, headers.concat()].concat()
            });
            prop::collection::vec(block, 1..8)
        })
    }

    fn told(read: &Read) -> String {
        match read {
            Read::Head(request) => {
                let authority = String::from_utf8_lossy(request.authority());
                let path = String::from_utf8_lossy(request.path());
                let headers: Vec<_> = request.headers().collect();
                format!("{authority} {path} {headers:?}")
            }
            other => format!("{other:?}"),
        }
    }

    proptest! {
        #[test]
        fn what_is_remembered_changes_nothing(blocks in blocks(), limit in 100_usize..400) {
            let (mut heads, mut forgetful) = (Heads::new(4096), Heads::new(4096));
            for block in blocks {
                forgetful.last = Known::default();
                let read = |heads: &mut Heads| heads.read(&block, limit, Leniency::ALL);
                let (found, expected) = (read(&mut heads), read(&mut forgetful));
                prop_assert_eq!(found.as_ref().map(told), expected.as_ref().map(told));
                prop_assert_eq!(heads.decoder.generation(), forgetful.decoder.generation());
                if found.is_err() {
                    break;
                }
            }
        }
    }

    #[test]
    fn headers_that_come_again_are_not_decoded_again() {
        let mut heads = Heads::new(4096);
        let block = |path: u8| {
            let pseudo = [PIECES[0], PIECES[1], &[0x04, 2, b'/', path], PIECES[5]].concat();
            [&pseudo[..], &[0x00, 1, b'y', 1, b'2']].concat()
        };
        for path in [b'a', b'b'] {
            let read = heads.read(&block(path), 4096, Leniency::ALL).expect("it is well-formed");
            let expected = format!("a /{} [([121], [50])]", char::from(path));
            assert_eq!(told(&read), expected);
        }
        // What is remembered is what is handed out.
        heads.last.text = b"z9".to_vec();
        let read = heads.read(&block(b'c'), 4096, Leniency::ALL).expect("it is well-formed");
        assert_eq!(told(&read), "a /c [([122], [57])]");
    }
}
