//! Who may call: no foreign web page (DNS rebinding), and beyond loopback only who has the token.

use super::problem::{FOREIGN, NEEDS_TOKEN, Problem};
use super::server::App;
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN, WWW_AUTHENTICATE};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::{IpAddr, SocketAddr};

/// What a call must be like.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    /// Where the API listens.
    pub(super) bound: SocketAddr,
    /// Further names under which it is reached.
    pub(super) names: Vec<String>,
    /// What a call must bring along.
    pub(super) token: Option<String>,
}

/// Lets a call through, or says why not.
pub(super) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    match app.guard.check(&request) {
        Ok(()) => next.run(request).await,
        Err(problem) => {
            let asks = problem.status() == 401;
            let mut response = problem.into_response();
            if asks {
                let scheme = HeaderValue::from_static("Bearer");
                response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
            }
            response
        }
    }
}

impl Guard {
    fn check(&self, request: &Request) -> Result<(), Problem> {
        let header = |name| request.headers().get(name).map(HeaderValue::as_bytes);
        if let Some(host) = header(HOST)
            && !self.is_ours(host)
        {
            return Err(foreign("Host", host));
        }
        if let Some(origin) = header(ORIGIN) {
            let authority = origin
                .strip_prefix(b"http://")
                .or_else(|| origin.strip_prefix(b"https://"))
                .unwrap_or_default();
            if !self.is_ours(authority) {
                return Err(foreign("Origin", origin));
            }
        }
        let Some(token) = &self.token else { return Ok(()) };
        let brought = header(AUTHORIZATION).and_then(bearer);
        let fits = |brought: &[u8]| {
            aws_lc_rs::constant_time::verify_slices_are_equal(brought, token.as_bytes()).is_ok()
        };
        if request.uri().path() == "/healthz" || brought.is_some_and(fits) {
            return Ok(());
        }
        Err(Problem::new(
            NEEDS_TOKEN,
            "expected `Authorization: Bearer …` with the token of this emulator",
            "the token is printed at the start; on a loopback address none is needed",
        ))
    }

    /// Whether an authority is one under which we are meant to be called.
    fn is_ours(&self, authority: &[u8]) -> bool {
        let Ok(authority) = std::str::from_utf8(authority) else { return false };
        let name = name_of(authority).to_ascii_lowercase();
        let name = name.strip_suffix('.').unwrap_or(&name);
        if let Ok(address) = name.parse::<IpAddr>() {
            let bound = self.bound.ip();
            // Rebinding needs a name: whoever writes an address reaches nobody else by it.
            return address.is_loopback() || address == bound || bound.is_unspecified();
        }
        name == "localhost"
            || name.ends_with(".localhost")
            || self.names.iter().any(|own| own.eq_ignore_ascii_case(name))
    }
}

/// The host of an authority, without brackets and port.
fn name_of(authority: &str) -> &str {
    if let Some(rest) = authority.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    authority.split(':').next().unwrap_or_default()
}

fn foreign(header: &str, value: &[u8]) -> Problem {
    let value = String::from_utf8_lossy(value);
    Problem::new(
        FOREIGN,
        format!("`{header}: {value}` is not this machine"),
        "call it as `localhost` or by its address; web pages of other hosts are kept out",
    )
}

/// The token behind the scheme, whose case does not matter (RFC 9110, section 11.1).
fn bearer(header: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = header.split_at_checked(SCHEME.len())?;
    scheme.eq_ignore_ascii_case(SCHEME).then_some(token)
}

const SCHEME: &[u8] = b"Bearer ";

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(bound: &str) -> Guard {
        Guard { bound: bound.parse().unwrap(), names: vec!["pushpit.test".to_owned()], token: None }
    }

    #[test]
    fn only_names_of_this_machine_are_ours() {
        let guard = guard("127.0.0.1:7080");
        for ours in [
            "localhost",
            "LOCALHOST:7080",
            "anything.localhost",
            "127.0.0.1:1",
            "127.9.9.9",
            "[::1]:7080",
            "localhost.",
            "pushpit.test:80",
        ] {
            assert!(guard.is_ours(ours.as_bytes()), "{ours}");
        }
        for foreign in [
            "",
            "evil.example",
            "localhost.evil.example",
            "evillocalhost",
            "192.168.1.2",
            "127.0.0.1.evil.example",
            "[2001:db8::1]",
            "\u{e9}",
        ] {
            assert!(!guard.is_ours(foreign.as_bytes()), "{foreign}");
        }
    }

    #[test]
    fn beyond_loopback_the_bound_address_is_ours_too() {
        assert!(guard("192.168.1.2:7080").is_ours(b"192.168.1.2:7080"));
        assert!(!guard("192.168.1.2:7080").is_ours(b"192.168.1.3:7080"));
        assert!(guard("0.0.0.0:7080").is_ours(b"10.1.2.3:7080"));
        assert!(!guard("0.0.0.0:7080").is_ours(b"evil.example:7080"));
    }
}
