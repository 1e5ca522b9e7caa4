//! A place by name or number, as options name it.

use std::str::FromStr;

/// A host and, perhaps, a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort {
    /// The name in lower case, or the number.
    pub host: String,
    /// The port; `None` is every port.
    pub port: Option<u16>,
}

/// A text that names no place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected HOST or HOST:PORT, such as `localhost:5432`, found `{0}`")]
pub struct NoPlace(String);

impl HostPort {
    /// Whether it is this one; a place without a port is all of its ports.
    pub fn is(&self, host: &str, port: u16) -> bool {
        self.host.eq_ignore_ascii_case(host) && self.port.is_none_or(|own| own == port)
    }
}

impl FromStr for HostPort {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let wrong = || NoPlace(text.to_owned());
        let whole = |host: &str| host.contains(':') && !host.starts_with('[');
        let (host, port) = match text.rsplit_once(':') {
            // A number of version 6 without brackets has no port.
            Some((host, _)) if whole(host) => (text, None),
            Some((host, port)) if !port.ends_with(']') => {
                (host, Some(port.parse().ok().filter(|port| *port > 0).ok_or_else(wrong)?))
            }
            _ => (text, None),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
        let is_wrong = host.is_empty() || host.contains(['/', ' ', '@']);
        if is_wrong { Err(wrong()) } else { Ok(Self { host: host.to_ascii_lowercase(), port }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_read_with_and_without_a_port() {
        for (text, host, port) in [
            ("localhost:5432", "localhost", Some(5432)),
            ("DB.example.", "db.example", None),
            ("10.0.0.1:1", "10.0.0.1", Some(1)),
            ("[2001:db8::1]:443", "2001:db8::1", Some(443)),
            ("[2001:db8::1]", "2001:db8::1", None),
            ("2001:db8::1", "2001:db8::1", None),
        ] {
            let expected = HostPort { host: host.to_owned(), port };
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for text in ["", ":80", "a:", "a:0", "a:65536", "http://a", "a b:1"] {
            assert_eq!(text.parse::<HostPort>(), Err(NoPlace(text.to_owned())));
        }
    }
}
