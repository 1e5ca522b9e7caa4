//! Any mix of requests by the h2 crate's client, over the whole HTTP/2 server but for the socket.
//!
//! The pipe is in memory and the clock jumps when nothing else is left to do, so that whoever waits
//! in vain is found at once and nothing depends on the machine's speed.

use super::answer::Link;
use super::front::{Front, Incident};
use super::{delay, http2};
use crate::control::Orders;
use crate::wire::{
    ConnectionId, ConnectionProfile, Framing, GoAway, HeaderText, NewSettings, Peer, Reply,
    Request, Settings,
};
use bytes::Bytes;
use h2::Reason;
use h2::client::SendRequest;
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use smallvec::smallvec;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_util::sync::CancellationToken;

/// Echoes bodies; what else a reply does stands in the exchange whose number the target is.
struct Echo {
    exchanges: Vec<Exchange>,
    /// How often each was asked.
    asked: Mutex<Vec<usize>>,
    troubles: Mutex<Vec<String>>,
}

impl Front for Echo {
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

    fn trouble(&self, incident: &Incident) {
        self.troubles.lock().unwrap().push(incident.trouble.to_string());
    }

    fn body_ceiling(&self, _: &Request) -> usize {
        CEILING
    }

    fn answer(&self, _: ConnectionId, _: &Arc<Peer>, request: Request) -> Reply {
        let number: usize = str::from_utf8(&request.path()[1..]).unwrap().parse().unwrap();
        self.asked.lock().unwrap()[number] += 1;
        let fields = request.headers().filter(|(name, _)| name.starts_with(b"x-"));
        let made = |text: String| HeaderText::made(text);
        let headers = smallvec![
            ("x-digest".into(), made(digest(fields))),
            ("x-length".into(), made(request.body_length.to_string())),
        ];
        let Exchange { framing, settings, .. } = self.exchanges[number];
        let settings = settings.map(Box::new);
        Reply {
            headers,
            body: Bytes::copy_from_slice(request.body()),
            framing,
            settings,
            ..Reply::status(200)
        }
    }
}

