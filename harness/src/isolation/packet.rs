//! What a packet on the loopback device tells: who dials whom. [doc] RFC 791, 8200, 9293, 768

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// How something is dialed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// A connection.
    Tcp,
    /// A datagram.
    Udp,
}

/// A packet that begins a connection, refuses one, or is a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    pub(super) protocol: Protocol,
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    /// Nobody listened.
    pub(super) refuses: bool,
}

impl Packet {
    /// Reads a packet from its IP header on; what is cut or of another kind is nothing.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (number, from, to, rest): (u8, IpAddr, IpAddr, &[u8]) = match bytes.first()? >> 4 {
            4 => {
                let length = usize::from(bytes[0] & 0x0f) * 4;
                let address =
                    |place| Some(Ipv4Addr::from(*bytes.get(place..)?.first_chunk::<4>()?));
                (*bytes.get(9)?, address(12)?.into(), address(16)?.into(), bytes.get(length..)?)
            }
            6 => {
                let address =
                    |place| Some(Ipv6Addr::from(*bytes.get(place..)?.first_chunk::<16>()?));
                (*bytes.get(6)?, address(8)?.into(), address(24)?.into(), bytes.get(40..)?)
            }
            _ => return None,
        };
        let port = |place| Some(u16::from_be_bytes(*rest.get(place..)?.first_chunk::<2>()?));
        let (protocol, refuses) = match number {
            6 => {
                let flags = *rest.get(13)? & (SYN | RST | ACK);
                // What refuses a connection has nothing before it; what ends one has.
                let sequence = rest.get(4..8)?;
                (Protocol::Tcp, flags == RST | ACK && sequence == [0; 4])
            }
            17 => (Protocol::Udp, false),
            _ => return None,
        };
        if protocol == Protocol::Tcp && !refuses && rest.get(13)? & (SYN | ACK) != SYN {
            return None;
        }
        let (from, to) = (SocketAddr::new(from, port(0)?), SocketAddr::new(to, port(2)?));
        Some(Self { protocol, from, to, refuses })
    }
}

const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const ACK: u8 = 0x10;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ip4(protocol: u8, rest: &[u8]) -> Vec<u8> {
        let mut head = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0];
        head.extend([10, 0, 0, 1, 8, 8, 8, 8]);
        [head, rest.to_vec()].concat()
    }

    fn tcp(sequence: u8, flags: u8) -> [u8; 20] {
        let mut tcp = [0; 20];
        (tcp[0], tcp[1], tcp[2], tcp[3]) = (0x9c, 0x40, 0x01, 0xbb);
        (tcp[7], tcp[13]) = (sequence, flags);
        tcp
    }

    #[test]
    fn what_begins_or_is_refused_is_read_and_nothing_else() {
        let read = |flags, sequence| Packet::read(&ip4(6, &tcp(sequence, flags)));
        let begins = Packet {
            protocol: Protocol::Tcp,
            from: "10.0.0.1:40000".parse().unwrap(),
            to: "8.8.8.8:443".parse().unwrap(),
            refuses: false,
        };
        assert_eq!(read(SYN, 9), Some(begins));
        assert_eq!(read(RST | ACK, 0), Some(Packet { refuses: true, ..begins }));
        assert_eq!(read(RST | ACK, 9), None);
        assert_eq!(read(SYN | ACK, 0), None);
        let datagram = Packet::read(&ip4(17, &[0x9c, 0x40, 0x01, 0xbb, 0, 8, 0, 0]));
        assert_eq!(datagram, Some(Packet { protocol: Protocol::Udp, ..begins }));
        assert_eq!(Packet::read(&ip4(1, &[0; 8])), None);
    }

    #[test]
    fn version_6_is_read_too() {
        let mut bytes = vec![0x60, 0, 0, 0, 0, 8, 17, 64];
        bytes.extend(Ipv6Addr::LOCALHOST.octets());
        bytes.extend("2606:4700::1111".parse::<Ipv6Addr>().unwrap().octets());
        bytes.extend([0x9c, 0x40, 0, 53, 0, 8, 0, 0]);
        let packet = Packet::read(&bytes).unwrap();
        assert_eq!(packet.to.to_string(), "[2606:4700::1111]:53");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..90)) {
            Packet::read(&bytes);
        }
    }
}
