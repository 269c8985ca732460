//! The ranges of one bucket: which page to list next, and what the pages add up to.
//!
//! A range is what lies between two keys. At first all keys are one; later what is left of the largest is divided, at a
//! key that [`halve`] finds. The ranges are disjoint and leave nothing out, and each is listed from its begin to its
//! end, so a key that exists throughout is on exactly one page, and counted once.

use crate::{
    shape::Shape,
    split::{Half, Rest, as_f64, halve},
    usage::{Cursor, Object, Page, Usage},
};

/// Keys of a whole page of S3.
const PAGE: u64 = 1000;
/// Pages beyond those that the keys fill: one of this many, if that is more than the parallelism.
const EXTRA_PART: u64 = 20;
/// What is left of a range is divided if it is expected to be more than this, in keys.
const WORTHWHILE: f64 = 3000.0;
/// The same for as long as little of the bucket is known, and most of the budget must be kept.
const WORTHWHILE_EARLY: f64 = 12_000.0;
/// The same at most: half of it fills as many pages as earn the budget the page that it may waste.
const WORTHWHILE_MOST: f64 = 20_000.0;
/// Pages for each lane before the bucket is known.
const EARLY: u64 = 10;
/// Ranges that are too few to save on.
const FEW: usize = 4;

/// A listing in progress.
#[derive(Debug)]
pub(crate) struct Ranges {
    parallelism: u64,
    shape: Shape,
    /// The ranges that are not at their end, in no order.
    open: Vec<Range>,
    next_id: u64,
    usage: Usage,
    /// Pages and keys of the ranges that are at their end.
    ended: (u64, u64),
}

/// A page to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    range: u64,
    /// Where the page starts.
    pub(crate) from: Cursor,
}

#[derive(Debug)]
struct Range {
    id: u64,
    /// Where the next page starts.
    next: Cursor,
    /// The last key that belongs to the range; without one it ends with the bucket.
    end: Option<String>,
    is_asked: bool,
    /// First and last key of the page listed last, and how many it had.
    page: Option<(String, String, usize)>,
    pages: u64,
    keys: u64,
    /// Keys listed since a part was last split off.
    since: u64,
    misses: i32,
    /// Whether the first page of the part that was split off last is on its way.
    is_divided: bool,
}

/// The keys of a page are not in order.
#[derive(Debug)]
pub(crate) struct Disorder;

impl Ranges {
    /// All keys of a bucket.
    pub(crate) fn new(parallelism: usize) -> Self {
        let all = Range::new(0, Cursor::Start, None);
        Self {
            parallelism: parallelism as u64,
            shape: Shape::default(),
            open: vec![all],
            next_id: 1,
            usage: Usage::default(),
            ended: (0, 0),
        }
    }

    /// The next page of a range that is not being listed.
    pub(crate) fn due(&mut self) -> Option<Request> {
        let range = self.open.iter_mut().find(|range| !range.is_asked)?;
        range.is_asked = true;
        Some(Request { range: range.id, from: range.next.clone() })
    }

    /// Whether a range waits for somebody to list it.
    pub(crate) fn is_due(&self) -> bool {
        self.open.iter().any(|range| !range.is_asked)
    }

    /// The page was not listed and is due again.
    pub(crate) fn postponed(&mut self, request: &Request) {
        if let Some(range) = self.open.iter_mut().find(|range| range.id == request.range) {
            range.is_asked = false;
        }
    }

    /// Divides the range of which most is left, and answers the first page of its second part.
    ///
    /// None while that is not worth a page: a part ends with one that is not full, and each such page is paid for.
    pub(crate) fn split(&mut self) -> Option<Request> {
        let extra = self.free_pages()?;
        let rests = self.open.iter().enumerate().filter_map(|(index, range)| {
            let half = halve(&self.shape, &range.rest()?)?;
            Some((index, half))
        });
        let rests: Vec<(usize, Half)> = rests.collect();
        let least = self.worthwhile(extra, rests.iter().map(|(_, half)| half.keys).sum());
        let is_worth = |half: &Half| half.keys >= if half.is_guess { least.min(WORTHWHILE) } else { least };
        let rests = rests.into_iter().filter(|(_, half)| is_worth(half));
        let (index, half) = rests.max_by(|(_, one), (_, other)| one.keys.total_cmp(&other.keys))?;
        let range = self.open.get_mut(index)?;
        let from = Cursor::After(half.middle.clone());
        let part = Range::new(self.next_id, from.clone(), range.end.replace(half.middle));
        range.since = 0;
        range.is_divided = true;
        self.open.push(Range { is_asked: true, ..part });
        self.next_id += 1;
        Some(Request { range: self.next_id - 1, from })
    }

    /// Pages that are not full and that the budget has left, if each open range and one more end with one.
    ///
    /// None if that is beyond the budget.
    fn free_pages(&self) -> Option<u64> {
        let open = self.open.len() as u64;
        // No more ranges than pages: a small bucket costs little more for being divided.
        if open > self.usage.pages || open >= self.parallelism {
            return None;
        }
        let (pages, keys) = self.ended;
        (keys + self.budget() * PAGE).checked_sub((pages + open + 1) * PAGE).map(|keys| keys / PAGE)
    }

