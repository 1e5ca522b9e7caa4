//! What senders see on the wire, over real sockets and real TLS.

mod attack;
mod authority;
mod bench;
mod broken;
mod fault;
mod limit;
mod start;
mod stop;
mod tls;