/// What the header fields were, in short.
fn digest<'a>(fields: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> String {
    let (mut count, mut sum) = (0, 0xcbf2_9ce4_8422_2325_u64);
    for (name, value) in fields {
        count += 1;
        for byte in name.iter().chain(&[0]).chain(value).chain(&[1]) {
            sum = (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{count} {sum:x}")
}

/// What a client is told to do.
#[derive(Clone, Debug)]
struct Exchange {
    length: usize,
    fields: Vec<(String, String)>,
    trailers: bool,
    reset: Option<Place>,
    framing: Framing,
    settings: Option<NewSettings>,
}

/// Where a client resets a request.
#[derive(Clone, Copy, Debug)]
enum Place {
    AfterHead,
    InTheBody,
    AfterReply,
}

impl Exchange {
    fn body(&self, number: usize) -> Bytes {
        (0..self.length).map(|place| (place * 7 + number).to_le_bytes()[0]).collect()
    }

    /// How many bytes of the client's own it is.
    fn said(&self) -> usize {
        self.length
            + self.fields.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
    }
}

#[derive(Clone, Debug)]
struct Client {
    /// Its streams' windows.
    window: u32,
    max_frame_size: u32,
    /// How much is on its way at once.
    pipe: usize,
    first: Settings,
    exchanges: Vec<Exchange>,
}

fn settings() -> impl Strategy<Value = Settings> {
    let window = prop_oneof![16_u32..200, 1_000_u32..200_000];
    (0_u32..20_000, 1_u32..50, window, 16_384_u32..100_000).prop_map(
        |(header_table_size, max_concurrent_streams, initial_window_size, max_frame_size)| {
            Settings {
                header_table_size,
                max_concurrent_streams,
                initial_window_size,
                max_frame_size,
                max_header_list_size: 16_384,
            }
        },
    )
}

fn fields() -> impl Strategy<Value = Vec<(String, String)>> {
    let field = ("x-[a-z0-9_.-]{1,12}", "[!-~]([ -~]{0,60}[!-~])?");
    let same = ("x-same", "[a-z]{0,9}");
    let large = (12_000_usize..15_000).prop_map(|long| vec![("x-l".to_owned(), "L".repeat(long))]);
    prop_oneof![
        4 => proptest::collection::vec(field, 0..12),
        2 => proptest::collection::vec(same, 0..40),
        1 => large,
    ]
}

fn exchange() -> impl Strategy<Value = Exchange> {
    let length = prop_oneof![
        2 => Just(0_usize),
        6 => 1_usize..400,
        2 => CEILING - 2..CEILING + 2,
        1 => 5_000_usize..80_000,
    ];
    let place =
        prop_oneof![Just(Place::AfterHead), Just(Place::InTheBody), Just(Place::AfterReply)];
    // h2 itself ends a connection over a hundred frames that are smaller, or empty. [client]
    let split = prop_oneof![3 => Just(0_u32), 1 => 256_u32..5_000];
    let new = proptest::option::of(settings()).prop_map(|settings| {
        settings.map(|settings| NewSettings {
            header_table_size: Some(settings.header_table_size),
            max_concurrent_streams: Some(settings.max_concurrent_streams),
            initial_window_size: Some(settings.initial_window_size),
            max_frame_size: Some(settings.max_frame_size),
            max_header_list_size: None,
        })
    });
    (length, fields(), any::<bool>(), proptest::option::weighted(0.2, place), (split, 0_u8..3), new)
        .prop_map(|(length, fields, trailers, reset, (split, empty), settings)| {
            let framing = Framing { split, empty };
            Exchange { length, fields, trailers, reset, framing, settings }
        })
}

fn client() -> impl Strategy<Value = Client> {
    let window = prop_oneof![1_u32..4, 60_u32..100_000];
    let room = 16_384_usize..100_000;
    let exchanges = proptest::collection::vec(exchange(), 1..40);
    // While the server writes it does not read, and h2's client reads nothing while it cannot
    // write: so there is room for all that the client says, and less than all replies may need.
    (window, 16_384_u32..100_000, room, settings(), exchanges).prop_map(
        |(window, max_frame_size, room, first, exchanges)| Client {
            window,
            max_frame_size,
            pipe: room + exchanges.iter().map(Exchange::said).sum::<usize>(),
            first,
            exchanges,
        },
    )
}

/// Serves one end of a pipe.
fn serve(pipe: DuplexStream, front: Arc<Echo>, settings: Settings) -> Serving {
    let profile = ConnectionProfile::GENERIC;
    let peer = Arc::new(Peer::anybody());
    let (stop, id) = (CancellationToken::new(), ConnectionId(1));
    let (tear, said) = (super::line::Tear::default(), stop.clone());
    let orders = Orders::new(profile.idle.is_some());
    let link = Link { front, id, peer, profile, settings, tear, stop, orders };
    let ended = tokio::spawn(async move {
        http2::serve(pipe, &link, None).await.map_err(|trouble| trouble.to_string())
    });
    Serving { stop: said, ended }
}

struct Serving {
    stop: CancellationToken,
    ended: tokio::task::JoinHandle<Result<&'static str, String>>,
}

impl Serving {
    /// Stops, and says how the connection ended.
    async fn stop(self) -> Result<&'static str, String> {
        self.stop.cancel();
        in_time(self.ended).await.unwrap()
    }
}

/// An hour, which passes at once when everybody waits.
async fn in_time<F: Future>(work: F) -> F::Output {
    delay::limit(Duration::from_secs(3_600), work).await.expect("somebody waits for ever")
}

fn on_a_jumping_clock(work: impl Future<Output = ()>) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().unwrap().block_on(work);
}

