//! Our own SETTINGS: what was said, and what holds until the other side has acknowledged it.

use super::frame::{self, Setting};
use crate::wire::{NewSettings, Settings};
use std::collections::VecDeque;

/// Whatever was said and is not acknowledged yet may or may not be known to the other side, so the
/// widest of all values holds meanwhile. [doc] RFC 9113, section 6.5.3
#[derive(Debug)]
pub(super) struct OwnSettings {
    acknowledged: Settings,
    said: VecDeque<Settings>,
    in_force: Settings,
}

impl OwnSettings {
    /// The first settings, just said.
    pub(super) fn new(first: Settings) -> Self {
        let acknowledged = Settings {
            header_table_size: frame::INITIAL_TABLE_SIZE,
            max_concurrent_streams: STREAMS_UNTOLD,
            initial_window_size: frame::INITIAL_WINDOW,
            max_frame_size: frame::INITIAL_FRAME_SIZE,
            max_header_list_size: first.max_header_list_size,
        };
        let mut settings = Self { acknowledged, said: VecDeque::new(), in_force: acknowledged };
        settings.said.push_back(first);
        settings.count();
        settings
    }

    /// What the other side may go by.
    pub(super) const fn in_force(&self) -> Settings {
        self.in_force
    }

    /// Says new values; gives what the frame has to hold.
    pub(super) fn say(&mut self, new: &NewSettings) -> Vec<Setting> {
        let last = self.said.back().copied().unwrap_or(self.acknowledged);
        if self.said.len() == MOST_SAID {
            self.acknowledge();
        }
        self.said.push_back(new.over(last));
        self.count();
        let named = [
            (frame::SETTING_HEADER_TABLE_SIZE, new.header_table_size),
            (frame::SETTING_MAX_CONCURRENT_STREAMS, new.max_concurrent_streams),
            (frame::SETTING_INITIAL_WINDOW_SIZE, new.initial_window_size),
            (frame::SETTING_MAX_FRAME_SIZE, new.max_frame_size),
            (frame::SETTING_MAX_HEADER_LIST_SIZE, new.max_header_list_size),
        ];
        let named = named.into_iter().filter_map(|(id, value)| Some(Setting { id, value: value? }));
        named.collect()
    }

    /// What it keeps on the heap, bytes.
    pub(super) fn memory(&self) -> usize {
        self.said.capacity() * size_of::<Settings>()
    }

    /// The other side acknowledged what was said first.
    pub(super) fn acknowledge(&mut self) {
        if let Some(first) = self.said.pop_front() {
            self.acknowledged = first;
            self.count();
        }
    }

    fn count(&mut self) {
        self.in_force = self.said.iter().fold(self.acknowledged, |all, one| Settings {
            header_table_size: all.header_table_size.max(one.header_table_size),
            max_concurrent_streams: all.max_concurrent_streams.max(one.max_concurrent_streams),
            initial_window_size: all.initial_window_size.max(one.initial_window_size),
            max_frame_size: all.max_frame_size.max(one.max_frame_size),
            max_header_list_size: all.max_header_list_size.max(one.max_header_list_size),
        });
    }
}

/// How many streams a sender may begin before it can know our limit: what Go, Node and h2 go by.
/// [client]
const STREAMS_UNTOLD: u32 = 100;
/// SETTINGS that wait for their acknowledgement; of a sender that acknowledges none, the oldest
/// counts as acknowledged.
const MOST_SAID: usize = 16;
