//! `http`, `request` and what a sender is looked at by: what could never be called is said before
//! anything runs.
//!
//! A `${…}` stands for something that only the run knows; here it has a value of the same form.

use super::Checker;
use crate::scenario::model::Ready;
use crate::scenario::parse::short;
use crate::scenario::substitute::{Lookup, fill};
use crate::scenario::url::{SenderUrl, UrlError};
use crate::scenario::{HttpCall, Located, PushRequest, Table, near};
use http::uri::{Authority, PathAndQuery};
use http::{HeaderName, HeaderValue, Method};
use rustls_pki_types::ServerName;
use std::collections::BTreeSet;

impl<'a> Checker<'a> {
    pub(super) fn http(&mut self, call: &'a HttpCall) {
        self.one_body(call.json.is_some(), call.body.as_ref());
        self.url(&call.url);
        if let Some(method) = &call.method {
            self.method(method);
            self.usual_method(method);
        }
        self.headers(&call.headers, COUNTED);
        self.status(call.status.as_ref());
    }

    pub(super) fn request(&mut self, request: &'a PushRequest) {
        self.one_body(request.json.is_some(), request.body.as_ref());
        self.path(&request.path);
        if let Some(method) = &request.method {
            self.method(method);
        }
        if let Some(host) = &request.host {
            self.host(host);
        }
        self.headers(&request.headers, NOT_IN_HTTP2);
        self.status(request.status.as_ref());
    }

    /// Checks what tells that a sender is ready.
    pub(super) fn ready(&mut self, ready: &'a Ready) {
        match ready {
            Ready::Http(url) => self.url(url),
            Ready::Line(line) if line.value.is_empty() => {
                self.report(line.place, "expected a part of a line, found an empty text")
                    .help("name what only a ready sender writes".to_owned())
                    .file(self);
            }
            Ready::Line(_) => {}
            Ready::Port(port) => {
                let Some(filled) = filled(&port.value) else { return };
                if filled.parse::<std::num::NonZeroU16>().is_err() {
                    let found = short(&port.value);
                    self.report(port.place, format!("expected a port, found `{found}`"))
                        .help("write a number from 1 to 65535, or `${ports.NAME}`".to_owned())
                        .file(self);
                }
            }
        }
    }

    fn url(&mut self, url: &'a Located<String>) {
        let Some(filled) = filled(&url.value) else { return };
        if let Err(UrlError { fault, .. }) = SenderUrl::parse(&filled) {
            let error = UrlError { fault, url: short(&url.value).into_owned() };
            self.report(url.place, error.to_string()).help(fault.help().to_owned()).file(self);
        }
    }

    fn method(&mut self, method: &'a Located<String>) {
        let found = short(&method.value);
        match Method::from_bytes(method.value.as_bytes()) {
            // Of this one, path and scheme would not be sent.
            Ok(Method::CONNECT) => {
                self.report(method.place, "`CONNECT` opens a tunnel, which no step does")
                    .help("let a sender do it, in a step `run`".to_owned())
                    .file(self);
            }
            Ok(_) => {}
            Err(_) => {
                let message = format!("expected a method such as `POST`, found `{found}`");
                self.report(method.place, message)
                    .help("write one word without spaces".to_owned())
                    .file(self);
            }
        }
    }

    /// Checks that a method is no slip of the finger. A request to the push port may well have an
    /// odd one on purpose.
    fn usual_method(&mut self, method: &'a Located<String>) {
        let found = method.value.as_str();
        if let Some(near) = near::nearest(found, METHODS)
            && near != found
        {
            self.report(method.place, format!("unknown method `{}`", short(found)))
                .help(format!("did you mean `{near}`?"))
                .file(self);
        }
    }

