//! How much a post office holds: whoever asks for more is refused, so that memory stays bounded.

/// How much a post office holds at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Addresses, dead ones too: a sender may still push to them.
    pub addresses: usize,
    /// Apps of all services.
    pub apps: usize,
    /// Devices, those that registered themselves too.
    pub devices: usize,
    /// Devices that registered themselves by an unknown address.
    pub registered: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            addresses: MAX_ADDRESSES,
            apps: MAX_APPS,
            devices: MAX_DEVICES,
            registered: MAX_REGISTERED,
        }
    }
}

/// There is no room for more of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is room for {most} {}, and all of it is taken", kind.plural())]
pub struct Full {
    /// Of what.
    pub kind: Bounded,
    /// How many there can be.
    pub most: usize,
}

/// What there can be too many of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bounded {
    /// Addresses.
    Address,
    /// Apps.
    App,
    /// Devices.
    Device,
    /// Fault rules.
    Fault,
}

impl Bounded {
    const fn plural(self) -> &'static str {
        match self {
            Self::Address => "addresses",
            Self::App => "apps",
            Self::Device => "devices",
            Self::Fault => "faults",
        }
    }

    /// Refuses `more` where `there` are and there can be so many at `most`.
    pub(super) fn check(self, there: usize, more: usize, most: usize) -> Result<(), Full> {
        match there.checked_add(more).is_some_and(|all| all <= most) {
            true => Ok(()),
            false => Err(Full { kind: self, most }),
        }
    }
}

/// An address takes some 100 bytes and its text, and each rotation makes one: 4 million are more
/// than any test asks for, and at 160 bytes of text no danger to a machine's memory.
const MAX_ADDRESSES: usize = 4_000_000;

/// Calls that name an app look at all of them, and the list of their credentials, which is read back
/// up to 4 MiB, has to have room for all.
const MAX_APPS: usize = 1_000;

/// Those that register themselves, and a million that somebody adds one by one.
const MAX_DEVICES: usize = MAX_REGISTERED + 1_000_000;

/// How many devices may register themselves by an unknown address: more than any load test asks
/// for, and at 250 bytes each no danger to memory.
const MAX_REGISTERED: usize = 2_000_000;
