//! Fuzz targets: what must hold of whatever comes from outside, which is trace headers, messages and requests.
//!
//! Each function is the property of one fuzz target; the README beside shows how to run them.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a property that does not hold must panic: that is what is looked for"
)]

mod headers;
mod messages;
mod offline;
mod requests;
mod statuses;

pub use headers::headers;
pub use messages::messages;
pub use requests::requests;
pub use statuses::statuses;

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    /// Runs each seed of a target through its property.
    fn sow(target: &str, property: fn(&[u8])) {
        let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
        let seeds: Vec<_> = fs::read_dir(seeds).unwrap().map(|seed| seed.unwrap().path()).collect();
        assert!(!seeds.is_empty());
        for seed in seeds {
            property(&fs::read(seed).unwrap());
        }
    }

    #[test]
    fn each_seed_of_headers_makes_one_span_that_is_never_lost() {
        sow("headers", super::headers);
    }

    #[test]
    fn each_seed_of_messages_is_read_whole_or_not_at_all() {
        sow("messages", super::messages);
    }

    #[test]
    fn each_seed_of_requests_is_answered_as_documented() {
        sow("requests", super::requests);
    }

    #[test]
    fn each_seed_of_statuses_is_answered_as_documented_and_of_own_images_only() {
        sow("statuses", super::statuses);
    }
}
