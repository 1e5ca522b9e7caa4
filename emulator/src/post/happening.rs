//! What the post office tells the journal.

use super::{AddressId, DeliveryId, Outcome};
use std::sync::Arc;

/// Something that happened, in order; the world writes it into the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A delivery began or changed.
    Delivery {
        /// The delivery.
        delivery: DeliveryId,
        /// The request that brought it.
        request: u64,
        /// The address it is for.
        address: AddressId,
        /// What became of it.
        outcome: Outcome,
        /// Why, in the provider's words.
        reason: &'static str,
        /// What the device got, where that is not the request's body.
        payload: Option<Arc<[u8]>>,
        /// Whether this is the delivery's first outcome.
        first: bool,
    },
    /// A delivered notification left the device's view.
    LeftView {
        /// The delivery.
        delivery: DeliveryId,
        /// Why, in the provider's words.
        reason: &'static str,
    },
    /// The device was told something in place of what was thrown away.
    Notice {
        /// The address whose queue was cleared.
        address: AddressId,
        /// What it was told.
        notice: &'static str,
    },
}

impl Happening {
    /// What waited and got to its device just now: for which address, and its payload.
    pub fn got(&self) -> Option<(AddressId, &[u8])> {
        match self {
            Self::Delivery {
                outcome: Outcome::Delivered,
                first: false,
                address,
                payload: Some(payload),
                ..
            } => Some((*address, payload)),
            _ => None,
        }
    }

    /// The device that got it does nothing with it.
    pub fn drop_for(&mut self, why: &'static str) {
        if let Self::Delivery { outcome, reason, payload, .. } = self {
            (*outcome, *reason, *payload) = (Outcome::Dropped, why, None);
        }
    }
}