/// Does one exchange; gives nothing when the client has reset it.
async fn run(
    send: SendRequest<Bytes>,
    number: usize,
    exchange: Exchange,
) -> Result<Option<(u16, String, String, Bytes)>, h2::Error> {
    let mut request = http::Request::post(format!("https://a/{number}")).body(()).unwrap();
    for (name, value) in &exchange.fields {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().append(name, HeaderValue::from_str(value).unwrap());
    }
    let mut send = send.ready().await?;
    let ends = exchange.length == 0 && !exchange.trailers && exchange.reset.is_none();
    let (reply, mut stream) = send.send_request(request, ends)?;
    if matches!(exchange.reset, Some(Place::AfterHead)) {
        stream.send_reset(Reason::CANCEL);
        return Ok(None);
    }
    let mut rest = exchange.body(number);
    if matches!(exchange.reset, Some(Place::InTheBody)) {
        rest.truncate(rest.len() / 2);
    }
    while !rest.is_empty() {
        stream.reserve_capacity(rest.len());
        match std::future::poll_fn(|cx| stream.poll_capacity(cx)).await {
            Some(count) => stream.send_data(rest.split_to(count?.min(rest.len())), false)?,
            None => break,
        }
    }
    if matches!(exchange.reset, Some(Place::InTheBody)) {
        stream.send_reset(Reason::CANCEL);
        return Ok(None);
    }
    if exchange.trailers {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-after", HeaderValue::from_static("all"));
        stream.send_trailers(trailers)?;
    } else if !ends {
        stream.send_data(Bytes::new(), true)?;
    }
    let reply = reply.await?;
    if matches!(exchange.reset, Some(Place::AfterReply)) {
        stream.send_reset(Reason::CANCEL);
        return Ok(None);
    }
    let field = |name| reply.headers()[name].to_str().unwrap().to_owned();
    let (status, digest, length) = (reply.status().as_u16(), field("x-digest"), field("x-length"));
    let (mut body, mut whole) = (reply.into_body(), Vec::new());
    while let Some(part) = body.data().await {
        let part = part?;
        body.flow_control().release_capacity(part.len())?;
        whole.extend_from_slice(&part);
    }
    Ok(Some((status, digest, length, Bytes::from(whole))))
}

/// What an exchange that is not reset has to give.
fn expected(number: usize, exchange: &Exchange) -> (u16, String, String, Bytes) {
    let mut sent = HeaderMap::new();
    for (name, value) in &exchange.fields {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        sent.append(name, HeaderValue::from_str(value).unwrap());
    }
    let fields = sent.iter().map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()));
    let body = exchange.body(number);
    let kept = body.slice(..body.len().min(CEILING));
    (200, digest(fields), body.len().to_string(), kept)
}

async fn play(client: Client) {
    let (ours, theirs) = tokio::io::duplex(client.pipe);
    let asked = Mutex::new(vec![0; client.exchanges.len()]);
    let exchanges = client.exchanges.clone();
    let front = Arc::new(Echo { exchanges, asked, troubles: Mutex::default() });
    let serving = serve(ours, Arc::clone(&front), client.first);
    let (send, connection) = in_time(
        h2::client::Builder::new()
            .initial_window_size(client.window)
            .max_frame_size(client.max_frame_size)
            .handshake(theirs),
    )
    .await
    .unwrap();
    let connection = tokio::spawn(connection);
    let exchanges = client.exchanges.iter().cloned().enumerate();
    let tasks: Vec<_> = exchanges
        .map(|(number, exchange)| tokio::spawn(run(send.clone(), number, exchange)))
        .collect();
    for (number, task) in tasks.into_iter().enumerate() {
        let exchange = &client.exchanges[number];
        let outcome = match in_time(task).await.unwrap() {
            Ok(outcome) => outcome,
            Err(error) => panic!("exchange {number}: {error}; {:?}", serving.stop().await),
        };
        let wanted = exchange.reset.is_none().then(|| expected(number, exchange));
        assert_eq!(outcome, wanted, "exchange {number}");
        if wanted.is_some() {
            assert_eq!(front.asked.lock().unwrap()[number], 1, "exchange {number}");
        }
    }
    assert!(front.asked.lock().unwrap().iter().all(|count| *count <= 1));
    assert_eq!(*front.troubles.lock().unwrap(), Vec::<String>::new());
    drop(send);
    assert!(serving.stop().await.is_ok());
    in_time(connection).await.unwrap().unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_request_is_answered_once_with_what_is_its_own(client in client()) {
        on_a_jumping_clock(play(client));
    }
}

/// A client's first words.
const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// A client's first words, with streams' windows of 0.
const HELLO_WITHOUT_WINDOW: &[u8] =
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\0\0";

fn plain(count: usize) -> Arc<Echo> {
    let exchange = Exchange {
        length: 0,
        fields: Vec::new(),
        trailers: false,
        reset: None,
        framing: Framing::default(),
        settings: None,
    };
    let (exchanges, asked) = (vec![exchange; count], Mutex::new(vec![0; count]));
    Arc::new(Echo { exchanges, asked, troubles: Mutex::default() })
}

