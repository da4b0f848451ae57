//! So many at the same time for each of whoever comes: one's flood leaves room for the others.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts by key who is there. It holds no more keys than there are places taken.
#[derive(Debug)]
pub struct Places<K: Eq + Hash> {
    each_max: u32,
    taken: Mutex<HashMap<K, u32>>,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub struct Place<K: Eq + Hash> {
    places: Arc<Places<K>>,
    key: K,
}

impl<K: Eq + Hash + Clone> Places<K> {
    /// At most so many for each key.
    #[must_use]
    pub fn new(each_max: u32) -> Arc<Self> {
        Arc::new(Self {
            each_max,
            taken: Mutex::default(),
        })
    }

    /// Takes a place; none if the key has as many as it may.
    pub fn enter(self: &Arc<Self>, key: &K) -> Option<Place<K>> {
        let mut taken = self.taken();
        match taken.get_mut(key) {
            Some(count) if *count >= self.each_max => return None,
            Some(count) => *count += 1,
            None if self.each_max == 0 => return None,
            None => drop(taken.insert(key.clone(), 1)),
        }
        drop(taken);
        Some(Place {
            places: Arc::clone(self),
            key: key.clone(),
        })
    }
}

impl<K: Eq + Hash> Places<K> {
    fn taken(&self) -> MutexGuard<'_, HashMap<K, u32>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        match taken.get_mut(&self.key) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(taken.remove(&self.key)),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn who_has_all_places_of_theirs_leaves_room_for_others() {
        let places = Places::new(2);
        let (first, second) = (places.enter(&"a").unwrap(), places.enter(&"a").unwrap());
        assert!(places.enter(&"a").is_none());
        let other = places.enter(&"b").unwrap();
        drop(first);
        let third = places.enter(&"a").unwrap();
        assert!(places.enter(&"a").is_none());
        drop((second, third, other));
        assert!(places.taken().is_empty());
        assert!(Places::new(0).enter(&"a").is_none());
    }
}
