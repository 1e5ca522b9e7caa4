//! What a program writes: kept up to a bound, and told line by line to whoever waits for one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Both outputs of a program.
#[derive(Debug)]
pub(super) struct Captured {
    stdout: Arc<Mutex<Text>>,
    stderr: Arc<Mutex<Text>>,
    changed: watch::Receiver<u64>,
    readers: Vec<JoinHandle<()>>,
}

/// One output, its newest part.
#[derive(Debug, Default)]
struct Text {
    bytes: VecDeque<u8>,
    forgotten: u64,
}

/// Waits for a line.
#[derive(Debug)]
pub(super) struct Lines {
    texts: [Arc<Mutex<Text>>; 2],
    changed: watch::Receiver<u64>,
}

impl Captured {
    pub(super) fn new(
        stdout: Option<impl AsyncRead + Unpin + Send + 'static>,
        stderr: Option<impl AsyncRead + Unpin + Send + 'static>,
    ) -> Self {
        let (tell, changed) = watch::channel(0);
        let (out, err) = (Arc::default(), Arc::default());
        let mut readers = Vec::new();
        readers.extend(stdout.map(|from| tokio::spawn(read(from, Arc::clone(&out), tell.clone()))));
        readers.extend(stderr.map(|from| tokio::spawn(read(from, Arc::clone(&err), tell.clone()))));
        Self { stdout: out, stderr: err, changed, readers }
    }

    /// Waits until both outputs are closed; a process that fled and holds them is not waited for.
    pub(super) async fn drained(&mut self) {
        for reader in self.readers.drain(..) {
            let _ = timeout(DRAIN_LIMIT, reader).await;
        }
    }

    pub(super) fn texts(&self) -> (String, String) {
        (shown(&self.stdout), shown(&self.stderr))
    }

    pub(super) fn lines(&self) -> Lines {
        Lines {
            texts: [Arc::clone(&self.stdout), Arc::clone(&self.stderr)],
            changed: self.changed.clone(),
        }
    }
}

impl Lines {
    /// Waits until a line contains a text; `false` when the outputs were closed before.
    pub(super) async fn contain(&mut self, wanted: &str) -> bool {
        loop {
            let held = |text: &Arc<Mutex<Text>>| {
                shown(text)
                    .split_inclusive('\n')
                    .any(|line| line.ends_with('\n') && line.contains(wanted))
            };
            if self.texts.iter().any(held) {
                return true;
            }
            if self.changed.changed().await.is_err() {
                return self.texts.iter().any(|text| shown(text).contains(wanted));
            }
        }
    }
}

async fn read(mut from: impl AsyncRead + Unpin, to: Arc<Mutex<Text>>, tell: watch::Sender<u64>) {
    let mut buffer = vec![0; 8 << 10];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let mut text = to.lock().unwrap_or_else(PoisonError::into_inner);
        text.bytes.extend(&buffer[..count]);
        while text.bytes.len() > KEPT {
            text.bytes.pop_front();
            text.forgotten += 1;
        }
        drop(text);
        tell.send_modify(|count| *count += 1);
    }
}

fn shown(text: &Mutex<Text>) -> String {
    let text = text.lock().unwrap_or_else(PoisonError::into_inner);
    let bytes: Vec<u8> = text.bytes.iter().copied().collect();
    let newest = String::from_utf8_lossy(&bytes);
    match text.forgotten {
        0 => newest.into_owned(),
        forgotten => format!("… {forgotten} bytes before this were not kept\n{newest}"),
    }
}

/// How much of each output is kept: enough for any log that a person reads.
const KEPT: usize = 1 << 20;

/// How long to wait for outputs that a fled process may hold open.
const DRAIN_LIMIT: Duration = Duration::from_secs(1);
