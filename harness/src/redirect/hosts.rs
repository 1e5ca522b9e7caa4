//! The names of all push hosts, for whoever redirects by names: hosts files and containers.

use pushpit_emulator::world::abouts;
use std::fmt::Write as _;

/// The names and patterns (`*.example.com`) of all push hosts.
pub(super) fn names() -> Vec<&'static str> {
    abouts().flat_map(|(_, about)| about.hosts.iter().copied()).collect()
}

/// Lines for a hosts file, and network aliases for a container.
pub fn hosts() -> String {
    let mut text = HOSTS_HEAD.to_owned();
    let (patterns, names): (Vec<_>, Vec<_>) =
        names().into_iter().partition(|name| name.starts_with('*'));
    for name in &names {
        // Some senders write the name with a dot behind it, and hosts files compare bytes. [tried]
        let _ = writeln!(text, "127.0.0.1 {name} {name}.");
    }
    text.push_str(COMPOSE_HEAD);
    for name in &names {
        let _ = writeln!(text, "#           - {name}");
    }
    text.push_str(COMPOSE_TAIL);
    for pattern in patterns {
        let _ = writeln!(text, "# {pattern}: hosts files and aliases know no patterns; use DNS");
    }
    text
}

const HOSTS_HEAD: &str = "\
# For a hosts file. The push port must be where senders dial:
#   pushpit serve --push 127.0.0.1:443 --push 127.0.0.1:2197
";

const COMPOSE_HEAD: &str = "\
#
# For Docker Compose: senders in the same network find the emulator by these names.
# services:
#   pushpit:
#     command: serve --push 0.0.0.0:443 --push 0.0.0.0:2197
#     networks:
#       push:
#         aliases:
";

const COMPOSE_TAIL: &str = "\
# networks:
#   push:
#     internal: true
";
