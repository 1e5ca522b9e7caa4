//! The yardstick of the load script: hyper over the same rustls, answering 200 to everything.
//!
//! It reads the body and sends an `apns-id`, and does nothing else: what Pushpit costs beyond it
//! is the price of the emulation. Prints the line that `pushpit serve --format json` prints, as
//! far as it has something to say. Started by `fixtures/load/run`; stops when it is killed.

use std::convert::Infallible;
use std::error::Error;
use std::io::{self, Write};
use std::process;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::CertifiedKey;
use rustls::ServerConfig;
use rustls_pki_types::PrivateKeyDer;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let acceptor = TlsAcceptor::from(Arc::new(tls()?));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let push = format!("https://{}", listener.local_addr()?);
    let ready = serde_json::json!({ "push": push, "pid": process::id() });
    writeln!(io::stdout(), "{ready}")?;
    loop {
        let (socket, _) = listener.accept().await?;
        tokio::spawn(serve(socket, acceptor.clone()));
    }
}

async fn serve(socket: TcpStream, acceptor: TlsAcceptor) {
    // A client that fails or goes away is of no interest here.
    let _ = socket.set_nodelay(true);
    let Ok(stream) = acceptor.accept(socket).await else {
        return;
    };
    let connection = http2::Builder::new(TokioExecutor::new())
        .max_concurrent_streams(1000)
        .serve_connection(TokioIo::new(stream), service_fn(answer));
    let _ = connection.await;
}

async fn answer(request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Infallible> {
    let mut body = request.into_body();
    while let Some(Ok(_)) = body.frame().await {}
    let mut response = Response::new(Empty::new());
    response.headers_mut().insert("apns-id", APNS_ID);
    Ok(response)
}

/// A self-signed P-256 certificate, HTTP/2 only.
fn tls() -> Result<ServerConfig, Box<dyn Error>> {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(names)?;
    let key = PrivateKeyDer::try_from(signing_key.serialize_der())?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

const APNS_ID: HeaderValue = HeaderValue::from_static("EF5A4C8A-1B9D-4D0A-9C1E-6F6B1D0E7A35");
