//! URLs of a sender's own API: plain HTTP to this machine, and nothing else.

use http::Uri;
use http::uri::{Authority, PathAndQuery};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU16;

/// A URL that a scenario may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderUrl {
    authority: Authority,
    path: PathAndQuery,
    addresses: Vec<SocketAddr>,
}

impl SenderUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// It is none, or not one of plain HTTP to this machine.
    pub fn parse(url: &str) -> Result<Self, UrlError> {
        let wrong = |fault| UrlError { fault, url: url.to_owned() };
        let uri: Uri = url.parse().map_err(|_| wrong(UrlFault::NoUrl))?;
        let (Some(scheme), Some(authority), Some(path)) =
            (uri.scheme_str(), uri.authority(), uri.path_and_query())
        else {
            return Err(wrong(UrlFault::NoUrl));
        };
        if scheme != "http" {
            return Err(wrong(UrlFault::NotPlain));
        }
        if authority.as_str().contains('@') {
            return Err(wrong(UrlFault::User));
        }
        let port = port(authority).ok_or_else(|| wrong(UrlFault::NoUrl))?;
        let hosts = loopback(authority.host()).ok_or_else(|| wrong(UrlFault::Elsewhere))?;
        Ok(Self {
            authority: authority.clone(),
            path: path.clone(),
            addresses: hosts.into_iter().map(|host| SocketAddr::new(host, port)).collect(),
        })
    }

    /// Where somebody may listen, in the order in which to look.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Host and port as they are written, for the header `host`.
    pub fn authority(&self) -> &str {
        self.authority.as_str()
    }

    /// Path and query.
    pub fn path(&self) -> &PathAndQuery {
        &self.path
    }
}

impl fmt::Display for SenderUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority, self.path)
    }
}

/// A URL that a scenario may not call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault}, found `{url}`")]
pub struct UrlError {
    /// What is wrong with it.
    pub fault: UrlFault,
    /// The URL.
    pub url: String,
}

/// What is wrong with a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlFault {
    /// It goes beyond this machine.
    #[error("expected a URL of this machine")]
    Elsewhere,
    /// It has another scheme, such as `https`.
    #[error("expected a URL that begins with `http://`")]
    NotPlain,
    /// It is no URL, or not a whole one.
    #[error("expected a URL such as `http://127.0.0.1:8080/send`")]
    NoUrl,
    /// It holds the name of a user.
    #[error("expected a URL without the name of a user")]
    User,
}

impl UrlFault {
    /// What to do.
    pub const fn help(self) -> &'static str {
        match self {
            Self::Elsewhere => "a scenario calls senders on 127.0.0.1 or localhost only",
            Self::NotPlain => {
                "senders are called without TLS; a step `request` is what calls the push port"
            }
            Self::NoUrl => "write scheme, host, port and path",
            Self::User => "send it as a header: `headers: { authorization: … }`",
        }
    }
}

/// The port, 80 where none is written; `None` where what is written is none.
fn port(authority: &Authority) -> Option<u16> {
    match authority.as_str().strip_prefix(authority.host())? {
        "" => Some(80),
        rest => rest.strip_prefix(':')?.parse().ok().map(NonZeroU16::get),
    }
}

/// The addresses of a name of this machine; no resolver is asked.
fn loopback(host: &str) -> Option<Vec<IpAddr>> {
    if host.eq_ignore_ascii_case("localhost") {
        // Some runtimes listen on the one, some on the other.
        return Some(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }
    let number = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let address: IpAddr = number.parse().ok()?;
    address.is_loopback().then(|| vec![address])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(url: &str) -> Vec<String> {
        let url = SenderUrl::parse(url).expect("it may be called");
        url.addresses().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_url_of_this_machine_tells_whom_to_dial_and_what_to_ask_for() {
        let url = SenderUrl::parse("http://127.0.0.1:8080/a?b=c").expect("it may be called");
        assert_eq!((url.authority(), url.path().as_str()), ("127.0.0.1:8080", "/a?b=c"));
        assert_eq!(url.to_string(), "http://127.0.0.1:8080/a?b=c");
    }

    #[test]
    fn names_and_numbers_of_this_machine_need_no_resolver() {
        assert_eq!(addresses("http://127.0.0.1"), ["127.0.0.1:80"]);
        assert_eq!(addresses("HTTP://LocalHost:4000"), ["127.0.0.1:4000", "[::1]:4000"]);
        assert_eq!(addresses("http://[::1]:4000/"), ["[::1]:4000"]);
        assert_eq!(addresses("http://127.9.8.7:4000/"), ["127.9.8.7:4000"]);
    }

    #[test]
    fn every_other_url_is_refused_for_its_own_reason() {
        for (url, fault) in [
            ("", UrlFault::NoUrl),
            ("/send", UrlFault::NoUrl),
            ("127.0.0.1:8080", UrlFault::NoUrl),
            ("http://", UrlFault::NoUrl),
            ("http://127.0.0.1:8080/a b", UrlFault::NoUrl),
            ("http://127.0.0.1:0/", UrlFault::NoUrl),
            ("http://127.0.0.1:65536/", UrlFault::NoUrl),
            ("http://127.0.0.1:/", UrlFault::NoUrl),
            ("https://127.0.0.1:8080/", UrlFault::NotPlain),
            ("ws://127.0.0.1:8080/", UrlFault::NotPlain),
            ("http://me:secret@127.0.0.1:8080/", UrlFault::User),
            ("http://example.com/", UrlFault::Elsewhere),
            ("http://localhost.example.com/", UrlFault::Elsewhere),
            ("http://0.0.0.0:8080/", UrlFault::Elsewhere),
            ("http://10.0.0.1:8080/", UrlFault::Elsewhere),
        ] {
            assert_eq!(SenderUrl::parse(url), Err(UrlError { fault, url: url.to_owned() }));
        }
    }
}
