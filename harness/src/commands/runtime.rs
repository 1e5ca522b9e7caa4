//! The runtime that carries everything asynchronous, and the signals that end it.

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// A runtime with a thread for each processor.
pub(super) fn runtime() -> std::io::Result<Runtime> {
    Builder::new_multi_thread().enable_all().build()
}

/// The signals by which somebody asks the program to end: Ctrl-C, SIGTERM, a closed terminal.
pub(super) struct Signals {
    hangup: Signal,
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Listens from now on: a signal that comes earlier kills the program.
    pub(super) fn listen() -> std::io::Result<Self> {
        let hangup = signal(SignalKind::hangup())?;
        let interrupt = signal(SignalKind::interrupt())?;
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self { hangup, interrupt, terminate })
    }

    /// Waits until one has come.
    pub(super) async fn come(&mut self) {
        tokio::select! {
            _ = self.hangup.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
