//! How many pages may be asked for at the same time, over all buckets.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

/// Pages at the same time, as measured: see `docs/bucket-totals.md`.
pub const PARALLELISM: usize = 16;

/// The lanes that requests take; fewer while S3 throttles.
///
/// S3 answers 5,500 listings a second and prefix, of which this is a small part; but others may ask too. A throttled
/// request halves the lanes, and as many pages as there are lanes add one again, like TCP's congestion window.
#[derive(Debug)]
pub struct Lanes {
    most: usize,
    free: Semaphore,
    width: Mutex<Width>,
}

#[derive(Debug)]
struct Width {
    lanes: usize,
    /// Lanes that end when they are given back.
    surplus: usize,
    /// Pages since the width changed.
    pages: usize,
    /// How often the lanes were made fewer.
    reductions: u64,
}

/// Leave for one request; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Lane<'a> {
    lanes: &'a Lanes,
    reductions: u64,
}

impl Lanes {
    /// As many lanes, all free.
    #[must_use]
    pub fn new(most: usize) -> Self {
        let width = Width { lanes: most, surplus: 0, pages: 0, reductions: 0 };
        Self { most, free: Semaphore::new(most), width: Mutex::new(width) }
    }

    /// How many lanes there are while nothing is throttled.
    pub(crate) fn most(&self) -> usize {
        self.most
    }

    /// A lane, if one is free that nobody waits for.
    pub(crate) fn try_take(&self) -> Option<Lane<'_>> {
        self.free.try_acquire().ok()?.forget();
        Some(self.lane())
    }

    /// A lane, once one is free; who asked first is first.
    pub(crate) async fn take(&self) -> Lane<'_> {
        // The semaphore is never closed.
        if let Ok(permit) = self.free.acquire().await {
            permit.forget();
        }
        self.lane()
    }

    fn lane(&self) -> Lane<'_> {
        Lane { lanes: self, reductions: self.width().reductions }
    }

    fn width(&self) -> MutexGuard<'_, Width> {
        self.width.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane<'_> {
    /// S3 refused the request because there are too many.
    pub(crate) fn throttled(&self) {
        let mut width = self.lanes.width();
        // Requests that were on their way together are one reason, not several.
        if width.reductions == self.reductions {
            let lanes = (width.lanes / 2).max(1);
            width.surplus += width.lanes - lanes;
            width.lanes = lanes;
            width.pages = 0;
            width.reductions += 1;
        }
    }

    /// S3 answered with a page.
    pub(crate) fn listed(&self) {
        let mut width = self.lanes.width();
        width.pages += 1;
        if width.pages < width.lanes || width.lanes == self.lanes.most {
            return;
        }
        width.pages = 0;
        width.lanes += 1;
        if width.surplus > 0 {
            width.surplus -= 1;
        } else {
            self.lanes.free.add_permits(1);
        }
    }
}

impl Drop for Lane<'_> {
    fn drop(&mut self) {
        let mut width = self.lanes.width();
        if width.surplus > 0 {
            width.surplus -= 1;
        } else {
            self.lanes.free.add_permits(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many lanes can be taken now.
    fn free(lanes: &Lanes) -> usize {
        std::iter::from_fn(|| lanes.try_take()).collect::<Vec<_>>().len()
    }

    #[test]
    fn requests_throttled_together_halve_the_lanes_once_and_pages_bring_them_back_one_by_one() {
        let lanes = Lanes::new(8);
        let taken: Vec<_> = std::iter::from_fn(|| lanes.try_take()).collect();
        for lane in &taken {
            lane.throttled();
        }
        drop(taken);
        assert_eq!(free(&lanes), 4);

        let lane = lanes.try_take().unwrap();
        let mut widths = Vec::new();
        for _ in 0..4 + 5 + 6 + 7 + 8 {
            lane.listed();
            widths.push(lanes.width().lanes);
        }
        drop(lane);

        assert_eq!((widths[2], widths[3], widths[8], widths[14], widths[21]), (4, 5, 6, 7, 8));
        assert_eq!(free(&lanes), 8);
    }

    #[test]
    fn one_lane_is_left_however_often_s3_throttles() {
        let lanes = Lanes::new(8);
        for _ in 0..9 {
            lanes.try_take().unwrap().throttled();
        }
        assert_eq!(free(&lanes), 1);
    }
}
