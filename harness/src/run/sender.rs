//! Long-running senders: started before the first step, watched while the steps run.

use super::http::{Call, call};
use super::process::Process;
use super::result::{EndedSender, Failure, in_words};
use super::stage::Stage;
use super::step::{call_failed, said};
use crate::diagnostic::Place;
use crate::scenario::{Located, Ready, Sender, SenderUrl};
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A sender that runs beside the steps.
#[derive(Debug)]
pub(super) struct RunningSender {
    process: Process,
    /// Where the file says what it runs.
    program: Option<Place>,
}

impl RunningSender {
    /// What it has written so far.
    pub(super) fn output(&self) -> String {
        let (stdout, stderr) = self.process.texts();
        format!("{stdout}{stderr}")
    }

    /// Its exit status, when it has ended by itself.
    pub(super) fn ended(&self) -> Option<i32> {
        self.process.ended()
    }

    /// Asks it to end, then insists.
    pub(super) async fn stop(mut self) {
        self.process.end().await;
    }
}

impl Stage<'_> {
    /// Starts all long-running senders, one after another, each when the one before is ready.
    pub(super) async fn start_senders(&mut self) -> Result<(), Failure> {
        let scenario = self.scenario;
        for (name, sender) in scenario.all_senders() {
            let program = program(sender);
            let here = |failure: Failure| failure.at(program);
            let process = self.start(sender).await.map_err(here)?;
            let running = RunningSender { process, program };
            self.senders.push((name.to_owned(), running));
            if let Some(ready) = &sender.ready {
                let limit = sender.timeout.map_or(READY_LIMIT, |limit| limit.0);
                self.become_ready(name, ready, limit).await?;
            }
        }
        Ok(())
    }

    async fn start(&self, sender: &Sender) -> Result<Process, Failure> {
        let words = self.words(sender.run.as_ref(), sender.shell.as_ref())?;
        let launch = self.launch(words, sender.dir.as_ref(), &sender.env, String::new())?;
        Process::start(launch).await.map_err(|error| Failure {
            help: Some(error.help().to_owned()),
            ..said(error.to_string())
        })
    }

    /// Names the senders that had ended by themselves before a step failed: they are the likely
    /// reason. One that broke a call by dying is gone only a moment later, which is waited for.
    pub(super) async fn with_ended_senders(&mut self, mut failure: Failure) -> Failure {
        if !self.senders.is_empty() {
            let dying = self.senders.iter_mut().map(|(_, it)| Box::pin(it.process.over()));
            // That nobody dies is the usual case.
            drop(timeout(DYING, futures_util::future::select_all(dying)).await);
        }
        for (name, sender) in &mut self.senders {
            let Some(status) = sender.ended() else { continue };
            sender.process.drained().await;
            let place = sender.program;
            failure.seen.ended.push(EndedSender { name: name.clone(), status, place });
        }
        failure
    }

    /// Fails when a sender has ended that should still run.
    pub(super) async fn check_senders(&mut self) -> Result<(), Failure> {
        for (name, sender) in &mut self.senders {
            if let Some(status) = sender.ended() {
                sender.process.drained().await;
                let what = format!("sender `{name}` ended by itself {}", in_words(status));
                return Err(said(what).at(sender.program));
            }
        }
        Ok(())
    }

    /// Stops a sender by name.
    pub(super) async fn stop(&mut self, name: &str) -> Result<(), Failure> {
        let place = self.senders.iter().position(|(of, _)| of == name);
        let place = place.ok_or_else(|| said(format!("sender `{name}` does not run")))?;
        let (_, sender) = self.senders.remove(place);
        sender.stop().await;
        Ok(())
    }

    async fn become_ready(
        &mut self,
        name: &str,
        ready: &Located<Ready>,
        limit: Duration,
    ) -> Result<(), Failure> {
        let Located { value: ready, place } = ready;
        let here = |failure: Failure| failure.at(*place);
        let (Ready::Http(text) | Ready::Line(text) | Ready::Port(text)) = ready;
        let text = self.fill(text).map_err(here)?;
        let Some((_, running)) = self.senders.last_mut() else { return Ok(()) };
        let (process, program) = (&mut running.process, running.program);
        let mut last = format!("no line contained `{text}`");
        let is_ready = match ready {
            Ready::Http(_) => {
                let url =
                    SenderUrl::parse(&text).map_err(|error| here(call_failed(error.into())))?;
                timeout(limit, answers(process, &url, &mut last)).await
            }
            Ready::Line(_) => {
                let mut lines = process.lines();
                timeout(limit, async { lines.contain(&text).await }).await
            }
            Ready::Port(_) => timeout(limit, accepts(process, &text, &mut last)).await,
        };
        if is_ready == Ok(true) {
            return Ok(());
        }
        if is_ready.is_ok() && process.ended().is_none() {
            // Who closes the output by ending has ended a moment later.
            drop(timeout(DYING, process.over()).await);
        }
        let (place, how) = match (is_ready, process.ended()) {
            (_, Some(status)) => {
                process.drained().await;
                (program, format!("ended {} before it was ready", in_words(status)))
            }
            (Ok(_), None) => (program, "closed its output before it was ready".to_owned()),
            (Err(_), None) => {
                let limit = humantime::format_duration(limit);
                (Some(*place), format!("was not ready within {limit}"))
            }
        };
        let silent = running.output().is_empty();
        let help = if silent { "it wrote nothing" } else { "look at its output below" };
        let what = format!("sender `{name}` {how}: {last}");
        Err(Failure { help: Some(help.to_owned()), ..said(what) }.at(place))
    }
}

/// Where a file says what a sender runs.
fn program(sender: &Sender) -> Option<Place> {
    let list = sender.run.as_ref().map(|list| list.place);
    list.or_else(|| sender.shell.as_ref().map(|line| line.place))
}

/// Looks at a page until it answers well; `last` tells what the last look found.
async fn answers(process: &mut Process, url: &SenderUrl, last: &mut String) -> bool {
    while process.ended().is_none() {
        let get = Call { method: "GET".to_owned(), ..Call::default() };
        *last = match call(url, get, ONE_LOOK).await {
            Ok(called) if (200..400).contains(&called.status) => return true,
            Ok(called) => format!("GET {url} was answered {}", called.status),
            Err(error) => error.to_string(),
        };
        super::pause::short().await;
    }
    false
}

/// Dials a port until somebody listens; `last` tells what the last attempt found.
async fn accepts(process: &mut Process, port: &str, last: &mut String) -> bool {
    let Ok(port) = port.parse::<u16>() else {
        *last = format!("`{port}` is no port");
        return false;
    };
    while process.ended().is_none() {
        match TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
            Ok(_) => return true,
            Err(cause) => *last = format!("nobody listens on port {port}: {cause}"),
        }
        super::pause::short().await;
    }
    false
}

/// How long a sender may take to become ready.
const READY_LIMIT: Duration = Duration::from_secs(30);

/// How long a failure waits for a sender that may be about to end.
const DYING: Duration = Duration::from_millis(100);

/// How long one look at a health page may take.
const ONE_LOOK: Duration = Duration::from_secs(1);
