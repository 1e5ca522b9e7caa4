//! The variables whose values need no file of their own.

use super::environment::{BUNDLED, Environment};
use super::hosts::names;
use super::kit::{Places, Way};
use std::collections::BTreeMap;
use std::path::Path;

/// All of them.
pub(super) fn plain(
    places: &Places,
    bundle: &Path,
    environment: &Environment,
    way: Way,
) -> BTreeMap<String, String> {
    let (host, _) = places.push_address();
    // What is set to nothing is not set, to all that read it.
    let proxy = match way {
        Way::Environment => format!("http://{}", places.push.trim_start_matches("https://")),
        Way::Isolation => String::new(),
    };
    let preset = NOT_PROXIED.iter().filter_map(|name| environment.preset(name));
    let direct = direct(host, preset);
    let mut all = BTreeMap::new();
    let mut set = |name: &str, value: String| all.insert(name.to_owned(), value);
    for name in BUNDLED {
        set(name, bundle.display().to_string());
    }
    for name in PROXIED {
        set(name, proxy.clone());
    }
    for name in NOT_PROXIED {
        set(name, direct.clone());
    }
    // Node from 22.21 and 24.5 on: HTTP/1.1 of its own clients follows the proxy. [tried]
    set("NODE_USE_ENV_PROXY", if way == Way::Environment { "1" } else { "0" }.to_owned());
    set("PUSHPIT_CA", places.ca.display().to_string());
    set("PUSHPIT_CONTROL_URL", places.control.clone());
    set("PUSHPIT_CREDENTIALS", places.credentials.display().to_string());
    set("PUSHPIT_PUSH_URL", places.push.clone());
    all
}

/// What is dialed without the proxy: this machine, the emulator's own address, and what was preset
/// but for what holds push hosts.
fn direct<'a>(host: &'a str, preset: impl Iterator<Item = &'a str>) -> String {
    let mut all: Vec<_> = LOCAL.into();
    let kept = preset.flat_map(|list| list.split([',', ' '])).filter(|it| !holds_push_hosts(it));
    for name in kept.chain([host]) {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all.join(",")
}

/// Whether an entry of such a list holds for a push host. Readers differ in what a dot or a star
/// before a name means; here each means the name and all below it.
fn holds_push_hosts(entry: &str) -> bool {
    let name = entry.trim_start_matches(['*', '.']).to_ascii_lowercase();
    let name = name.split(':').next().unwrap_or_default();
    let is_below = |this: &str, that: &str| {
        this.strip_suffix(that).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    let holds = |host: &str| {
        let host = host.trim_start_matches("*.");
        is_below(host, name) || is_below(name, host)
    };
    name.is_empty() || names().into_iter().any(holds)
}

/// What names the proxy. Ruby reads `http_proxy` even for https, and nothing else. [tried]
const PROXIED: &[&str] =
    &["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "all_proxy", "http_proxy", "https_proxy"];

const NOT_PROXIED: &[&str] = &["NO_PROXY", "no_proxy"];

/// This machine.
const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preset_exceptions_stay_that_hold_no_push_host() {
        let preset = ["db.example,10.0.0.0/8, .apple.com,*", "API.push.apple.com:443,db.example"];
        let found = direct("192.168.1.2", preset.into_iter());
        assert_eq!(found, "localhost,127.0.0.1,::1,db.example,10.0.0.0/8,192.168.1.2");
        assert_eq!(direct("127.0.0.1", [].into_iter()), "localhost,127.0.0.1,::1");
    }
}
