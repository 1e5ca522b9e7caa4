//! A bounded map from texts to values: the oldest entry makes room for the newest.

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;
use std::sync::Arc;

/// The hash of a text, the same in every run; made once, outside any lock.
pub fn hash_text(text: &[u8]) -> u64 {
    FixedState::with_seed(0).hash_one(text)
}

/// Values by whole text, at most as many as were asked for.
#[derive(Debug)]
pub struct BoundedTexts<V> {
    places: HashTable<u32>,
    entries: Vec<Entry<V>>,
    /// The entry that goes next once all places are taken.
    oldest: usize,
    capacity: usize,
}

#[derive(Debug)]
struct Entry<V> {
    hash: u64,
    text: Arc<[u8]>,
    value: V,
}

impl<V> BoundedTexts<V> {
    /// An empty map for at most `capacity` texts; it takes no memory before the first.
    pub fn new(capacity: usize) -> Self {
        let capacity = capacity.clamp(1, u32::MAX as usize);
        Self { places: HashTable::new(), entries: Vec::new(), oldest: 0, capacity }
    }

    /// The value of a text whose hash is `hash`.
    pub fn get(&self, hash: u64, text: &[u8]) -> Option<&V> {
        let same = |place: &u32| {
            let entry = &self.entries[*place as usize];
            entry.hash == hash && *entry.text == *text
        };
        let place = self.places.find(hash, same)?;
        Some(&self.entries[*place as usize].value)
    }

    /// Puts a text in that is not there yet; the oldest goes when all places are taken.
    pub fn insert(&mut self, hash: u64, text: Arc<[u8]>, value: V) {
        let entry = Entry { hash, text, value };
        let place = if self.entries.len() < self.capacity {
            self.entries.push(entry);
            self.entries.len() - 1
        } else {
            let place = self.oldest;
            self.oldest = (place + 1) % self.capacity;
            self.forget(place);
            self.entries[place] = entry;
            place
        };
        let place = u32::try_from(place).expect("the capacity fits u32");
        let entries = &self.entries;
        self.places.insert_unique(hash, place, |other| entries[*other as usize].hash);
    }

    /// How many texts are held.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no text is held.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn forget(&mut self, place: usize) {
        let hash = self.entries[place].hash;
        if let Ok(found) = self.places.find_entry(hash, |other| *other as usize == place) {
            found.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_text_makes_room_and_the_others_stay() {
        let mut map = BoundedTexts::new(3);
        for text in ["a", "b", "c", "d", "e"] {
            map.insert(hash_text(text.as_bytes()), text.as_bytes().into(), text);
        }
        let kept: Vec<_> = ["a", "b", "c", "d", "e"]
            .into_iter()
            .filter_map(|text| map.get(hash_text(text.as_bytes()), text.as_bytes()))
            .collect();
        assert_eq!((kept, map.len()), (vec![&"c", &"d", &"e"], 3));
    }

    #[test]
    fn texts_of_one_hash_are_told_apart() {
        let mut map = BoundedTexts::new(8);
        map.insert(7, (*b"one").into(), 1);
        map.insert(7, (*b"two").into(), 2);
        assert_eq!(
            (map.get(7, b"one"), map.get(7, b"two"), map.get(7, b"three")),
            (Some(&1), Some(&2), None)
        );
    }
}
