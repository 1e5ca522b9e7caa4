//! Which faults can be: what is wrong with a rule, found before it is taken in.

use super::{ConnectionFault, Fault, FaultAnswer, FaultMatch};

/// A fault that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// More debug data than one GOAWAY carries here.
    #[error("`debug` is longer than {most} bytes")]
    DebugTooLong {
        /// The most.
        most: usize,
    },
    /// `frames` that change nothing.
    #[error("`frames` needs `split` or `empty`")]
    EmptyFrames,
    /// `settings` that change nothing.
    #[error("`settings` needs at least one value")]
    EmptySettings,
    /// A header that HTTP has no form for.
    #[error("`{}` cannot be a header's name", .0.escape_debug())]
    HeaderName(String),
    /// A header whose value would break the head.
    #[error("the value of the header `{0}` has a control character")]
    HeaderValue(String),
    /// A header that says how long the body is.
    #[error("`{0}` follows from the body and cannot be chosen")]
    OwnHeader(String),
    /// A rule that does nothing.
    #[error("a fault needs `answers`, `delay` or `connection`")]
    Nothing,
    /// More than an open connection can be struck with.
    #[error(
        "a fault that strikes `now` has `connection` and perhaps `match: {{provider}}`, nothing else"
    )]
    NowIsMore,
    /// What only an answer can be struck with.
    #[error("what strikes `now` is `drop`, `go_away`, `settings`, `stall: connection` or `tear`")]
    NowNeedsOrder,
    /// A share of more than all, or of less than none.
    #[error("`probability` must lie between 0 and 1")]
    Probability,
    /// A value of `settings` that no connection can have here.
    #[error("`{name}` must lie between {least} and {most}")]
    Setting {
        /// Which one.
        name: &'static str,
        /// The least.
        least: u32,
        /// The most.
        most: u32,
    },
    /// Frames of no bytes never end.
    #[error("`split` must be at least 1 byte")]
    ZeroSplit,
}

impl Fault {
    /// Whether the rule can be.
    ///
    /// # Errors
    /// It cannot.
    pub fn check(&self) -> Result<(), FaultError> {
        if self.probability.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
            return Err(FaultError::Probability);
        }
        if self.answers.is_empty() && self.delay.is_none() && self.connection.is_none() {
            return Err(FaultError::Nothing);
        }
        self.answers.iter().flat_map(|FaultAnswer(it)| &it.headers).try_for_each(check_header)?;
        self.connection.as_ref().map_or(Ok(()), ConnectionFault::check)?;
        if self.now { self.check_now() } else { Ok(()) }
    }

    fn check_now(&self) -> Result<(), FaultError> {
        let provider =
            FaultMatch { provider: self.matches.provider.clone(), ..FaultMatch::default() };
        let alone = Self {
            now: true,
            matches: provider,
            connection: self.connection.clone(),
            ..Self::default()
        };
        if *self != alone {
            return Err(FaultError::NowIsMore);
        }
        if self.connection.as_ref().is_none_or(|connection| connection.order().is_none()) {
            return Err(FaultError::NowNeedsOrder);
        }
        Ok(())
    }
}

/// Whether a header can stand in an answer.
fn check_header((name, value): (&String, &String)) -> Result<(), FaultError> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(token) {
        return Err(FaultError::HeaderName(name.clone()));
    }
    if SET_BY_THE_SERVER.iter().any(|own| own.eq_ignore_ascii_case(name)) {
        return Err(FaultError::OwnHeader(name.clone()));
    }
    if value.bytes().any(|byte| byte != b'\t' && (byte < b' ' || byte == 0x7f)) {
        return Err(FaultError::HeaderValue(name.clone()));
    }
    Ok(())
}

/// Headers by which HTTP marks the end of a body.
const SET_BY_THE_SERVER: [&str; 2] = ["content-length", "transfer-encoding"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::post::FaultReply;

    #[test]
    fn a_fault_answers_with_any_header_that_can_stand_there() {
        let check = |name: &str, value: &str| {
            let headers = [(name.to_owned(), value.to_owned())].into();
            let answer = FaultAnswer(FaultReply { status: 503, headers, ..FaultReply::default() });
            Fault { answers: vec![answer], ..Fault::default() }.check()
        };
        assert_eq!(check("X-Envoy-Overloaded", "true"), Ok(()));
        assert_eq!(check("retry-after", "5"), Ok(()));
        for (name, value, wrong) in [
            ("", "x", FaultError::HeaderName(String::new())),
            ("a b", "x", FaultError::HeaderName("a b".to_owned())),
            (":status", "x", FaultError::HeaderName(":status".to_owned())),
            ("Content-Length", "9", FaultError::OwnHeader("Content-Length".to_owned())),
            ("via", "a\r\nb", FaultError::HeaderValue("via".to_owned())),
        ] {
            assert_eq!(check(name, value), Err(wrong));
        }
    }
}
