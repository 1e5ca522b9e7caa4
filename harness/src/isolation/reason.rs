//! Why a sender cannot be isolated here, in words that lead on.

use super::system::{Refused, Step};
use nix::errno::Errno;
use std::fs;
use std::io;

/// Why there is no isolation.
#[derive(Debug, thiserror::Error)]
pub enum CannotIsolate {
    /// Our own helper process failed.
    #[error("could not start the process that keeps a sender apart: {0}")]
    Agent(io::Error),
    /// A port that shall be reached from outside is taken there.
    #[error("could not listen on 127.0.0.1:{port} to publish it: {cause}")]
    Publish {
        /// The port.
        port: u16,
        /// What the system said.
        cause: io::Error,
    },
    /// The system refused a step.
    #[error("the system refused {step}: {cause}; {why}", cause = .cause.desc())]
    Refused {
        /// The step, in words.
        step: String,
        /// What the system said.
        cause: Errno,
        /// What forbids it.
        why: String,
        /// What to do.
        help: &'static str,
    },
}

impl CannotIsolate {
    /// What to do.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Agent(_) => "is there memory for another process, and room for its sockets?",
            Self::Publish { .. } => "publish another port, or stop what listens there",
            Self::Refused { help, .. } => help,
        }
    }

    pub(super) fn refused(refused: Refused) -> Self {
        let (why, help) = explain(refused, |path| fs::read_to_string(path).ok());
        Self::Refused { step: refused.step.to_string(), cause: refused.cause, why, help }
    }
}

/// What forbids a step, as far as the system's settings tell.
fn explain(
    Refused { step, cause }: Refused,
    read: impl Fn(&str) -> Option<String>,
) -> (String, &'static str) {
    let setting = |path: &str| read(path).map(|text| text.trim().to_owned());
    let is = |path: &str, value: &str| setting(path).is_some_and(|text| text == value);
    if is(APPARMOR, "1") && cause == Errno::EPERM || is(APPARMOR, "1") && cause == Errno::EACCES {
        let why = "AppArmor keeps user namespaces from programs without a profile \
                   (kernel.apparmor_restrict_unprivileged_userns is 1)";
        return (
            why.to_owned(),
            "allow it: `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`",
        );
    }
    if is(CLONE, "0") {
        let why = "user namespaces are for root alone (kernel.unprivileged_userns_clone is 0)";
        return (why.to_owned(), "allow them: `sudo sysctl -w kernel.unprivileged_userns_clone=1`");
    }
    if is(MOST, "0") || cause == Errno::ENOSPC {
        let why = "no more user namespaces are allowed (user.max_user_namespaces)";
        return (why.to_owned(), "allow some: `sudo sysctl -w user.max_user_namespaces=10000`");
    }
    let filtered = setting("/proc/self/status").is_some_and(|status| {
        status.lines().any(|line| line.split_whitespace().eq(["Seccomp:", "2"]))
    });
    if step == Step::Unshare && filtered {
        let why = "a seccomp filter forbids it, as containers have by default";
        return (why.to_owned(), CONTAINER);
    }
    ("no setting of the system tells why".to_owned(), ENVIRONMENT)
}

const APPARMOR: &str = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";
const CLONE: &str = "/proc/sys/kernel/unprivileged_userns_clone";
const MOST: &str = "/proc/sys/user/max_user_namespaces";

const CONTAINER: &str = "start the container with `--security-opt seccomp=unconfined` (and on Ubuntu \
                         `apparmor=unconfined`), or give senders the push hosts as network aliases: \
                         `pushpit env --hosts`";

const ENVIRONMENT: &str = "`--isolate off` works with variables alone, for senders that read them; \
                           `pushpit env --hosts` prints lines for a hosts file";

#[cfg(test)]
mod tests {
    use super::*;

    fn why(refused: Refused, settings: &[(&str, &str)]) -> String {
        let read = |path: &str| {
            let found = settings.iter().find(|(name, _)| *name == path)?;
            Some(format!("{}\n", found.1))
        };
        explain(refused, read).0
    }

    #[test]
    fn senders_case_45_the_setting_that_forbids_it_is_named() {
        let refused = Refused { step: Step::Unshare, cause: Errno::EPERM };
        for (settings, expected) in [
            (&[(APPARMOR, "1")][..], "apparmor_restrict_unprivileged_userns is 1"),
            (&[(APPARMOR, "0"), (CLONE, "0")], "kernel.unprivileged_userns_clone is 0"),
            (&[(MOST, "0")], "user.max_user_namespaces"),
            (&[("/proc/self/status", "Name:\tx\nSeccomp:\t2")], "a seccomp filter"),
            (&[(MOST, "100"), ("/proc/self/status", "Seccomp:\t0")], "no setting"),
        ] {
            let found = why(refused, settings);
            assert!(found.contains(expected), "{found}");
        }
    }

    #[test]
    fn a_refusal_names_its_step_and_what_to_do() {
        let refused = Refused { step: Step::Listen(443), cause: Errno::EADDRINUSE };
        let told = CannotIsolate::refused(refused);
        let text = told.to_string();
        assert!(
            text.starts_with("the system refused listening on port 443 inside it: Address"),
            "{text}"
        );
        assert!(!told.help().is_empty());
        let steps =
            [Step::Unshare, Step::User, Step::Loopback, Step::Routes, Step::Watch, refused.step];
        assert_eq!(steps.map(|step| Step::of(step.number())), steps);
    }
}
