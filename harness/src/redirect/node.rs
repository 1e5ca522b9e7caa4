//! The hook by which Node's sockets to push hosts lead to the emulator: Node's HTTP/2 clients read
//! no variable that redirects them. [tried] Node 20 and 22

use super::hosts::names;
use serde_json::json;

/// The program that Node loads before the sender's.
pub(super) fn hook(host: &str, port: &str) -> String {
    let place = json!({ "hosts": names(), "to": { "host": host, "port": port } });
    format!("{HOOK}\nredirect({place});\n")
}

/// The options of Node: those that were preset, and the hook.
pub(super) fn options(preset: Option<&str>, hook: &str) -> String {
    let hook = match hook.contains([' ', '"', '\\']) {
        true => format!("\"--require={}\"", hook.replace('\\', "\\\\").replace('"', "\\\"")),
        false => format!("--require={hook}"),
    };
    match preset {
        Some(preset) => format!("{preset} {hook}"),
        None => hook,
    }
}

const HOOK: &str = include_str!("hook.js");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preset_options_stay() {
        assert_eq!(options(Some("--no-warnings"), "/a/h.js"), "--no-warnings --require=/a/h.js");
        assert_eq!(options(None, "/a b/h.js"), "\"--require=/a b/h.js\"");
    }
}
