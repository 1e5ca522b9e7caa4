//! What was dialed inside, and whether that was meant.

use super::book::Book;
use super::packet::{Packet, Protocol};
use crate::redirect::HostPort;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// Something that a sender dialed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Destination {
    /// The name that was asked for, else the address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// How.
    pub protocol: Protocol,
    /// Whether nobody listened there.
    pub refused: bool,
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colon =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let protocol = if self.protocol == Protocol::Udp { " by UDP" } else { "" };
        write!(f, "{colon}:{}{protocol}", self.port)
    }
}

/// Where a sender may go, apart from this machine itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Meant {
    /// What is relayed.
    pub(super) allowed: Vec<HostPort>,
    /// What may be dialed in vain.
    pub(super) ignored: Vec<HostPort>,
}

/// What was dialed so far.
#[derive(Debug, Default)]
pub(super) struct Dialed {
    seen: BTreeMap<(Protocol, SocketAddr), bool>,
    /// Sources of datagrams and where they went: what comes back is no dialing.
    datagrams: HashSet<(SocketAddr, SocketAddr)>,
    /// More was dialed than is kept.
    pub(super) overflowed: bool,
}

impl Dialed {
    /// Takes note of a packet.
    pub(super) fn note(&mut self, packet: Packet) {
        let (from, to) = (canonical(packet.from), canonical(packet.to));
        if packet.refuses {
            if let Some(refused) = self.seen.get_mut(&(packet.protocol, from)) {
                *refused = true;
            }
            return;
        }
        if packet.protocol == Protocol::Udp {
            if self.datagrams.contains(&(to, from)) {
                return;
            }
            if self.datagrams.len() < MOST_SEEN {
                self.datagrams.insert((from, to));
            }
        }
        if self.seen.len() >= MOST_SEEN {
            self.overflowed = true;
            return;
        }
        self.seen.entry((packet.protocol, to)).or_insert(false);
    }

    /// What was dialed and not meant. `served` says of an address without a name whether what was
    /// dialed there was a push host after all.
    pub(super) fn unexpected(
        &self,
        book: &Book,
        meant: &Meant,
        is_push_target: impl Fn(&str, u16) -> bool,
        served: impl Fn(SocketAddr) -> bool,
    ) -> Vec<Destination> {
        let unmeant = self.seen.iter().filter(|((protocol, to), _)| {
            if to.ip().is_loopback()
                || to.ip().is_unspecified()
                || to.port() == super::agent::DNS_PORT
            {
                return false;
            }
            let host = host(book, to.ip());
            let known = *protocol == Protocol::Tcp
                && match book.name(to.ip()) {
                    Some(name) => is_push_target(name, to.port()),
                    None => served(*to),
                };
            let named = |places: &[HostPort]| places.iter().any(|it| it.is(&host, to.port()));
            !(known || named(&meant.allowed) || named(&meant.ignored))
        });
        let destination =
            |((protocol, to), refused): (&(Protocol, SocketAddr), &bool)| Destination {
                host: host(book, to.ip()),
                port: to.port(),
                protocol: *protocol,
                refused: *refused,
            };
        unmeant.map(destination).collect()
    }

    /// Ports of this machine itself on which nobody listened: inside, they are the sender's own.
    pub(super) fn refused_here(&self) -> Vec<u16> {
        let here = self.seen.iter().filter(|((_, to), refused)| **refused && to.ip().is_loopback());
        here.map(|((_, to), _)| to.port()).collect()
    }
}

fn host(book: &Book, address: IpAddr) -> String {
    book.name(address).map_or_else(|| address.to_string(), str::to_owned)
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// How many destinations are told apart.
const MOST_SEEN: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(protocol: Protocol, from: &str, to: &str) -> Packet {
        Packet { protocol, from: from.parse().unwrap(), to: to.parse().unwrap(), refuses: false }
    }

    fn unexpected(dialed: &Dialed, book: &Book, meant: &Meant) -> Vec<String> {
        let is_push_target = |name: &str, port| name == "api.push.apple.com" && port == 443;
        let served = |to: SocketAddr| to.to_string() == "17.188.143.1:443";
        let all = dialed.unexpected(book, meant, is_push_target, served);
        all.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_no_push_host_is_named_on_any_port_and_by_any_protocol() {
        let mut book = Book::default();
        let (push, other) = ("api.push.apple.com", "telemetry.example");
        let addresses = [push, other].map(|name| book.address(name).unwrap());
        let mut dialed = Dialed::default();
        for (protocol, to) in [
            (Protocol::Tcp, format!("{}:443", addresses[0])),
            (Protocol::Tcp, format!("[::ffff:{}]:5223", addresses[0])),
            (Protocol::Udp, format!("{}:443", addresses[1])),
            (Protocol::Tcp, format!("{}:443", addresses[1])),
            (Protocol::Tcp, "17.188.143.1:443".to_owned()),
            (Protocol::Tcp, "8.8.8.8:443".to_owned()),
            (Protocol::Tcp, "[2001:db8::1]:9".to_owned()),
            (Protocol::Udp, "10.0.0.2:53".to_owned()),
            (Protocol::Tcp, "127.0.0.1:5432".to_owned()),
        ] {
            dialed.note(packet(protocol, "10.0.0.1:40000", &to));
        }
        let expected = [
            "8.8.8.8:443",
            "api.push.apple.com:5223",
            "telemetry.example:443",
            "[2001:db8::1]:9",
            "telemetry.example:443 by UDP",
        ];
        assert_eq!(unexpected(&dialed, &book, &Meant::default()), expected);
        let place = |host: &str, port| HostPort { host: host.to_owned(), port };
        let meant = Meant {
            allowed: vec![place("8.8.8.8", Some(443)), place("2001:db8::1", Some(10))],
            ignored: vec![place("telemetry.example", None)],
        };
        assert_eq!(
            unexpected(&dialed, &book, &meant),
            ["api.push.apple.com:5223", "[2001:db8::1]:9"]
        );
    }

    #[test]
    fn an_answer_to_a_datagram_is_no_dialing() {
        let mut dialed = Dialed::default();
        dialed.note(packet(Protocol::Udp, "10.0.0.1:40000", "10.0.0.2:123"));
        dialed.note(packet(Protocol::Udp, "10.0.0.2:123", "10.0.0.1:40000"));
        let all = unexpected(&dialed, &Book::default(), &Meant::default());
        assert_eq!(all, ["10.0.0.2:123 by UDP"]);
    }

    #[test]
    fn a_refused_port_of_this_machine_is_told() {
        let mut dialed = Dialed::default();
        dialed.note(packet(Protocol::Tcp, "127.0.0.1:40000", "127.0.0.1:5432"));
        let back = packet(Protocol::Tcp, "127.0.0.1:5432", "127.0.0.1:40000");
        dialed.note(Packet { refuses: true, ..back });
        assert_eq!(dialed.refused_here(), [5432]);
    }

    #[test]
    fn a_flood_of_destinations_is_bounded_and_told() {
        let mut dialed = Dialed::default();
        for port in 0..=5_000 {
            dialed.note(packet(Protocol::Tcp, "10.0.0.1:1", &format!("10.0.0.2:{port}")));
        }
        assert!(dialed.overflowed);
        assert_eq!(dialed.seen.len(), MOST_SEEN);
    }
}
