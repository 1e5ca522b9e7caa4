//! An indexed heap of due moments: one entry per key, moved when its moment changes.
//!
//! It is what makes a month an ordered loop: always the earliest moment next, ties by key.

use crate::clock::Timestamp;

/// Due moments of small integer keys.
#[derive(Clone, Debug, Default)]
pub struct Agenda {
    heap: Vec<(Timestamp, u32)>,
    /// Where a key stands in the heap; [`ABSENT`] when it has no entry.
    places: Vec<u32>,
}

impl Agenda {
    /// The earliest moment and its key.
    pub fn first(&self) -> Option<(Timestamp, u32)> {
        self.heap.first().copied()
    }

    /// Sets, moves or (with `None`) removes a key's moment.
    pub fn set(&mut self, key: u32, due: Option<Timestamp>) {
        let place = self.places.get(key as usize).copied().unwrap_or(ABSENT);
        match (due, place) {
            (None, ABSENT) => {}
            (None, place) => self.remove(place as usize),
            (Some(due), ABSENT) => self.insert(key, due),
            (Some(due), place) => {
                self.heap[place as usize].0 = due;
                self.settle(place as usize);
            }
        }
    }

    /// Makes sure that a key comes up no later than its moment. One that stands at an earlier moment
    /// stays there, which costs nothing: whoever meets it then finds nothing due and sets it anew.
    pub fn set_no_later(&mut self, key: u32, due: Timestamp) {
        let place = self.places.get(key as usize).copied().unwrap_or(ABSENT);
        let stands = self.heap.get(place as usize).is_some_and(|(at, _)| *at <= due);
        if !stands {
            self.set(key, Some(due));
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.heap.clear();
        self.places.clear();
    }

    fn insert(&mut self, key: u32, due: Timestamp) {
        if self.places.len() <= key as usize {
            self.places.resize(key as usize + 1, ABSENT);
        }
        self.heap.push((due, key));
        self.rise(self.heap.len() - 1);
    }

    fn remove(&mut self, place: usize) {
        let (_, key) = self.heap.swap_remove(place);
        self.places[key as usize] = ABSENT;
        if place < self.heap.len() {
            self.settle(place);
        }
    }

    fn settle(&mut self, place: usize) {
        let risen = self.rise(place);
        self.sink(risen);
    }

    fn rise(&mut self, mut place: usize) -> usize {
        while place > 0 {
            let above = (place - 1) / 2;
            if self.heap[above] <= self.heap[place] {
                break;
            }
            self.swap(place, above);
            place = above;
        }
        self.note(place);
        place
    }

    fn sink(&mut self, mut place: usize) {
        loop {
            let left = 2 * place + 1;
            let Some(left_entry) = self.heap.get(left) else {
                break;
            };
            let right_is_less = self.heap.get(left + 1).is_some_and(|right| right < left_entry);
            let least = if right_is_less { left + 1 } else { left };
            if self.heap[place] <= self.heap[least] {
                break;
            }
            self.swap(place, least);
            place = least;
        }
        self.note(place);
    }

    fn swap(&mut self, one: usize, two: usize) {
        self.heap.swap(one, two);
        self.note(one);
        self.note(two);
    }

    fn note(&mut self, place: usize) {
        let (_, key) = self.heap[place];
        self.places[key as usize] = u32::try_from(place).unwrap_or(ABSENT);
    }
}

const ABSENT: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn it_agrees_with_a_sorted_map(moves in prop::collection::vec(any_move(), 0..200)) {
            let mut agenda = Agenda::default();
            let mut model = BTreeMap::new();
            for (key, due, no_later) in moves {
                let due = due.map(Timestamp::from_seconds);
                match due {
                    Some(due) if no_later => {
                        agenda.set_no_later(key, due);
                        model.entry(key).and_modify(|at| *at = due.min(*at)).or_insert(due);
                    }
                    Some(due) => {
                        agenda.set(key, Some(due));
                        model.insert(key, due);
                    }
                    None => {
                        agenda.set(key, None);
                        model.remove(&key);
                    }
                }
                let first = model.iter().map(|(key, due)| (*due, *key)).min();
                prop_assert_eq!(agenda.first(), first);
            }
        }
    }

    fn any_move() -> impl Strategy<Value = (u32, Option<i64>, bool)> {
        (0_u32..20, prop::option::of(0_i64..50), any::<bool>())
    }
}
