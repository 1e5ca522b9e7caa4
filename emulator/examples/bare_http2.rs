//! The second yardstick of the load script: our own server without a world, answering 200 to
//! everything.
//!
//! It reads and answers as `bare_hyper` does, over the same rustls: what it costs less is the
//! price of hyper's HTTP/2, and what Pushpit costs beyond it is the price of the emulation.
//! Prints the line that `pushpit serve --format json` prints, as far as it has something to say.
//! Started by `fixtures/load/run`; stops when it is killed.

use pushpit_emulator::control::Orders;
use pushpit_emulator::server::{
    Authority, Front, Incident, Listener, Permitted, Server, ServerConfig, Socket,
};
use pushpit_emulator::wire::{
    ConnectionId, ConnectionProfile, GoAway, HeaderText, Peer, Reply, Request,
};
use std::error::Error;
use std::future::pending;
use std::io::{self, Write};
use std::process;
use std::sync::Arc;
use std::time::SystemTime;

#[tokio::main(flavor = "multi_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    #[expect(clippy::disallowed_methods, reason = "certificates live in the real time")]
    let now = SystemTime::now();
    let authority = Arc::new(Authority::in_memory(Permitted::new(["localhost"].into_iter()), now)?);
    let anywhere = Listener { socket: Socket::Bind("127.0.0.1:0".parse()?), service: None };
    let config = ServerConfig { listeners: vec![anywhere], authority, max_connections: 1_000 };
    let running = Server::start(config, Arc::new(Bare)).await?;
    let push = format!("https://{}", running.bound()[0].address);
    let ready = serde_json::json!({ "push": push, "pid": process::id() });
    writeln!(io::stdout(), "{ready}")?;
    pending().await
}

struct Bare;

impl Front for Bare {
    fn profile(&self, _: Option<&str>, _: Option<&str>) -> ConnectionProfile {
        ConnectionProfile::GENERIC
    }

    fn may_connect(&self, _: &str, _: u16) -> bool {
        false
    }

    fn opened(&self, _: ConnectionId, _: &Arc<Peer>, _: &Arc<Orders>) -> Option<GoAway> {
        None
    }

    fn closed(&self, _: ConnectionId, _: &str) {}

    fn trouble(&self, _: &Incident) {}

    fn body_ceiling(&self, _: &Request) -> usize {
        8 << 10
    }

    fn answer(&self, _: ConnectionId, _: &Arc<Peer>, _: Request) -> Reply {
        let mut reply = Reply::status(200);
        reply.push_header("apns-id", HeaderText::Fixed(APNS_ID));
        reply
    }
}

const APNS_ID: &str = "EF5A4C8A-1B9D-4D0A-9C1E-6F6B1D0E7A35";
