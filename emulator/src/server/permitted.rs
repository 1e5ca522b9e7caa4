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
        let name = name.trim_start_matches("*.").trim_matches('.');
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
}
