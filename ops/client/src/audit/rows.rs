//! Rows in temporary files: one file for each part of the ids, so that one part after the other fits the memory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::facts::{Image, Item, Original, Thumbnail};

/// Files, well below the 256 that some systems let a process open.
const PARTS: u8 = 128;

/// A row: the id's two halves, and what was read.
#[derive(Serialize, Deserialize)]
enum Row {
    #[serde(rename = "O")]
    Original(u64, u64, Original),
    #[serde(rename = "I")]
    Item(u64, u64, Item),
    #[serde(rename = "T")]
    Thumbnail(u64, u64, Thumbnail),
}

/// The files; they have no names, so nothing is left of them however the process ends.
#[derive(Debug)]
pub(super) struct Rows {
    parts: Vec<BufWriter<File>>,
}

impl Rows {
    pub(super) fn create(scratch: &Path) -> io::Result<Self> {
        let parts = (0..PARTS).map(|_| tempfile::tempfile_in(scratch).map(BufWriter::new));
        Ok(Self { parts: parts.collect::<Result<_, _>>()? })
    }

    pub(super) fn original(&mut self, id: Uuid, original: Original) -> io::Result<()> {
        let (high, low) = id.as_u64_pair();
        self.add(id, &Row::Original(high, low, original))
    }

    pub(super) fn item(&mut self, id: Uuid, item: Item) -> io::Result<()> {
        let (high, low) = id.as_u64_pair();
        self.add(id, &Row::Item(high, low, item))
    }

    pub(super) fn thumbnail(&mut self, id: Uuid, thumbnail: Thumbnail) -> io::Result<()> {
        let (high, low) = id.as_u64_pair();
        self.add(id, &Row::Thumbnail(high, low, thumbnail))
    }

    fn add(&mut self, id: Uuid, row: &Row) -> io::Result<()> {
        // The last bits are a hash in every id of ours, while the first are a time.
        let [.., last] = id.into_bytes();
        let Some(part) = self.parts.get_mut(usize::from(last % PARTS)) else { return Ok(()) };
        serde_json::to_writer(&mut *part, row)?;
        part.write_all(b"\n")
    }

    /// The images, one part after the other.
    pub(super) fn parts(self) -> impl Iterator<Item = io::Result<BTreeMap<Uuid, Image>>> {
        self.parts.into_iter().map(|part| joined(part.into_inner()?))
    }
}

fn joined(mut part: File) -> io::Result<BTreeMap<Uuid, Image>> {
    part.rewind()?;
    let mut images: BTreeMap<Uuid, Image> = BTreeMap::new();
    let mut file = BufReader::new(part);
    let mut line = String::new();
    while file.read_line(&mut line)? > 0 {
        let image = |high, low| Uuid::from_u64_pair(high, low);
        match serde_json::from_str(&line)? {
            Row::Original(high, low, original) => {
                images.entry(image(high, low)).or_default().original = Some(original);
            }
            Row::Item(high, low, item) => images.entry(image(high, low)).or_default().item = Some(item),
            Row::Thumbnail(high, low, thumbnail) => {
                images.entry(image(high, low)).or_default().thumbnails.push(thumbnail);
            }
        }
        line.clear();
    }
    Ok(images)
}
