//! Which service a request is for, by host and path.

use super::services::{ABOUTS, about, numbered, profile_of};
use crate::post::ServiceId;
use crate::providers::rim::About;
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

/// Two services claim places that overlap: the same host or path, a host and a pattern that it
/// fits, or a path below another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` claims `{}`, and `{}` claims `{}`", one.0, one.1, other.0, other.1)]
pub struct RouteConflict {
    /// The service that is first in the list, and what it claims.
    pub one: (&'static str, &'static str),
    /// The other service, and what it claims.
    pub other: (&'static str, &'static str),
}

/// The service that a request on a connection of this profile is for.
///
/// A host that is a service's own decides; on a profiled connection another service's host is
/// misdirected. Under other names a profiled connection's service takes everything, and on the
/// generic profile the path decides.
pub fn route(profile: &str, request: &Request) -> Route {
    route_among(ABOUTS, profile, request.authority(), request.path())
}

/// The profile of connections opened to this name, else of this listener, else the generic one.
pub fn profile(
    name: Option<&str>,
    listener: Option<&str>,
    switches: &Switches,
) -> ConnectionProfile {
    let by_name = name.and_then(|name| service_of_host(ABOUTS, host_of(name.as_bytes())));
    let by_listener = || {
        let listener = listener?;
        find(ABOUTS, |about| about.listeners.contains(&listener))
    };
    let found = by_name.or_else(by_listener);
    let profile = found.map_or(ConnectionProfile::GENERIC, |id| profile_of(id, switches));
    ConnectionProfile { leniency: Leniency::chosen(switches), ..profile }
}

/// Whether senders may open a tunnel to this place: a service's host on one of its ports.
pub fn is_push_target(host: &str, port: u16) -> bool {
    service_of_host(ABOUTS, host_of(host.as_bytes()))
        .is_some_and(|id| about(id).ports.contains(&port))
}

/// The host of an authority: without port and trailing dot. Case is kept; comparisons ignore it.
pub fn host_of(authority: &[u8]) -> &[u8] {
    let host = match authority.iter().rposition(|byte| *byte == b':') {
        Some(colon) if authority[colon + 1..].iter().all(u8::is_ascii_digit) => &authority[..colon],
        _ => authority,
    };
    host.strip_suffix(b".").unwrap_or(host)
}

/// Refuses a list of services in which two claim places that overlap: which of them a request is
/// for would hang on the order of the list.
///
/// # Errors
/// The first two such claims.
pub fn check_routes() -> Result<(), RouteConflict> {
    conflict(ABOUTS).map_or(Ok(()), Err)
}

fn route_among(services: &[About], profile: &str, authority: &[u8], path: &[u8]) -> Route {
    let bound = find(services, |about| about.profile.name == profile);
    let owner = service_of_host(services, host_of(authority));
    match (bound, owner) {
        (Some(bound), Some(owner)) if bound != owner => Route::Misdirected(owner),
        (Some(service), _) | (None, Some(service)) => Route::Service(service),
        (None, None) => service_of_path(services, path).map_or(Route::Nobody, Route::Service),
    }
}

fn service_of_host(services: &[About], host: &[u8]) -> Option<ServiceId> {
    find(services, |about| about.hosts.iter().any(|pattern| fits(pattern, host)))
}

fn service_of_path(services: &[About], path: &[u8]) -> Option<ServiceId> {
    find(services, |about| about.paths.iter().any(|prefix| is_below(prefix, path)))
}

fn find(services: &[About], wanted: impl Fn(&About) -> bool) -> Option<ServiceId> {
    numbered(services).find(|(_, about)| wanted(about)).map(|(id, _)| id)
}

/// Whether a host, or all that another pattern stands for, is what the pattern stands for.
fn fits(pattern: &str, host: &[u8]) -> bool {
    match pattern.strip_prefix('*') {
        Some(suffix) => {
            host.len() > suffix.len()
                && host[host.len() - suffix.len()..].eq_ignore_ascii_case(suffix.as_bytes())
        }
        None => host.eq_ignore_ascii_case(pattern.as_bytes()),
    }
}

/// Whether the path is the prefix itself, or goes on behind it with a new segment.
fn is_below(prefix: &str, path: &[u8]) -> bool {
    path.strip_prefix(prefix.as_bytes()).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
}

/// The first two claims of different services that overlap.
fn conflict(services: &[About]) -> Option<RouteConflict> {
    services.iter().enumerate().find_map(|(place, other)| {
        services[..place].iter().find_map(|one| {
            let hosts = overlap(one.hosts, other.hosts, fits);
            let claims = hosts.or_else(|| overlap(one.paths, other.paths, is_below))?;
            let (one, other) = ((one.name, claims.0), (other.name, claims.1));
            Some(RouteConflict { one, other })
        })
    })
}

