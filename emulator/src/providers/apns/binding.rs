//! What a connection is bound to since its first push: a team, a key, the tokens in use.

use super::auth::{Key, ProviderToken};
use crate::clock::{Aging, Order, Timestamp};
use smallvec::SmallVec;
use std::sync::Arc;
use std::time::Duration;

/// What a connection is bound to.
#[derive(Debug)]
pub(super) struct Binding {
    /// The key of the first push that passed.
    pub(super) key: Arc<Key>,
    /// When that was.
    pub(super) since: Order,
    /// The newest token of each key, so that its next use needs no look-up by text.
    held: SmallVec<[Held; 1]>,
}

/// A token in use.
#[derive(Debug)]
pub(super) struct Held {
    token: Arc<ProviderToken>,
    first_seen: Order,
    /// When the time began in which another may not take its place, on the sender's clock.
    began: Timestamp,
    order: Order,
    /// How many took its place within that time already.
    pub(super) updates: u32,
}

/// A use of a token that passed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use<'a> {
    pub(super) token: &'a Arc<ProviderToken>,
    /// When its text came first.
    pub(super) first_seen: Order,
    /// Now, on the sender's clock.
    pub(super) at: Timestamp,
    pub(super) order: Order,
}

impl Binding {
    pub(super) fn new(first: Use<'_>) -> Self {
        Self {
            key: first.token.key.clone(),
            since: first.order,
            held: SmallVec::from_iter([Held::new(first)]),
        }
    }

    /// When this very token came first, if it is in use.
    pub(super) fn first_seen(&self, token: &Arc<ProviderToken>) -> Option<Order> {
        self.held.iter().find(|held| Arc::ptr_eq(&held.token, token)).map(|held| held.first_seen)
    }

    /// The token in use whose place another of the same key would take.
    pub(super) fn predecessor(&self, token: &ProviderToken) -> Option<&Held> {
        self.of_key(&token.key).filter(|held| held.token.text != token.text)
    }

    /// Whether a key was used on the connection before.
    pub(super) fn knows(&self, key: &Key) -> bool {
        self.of_key(key).is_some()
    }

    fn of_key(&self, key: &Key) -> Option<&Held> {
        self.held.iter().find(|held| held.token.key.id == key.id)
    }

    /// Takes note of a use.
    pub(super) fn used(&mut self, new: Use<'_>, aging: &Aging, app: Option<u32>) {
        let place = self.held.iter().position(|held| held.token.key.id == new.token.key.id);
        match place.map(|place| &mut self.held[place]) {
            Some(held) if Arc::ptr_eq(&held.token, new.token) => {}
            // The same text, verified anew after keys were added.
            Some(held) if held.token.text == new.token.text => held.token = new.token.clone(),
            Some(held) => {
                let passed = held.held_for(new.at, aging, app) >= UPDATE_INTERVAL;
                if passed {
                    *held = Held::new(new);
                } else {
                    held.updates += 1;
                    (held.token, held.first_seen) = (new.token.clone(), new.first_seen);
                }
            }
            None => {
                if self.held.len() == MAX_KEYS {
                    self.held.remove(0);
                }
                self.held.push(Held::new(new));
            }
        }
    }
}

impl Held {
    fn new(first: Use<'_>) -> Self {
        Self {
            token: first.token.clone(),
            first_seen: first.first_seen,
            began: first.at,
            order: first.order,
            updates: 0,
        }
    }

    /// How long ago the time began, made longer by whatever ageing made the token older.
    pub(super) fn held_for(&self, at: Timestamp, aging: &Aging, app: Option<u32>) -> Duration {
        at.since(self.began).saturating_add(aging.extra(app, self.began, self.order))
    }
}

/// How long a token must have been in use before another takes its place. [doc] Apple,
/// "Establishing a token-based connection to APNs"
pub(super) const UPDATE_INTERVAL: Duration = Duration::from_secs(20 * 60);

/// Keys of one connection whose tokens are remembered: a team has two for an environment, or a
/// topic-specific one and its related one. [doc]
const MAX_KEYS: usize = 4;