/// A request of `/0`, with that body.
fn post(stream: u32, body: &[u8]) -> Vec<u8> {
    let [a, b, c, d] = stream.to_be_bytes();
    let head = [0, 0, 6, 1, 4, a, b, c, d, 0x83, 0x87, 0x04, 0x02, b'/', b'0'];
    let [.., e, f] = body.len().to_be_bytes();
    [&head[..], &[0, e, f, 0, 1, a, b, c, d], body].concat()
}

#[test]
fn a_sender_that_never_reads_is_read_no_further_and_the_others_go_on() {
    on_a_jumping_clock(async {
        let front = plain(1);
        let (ours, mut theirs) = tokio::io::duplex(4 << 10);
        let stuck = serve(ours, Arc::clone(&front), ConnectionProfile::GENERIC.settings);
        theirs.write_all(HELLO).await.unwrap();
        let mut sent = 0;
        let posts = async {
            for number in 0..10_000 {
                theirs.write_all(&post(2 * number + 1, &[b'x'; 100])).await.unwrap();
                sent += 1;
            }
        };
        // The pipe takes no more, and nobody makes room in it: the clock jumps.
        assert!(delay::limit(Duration::from_secs(60), posts).await.is_none());
        assert!((1..1_000).contains(&sent), "{sent}");
        assert!(front.asked.lock().unwrap()[0] <= sent);
        let (ours, theirs) = tokio::io::duplex(4 << 10);
        let other = serve(ours, plain(1), ConnectionProfile::GENERIC.settings);
        let (send, connection) = in_time(h2::client::handshake(theirs)).await.unwrap();
        let connection = tokio::spawn(connection);
        let exchange = front.exchanges[0].clone();
        let wanted = expected(0, &exchange);
        assert_eq!(in_time(run(send, 0, exchange)).await.unwrap(), Some(wanted));
        assert!(other.stop().await.is_ok());
        in_time(connection).await.unwrap().unwrap();
        // Whoever stops the server cuts what is stuck: see the tests over sockets.
        stuck.ended.abort();
    });
}

#[test]
fn replies_that_wait_for_a_window_for_ever_do_not_outlive_their_sender() {
    on_a_jumping_clock(async {
        let (ours, mut theirs) = tokio::io::duplex(64 << 10);
        let serving = serve(ours, plain(1), ConnectionProfile::GENERIC.settings);
        theirs.write_all(HELLO_WITHOUT_WINDOW).await.unwrap();
        for number in 0..100 {
            theirs.write_all(&post(2 * number + 1, &[b'x'; 100])).await.unwrap();
        }
        theirs.shutdown().await.unwrap();
        let mut said = Vec::new();
        in_time(theirs.read_to_end(&mut said)).await.unwrap();
        assert!(said.len() > 100 * 9 && said.len() < 100 * 100, "{}", said.len());
        assert_eq!(in_time(serving.ended).await.unwrap(), Ok("the sender closed it"));
    });
}

#[test]
fn a_body_that_comes_byte_by_byte_and_then_no_more_is_waited_for_so_long_and_no_longer() {
    on_a_jumping_clock(async {
        let (ours, mut theirs) = tokio::io::duplex(64 << 10);
        let front = plain(1);
        let serving = serve(ours, Arc::clone(&front), ConnectionProfile::GENERIC.settings);
        theirs.write_all(HELLO).await.unwrap();
        theirs.write_all(&post(1, b"")[..15]).await.unwrap();
        for _ in 0..100 {
            theirs.write_all(&[0, 0, 1, 0, 0, 0, 0, 0, 1, b'x']).await.unwrap();
            tokio::task::yield_now().await;
        }
        let mut said = Vec::new();
        in_time(theirs.read_to_end(&mut said)).await.unwrap();
        assert_eq!(in_time(serving.ended).await.unwrap(), Ok("the server closed it"));
        let told = front.troubles.lock().unwrap().clone();
        assert_eq!(told, ["a request's body did not arrive within 30 s"]);
        assert_eq!(*front.asked.lock().unwrap(), [0]);
    });
}

const CEILING: usize = 4_096;
