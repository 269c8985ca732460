//! Where to divide what is left of a range, so that both parts hold about as many keys.
//!
//! How many keys are left is extrapolated from the page listed last: it shows how many keys a prefix of some length
//! holds, and the [`Shape`] of all keys how many such prefixes there are beside it. A wrong estimate costs pages or
//! time, never a key: whatever the key is, all that follow it are one range and the others another.

use crate::shape::{Occupancy, Shape, shared};

/// More keys than any bucket has, so that products of guesses stay finite.
const MOST_KEYS: f64 = 1e15;

/// What is left of a range.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rest<'a> {
    /// First and last key of the page listed last.
    pub(crate) page: (&'a str, &'a str),
    /// How many keys that page had.
    pub(crate) keys: f64,
    /// The last key that belongs to the range; without one it ends with the bucket.
    pub(crate) end: Option<&'a str>,
    /// Keys listed since a part was last split off.
    pub(crate) listed: f64,
    /// Parts in a row that turned out to be empty.
    pub(crate) misses: i32,
}

/// Keys that are expected under one prefix.
#[derive(Debug)]
struct Piece<'a> {
    /// How many.
    weight: f64,
    /// What they begin with.
    prefix: &'a [u8],
    /// The bytes that may follow.
    bytes: Vec<u8>,
    /// Whether this is a guess at the offset; then the middle byte is taken.
    is_guess: bool,
}

/// A way to divide a range.
#[derive(Debug)]
pub(crate) struct Half {
    /// How many keys are expected to be left in the whole range.
    pub(crate) keys: f64,
    /// The key after which about half of them follow.
    pub(crate) middle: String,
    /// Whether nothing is known of the place at which the key differs.
    pub(crate) is_guess: bool,
}

/// Divides what is left of a range.
pub(crate) fn halve(shape: &Shape, rest: &Rest<'_>) -> Option<Half> {
    let pieces = pieces(shape, rest)?;
    let keys: f64 = pieces.iter().map(|piece| piece.weight).sum();
    let mut before = 0.0;
    let mut best: Option<(f64, Half)> = None;
    for piece in pieces {
        let wanted = (keys / 2.0 - before) / piece.weight;
        before += piece.weight;
        let Some(middle) = piece.key(shape, wanted) else { continue };
        let is_inside = middle.as_str() > rest.page.1 && rest.end.is_none_or(|end| middle.as_str() < end);
        // How many keys lie between this piece and the middle.
        let distance = (-wanted).max(wanted - 1.0).max(0.0) * piece.weight;
        if is_inside && best.as_ref().is_none_or(|(least, _)| distance < *least) {
            best = Some((distance, Half { keys, middle, is_guess: piece.is_guess }));
        }
    }
    best.map(|(_, half)| half)
}

