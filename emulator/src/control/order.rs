//! Orders to connections that are open: what they are told outside of any reply.

use super::door::Door;
use super::pause::within;
use crate::post::{ConnectionFault, ConnectionOrder, Fault};
use crate::wire::{ConnectionId, ConnectionProfile, NewSettings, Wire};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// The letter box of one connection.
#[derive(Debug)]
pub struct Orders {
    queue: Mutex<Vec<Order>>,
    bell: Notify,
    /// Whether it wants to know of jumps of the world's clock.
    minds_time: bool,
}

/// Something to do; it counts as carried out when this value is dropped.
#[derive(Debug)]
pub struct Order {
    /// What to do.
    pub what: What,
    _carried_out: TaskTrackerToken,
}

/// What a connection is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Say these SETTINGS.
    Settings(NewSettings),
    /// The world's clock made a jump.
    TimePassed(Duration),
    /// Do this to the wire; what is about an answer is left out.
    Wire(Wire),
}

impl Orders {
    /// An empty letter box; jumps of the clock are told to those alone that mind.
    pub fn new(minds_time: bool) -> Arc<Self> {
        Arc::new(Self { queue: Mutex::default(), bell: Notify::new(), minds_time })
    }

    /// Waits for orders and takes them.
    pub async fn taken(&self) -> Vec<Order> {
        loop {
            let orders = std::mem::take(&mut *self.lock());
            if !orders.is_empty() {
                return orders;
            }
            self.bell.notified().await;
        }
    }

    fn put(&self, order: Order) {
        self.lock().push(order);
        self.bell.notify_one();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Order>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The connections that are open.
#[derive(Debug, Default)]
pub(super) struct Connections(Mutex<BTreeMap<ConnectionId, Open>>);

#[derive(Debug)]
struct Open {
    profile: &'static str,
    orders: Arc<Orders>,
}

impl Door {
    /// Lets a fault strike the connections that are open; gives how many.
    pub(super) async fn strike(&self, fault: &Fault) -> u32 {
        let what = match fault.connection.as_ref().and_then(ConnectionFault::order) {
            None => return 0,
            Some(ConnectionOrder::Settings(settings)) => What::Settings(settings),
            Some(ConnectionOrder::Wire(wire)) => What::Wire(wire),
        };
        let generic = ConnectionProfile::GENERIC.name;
        let named = fault.matches.provider.as_deref().map(|provider| [provider, generic]);
        self.connections.tell(&what, named.as_ref().map(|named| &named[..])).await
    }
}

impl Connections {
    pub(super) fn opened(&self, id: ConnectionId, profile: &'static str, orders: Arc<Orders>) {
        self.lock().insert(id, Open { profile, orders });
    }

    pub(super) fn closed(&self, id: ConnectionId) {
        self.lock().remove(&id);
    }

    /// Tells all connections whose profile is one of these, or all; waits until it is done, within
    /// a limit, and gives how many were told.
    pub(super) async fn tell(&self, what: &What, profiles: Option<&[&str]>) -> u32 {
        let tracker = TaskTracker::new();
        let mut count = 0;
        for open in self.lock().values() {
            let meant = profiles.is_none_or(|profiles| profiles.contains(&open.profile));
            let minds = open.orders.minds_time || !matches!(what, What::TimePassed(_));
            if meant && minds {
                let order = Order { what: what.clone(), _carried_out: tracker.token() };
                open.orders.put(order);
                count += 1;
            }
        }
        tracker.close();
        // One that does not read is not waited for any longer; the others have been told.
        let _ = within(TELLING_LIMIT, tracker.wait()).await;
        count
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<ConnectionId, Open>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long connections have to carry an order out: a frame is written at once, unless the other
/// side does not read.
const TELLING_LIMIT: Duration = Duration::from_secs(2);
