//! How `pushpit exec` keeps a sender apart, and what it tells of that.

use super::exec::tell;
use super::own_program;
use pushpit::cli::{ExecArgs, Isolate};
use pushpit::exit::Exit;
use pushpit::redirect::{Places, Way};
use pushpit_emulator::Running;
use std::ffi::OsString;
use std::sync::Arc;

#[cfg(target_os = "linux")]
use pushpit::isolation::{Behind, CannotIsolate, Seal as Let, Sealed};
#[cfg(target_os = "linux")]
use std::net::SocketAddr;

/// What is around a sender.
pub(super) struct Seal {
    #[cfg(target_os = "linux")]
    sealed: Option<Sealed>,
}

/// Isolates a sender as far as that is wanted, and says how far that is.
pub(super) async fn seal(
    args: &ExecArgs,
    places: &Places,
    own: Option<Arc<Running>>,
) -> Result<Seal, Exit> {
    if args.isolate == Isolate::Off {
        tell(NOT_ISOLATED);
        return Ok(Seal::none());
    }
    match (Seal::around(args, places, own).await, args.isolate) {
        (Ok(seal), _) => {
            tell("pushpit: isolated: nothing can be reached but the emulator and what is allowed");
            Ok(seal)
        }
        (Err((why, help)), Isolate::Required) => {
            tell(&format!("error: cannot isolate the sender: {why}\nhelp: {help}"));
            Err(Exit::CannotStart)
        }
        (Err((why, help)), _) => {
            tell(&format!("{NOT_ISOLATED}\npushpit: because {why}\nhelp: {help}"));
            Ok(Seal::none())
        }
    }
}

impl Seal {
    /// The way by which the sender is redirected.
    pub(super) fn way(&self) -> Way {
        if self.is_there() { Way::Isolation } else { Way::Environment }
    }
}

#[cfg(target_os = "linux")]
impl Seal {
    fn none() -> Self {
        Self { sealed: None }
    }

    async fn around(
        args: &ExecArgs,
        places: &Places,
        own: Option<Arc<Running>>,
    ) -> Result<Self, (String, String)> {
        let told = |error: &CannotIsolate| (error.to_string(), error.help().to_owned());
        let push = address(&places.push, "https://");
        let control = address(&places.control, "http://");
        let (Some(push), Some(control)) = (push, control) else {
            let why = "the emulator has no numeric address that could be the same inside";
            return Err((why.to_owned(), "attach to it by a number, such as 127.0.0.1".to_owned()));
        };
        let program = own_program().map_err(|error| told(&CannotIsolate::Agent(error)))?;
        let behind = own.map_or(Behind::There(push), Behind::Here);
        let through = Let {
            allow: args.allow.clone(),
            ignore: args.ignore.clone(),
            publish: args.publish.clone(),
        };
        let sealed = Sealed::around(behind, push, control, &program, through).await;
        Ok(Self { sealed: Some(sealed.map_err(|error| told(&error))?) })
    }

    fn is_there(&self) -> bool {
        self.sealed.is_some()
    }

    /// The command line that runs a sender inside.
    pub(super) fn command(&self, words: &[OsString]) -> Vec<OsString> {
        self.sealed.as_ref().map_or_else(|| words.to_vec(), |sealed| sealed.command(words))
    }

    /// Tells what the sender dialed that was not meant; whether there was something.
    pub(super) fn was_broken(&self) -> bool {
        let Some(sealed) = &self.sealed else { return false };
        let unexpected = sealed.unexpected();
        for place in &unexpected {
            tell(&format!(
                "error: the sender dialed {place}, which is no push host; nothing left this \
                 machine\nhelp: `--allow {host}:{port}` lets it through, `--ignore {host}` lets \
                 it try in vain",
                host = place.host,
                port = place.port
            ));
        }
        if sealed.has_lost_count() {
            tell("error: the sender dialed more places than are told apart");
        }
        for port in sealed.refused_here() {
            tell(&format!(
                "note: the sender dialed port {port} of this machine, on which nobody listens \
                 where it is kept; `--allow localhost:{port}` lets it through"
            ));
        }
        !unexpected.is_empty() || sealed.has_lost_count()
    }
}

/// The address in the URL of an emulator.
#[cfg(target_os = "linux")]
fn address(url: &str, scheme: &str) -> Option<SocketAddr> {
    url.strip_prefix(scheme)?.trim_end_matches('/').parse().ok()
}

#[cfg(not(target_os = "linux"))]
impl Seal {
    fn none() -> Self {
        Self {}
    }

    async fn around(
        _: &ExecArgs,
        _: &Places,
        _: Option<Arc<Running>>,
    ) -> Result<Self, (String, String)> {
        let help = "for senders that do not read their environment, run both in containers: \
                    `pushpit env --hosts` prints how";
        Err(("only Linux can keep a sender apart".to_owned(), help.to_owned()))
    }

    fn is_there(&self) -> bool {
        false
    }

    pub(super) fn command(&self, words: &[OsString]) -> Vec<OsString> {
        words.to_vec()
    }

    pub(super) fn was_broken(&self) -> bool {
        false
    }
}

const NOT_ISOLATED: &str = "pushpit: not isolated: what ignores its environment is not redirected";
