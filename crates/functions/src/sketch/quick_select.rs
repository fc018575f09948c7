//! The core of theta and tuple sketches: the smallest hashes that were met, with a summary each.

use std::collections::BTreeMap;

/// Hashes have 63 bits; without a bound, every one is kept.
pub(super) const ALL: u64 = i64::MAX as u64;

/// Hashes below `theta`, with what is known of each.
#[derive(Clone, Debug)]
pub(super) struct Entries<S> {
    pub theta: u64,
    /// Nothing was ever met.
    pub is_empty: bool,
    pub hashes: BTreeMap<u64, S>,
}

impl<S> Default for Entries<S> {
    fn default() -> Self {
        Self { theta: ALL, is_empty: true, hashes: BTreeMap::new() }
    }
}

impl<S: Clone> Entries<S> {
    /// Takes in a hash; `change` makes or changes its summary.
    pub fn update(&mut self, hash: u64, lg_nominal: u8, change: impl FnOnce(Option<&S>) -> S) {
        self.is_empty = false;
        if hash == 0 || hash >= self.theta {
            return;
        }
        let summary = change(self.hashes.get(&hash));
        self.hashes.insert(hash, summary);
        // A table of twice the nominal size is 15/16 full.
        let nominal = 1_usize << lg_nominal;
        if self.hashes.len() > nominal * 15 / 8 {
            self.cut(nominal);
        }
    }

    /// Keeps the `nominal` smallest hashes.
    pub fn cut(&mut self, nominal: usize) {
        if let Some(theta) = self.hashes.keys().nth(nominal).copied() {
            self.theta = theta;
            self.hashes.split_off(&theta);
        }
    }

    /// Forgets hashes from `theta` on.
    fn lower(&mut self, theta: u64) {
        if theta < self.theta {
            self.theta = theta;
            self.hashes.split_off(&theta);
        }
    }

    /// Takes in another sketch's hashes; the result is cut to the nominal size by [`Self::cut`].
    pub fn unite<T>(&mut self, other: &Entries<T>, lg_nominal: u8, merge: impl Fn(Option<&S>, &T) -> S) {
        if other.is_empty {
            return;
        }
        self.is_empty = false;
        self.lower(other.theta);
        for (hash, summary) in &other.hashes {
            self.update(*hash, lg_nominal, |own| merge(own, summary));
        }
    }

    /// Keeps what is in both.
    pub fn intersect<T>(&mut self, other: &Entries<T>, merge: impl Fn(&S, &T) -> S) {
        if self.is_empty || other.is_empty {
            *self = Self::default();
            return;
        }
        self.lower(other.theta);
        let common = |(hash, own): (&u64, &S)| Some((*hash, merge(own, other.hashes.get(hash)?)));
        self.hashes = self.hashes.iter().filter_map(common).collect();
        self.settle();
    }

    /// Keeps what is not in the other.
    pub fn subtract<T>(&mut self, other: &Entries<T>) {
        if self.is_empty || other.is_empty {
            return;
        }
        self.lower(other.theta);
        self.hashes.retain(|hash, _| !other.hashes.contains_key(hash));
        self.settle();
    }

    /// Nothing left of everything is the empty sketch.
    fn settle(&mut self) {
        if self.hashes.is_empty() && self.theta == ALL {
            self.is_empty = true;
        }
    }

    pub fn is_estimate(&self) -> bool {
        self.theta < ALL && !self.is_empty
    }

    /// The part of all hashes that is looked at.
    pub fn fraction(&self) -> f64 {
        if self.is_empty { 1.0 } else { self.theta as f64 / ALL as f64 }
    }

    pub fn estimate(&self) -> f64 {
        let count = self.hashes.len() as f64;
        if self.is_estimate() { count / self.fraction() } else { count }
    }

    pub fn size(&self) -> usize {
        size_of::<Self>() + self.hashes.len() * (size_of::<(u64, S)>() + 8)
    }
}
