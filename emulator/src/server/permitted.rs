//! The names for which the local CA may speak: its name constraints.

use rcgen::{CidrSubnet, GeneralSubtree};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The names for which the local CA may speak.
///
/// Besides those given: `localhost`, `pushpit.test`, 127.0.0.0/8 and ::1, always. A DNS name
/// stands for itself and all names below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permitted {
    dns: BTreeSet<String>,
    addresses: BTreeSet<IpAddr>,
}

impl Permitted {
    /// Permits these names: suffixes of push hosts, or names and IP addresses that a user wants.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut permitted = Self {
            dns: OWN_NAMES.iter().map(|name| (*name).to_owned()).collect(),
            addresses: BTreeSet::new(),
        };
        for name in names {
            permitted.insert(name);
        }
        permitted
    }

    fn insert(&mut self, name: &str) {
        let name = bare(name);
        match name.parse::<IpAddr>() {
            Ok(address) if loopback(address) => {}
            Ok(address) => {
                self.addresses.insert(address);
            }
            Err(_) if name.is_empty() => {}
            Err(_) => {
                self.dns.insert(name.to_ascii_lowercase());
            }
        }
    }

    /// Whether a leaf for this name, lower case, would be believed.
    pub(super) fn allows(&self, name: &str) -> bool {
        if let Ok(address) = name.parse::<IpAddr>() {
            return self.allows_address(address);
        }
        self.dns.iter().any(|suffix| {
            name.strip_suffix(suffix.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    }

    pub(super) fn allows_address(&self, address: IpAddr) -> bool {
        loopback(address) || self.addresses.contains(&address)
    }

    /// The names of the default certificate: this machine's own, and IP addresses that were given.
    pub(super) fn own(&self) -> Vec<String> {
        let own = OWN_NAMES.iter().map(|name| (*name).to_owned());
        let loopback = [Ipv4Addr::LOCALHOST.to_string(), Ipv6Addr::LOCALHOST.to_string()];
        own.chain(loopback).chain(self.addresses.iter().map(IpAddr::to_string)).collect()
    }

    /// As the extension has them.
    pub(super) fn subtrees(&self) -> Vec<GeneralSubtree> {
        let dns = self.dns.iter().cloned().map(GeneralSubtree::DnsName);
        let loopback = [
            CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8),
            CidrSubnet::from_v6_prefix(Ipv6Addr::LOCALHOST.octets(), 128),
        ];
        let given = self.addresses.iter().map(|address| {
            CidrSubnet::from_addr_prefix(*address, if address.is_ipv4() { 32 } else { 128 })
        });
        dns.chain(loopback.into_iter().chain(given).map(GeneralSubtree::IpAddress)).collect()
    }

    /// The first wanted name that is missing in a certificate's own constraints.
    pub(super) fn missing_in(
        &self,
        constraints: &x509_parser::extensions::NameConstraints<'_>,
    ) -> Option<String> {
        use x509_parser::extensions::GeneralName;
        let present: Vec<&GeneralName<'_>> =
            constraints.permitted_subtrees.iter().flatten().map(|subtree| &subtree.base).collect();
        let has_dns = |wanted: &str| {
            present.iter().any(|name| matches!(name, GeneralName::DNSName(dns) if *dns == wanted))
        };
        let has_address = |wanted: &IpAddr| {
            let octets = match wanted {
                IpAddr::V4(address) => address.octets().to_vec(),
                IpAddr::V6(address) => address.octets().to_vec(),
            };
            present.iter().any(
                |name| matches!(name, GeneralName::IPAddress(bytes) if bytes.starts_with(&octets)),
            )
        };
        let dns = self.dns.iter().find(|name| !has_dns(name)).cloned();
        dns.or_else(|| {
            self.addresses.iter().find(|address| !has_address(address)).map(IpAddr::to_string)
        })
    }
}

/// Whether a certificate can be made for this text: a host name, also with `*.` before it, or an IP
/// address. [doc] RFC 1123, section 2.1; underscores are in use in container networks. [report]
pub fn is_name(text: &str) -> bool {
    let name = bare(text);
    let is_label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (1..=63).contains(&label.len())
            && label.bytes().all(plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.parse::<IpAddr>().is_ok() || (name.len() <= 253 && name.split('.').all(is_label))
}

/// A name without what stands for all names below it, and without the dot of the DNS root.
fn bare(name: &str) -> &str {
    name.trim_start_matches("*.").trim_matches('.')
}

fn loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

const OWN_NAMES: [&str; 2] = ["localhost", "pushpit.test"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suffix_permits_itself_and_what_lies_below_and_nothing_beside() {
        let permitted = Permitted::new(["push.apple.com", "*.notify.windows.com", "10.0.0.7"]);
        let allowed = [
            "push.apple.com",
            "api.push.apple.com",
            "notpush.apple.com",
            "apple.com",
            "db5.notify.windows.com",
            "localhost",
            "a.pushpit.test",
            "127.1.2.3",
            "::1",
            "10.0.0.7",
            "10.0.0.8",
        ]
        .map(|name| permitted.allows(name));
        assert_eq!(allowed, [true, true, false, false, true, true, true, true, true, true, false]);
    }

    #[test]
    fn host_names_and_addresses_are_names_and_nothing_else_is() {
        let long = format!("{}.test", "a".repeat(64));
        for name in ["a", "push.test", "*.push.test", "my_service", "a-b.c.", "10.0.0.7", "::1"] {
            assert!(is_name(name), "{name}");
        }
        for wrong in [
            "",
            ".",
            "a b",
            "a..b",
            "-a",
            "a-.b",
            "a:80",
            "https://a",
            "a/b",
            "m\u{fc}nchen",
            &long,
        ] {
            assert!(!is_name(wrong), "{wrong}");
        }
    }
}