    /// Pages that may be asked for beyond those that the keys fill; the bucket holds the keys counted so far at least.
    fn budget(&self) -> u64 {
        self.parallelism.max(self.usage.objects.div_ceil(PAGE) / EXTRA_PART)
    }

    /// The fewest keys for which a range is divided, if `all` are expected to be left in the bucket.
    #[expect(clippy::cast_precision_loss, reason = "counts of pages, for an estimate")]
    fn worthwhile(&self, free: u64, all: f64) -> f64 {
        if self.open.len() < FEW {
            WORTHWHILE
        } else if self.usage.pages < self.parallelism * EARLY {
            WORTHWHILE_EARLY
        } else {
            // What is left of the budget should last to the end of the bucket.
            (all / (free + 1) as f64).clamp(WORTHWHILE, WORTHWHILE_MOST)
        }
    }

    /// Adds a page.
    ///
    /// # Errors
    ///
    /// Fails when the keys are not in order, since then nobody knows what is on the other pages.
    pub(crate) fn returned(&mut self, request: &Request, page: &Page) -> Result<(), Disorder> {
        let Some(index) = self.open.iter().position(|range| range.id == request.range) else { return Ok(()) };
        let Some(range) = self.open.get_mut(index) else { return Ok(()) };
        let in_order = page.objects.is_sorted_by(|one, other| one.key < other.key)
            && page.objects.first().is_none_or(|first| range.is_before(&first.key));
        if !in_order {
            return Err(Disorder);
        }
        let is_own = |object: &Object| range.end.as_ref().is_none_or(|end| object.key <= *end);
        let count = page.objects.partition_point(is_own);
        let own = page.objects.get(..count).unwrap_or_default();
        for pair in page.objects.windows(2) {
            if let [one, next] = pair {
                self.shape.neighbours(one.key.as_bytes(), next.key.as_bytes());
            }
        }
        range.is_asked = false;
        range.pages += 1;
        range.keys += count as u64;
        range.since += count as u64;
        self.usage.pages += 1;
        self.usage.objects += count as u64;
        self.usage.bytes += own.iter().map(|object| object.bytes).sum::<u64>();
        let is_first = range.pages == 1;
        if let (Some(first), Some(last)) = (own.first(), own.last()) {
            range.page = Some((first.key.clone(), last.key.clone(), count));
        }
        let is_at_end = range.end.is_some() && own.last().map(|object| &object.key) == range.end.as_ref();
        let ends = is_at_end || count < page.objects.len() || page.next.is_none();
        if let Request { from: Cursor::After(start), .. } = request
            && is_first
        {
            self.landed(start, own.first());
        }
        match (&page.next, self.open.get_mut(index)) {
            (Some(next), Some(range)) if !ends => range.next = Cursor::Token(next.clone()),
            _ => {
                let range = self.open.swap_remove(index);
                self.ended.0 += range.pages;
                self.ended.1 += range.keys;
            }
        }
        Ok(())
    }

    /// The range that was divided at `start` learns whether anything follows.
    fn landed(&mut self, start: &str, first: Option<&Object>) {
        let Some(range) = self.open.iter_mut().find(|range| range.end.as_deref() == Some(start)) else {
            return;
        };
        range.is_divided = false;
        let Some(first) = first else {
            range.misses += 1;
            return;
        };
        range.misses = 0;
        if let Some((_, last, _)) = &range.page {
            self.shape.both(last.as_bytes(), first.key.as_bytes());
        }
    }

    /// Whether every range is at its end, so that [`Self::usage`] is the total.
    pub(crate) fn is_complete(&self) -> bool {
        self.open.is_empty()
    }

    /// What was counted so far.
    pub(crate) fn usage(&self) -> Usage {
        self.usage
    }
}

impl Range {
    fn new(id: u64, next: Cursor, end: Option<String>) -> Self {
        Self {
            id,
            next,
            end,
            is_asked: false,
            page: None,
            pages: 0,
            keys: 0,
            since: 0,
            misses: 0,
            is_divided: false,
        }
    }

    /// Whether `key` may be the first of the next page.
    fn is_before(&self, key: &str) -> bool {
        let listed = self.page.as_ref().is_none_or(|(_, last, _)| last.as_str() < key);
        let started = match &self.next {
            Cursor::After(start) => start.as_str() < key,
            Cursor::Start | Cursor::Token(_) => true,
        };
        listed && started
    }

    fn rest(&self) -> Option<Rest<'_>> {
        let (first, last, count) = self.page.as_ref()?;
        let end = self.end.as_deref();
        if self.is_divided || end.is_some_and(|end| end <= last.as_str()) {
            return None;
        }
        let listed = as_f64(usize::try_from(self.since).unwrap_or(usize::MAX));
        Some(Rest { page: (first, last), keys: as_f64(*count), end, listed, misses: self.misses })
    }
}
