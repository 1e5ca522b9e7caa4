//! The tools with which people look at a push service, against the program: they see what the
//! connection profile of each name states.
//!
//! A tool that is not here is named and skipped, as senders are.

use crate::program::Program;
use crate::senders::skip;
use crate::serve::Serving;
use nix::sys::signal::Signal;
use pushpit_emulator::switch::Switches;
use pushpit_emulator::wire::{ConnectionProfile, Http1};
use pushpit_emulator::world::profile;
use std::process::Command;

/// Two names of no service, and APNs'.
const NAMES: &[&str] =
    &["localhost", "push.example.test", "api.push.apple.com", "api.sandbox.push.apple.com"];

/// A program that serves all names, and what a tool needs to reach it.
struct Target {
    program: Program,
    serving: Serving,
}

impl Target {
    fn start() -> Self {
        let program = Program::new();
        program.write("body.json", "{}");
        let serving = Serving::start_with(&program, &["--name", "push.example.test"]);
        Self { program, serving }
    }

    fn address(&self) -> String {
        self.serving.address("push")
    }

    fn ca(&self) -> &str {
        self.serving.line["ca"].as_str().unwrap()
    }

    /// What a tool gives, without an input; which exit status, and all that it wrote.
    fn ask(&self, tool: &str, args: &[&str]) -> (Option<i32>, Vec<u8>) {
        let mut command = Command::new(tool);
        command.args(args).current_dir(self.program.path(""));
        let output = command.env("SSL_CERT_FILE", self.ca()).output().unwrap();
        (output.status.code(), [output.stdout, output.stderr].concat())
    }

    /// What `curl` gives for a push to a name; it dials the program instead.
    fn curl(&self, name: &str, args: &[&str]) -> (Option<i32>, Vec<u8>) {
        let (to, url) = (format!("{name}:443:{}", self.address()), format!("https://{name}{PATH}"));
        let common = ["-q", "-sS", "--noproxy", "*", "--cacert", self.ca(), "--connect-to", &to];
        let body = ["--data", "{}", "--write-out", "\n%{http_version} %{http_code}", &url];
        self.ask("curl", &[&common[..], args, &body[..]].concat())
    }

    fn stop(self) {
        assert_eq!(self.serving.stop(Signal::SIGTERM), Some(0));
    }
}

const PATH: &str = "/3/device/00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0";

/// What a request without a credential gets, whatever name and protocol it comes by.
const REFUSAL: &str = "{\"reason\":\"MissingProviderToken\"}";

/// Whether a tool can be run, and says that it can do something.
fn is_here(tool: &str, version: &str, able: &str) -> bool {
    let said = Command::new(tool).arg(version).output();
    let here = said.is_ok_and(|said| String::from_utf8_lossy(&said.stdout).contains(able));
    if !here {
        skip(&format!("the tool `{tool}`"), &format!("`{tool}` with {able}"));
    }
    here
}

fn profile_of(name: &str) -> ConnectionProfile {
    profile(Some(name), None, &Switches::default())
}

#[test]
fn the_names_have_the_profiles_that_they_are_here_for() {
    let names: Vec<_> = NAMES.iter().map(|name| profile_of(name).name).collect();
    assert_eq!(names, ["generic", "generic", "apns", "apns"]);
}

#[test]
fn openssl_trusts_every_name_and_gets_the_protocol_that_the_profile_offers() {
    if !is_here("openssl", "version", "OpenSSL") {
        return;
    }
    let target = Target::start();
    for name in NAMES {
        for offered in ["h2", "http/1.1", "http/1.1,h2", "x", ""] {
            for version in ["-tls1_2", "-tls1_3"] {
                let (address, ca) = (target.address(), target.ca());
                let mut args = vec!["s_client", "-connect", &address, "-servername", name, version];
                args.extend(["-CAfile", ca, "-verify_return_error", "-verify_hostname", name]);
                if !offered.is_empty() {
                    args.extend(["-alpn", offered]);
                }
                let (status, said) = target.ask("openssl", &args);
                let said = String::from_utf8_lossy(&said);
                let mine = profile_of(name).alpn.iter();
                let chosen = mine.copied().find(|one| offered.split(',').any(|it| it == *one));
                let alpn = match chosen {
                    Some(protocol) => format!("\nALPN protocol: {protocol}\n"),
                    None => "\nNo ALPN negotiated\n".to_owned(),
                };
                let what = format!("{name}, {offered:?}, {version}: {said}");
                assert_eq!(status, Some(0), "{what}");
                assert!(said.contains(&format!("\nVerified peername: {name}\n")), "{what}");
                assert!(said.contains("Verify return code: 0 (ok)\n"), "{what}");
                assert!(said.contains(&alpn), "expected {alpn:?}: {what}");
            }
        }
    }
    target.stop();
}

