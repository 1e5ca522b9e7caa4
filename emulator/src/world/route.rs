//! Which service a request is for, by host and path.

use super::services::{about, abouts, profile_of};
use crate::post::ServiceId;
use crate::switch::Switches;
use crate::wire::{ConnectionProfile, Leniency, Request};

/// Where a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Its host belongs to another service than the one that the connection was opened to.
    Misdirected(ServiceId),
    /// No service takes it.
    Nobody,
    /// To this service.
    Service(ServiceId),
}

/// The service that a request on a connection of this profile is for.
///
/// A host that is a service's own decides; on a profiled connection another service's host is
/// misdirected. Under other names a profiled connection's service takes everything, and on the
/// generic profile the path decides.
pub fn route(profile: &str, request: &Request) -> Route {
    let bound = abouts().find(|(_, about)| about.profile.name == profile).map(|(id, _)| id);
    let owner = service_of_host(host_of(request.authority()));
    match (bound, owner) {
        (Some(bound), Some(owner)) if bound != owner => Route::Misdirected(owner),
        (Some(service), _) | (None, Some(service)) => Route::Service(service),
        (None, None) => service_of_path(request.path()).map_or(Route::Nobody, Route::Service),
    }
}

/// The profile of connections opened to this name, else of this listener, else the generic one.
pub fn profile(
    name: Option<&str>,
    listener: Option<&str>,
    switches: &Switches,
) -> ConnectionProfile {
    let by_name = name.and_then(|name| service_of_host(host_of(name.as_bytes())));
    let by_listener = || {
        let bound = |about: &crate::providers::rim::About| {
            listener.is_some_and(|listener| about.listeners.contains(&listener))
        };
        abouts().find(|(_, about)| bound(about)).map(|(id, _)| id)
    };
    let found = by_name.or_else(by_listener);
    let profile = found.map_or(ConnectionProfile::GENERIC, |id| profile_of(id, switches));
    ConnectionProfile { leniency: Leniency::chosen(switches), ..profile }
}

/// Whether senders may open a tunnel to this place: a service's host on one of its ports.
pub fn is_push_target(host: &str, port: u16) -> bool {
    service_of_host(host_of(host.as_bytes())).is_some_and(|id| about(id).ports.contains(&port))
}

/// The host of an authority: without port and trailing dot. Case is kept; comparisons ignore it.
pub fn host_of(authority: &[u8]) -> &[u8] {
    let host = match authority.iter().rposition(|byte| *byte == b':') {
        Some(colon) if authority[colon + 1..].iter().all(u8::is_ascii_digit) => &authority[..colon],
        _ => authority,
    };
    host.strip_suffix(b".").unwrap_or(host)
}

fn service_of_host(host: &[u8]) -> Option<ServiceId> {
    let owns = |pattern: &&str| match pattern.strip_prefix('*') {
        Some(suffix) => {
            host.len() > suffix.len()
                && host[host.len() - suffix.len()..].eq_ignore_ascii_case(suffix.as_bytes())
        }
        None => host.eq_ignore_ascii_case(pattern.as_bytes()),
    };
    abouts().find(|(_, about)| about.hosts.iter().any(&owns)).map(|(id, _)| id)
}

fn service_of_path(path: &[u8]) -> Option<ServiceId> {
    let takes = |prefix: &&str| {
        path.strip_prefix(prefix.as_bytes()).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
    };
    abouts().find(|(_, about)| about.paths.iter().any(&takes)).map(|(id, _)| id)
}

/// Refuses a list of services in which two claim the same host or path.
///
/// # Errors
/// Both names and what they claim.
pub fn check_routes() -> Result<(), String> {
    conflict().map_or(Ok(()), |(one, two, claim)| {
        Err(format!("`{one}` and `{two}` both claim `{claim}`"))
    })
}

/// The first two services that claim the same host or path, and what they claim.
fn conflict() -> Option<(&'static str, &'static str, &'static str)> {
    let claims: Vec<_> = abouts()
        .flat_map(|(_, about)| {
            about.hosts.iter().chain(about.paths).map(move |claim| (about.name, *claim))
        })
        .collect();
    claims.iter().enumerate().find_map(|(place, (name, claim))| {
        let other = claims[..place].iter().find(|(_, earlier)| earlier == claim)?;
        Some((other.0, *name, *claim))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_services_claim_the_same_place() {
        assert_eq!(check_routes(), Ok(()));
    }

    #[test]
    fn the_host_of_an_authority_has_no_port_and_no_trailing_dot() {
        for (authority, host) in [
            ("api.push.apple.com:443", "api.push.apple.com"),
            ("api.push.apple.com.", "api.push.apple.com"),
            ("api.push.apple.com.:2197", "api.push.apple.com"),
            ("[::1]:7443", "[::1]"),
            ("::1", ":"),
            ("localhost", "localhost"),
            ("", ""),
        ] {
            assert_eq!(host_of(authority.as_bytes()), host.as_bytes(), "{authority}");
        }
    }
}