    fn headers(&mut self, headers: &'a Table<Located<String>>, refused: &[(&str, &str)]) {
        let mut seen = BTreeSet::new();
        for (name, value) in headers.iter() {
            self.header_name(name, refused);
            if !seen.insert(name.value.to_ascii_lowercase()) {
                let message = format!("header `{}` is given twice", short(&name.value));
                self.report(name.place, message)
                    .help("keep one of them; case does not count".to_owned())
                    .file(self);
            }
            let Some(filled) = filled(&value.value) else { continue };
            if HeaderValue::try_from(filled).is_err() {
                let name = short(&name.value).into_owned();
                let message = format!("a control character is in the value of header `{name}`");
                self.report(value.place, message)
                    .help("keep the value in one line".to_owned())
                    .file(self);
            }
        }
    }

    fn header_name(&mut self, name: &'a Located<String>, refused: &[(&str, &str)]) {
        let found = short(&name.value);
        if HeaderName::try_from(&name.value).is_err() {
            let help = match name.value.starts_with(':') {
                true => "method, path and host stand beside `headers`",
                false => "use letters, digits and `-`",
            };
            let message = format!("expected a header's name, found `{}`", found.escape_debug());
            self.report(name.place, message).help(help.to_owned()).file(self);
        }
        let is_it = |(refused, _): &&(&str, &str)| name.value.eq_ignore_ascii_case(refused);
        if let Some((_, why)) = refused.iter().find(is_it) {
            self.report(name.place, format!("header `{found}` cannot be chosen: {why}"))
                .help("remove it".to_owned())
                .file(self);
        }
    }

    fn path(&mut self, path: &'a Located<String>) {
        let Some(filled) = filled(&path.value) else { return };
        let found = short(&path.value).into_owned();
        if !filled.starts_with('/') {
            let message = format!("expected a path that begins with `/`, found `{found}`");
            self.report(path.place, message)
                .help("give the name of the host as `host: …`".to_owned())
                .file(self);
        } else if PathAndQuery::try_from(filled).is_err() {
            self.report(path.place, format!("expected a path, found `{found}`"))
                .help("write characters that no path has as `%20`".to_owned())
                .file(self);
        }
    }

    fn host(&mut self, host: &'a Located<String>) {
        let Some(filled) = filled(&host.value) else { return };
        let is_name = ServerName::try_from(filled.as_str()).is_ok();
        if !is_name || Authority::try_from(filled).is_err() {
            let message = format!("expected the name of a host, found `{}`", short(&host.value));
            self.report(host.place, message)
                .help("write the name alone, without scheme and port".to_owned())
                .file(self);
        }
    }

    fn status(&mut self, status: Option<&Located<u16>>) {
        if let Some(Located { value, place }) = status
            && !(200..=599).contains(value)
        {
            let message = format!("expected a status from 200 to 599, found `{value}`");
            self.report(*place, message).file(self);
        }
    }

    fn one_body(&mut self, json: bool, body: Option<&'a Located<String>>) {
        if let (true, Some(body)) = (json, body) {
            self.report(body.place, "`body` cannot stand beside `json`")
                .help("keep one of them".to_owned())
                .file(self);
        }
    }
}

/// A text as a run may fill it in; `None` where something else reports what is wrong with it.
fn filled(text: &str) -> Option<String> {
    fill(text, &AnyValue).ok()
}

/// What names may stand for.
struct AnyValue;

impl Lookup for AnyValue {
    fn look_up(&self, name: &str) -> Option<String> {
        let value = match name {
            "ca" | "credentials" => "/1",
            "control.url" => "http://127.0.0.1:1",
            "push.host" => "127.0.0.1",
            "push.url" => "https://127.0.0.1:1",
            _ => "1",
        };
        Some(value.to_owned())
    }
}

/// What the sender's own API is asked with.
const METHODS: &[&str] = &["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];

/// Headers that follow from the body.
const COUNTED: &[(&str, &str)] = &[("content-length", "it is counted")];

/// Headers that follow from the body, or that no HTTP/2 request has.
///
/// RFC 9113, section 8.2.2. [doc]
const NOT_IN_HTTP2: &[(&str, &str)] = &[
    ("connection", "HTTP/2 has none"),
    ("content-length", "it is counted"),
    ("keep-alive", "HTTP/2 has none"),
    ("proxy-connection", "HTTP/2 has none"),
    ("transfer-encoding", "HTTP/2 has none"),
    ("upgrade", "HTTP/2 has none"),
];
