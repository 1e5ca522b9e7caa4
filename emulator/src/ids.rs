//! Identifiers and chance from one seed, so that a run can be repeated.
//!
//! Each purpose draws from a stream of its own: one more identifier in one place does not shift
//! those of all others.

use uuid::{Builder, Uuid};

/// What an identifier is for. The order is part of what a seed means: append only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Device tokens, registration tokens, channel URIs.
    Address,
    /// Whether a fault with a probability strikes.
    Chance,
    /// Identifiers of messages that a provider tells its sender.
    Message,
    /// Identifiers that a provider keeps for its own log.
    Trace,
    /// Identifiers of what a sender makes at a provider to send to many.
    Channel,
}

/// The seeded source of identifiers.
#[derive(Clone, Debug)]
pub struct Ids {
    seed: u64,
    streams: [SplitMix64; PURPOSES],
}

impl Ids {
    /// All streams of a seed, at their start.
    pub fn new(seed: u64) -> Self {
        let mut root = SplitMix64(seed);
        let streams = std::array::from_fn(|_| SplitMix64(root.next()));
        Self { seed, streams }
    }

    /// The seed that was given.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Fills `bytes` with the purpose's next numbers.
    pub fn fill(&mut self, purpose: Purpose, bytes: &mut [u8]) {
        let stream = &mut self.streams[purpose as usize];
        for chunk in bytes.chunks_mut(8) {
            let number = stream.next().to_le_bytes();
            chunk.copy_from_slice(&number[..chunk.len()]);
        }
    }

    /// The purpose's next UUID, version 4.
    pub fn uuid(&mut self, purpose: Purpose) -> Uuid {
        let mut bytes = [0; 16];
        self.fill(purpose, &mut bytes);
        Builder::from_random_bytes(bytes).into_uuid()
    }

    /// Whether an event of this probability (0 to 1) happens now.
    pub fn happens(&mut self, probability: f64) -> bool {
        let draw = self.streams[Purpose::Chance as usize].next() >> 11;
        // 53 bits are what an f64 holds without rounding.
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit an f64 exactly")]
        let share = draw as f64 / (1_u64 << 53) as f64;
        share < probability
    }
}

/// Sebastiano Vigna's SplitMix64: small, fast, and the same numbers for ever, which the standard
/// generators of `rand` do not promise.
#[derive(Clone, Debug)]
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

const PURPOSES: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_numbers_of_splitmix64_are_the_published_ones() {
        let mut stream = SplitMix64(1_234_567);
        let numbers = [stream.next(), stream.next(), stream.next()];
        let published =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(numbers, published);
    }

    #[test]
    fn one_purpose_does_not_shift_another() {
        let (mut one, mut two) = (Ids::new(7), Ids::new(7));
        one.uuid(Purpose::Message);
        assert_eq!(one.uuid(Purpose::Trace), two.uuid(Purpose::Trace));
    }

    #[test]
    fn another_seed_gives_other_identifiers() {
        assert_ne!(Ids::new(1).uuid(Purpose::Message), Ids::new(2).uuid(Purpose::Message));
    }
}