#[test]
fn curl_over_http2_gets_the_providers_answer_under_every_name() {
    if !is_here("curl", "--version", "HTTP2") {
        return;
    }
    let target = Target::start();
    for name in NAMES {
        let (status, said) = target.curl(name, &["--http2"]);
        let said = String::from_utf8_lossy(&said).into_owned();
        assert_eq!((status, said), (Some(0), format!("{REFUSAL}\n2 403")), "{name}");
    }
    target.stop();
}

#[test]
fn curl_over_http1_is_served_or_refused_as_the_profile_has_it() {
    if !is_here("curl", "--version", "https") {
        return;
    }
    let target = Target::start();
    for name in NAMES {
        let (status, said) = target.curl(name, &["--http1.1"]);
        match profile_of(name).http1 {
            Http1::Serve => {
                let said = String::from_utf8_lossy(&said).into_owned();
                assert_eq!((status, said), (Some(0), format!("{REFUSAL}\n1.1 403")), "{name}");
            }
            Http1::GoAway => {
                assert_ne!(status, Some(0), "{name}");
                // What curl takes for HTTP/0.9 are frames.
                let (_, said) = target.curl(name, &["--http1.1", "--http0.9", "--output", "-"]);
                let settings = [0, 0, 30, 4, 0, 0, 0, 0, 0];
                assert_eq!(said[..9], settings, "{name}");
                let debug = format!("Unexpected HTTP/1.x request: POST {PATH} ");
                // Last stream 0, PROTOCOL_ERROR, and the text.
                let payload = [&[0, 0, 0, 0, 0, 0, 0, 1], debug.as_bytes()].concat();
                let length = u8::try_from(payload.len()).unwrap();
                let goaway = [&[0, 0, length, 7, 0, 0, 0, 0, 0], &payload[..]].concat();
                assert_eq!(said[39..39 + goaway.len()], goaway, "{name}");
            }
        }
    }
    target.stop();
}

#[test]
fn nghttp_is_shown_the_settings_of_the_profile_and_the_providers_answer() {
    if !is_here("nghttp", "--version", "nghttp2") {
        return;
    }
    let target = Target::start();
    let url = format!("https://{}{PATH}", target.address());
    for name in NAMES {
        let authority = format!(":authority: {name}");
        let args = ["--verbose", "--no-dep", "--header", &authority, "--data", "body.json", &url];
        let (status, said) = target.ask("nghttp", &args);
        let said = String::from_utf8_lossy(&said);
        assert_eq!(status, Some(0), "{name}: {said}");
        // It goes on when it does not trust a certificate.
        assert!(!said.contains("WARNING"), "{name}: {said}");
        assert!(said.contains("The negotiated protocol: h2\n"), "{name}: {said}");
        let settings = profile_of(name).first_settings(false);
        let frame = said.split(" recv SETTINGS frame ").nth(1).expect("it sent settings");
        let shown: Vec<_> =
            frame.lines().map(str::trim).filter(|line| line.starts_with("[SETTINGS_")).collect();
        let stated = [
            format!("[SETTINGS_HEADER_TABLE_SIZE(0x01):{}]", settings.header_table_size),
            format!("[SETTINGS_MAX_CONCURRENT_STREAMS(0x03):{}]", settings.max_concurrent_streams),
            format!("[SETTINGS_INITIAL_WINDOW_SIZE(0x04):{}]", settings.initial_window_size),
            format!("[SETTINGS_MAX_FRAME_SIZE(0x05):{}]", settings.max_frame_size),
            format!("[SETTINGS_MAX_HEADER_LIST_SIZE(0x06):{}]", settings.max_header_list_size),
        ];
        assert_eq!(shown[..stated.len().min(shown.len())], stated, "{name}: {said}");
        assert!(said.contains(") :status: 403\n") && said.contains(REFUSAL), "{name}: {said}");
    }
    target.stop();
}
