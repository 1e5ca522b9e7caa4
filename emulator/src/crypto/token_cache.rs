//! What was found out about a token's text, once for all connections.

use super::bounded::{BoundedTexts, hash_text};
use std::sync::{Arc, Mutex, PoisonError};

/// Judgments by token text, so that a signature is verified once and not on every request.
///
/// A look-up hashes the text outside the lock and holds it for one comparison. The whole text is
/// compared: a token that differs in one character is another token.
#[derive(Debug)]
pub struct TokenCache<V> {
    known: Mutex<BoundedTexts<V>>,
}

impl<V> TokenCache<V> {
    /// A cache of at most so many texts.
    pub fn of(most: usize) -> Self {
        Self { known: Mutex::new(BoundedTexts::new(most)) }
    }
}

impl<V: Clone> TokenCache<V> {
    /// The judgment on a text; `judge` makes it when the text is new.
    ///
    /// Two threads that meet a new text at the same time may both judge it; one judgment stays.
    pub fn judged(&self, text: &[u8], judge: impl FnOnce(u64, &Arc<[u8]>) -> V) -> V {
        let hash = hash_text(text);
        if let Some(known) = self.lock().get(hash, text) {
            return known.clone();
        }
        let text: Arc<[u8]> = text.into();
        let judgment = judge(hash, &text);
        let mut known = self.lock();
        if let Some(known) = known.get(hash, &text) {
            return known.clone();
        }
        known.insert(hash, text, judgment.clone());
        judgment
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BoundedTexts<V>> {
        // An insertion that panicked leaves at worst a text unknown.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> Default for TokenCache<V> {
    fn default() -> Self {
        Self::of(MAX_TOKENS)
    }
}

/// Token texts that are remembered: a sender uses one for up to an hour, and one that makes a token
/// for every message gains nothing from more. At some 300 bytes each this is about 1 MiB.
const MAX_TOKENS: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_text_is_judged_once_and_another_text_for_itself() {
        let cache = TokenCache::default();
        let judged = Cell::new(0);
        let ask = |text: &[u8]| {
            cache.judged(text, |_, text| {
                judged.set(judged.get() + 1);
                text.len()
            })
        };
        let answers = [ask(b"abc"), ask(b"abc"), ask(b"abcd"), ask(b"abc")];
        assert_eq!((answers, judged.get()), ([3, 3, 4, 3], 2));
    }
}
