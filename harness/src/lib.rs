//! Scenarios, snapshots and the driving of senders.
