//! Header compression. [doc] RFC 7541
//!
//! Written here because the decoder is a fifth of what a push costs: it writes each header once,
//! straight to where it is kept, and allocates only when a table entry is added.

mod decoder;
mod encoder;
mod huffman;
mod integer;
mod table;
#[cfg(test)]
mod tests;

pub use decoder::{Decoder, Listed, Walk};
pub use encoder::Encoder;

/// A header block that cannot be decoded; the connection ends with COMPRESSION_ERROR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HpackError {
    /// The list is so much larger than its limit that only the table can have made it so.
    #[error("the header list is far larger than its limit")]
    Bomb,
    /// The block ends in the middle of a field.
    #[error("the header block ends in the middle of a field")]
    Cut,
    /// A Huffman code that stands for nothing, or wrong padding.
    #[error("a header's Huffman code is invalid")]
    Huffman,
    /// An integer beyond what any field needs.
    #[error("a number in the header block is too large")]
    Integer,
    /// An index beyond both tables, or 0.
    #[error("a header refers to table entry {0}, which is not there")]
    NoEntry(usize),
    /// A table size beyond what was allowed.
    #[error("the table is resized to {size}, allowed are {allowed}")]
    Resize {
        /// What was asked for, bytes.
        size: usize,
        /// What SETTINGS allow, bytes.
        allowed: usize,
    },
    /// A table is resized after the first field of a block.
    #[error("the table is resized in the middle of a header block")]
    ResizeLate,
}
