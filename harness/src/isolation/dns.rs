//! The name server inside: every name is one of the [book](super::book). [doc] RFC 1035

use super::book::Book;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The answer to a question; `None` to what is none.
///
/// `search` are the suffixes that resolvers of this machine try: a push host with one of them behind
/// it is no name, so that the host itself is asked for.
pub(super) fn answer(
    question: &[u8],
    book: &mut Book,
    search: &[String],
    is_push_host: impl Fn(&str) -> bool,
) -> Option<Vec<u8>> {
    let head = question.first_chunk::<HEAD>()?;
    let is_question = head[2] & RESPONSE == 0 && head[4..6] == [0, 1];
    if !is_question {
        return None;
    }
    let asked = Asked::read(question)?;
    let (code, data) = match asked.kind {
        _ if head[2] & OPCODE != 0 => (NOT_IMPLEMENTED, None),
        _ if is_searched(&asked.name, search, is_push_host) => (NO_NAME, None),
        POINTER => (NO_NAME, None),
        A if is_local(&asked.name) => (FINE, Some(Ipv4Addr::LOCALHOST.octets().to_vec())),
        AAAA if is_local(&asked.name) => (FINE, Some(Ipv6Addr::LOCALHOST.octets().to_vec())),
        A => match book.address(&asked.name) {
            Some(address) => (FINE, Some(address.octets().to_vec())),
            None => (SERVER_FAILED, None),
        },
        // There is such a name, and nothing of this kind for it.
        _ => (FINE, None),
    };
    Some(written(head, &question[HEAD..asked.end], asked.kind, code, data.as_deref()))
}

/// What is asked for.
struct Asked {
    name: String,
    kind: u16,
    /// Where the question ends in the message.
    end: usize,
}

impl Asked {
    fn read(message: &[u8]) -> Option<Self> {
        let mut name = String::new();
        let mut place = HEAD;
        loop {
            let length = usize::from(*message.get(place)?);
            place += 1;
            match length {
                0 => break,
                1..=63 => {
                    let label = message.get(place..place + length)?;
                    if !name.is_empty() {
                        name.push('.');
                    }
                    name.push_str(&String::from_utf8_lossy(label));
                    place += length;
                }
                // A question has nothing to point to.
                _ => return None,
            }
            if name.len() > LONGEST_NAME {
                return None;
            }
        }
        let kind = u16::from_be_bytes(message.get(place..place + 2)?.try_into().ok()?);
        message.get(place..place + 4)?;
        Some(Self { name, kind, end: place + 4 })
    }
}

fn written(head: &[u8; HEAD], asked: &[u8], kind: u16, code: u8, data: Option<&[u8]>) -> Vec<u8> {
    let wanted = head[2] & RECURSION_DESIRED;
    let count = u8::from(data.is_some());
    let flags = [RESPONSE | wanted, RECURSION_AVAILABLE | code];
    let head = [&head[..2], &flags, &[0, 1, 0, count, 0, 0, 0, 0]].concat();
    let answer = data.map_or_else(Vec::new, |data| {
        let length = u8::try_from(data.len()).unwrap_or(0);
        let kind = kind.to_be_bytes();
        // The name is that of the question; class IN; a minute.
        [&[0xc0, 12, kind[0], kind[1], 0, 1, 0, 0, 0, 60, 0, length], data].concat()
    });
    [&head[..], asked, &answer].concat()
}

fn is_local(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

fn is_searched(name: &str, search: &[String], is_push_host: impl Fn(&str) -> bool) -> bool {
    search.iter().any(|suffix| {
        let host = name.strip_suffix(suffix.as_str()).and_then(|host| host.strip_suffix('.'));
        host.is_some_and(&is_push_host)
    })
}

/// The suffixes that a resolver tries, from the text of `/etc/resolv.conf`. [doc] resolv.conf(5)
pub(super) fn search(configuration: &str) -> Vec<String> {
    let lines = configuration.lines().map(str::split_whitespace);
    let mut listed = lines.filter_map(|mut words| match words.next() {
        Some("search" | "domain") => Some(words.map(|word| word.trim_end_matches('.').to_owned())),
        _ => None,
    });
    listed.next_back().into_iter().flatten().filter(|suffix| !suffix.is_empty()).collect()
}

const HEAD: usize = 12;
const RESPONSE: u8 = 0x80;
const OPCODE: u8 = 0x78;
const RECURSION_DESIRED: u8 = 0x01;
const RECURSION_AVAILABLE: u8 = 0x80;
const FINE: u8 = 0;
const SERVER_FAILED: u8 = 2;
const NO_NAME: u8 = 3;
const NOT_IMPLEMENTED: u8 = 4;
const A: u16 = 1;
const POINTER: u16 = 12;
const AAAA: u16 = 28;
const LONGEST_NAME: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn question(name: &str, kind: u16) -> Vec<u8> {
        let labels: Vec<u8> = name
            .split('.')
            .flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat())
            .collect();
        let kind = kind.to_be_bytes();
        [&[7, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0][..], &labels, &[0, kind[0], kind[1], 0, 1]].concat()
    }

    fn ask(book: &mut Book, name: &str, kind: u16) -> (u8, Vec<u8>) {
        let question = question(name, kind);
        let search = ["svc.local".to_owned()];
        let is_push_host = |name: &str| name == "api.push.apple.com";
        let answer = answer(&question, book, &search, is_push_host).expect("it is a question");
        assert_eq!(answer[..2], [7, 9]);
        assert_eq!(answer[HEAD..question.len()], question[HEAD..]);
        let data = match answer[7] {
            0 => Vec::new(),
            _ => answer[question.len() + HEAD..].to_vec(),
        };
        (answer[3] & 0xf, data)
    }

    #[test]
    fn names_have_addresses_of_version_4_and_none_of_version_6() {
        let mut book = Book::default();
        assert_eq!(ask(&mut book, "api.push.apple.com", A), (FINE, vec![198, 18, 0, 1]));
        assert_eq!(ask(&mut book, "Other.example", A), (FINE, vec![198, 18, 0, 2]));
        assert_eq!(ask(&mut book, "other.example", AAAA), (FINE, vec![]));
        assert_eq!(ask(&mut book, "other.example", 65), (FINE, vec![]));
        assert_eq!(ask(&mut book, "localhost", A), (FINE, vec![127, 0, 0, 1]));
        assert_eq!(ask(&mut book, "1.0.18.198.in-addr.arpa", POINTER), (NO_NAME, vec![]));
        assert_eq!(ask(&mut book, "api.push.apple.com.svc.local", A), (NO_NAME, vec![]));
        assert_eq!(ask(&mut book, "db.svc.local", A), (FINE, vec![198, 18, 0, 3]));
    }

    #[test]
    fn the_search_list_is_the_last_one() {
        let text =
            "nameserver 10.0.0.1\nsearch a.example\nsearch b.example. c.example\noptions ndots:5";
        assert_eq!(search(text), ["b.example", "c.example"]);
        assert_eq!(search("nameserver 127.0.0.53"), [""; 0]);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            answer(&bytes, &mut Book::default(), &[], |_| false);
        }
    }
}
