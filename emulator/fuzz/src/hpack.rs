//! Header compression: any block under any limits, and the encoder's blocks read back.

use crate::script::Script;
use pushpit_emulator::http2::hpack::{Decoder, Encoder, Listed};

/// Runs blocks and changes of the table's size through one decoder, and fields through the
/// encoder.
pub fn run(data: &[u8]) {
    let mut script = Script(data);
    let mut largest = usize::from(script.byte()) << 6;
    let mut decoder = Decoder::new(largest);
    while !script.is_over() {
        match script.byte() % 8 {
            0 => {
                let size = script.number() as usize % (64 << 10);
                largest = largest.max(size);
                decoder.allow(size);
            }
            1 => round_trip(&mut script),
            _ => {
                let limit = (script.number() % (1 << 17)) as usize;
                let count = usize::from(script.byte()) * 16 + usize::from(script.byte());
                let block = script.bytes(count);
                if decode(&mut decoder, block, limit).is_none() {
                    return;
                }
            }
        }
        let decoding = 4 * 8 * data.len() + 2 * largest + 64;
        assert!(decoder.memory() <= 4 * largest + decoding);
    }
}

/// Whether the block was valid, and what it held within the limit.
fn decode(decoder: &mut Decoder, block: &[u8], limit: usize) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let (mut fields, mut size) = (Vec::new(), 0);
    let listed = decoder.decode(block, limit, |name, value| {
        size += name.len() + value.len() + 32;
        fields.push((name.to_vec(), value.to_vec()));
    });
    assert!(size <= limit, "{size} bytes were handed out, the limit is {limit}");
    listed.ok().map(|_| fields)
}

fn round_trip(script: &mut Script<'_>) {
    let (mut encoder, mut decoder) = (Encoder::default(), Decoder::new(4096));
    let mut block = Vec::new();
    encoder.allow(script.number() as usize);
    encoder.begin(&mut block);
    let mut expected = Vec::new();
    let status = 100 + u16::from(script.byte()) * 3;
    encoder.status(&mut block, status);
    expected.push((b":status".to_vec(), status.to_string().into_bytes()));
    for _ in 0..script.byte() % 8 {
        let (name, value) = (script.byte(), script.number());
        let name = script.bytes(usize::from(name)).to_ascii_lowercase();
        let value = script.bytes(value as usize % 5_000).to_vec();
        encoder.field(&mut block, &name, &value);
        expected.push((name, value));
    }
    let mut fields = Vec::new();
    let listed = decoder.decode(&block, usize::MAX, |name, value| {
        fields.push((name.to_vec(), value.to_vec()));
    });
    assert_eq!((listed, fields), (Ok(Listed::Whole), expected));
}
