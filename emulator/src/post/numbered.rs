//! How devices are called that nobody named: by their number.

use super::DeviceId;

/// The name of a device that nobody named, in place: it is written with every push.
pub(super) struct Numbered {
    text: [u8; NUMBERED.len() + MOST_DIGITS],
    length: usize,
}

impl Numbered {
    pub(super) fn new(id: DeviceId) -> Self {
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(u64::from(id.0) + 1).as_bytes();
        let length = NUMBERED.len() + digits.len();
        let mut text = [0; NUMBERED.len() + MOST_DIGITS];
        text[..NUMBERED.len()].copy_from_slice(NUMBERED.as_bytes());
        text[NUMBERED.len()..length].copy_from_slice(digits);
        Self { text, length }
    }

    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text[..self.length]).unwrap_or(NUMBERED)
    }
}

/// Whether a name is one that a device without a name of its own gets.
pub fn is_numbered(name: &str) -> bool {
    let number = name.strip_prefix(NUMBERED).and_then(|number| number.parse::<u32>().ok());
    number.is_some_and(|number| number > 0 && name == format!("{NUMBERED}{number}"))
}

/// The device that a name made from a number is that of, if it has none of its own.
pub(super) fn numbered(name: &str) -> Option<DeviceId> {
    let number: u32 = name.strip_prefix(NUMBERED)?.parse().ok()?;
    Some(DeviceId(number.checked_sub(1)?))
}

/// How devices without a name are called: this and their number, from 1.
const NUMBERED: &str = "device-";

/// The digits of 2^32.
const MOST_DIGITS: usize = 10;