/// The first claims of two services of which one holds the other.
fn overlap(
    ones: &[&'static str],
    others: &[&'static str],
    holds: fn(&str, &[u8]) -> bool,
) -> Option<(&'static str, &'static str)> {
    ones.iter().find_map(|one| {
        let meets = |other: &&&str| holds(one, other.as_bytes()) || holds(other, one.as_bytes());
        others.iter().find(meets).map(|other| (*one, *other))
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
    fn a_host_on_a_connection_to_its_service_is_served_and_on_anothers_is_misdirected() {
        let (first, second) = (Route::Service(ServiceId(0)), Route::Service(ServiceId(1)));
        for (profile, authority, expected) in [
            ("first", "push.first.test", first),
            ("first", "two.push.second.test", Route::Misdirected(ServiceId(1))),
            ("second", "push.first.test", Route::Misdirected(ServiceId(0))),
            ("second", "PUSH.First.test.:443", Route::Misdirected(ServiceId(0))),
            ("second", "two.push.SECOND.test:443", second),
            // The pattern's own suffix is nobody's: the connection decides.
            ("first", "push.second.test", first),
            ("first", "localhost:7443", first),
            ("second", "", second),
            ("generic", "push.first.test", first),
            ("generic", "a.b.push.second.test", second),
        ] {
            // A path of the other service changes nothing once host or connection have decided.
            for path in ["/first/a", "/second/a", "/"] {
                let route = route_among(&SERVICES, profile, authority.as_bytes(), path.as_bytes());
                assert_eq!(route, expected, "{profile} {authority} {path}");
            }
        }
    }

    #[test]
    fn under_a_name_that_is_nobodys_the_path_decides() {
        for (path, expected) in [
            ("/first", Route::Service(ServiceId(0))),
            ("/second/a/b", Route::Service(ServiceId(1))),
            ("/second-best", Route::Nobody),
            ("/third/second", Route::Nobody),
            ("", Route::Nobody),
        ] {
            let route = route_among(&SERVICES, "generic", b"localhost:7443", path.as_bytes());
            assert_eq!(route, expected, "{path}");
        }
    }

    #[test]
    fn claims_of_two_services_that_overlap_are_found_in_both_orders() {
        let hosts = |hosts| About { name: "hosts", hosts, paths: &[], ..SECOND };
        let paths = |paths| About { name: "paths", hosts: &[], paths, ..SECOND };
        for (services, claims) in [
            (
                [hosts(&["a.test", "b.test"]), hosts(&["c.test", "B.test"])],
                Some(("b.test", "B.test")),
            ),
            ([hosts(&["*.a.test"]), hosts(&["b.a.test"])], Some(("*.a.test", "b.a.test"))),
            ([hosts(&["*.a.test"]), hosts(&["*.b.a.test"])], Some(("*.a.test", "*.b.a.test"))),
            ([hosts(&["*.a.test"]), hosts(&["*.a.test"])], Some(("*.a.test", "*.a.test"))),
            ([hosts(&["*.a.test"]), hosts(&["a.test", "ba.test", "*.ba.test"])], None),
            ([paths(&["/1", "/3/device"]), paths(&["/3"])], Some(("/3/device", "/3"))),
            ([paths(&["/3/device"]), paths(&["/3/device"])], Some(("/3/device", "/3/device"))),
            ([paths(&["/3/device"]), paths(&["/3/devices", "/device", "/3/Device"])], None),
            // A host is no path, and what one service claims twice has one owner.
            ([hosts(&["b.a.test", "*.a.test"]), paths(&["a.test", "/a", "/a/b"])], None),
        ] {
            let [one, other] = services;
            let found =
                |one: (&'static str, _), other: (&'static str, _)| RouteConflict { one, other };
            let expected = |turned: bool| {
                let (first, second) = claims?;
                let (one, other) = ((one.name, first), (other.name, second));
                Some(if turned { found(other, one) } else { found(one, other) })
            };
            assert_eq!(conflict(&[one, other]), expected(false));
            assert_eq!(conflict(&[other, FIRST, one]), expected(true));
        }
    }

    #[test]
    fn a_conflict_names_both_services_and_both_claims() {
        let nested = About { name: "nested", hosts: &[], paths: &["/second/a"], ..FIRST };
        let conflict = conflict(&[FIRST, SECOND, nested]).map(|conflict| conflict.to_string());
        let expected = "`second` claims `/second`, and `nested` claims `/second/a`";
        assert_eq!(conflict.as_deref(), Some(expected));
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

    const SERVICES: [About; 2] = [FIRST, SECOND];

    const FIRST: About = About {
        name: "first",
        hosts: &["push.first.test"],
        paths: &["/first"],
        profile: ConnectionProfile { name: "first", ..ConnectionProfile::GENERIC },
        ..ABOUTS[0]
    };

    const SECOND: About = About {
        name: "second",
        hosts: &["*.push.second.test"],
        paths: &["/second"],
        profile: ConnectionProfile { name: "second", ..ConnectionProfile::GENERIC },
        ..ABOUTS[0]
    };
}
