//! Header fields to header blocks, without a table of our own.
//!
//! Replies of push services are a status and one or two identifiers that never come again: a table
//! would save nothing, and without one there is no state that a peer could play games with.

use super::{integer, table};

/// Encodes the header blocks of one connection, in order.
#[derive(Debug)]
pub struct Encoder {
    /// What the peer takes our table to be, bytes.
    table_size: usize,
    /// The peer made its table smaller, and waits for our word.
    shrunk: bool,
}

impl Default for Encoder {
    fn default() -> Self {
        Self { table_size: INITIAL_TABLE_SIZE, shrunk: false }
    }
}

impl Encoder {
    /// The peer's SETTINGS_HEADER_TABLE_SIZE. A smaller table has to be confirmed by the next
    /// block, or strict decoders end the connection. [doc] RFC 7541, section 4.2
    pub fn allow(&mut self, table_size: usize) {
        self.shrunk |= table_size < self.table_size;
    }

    /// Begins a block; to be called once before its fields.
    pub fn begin(&mut self, to: &mut Vec<u8>) {
        if std::mem::take(&mut self.shrunk) {
            self.table_size = 0;
            integer::write(to, 0x20, 5, 0);
        }
    }

    /// Writes `:status`, 100 to 999.
    pub fn status(&self, to: &mut Vec<u8>, status: u16) {
        let digits = [status / 100 % 10, status / 10 % 10, status % 10]
            .map(|digit| b'0' + digit.to_le_bytes()[0]);
        match table::place_of_status(digits) {
            Some(index) => integer::write(to, 0x80, 7, index),
            None => self.field(to, b":status", &digits),
        }
    }

    /// Writes a field whose name is in lower case.
    pub fn field(&self, to: &mut Vec<u8>, name: &[u8], value: &[u8]) {
        match table::place_of_name(name) {
            Some(index) => integer::write(to, 0, 4, index),
            None => {
                to.push(0);
                text(to, name);
            }
        }
        text(to, value);
    }
}

fn text(to: &mut Vec<u8>, bytes: &[u8]) {
    integer::write(to, 0, 7, bytes.len());
    to.extend_from_slice(bytes);
}

/// What both sides begin with. [doc] RFC 9113, section 6.5.2
const INITIAL_TABLE_SIZE: usize = 4096;
