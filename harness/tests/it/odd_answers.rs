//! What real senders make of answers that are no success: the rows of `fixtures/senders/README.md`.

use crate::senders;
use std::fs;

/// A fault that strikes all that is sent, in the words of a scenario.
const TOO_MANY: &str = "answers: [429]";
const FAILED: &str = "answers: [500]";
const UNKNOWN: &str = "answers: [{ status: 400, reason: TooFullMoon }]";
const NO_JSON: &str = "answers: [{ status: 503, body: <html> }]";
const BROKEN: &str = "connection: drop";

/// What becomes of one push: what is said where, and how often it was sent.
struct Fate {
    fault: &'static str,
    told: Told,
    sent: u32,
}

/// Where a sender speaks, with its exit status.
enum Told {
    /// Refused, on its output.
    Refused(&'static str),
    /// Without an answer, among its errors.
    Error(&'static str),
}

const fn refused(fault: &'static str, told: &'static str, sent: u32) -> Fate {
    Fate { fault, told: Told::Refused(told), sent }
}

const fn error(fault: &'static str, told: &'static str, sent: u32) -> Fate {
    Fate { fault, told: Told::Error(told), sent }
}

const SAYS_429: &str = r#""status":429,"reason":"TooManyRequests""#;
const SAYS_500: &str = r#""status":500,"reason":"InternalServerError""#;
const SAYS_MOON: &str = r#""status":400,"reason":"TooFullMoon""#;

#[test]
fn apns2_of_go_repeats_nothing_and_needs_json() {
    live_through(
        "go-apns2",
        &[
            refused(TOO_MANY, SAYS_429, 1),
            refused(FAILED, SAYS_500, 1),
            refused(UNKNOWN, SAYS_MOON, 1),
            error(NO_JSON, "invalid character", 1),
            error(BROKEN, "EOF", 1),
        ],
    );
}

#[test]
fn pushy_repeats_nothing_and_reports_a_status_without_json() {
    live_through(
        "java-pushy",
        &[
            refused(TOO_MANY, SAYS_429, 1),
            refused(FAILED, SAYS_500, 1),
            refused(UNKNOWN, SAYS_MOON, 1),
            refused(NO_JSON, r#""status":503}"#, 1),
            error(BROKEN, "Stream closed before a reply was received", 1),
        ],
    );
}

#[test]
fn node_apn_repeats_three_times_and_hides_the_reason_of_a_500() {
    live_through(
        "node-node-apn",
        &[
            refused(TOO_MANY, SAYS_429, 4),
            refused(FAILED, r#""status":500,"reason":"Error 500, stream ended unexpectedly""#, 4),
            refused(UNKNOWN, SAYS_MOON, 1),
            error(NO_JSON, "is not valid JSON", 1),
            error(BROKEN, "stream ended unexpectedly", 1),
        ],
    );
}

#[test]
fn aioapns_tries_five_times_without_an_answer_that_it_can_read() {
    live_through(
        "python-aioapns",
        &[
            refused(TOO_MANY, SAYS_429, 1),
            refused(FAILED, SAYS_500, 1),
            refused(UNKNOWN, SAYS_MOON, 1),
            error(NO_JSON, "MaxAttemptsExceeded", 5),
            error(BROKEN, "MaxAttemptsExceeded", 5),
        ],
    );
}

/// The status of an unknown reason is read by the program, which the library forgets.
#[test]
fn apple_apns_repeats_nothing() {
    live_through(
        "rust-apple-apns",
        &[
            refused(TOO_MANY, SAYS_429, 1),
            refused(FAILED, SAYS_500, 1),
            refused(UNKNOWN, SAYS_MOON, 1),
            refused(NO_JSON, r#""status":503}"#, 1),
            error(BROKEN, "error sending request for url", 1),
        ],
    );
}

fn live_through(folder: &str, fates: &[Fate]) {
    let Some(words) = senders::ready(folder) else { return };
    let stories = tempfile::tempdir().unwrap();
    for (number, Fate { fault, told, sent }) in fates.iter().enumerate() {
        let (status, stream, told) = match told {
            Told::Refused(told) => ("3", "stdout", told),
            Told::Error(told) => ("1", "stderr", told),
        };
        let story = include_str!("stories/odd-answer.yaml")
            .replacen("FAULT", &format!("{fault:?}"), 1)
            .replace("FAULT", fault)
            .replace("STATUS", status)
            .replace("STREAM", stream)
            .replace("TOLD", told)
            .replace("COUNT", &sent.to_string())
            .replace("SENDER", &words);
        fs::write(stories.path().join(format!("{number}.yaml")), story).unwrap();
    }
    senders::run_all(folder, stories.path());
}
