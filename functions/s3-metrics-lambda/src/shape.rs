//! What the listed keys have in common: at which places they branch, and into which bytes.

use std::collections::BTreeMap;

/// Separators of a key after which the rest counts as one name.
const DEEPEST: usize = 15;
/// Branchings of an offset after which its own bytes are its alphabet.
const ENOUGH: u64 = 64;
/// The smallest part of all branchings that puts a byte into the alphabet of an offset of which little is known.
const RARE: u64 = 128;

/// Statistics of the keys of one bucket: at most a few dozen bytes for each byte of the longest key, at each depth.
///
/// Keys are ordered as S3 orders them, by the bytes of UTF-8.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    places: BTreeMap<Place, Branches>,
    /// How often a byte was one that a pair branched into, at any offset.
    bytes: Vec<u64>,
    total: u64,
}

/// A place in keys, which is the same one behind names of different lengths: separators before it, and bytes since.
type Place = (usize, usize);

#[derive(Clone, Copy, Debug, Default)]
struct Branches {
    /// Neighbours in a listing that differ here first.
    count: u64,
    /// The bytes in which they differed.
    bytes: ByteSet,
}

/// How many of the possible bytes follow a prefix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Occupancy {
    /// The part of an alphabet's bytes that continue the prefix.
    Known(f64),
    /// No prefix of this length was listed to its end.
    Unknown,
}

/// A set of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ByteSet([u64; 4]);

impl ByteSet {
    fn insert(&mut self, byte: u8) {
        if let Some(word) = self.0.get_mut(usize::from(byte / 64)) {
            *word |= 1 << (byte % 64);
        }
    }

    fn contains(self, byte: u8) -> bool {
        self.0.get(usize::from(byte / 64)).is_some_and(|word| word >> (byte % 64) & 1 == 1)
    }

    fn is_empty(self) -> bool {
        self.0 == [0; 4]
    }

    /// Its bytes above `low` and below `high`, in order.
    pub(crate) fn between(self, low: Option<u8>, high: Option<u8>) -> Vec<u8> {
        let inside = |byte: &u8| {
            low.is_none_or(|low| *byte > low) && high.is_none_or(|high| *byte < high) && self.contains(*byte)
        };
        (0..=u8::MAX).filter(inside).collect()
    }

    pub(crate) fn len(self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }
}

/// Length of the prefix that two keys share.
pub(crate) fn shared(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

impl Shape {
    /// Learns from two keys that follow each other in a listing.
    pub(crate) fn neighbours(&mut self, one: &[u8], next: &[u8]) {
        self.pair(one, next).count += 1;
    }

    /// Learns from two keys that both exist, with any others between them.
    pub(crate) fn both(&mut self, one: &[u8], other: &[u8]) {
        self.pair(one, other);
    }

    fn pair(&mut self, one: &[u8], other: &[u8]) -> &mut Branches {
        let at = shared(one, other);
        self.bytes.resize(256, 0);
        let branches = self.places.entry(place(one, at)).or_default();
        for byte in [one.get(at), other.get(at)].into_iter().flatten() {
            branches.bytes.insert(*byte);
            if let Some(count) = self.bytes.get_mut(usize::from(*byte)) {
                *count += 1;
                self.total += 1;
            }
        }
        branches
    }

    /// The bytes that may be at an offset of `key`; none where all keys have the same.
    pub(crate) fn alphabet(&self, key: &[u8], at: usize) -> ByteSet {
        let byte = key.get(at).copied();
        let Branches { count, bytes: mut own } = self.branches(key, at);
        if count >= ENOUGH {
            return own;
        }
        let mut common = ByteSet::default();
        for (byte, count) in (0..=u8::MAX).zip(&self.bytes) {
            if *count > 0 && count * RARE >= self.total {
                common.insert(byte);
            }
        }
        // A character of a name that all keys begin with says nothing, nor does a separator.
        if own.is_empty() && byte.is_some_and(|byte| !common.contains(byte)) {
            return own;
        }
        for byte in common.between(None, None) {
            own.insert(byte);
        }
        own
    }

    /// How many bytes of an alphabet follow the prefix of `key` that ends before the offset.
    #[expect(clippy::cast_precision_loss, reason = "counts of keys, for an estimate")]
    pub(crate) fn occupancy(&self, key: &[u8], at: usize, alphabet: ByteSet) -> Occupancy {
        let ended: u64 = self.places.range(..place(key, at)).map(|(_, branches)| branches.count).sum();
        let Branches { count, bytes } = self.branches(key, at);
        let seen = bytes.between(None, None);
        if let (Some(low), Some(high)) = (seen.first(), seen.last())
            && low < high
        {
            let span = alphabet.between(Some(*low), Some(*high)).len() + 1;
            let each = count as f64 / (ended + 1) as f64 / span as f64;
            return Occupancy::Known(if ended == 0 { 1.0 } else { each.min(1.0) });
        }
        if ended == 0 { Occupancy::Unknown } else { Occupancy::Known(0.0) }
    }

    fn branches(&self, key: &[u8], at: usize) -> Branches {
        self.places.get(&place(key, at)).copied().unwrap_or_default()
    }
}

fn place(key: &[u8], at: usize) -> Place {
    let (mut depth, mut start) = (0, 0);
    for (index, byte) in key.iter().take(at).enumerate() {
        if *byte == b'/' && depth < DEEPEST {
            (depth, start) = (depth + 1, index + 1);
        }
    }
    (depth, at.saturating_sub(start))
}
