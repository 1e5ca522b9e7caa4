//! Which address stands for which name: each name that is asked for gets one of its own, so that
//! what is dialed later tells the name.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

/// Names and their addresses, in both directions.
#[derive(Debug, Default)]
pub(super) struct Book {
    places: HashMap<String, u32>,
    names: Vec<String>,
}

impl Book {
    /// The address of a name; a new name gets one. `None` when there are too many.
    pub(super) fn address(&mut self, name: &str) -> Option<Ipv4Addr> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let place = match self.places.get(&name) {
            Some(place) => *place,
            None if self.names.len() == MOST_NAMES => return None,
            None => {
                let place = u32::try_from(self.names.len()).ok()?;
                self.names.push(name.clone());
                self.places.insert(name, place);
                place
            }
        };
        Some(Ipv4Addr::from(FIRST + place))
    }

    /// The name that an address stands for.
    pub(super) fn name(&self, address: IpAddr) -> Option<&str> {
        let IpAddr::V4(address) = address.to_canonical() else { return None };
        let place = u32::from(address).checked_sub(FIRST)?;
        self.names.get(place as usize).map(String::as_str)
    }
}

/// The first address: of the block for measurements between networks, which nobody dials in
/// earnest. [doc] RFC 2544, RFC 6890
const FIRST: u32 = u32::from_be_bytes([198, 18, 0, 1]);

/// How many names have an address: what a sender asks for, and far from the block's end.
const MOST_NAMES: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_an_address_of_its_own_that_tells_it() {
        let mut book = Book::default();
        let one = book.address("API.push.apple.com.").unwrap();
        let two = book.address("other.example").unwrap();
        assert_eq!((one, two), (Ipv4Addr::new(198, 18, 0, 1), Ipv4Addr::new(198, 18, 0, 2)));
        assert_eq!(book.address("api.push.apple.com"), Some(one));
        assert_eq!(book.name(one.into()), Some("api.push.apple.com"));
        assert_eq!(book.name(IpAddr::V6(two.to_ipv6_mapped())), Some("other.example"));
        assert_eq!(book.name(Ipv4Addr::new(198, 18, 0, 3).into()), None);
        assert_eq!(book.name(Ipv4Addr::LOCALHOST.into()), None);
    }

    #[test]
    fn more_names_than_there_is_room_for_have_none() {
        let mut book = Book::default();
        for number in 0..MOST_NAMES {
            assert!(book.address(&format!("{number}.example")).is_some());
        }
        assert_eq!(book.address("one.more"), None);
        assert!(book.address("7.example").is_some());
    }
}
