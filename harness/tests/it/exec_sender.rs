//! Senders that have no option for another address, brought to the emulator by their environment.

use super::exec::told;
use super::program::Program;
use super::senders::{is_ready, skip};
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) const TOKEN: &str = "abababababababababababababababababababababababababababababababab";

/// Hands an APNs app's key to a program as arguments, as an operator does by hand.
pub(crate) const WITH_KEY: &str = "\
get() { sed -n \"s/^ *\\\"$1\\\": \\\"\\(.*\\)\\\",\\{0,1\\}$/\\1/p\" \"$PUSHPIT_CREDENTIALS/index.json\"; }
\"$@\" \"$(get key_p8)\" \"$(get key_id)\" \"$(get team_id)\" \"$(get bundle_id)\" ";

pub(crate) fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/senders").join(path)
}

/// Runs a program with the key and a text, and gives its output, its status and what was told.
fn push(
    program: &[&str],
    options: &[&str],
    variables: &[(&str, &str)],
) -> (String, Option<i32>, String) {
    let line = format!("{WITH_KEY} {TOKEN} hello");
    let args =
        [&["exec", "--isolate", "off"][..], options, &["--", "sh", "-c", &line, "sh"], program]
            .concat();
    let pushpit = Program::new();
    let mut command = pushpit.command(&args);
    command.envs(variables.iter().copied());
    let ended = Program::end(command, "");
    (ended.stdout.clone(), ended.status, told(&ended))
}

#[test]
fn node_apn_without_an_address_pushes_through_the_hook() {
    if !is_ready("node-node-apn") {
        return;
    }
    let script = fixture("node-node-apn/untouched.js");
    let node = ["node", script.to_str().unwrap()];
    let (stdout, status, told) = push(&node, &[], &[]);
    assert_eq!((status, stdout), (Some(0), format!("{TOKEN}: accepted\n")), "{told}");
    insta::assert_snapshot!(told, @r#"
    pushpit: 1 request: 1 accepted
      device-1 com.example.app: 1 delivered
      note: no device had this token, so that one was made for it; `--unknown-addresses reject` answers as Apple does
      note: there is no `apns-push-type`: Apple Watches do not show the push, others may delay it
    "#);
    let (stdout, status, told) = push(&node, &["--unknown-addresses", "reject"], &[]);
    assert_eq!((status, stdout), (Some(3), format!("{TOKEN}: 400 BadDeviceToken\n")));
    insta::assert_snapshot!(told, @r#"
    pushpit: 1 request: 1 rejected
      1 rejected with 400 BadDeviceToken: no device has this token, and unknown addresses are rejected
    "#);
}

#[test]
fn in_ci_unknown_addresses_are_rejected_unless_it_is_said_otherwise() {
    if !is_ready("node-node-apn") {
        return;
    }
    let script = fixture("node-node-apn/untouched.js");
    let node = ["node", script.to_str().unwrap()];
    let here = |options: &[&str]| push(&node, options, &[("CI", "1")]);
    let (stdout, status, told) = here(&[]);
    assert_eq!((status, stdout), (Some(3), format!("{TOKEN}: 400 BadDeviceToken\n")), "{told}");
    let (stdout, status, told) = here(&["--unknown-addresses", "register"]);
    assert_eq!((status, stdout), (Some(0), format!("{TOKEN}: accepted\n")), "{told}");
}

#[test]
fn senders_case_40_curl_is_refused_what_is_no_push_host_and_the_host_is_named() {
    if !has("curl") {
        return;
    }
    let ended = Program::new()
        .run(&["exec", "--isolate", "off", "--", "curl", "-s", "https://example.com/"], "");
    assert_eq!((ended.status, &*ended.stdout), (Some(56), ""));
    insta::assert_snapshot!(told(&ended), @r#"
    pushpit: no request came
      no request: refused to tunnel to `example.com:443`, which is no push host
        help: nothing leaves this machine: exempt the host from the sender's proxy settings (`NO_PROXY`)
    "#);
}

#[test]
fn senders_case_54_a_jvm_trusts_the_store_with_and_without_the_password() {
    if !has("java") {
        return;
    }
    let program = Program::new();
    program.write("Push.java", JAVA);
    let url = format!("https://api.push.apple.com/3/device/{TOKEN}");
    let expected = "HTTP_2 403 {\"reason\":\"MissingProviderToken\"}\n";
    let ended = program.run(&["exec", "--isolate", "off", "--", "java", "Push.java", &url], "");
    assert_eq!((&*ended.stdout, ended.status), (expected, Some(0)), "{}", ended.stderr);
    let line =
        "JAVA_TOOL_OPTIONS=$(echo $JAVA_TOOL_OPTIONS | sed 's/-D[^ ]*trustStorePassword=[^ ]*//')
        export JAVA_TOOL_OPTIONS; java Push.java \"$0\"";
    let ended = program.run(&["exec", "--isolate", "off", "--", "sh", "-c", line, &url], "");
    assert_eq!((&*ended.stdout, ended.status), (expected, Some(0)), "{}", ended.stderr);
}

const JAVA: &str = r#"
import java.net.URI;
import java.net.http.*;

public class Push {
    public static void main(String[] args) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(args[0]))
            .POST(HttpRequest.BodyPublishers.ofString("{\"aps\":{}}")).build();
        var response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(response.version() + " " + response.statusCode() + " " + response.body());
    }
}
"#;

fn has(program: &str) -> bool {
    let is_here = Command::new(program).arg("--version").output().is_ok();
    if !is_here {
        skip("a test of `pushpit exec`", &format!("`{program}`"));
    }
    is_here
}