fn pieces<'a>(shape: &Shape, rest: &Rest<'a>) -> Option<Vec<Piece<'a>>> {
    let (first, last) = (rest.page.0.as_bytes(), rest.page.1.as_bytes());
    let end = rest.end.map(str::as_bytes);
    let top = end.map_or(0, |end| shared(last, end));
    let bottom = shared(first, last);
    let doubt = 0.25_f64.powi(rest.misses);
    if bottom >= last.len() || bottom < top {
        return None;
    }
    let span =
        shape.alphabet(last, bottom).between(first.get(bottom).copied(), last.get(bottom).copied()).len();
    // Keys of a prefix that is one byte longer than the offset.
    let mut mass = rest.keys / as_f64(span + 1);
    let mut masses = Vec::new();
    let mut pieces: Vec<Piece<'a>> = Vec::new();
    // Offsets of which nothing is known, and the last separator among them, with the place of their piece.
    let mut guesses: Vec<Piece<'a>> = Vec::new();
    let mut fallbacks: Vec<Piece<'a>> = Vec::new();
    let mut separator = None;
    let mut unknown_from = None;
    // Prefixes are fuller the shorter they are, and the page has listed all there is at its own offset.
    let mut densest = 1.0_f64;
    for at in (top..=bottom).rev() {
        let own = shape.alphabet(last, at);
        let limit = if at == top { end.and_then(|end| end.get(at).copied()) } else { None };
        let (prefix, byte) = (last.get(..at)?, *last.get(at)?);
        let bytes = own.between(Some(byte), limit);
        let occupancy = shape.occupancy(last, at, own);
        masses.push((at, mass));
        if !bytes.is_empty() {
            fallbacks.push(Piece { weight: 0.0, prefix, bytes: bytes.clone(), is_guess: true });
        }
        if byte == b'/' {
            densest = 0.0;
        }
        match occupancy {
            Occupancy::Known(part) => {
                let part = if part > 0.0 { part.max(densest) } else { part };
                densest = densest.max(part);
                let weight = as_f64(bytes.len()) * part * mass * if at == top { doubt } else { 1.0 };
                mass = (mass * (1.0 + f64::from(own.len().saturating_sub(1)) * part)).min(MOST_KEYS);
                if weight > 0.0 {
                    pieces.push(Piece { weight, prefix, bytes, is_guess: false });
                }
            }
            Occupancy::Unknown => {
                let after = byte + 1;
                if byte == b'/' && separator.is_none() && limit.is_none_or(|limit| limit > after) {
                    separator =
                        Some(Piece { weight: mass * doubt, prefix, bytes: vec![after], is_guess: true });
                } else if !bytes.is_empty() {
                    guesses.push(Piece { weight: mass * doubt, prefix, bytes, is_guess: true });
                } else {
                    continue;
                }
                unknown_from.get_or_insert(pieces.len());
            }
        }
    }
    if let Some(at) = unknown_from {
        let middle = guesses.len() / 2;
        pieces.insert(at, separator.unwrap_or_else(|| guesses.swap_remove(middle)));
    }
    if let Some(end) = end {
        for (at, mass) in masses.iter().rev().filter(|(at, _)| *at > top && *at < end.len()) {
            let own = shape.alphabet(end, *at);
            let bytes = own.between(None, end.get(*at).copied());
            if let Occupancy::Known(part) = shape.occupancy(end, *at, own)
                && !bytes.is_empty()
                && part > 0.0
            {
                let weight = as_f64(bytes.len()) * part * mass;
                pieces.push(Piece { weight, prefix: end.get(..*at)?, bytes, is_guess: false });
            }
        }
    }
    // What has gone on for long is expected to go on for as long again.
    let total: f64 = pieces.iter().map(|piece| piece.weight).sum();
    let missing = if rest.listed > 3000.0 * f64::from(rest.misses) { rest.listed - total } else { 0.0 };
    if missing > 0.0 && !fallbacks.is_empty() {
        let middle = fallbacks.len() / 2;
        pieces.push(Piece { weight: missing, ..fallbacks.swap_remove(middle) });
    }
    Some(pieces)
}

impl Piece<'_> {
    /// The key before which about the part `wanted` of the keys come.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped; saturates")]
    fn key(&self, shape: &Shape, wanted: f64) -> Option<String> {
        let mut key = self.prefix.to_vec();
        if self.is_guess {
            key.push(*self.bytes.get(self.bytes.len() / 2)?);
            return completed(&key);
        }
        let place = wanted.clamp(0.0, 1.0) * as_f64(self.bytes.len());
        let index = (place as usize).min(self.bytes.len().saturating_sub(1));
        key.push(*self.bytes.get(index)?);
        let next = shape.alphabet(&key, key.len()).between(None, None);
        let fine = (place - as_f64(index)).clamp(0.0, 1.0) * as_f64(next.len());
        if let (true, Some(byte)) = (fine >= 1.0, next.get((fine as usize).min(next.len().saturating_sub(1))))
        {
            key.push(*byte);
        }
        completed(&key)
    }
}

/// The key, with the bytes added that its last character lacks.
fn completed(key: &[u8]) -> Option<String> {
    const TAILS: [&[u8]; 6] = [&[], &[0x80], &[0x80; 2], &[0x80; 3], &[0xA0, 0x80], &[0x90, 0x80, 0x80]];
    let complete = |tail: &&[u8]| String::from_utf8([key, tail].concat()).ok();
    TAILS.iter().find_map(complete).filter(|key| key.len() <= 1024)
}

#[expect(clippy::cast_precision_loss, reason = "counts of keys, for an estimate")]
pub(crate) fn as_f64(count: usize) -> f64 {
    count as f64
}
