//! Writes TIFFs of any kind from tags and chunks: no encoder writes all that readers must know.

#![allow(dead_code, reason = "each test file is a crate of its own and uses a part")]
#![allow(clippy::indexing_slicing, reason = "places in files made here")]

use std::collections::BTreeMap;

/// Values of a tag.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Longs(Vec<u32>),
    /// Of the type UNDEFINED.
    Bytes(Vec<u8>),
    /// Numerators and denominators.
    Rationals(Vec<(u32, u32)>),
    Floats(Vec<f32>),
    /// Of eight bytes, as files of `BigTIFF` have them.
    Wide(u64),
}

/// One page: its tags, without those that say where chunks are, and its chunks.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    tags: BTreeMap<u16, Value>,
    chunks: Vec<Vec<u8>>,
}

impl Page {
    /// A page in one strip of this size, with so many samples of so many bits.
    pub(crate) fn new((width, height): (u32, u32), samples: u32, bits: u32, data: Vec<u8>) -> Self {
        let page = Self { tags: BTreeMap::new(), chunks: vec![data] };
        page.tag(256, width)
            .tag(257, height)
            .tags(258, &vec![bits; samples as usize])
            .tag(262, if samples < 3 { 1 } else { 2 })
            .tag(277, samples)
    }

    pub(crate) fn tag(self, tag: u16, value: u32) -> Self {
        self.tags(tag, &[value])
    }

    pub(crate) fn tags(mut self, tag: u16, values: &[u32]) -> Self {
        self.tags.insert(tag, Value::Longs(values.to_vec()));
        self
    }

    pub(crate) fn bytes(mut self, tag: u16, bytes: Vec<u8>) -> Self {
        self.tags.insert(tag, Value::Bytes(bytes));
        self
    }

    pub(crate) fn rationals(mut self, tag: u16, values: &[(u32, u32)]) -> Self {
        self.tags.insert(tag, Value::Rationals(values.to_vec()));
        self
    }

    pub(crate) fn floats(mut self, tag: u16, values: &[f32]) -> Self {
        self.tags.insert(tag, Value::Floats(values.to_vec()));
        self
    }

    pub(crate) fn wide(mut self, tag: u16, value: u64) -> Self {
        self.tags.insert(tag, Value::Wide(value));
        self
    }

    pub(crate) fn without(mut self, tag: u16) -> Self {
        self.tags.remove(&tag);
        self
    }

    /// In strips of so many rows, each with these bytes.
    pub(crate) fn strips(mut self, rows: u32, chunks: Vec<Vec<u8>>) -> Self {
        self.chunks = chunks;
        self.tag(278, rows)
    }

    /// In tiles of this size.
    pub(crate) fn tiles(mut self, (width, height): (u32, u32), chunks: Vec<Vec<u8>>) -> Self {
        self.chunks = chunks;
        self.tag(322, width).tag(323, height)
    }

    /// With other bytes in place of those of each chunk.
    pub(crate) fn map_chunks(mut self, of: impl Fn(&[u8]) -> Vec<u8>) -> Self {
        self.chunks = self.chunks.iter().map(|chunk| of(chunk)).collect();
        self
    }

    /// The file with this page alone.
    pub(crate) fn file(&self) -> Vec<u8> {
        File::default().write(std::slice::from_ref(self))
    }
}

/// Byte order, and whether it is a `BigTIFF`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct File {
    pub(crate) is_big_endian: bool,
    pub(crate) is_big_tiff: bool,
}

impl File {
    pub(crate) fn write(self, pages: &[Page]) -> Vec<u8> {
        let mut file = if self.is_big_endian { b"MM".to_vec() } else { b"II".to_vec() };
        self.put(&mut file, if self.is_big_tiff { 43 } else { 42 }, 2);
        if self.is_big_tiff {
            self.put(&mut file, 8, 2);
            self.put(&mut file, 0, 2);
        }
        for page in pages {
            // Where this directory's offset is to be.
            let link = file.len();
            self.put(&mut file, 0, self.offset_size());
            let at = self.write_page(&mut file, page);
            let mut offset = Vec::new();
            self.put(&mut offset, at as u64, self.offset_size());
            file[link..link + offset.len()].copy_from_slice(&offset);
        }
        self.put(&mut file, 0, self.offset_size());
        file
    }

    /// Writes chunks, values and directory, which the offset of the next one must follow; returns the directory's offset.
    fn write_page(self, file: &mut Vec<u8>, page: &Page) -> usize {
        let is_tiled = page.tags.contains_key(&322);
        let mut tags = page.tags.clone();
        let (mut offsets, mut counts) = (Vec::new(), Vec::new());
        for chunk in &page.chunks {
            offsets.push(u32::try_from(file.len()).unwrap());
            counts.push(u32::try_from(chunk.len()).unwrap());
            file.extend(chunk);
        }
        tags.entry(if is_tiled { 324 } else { 273 }).or_insert(Value::Longs(offsets));
        tags.entry(if is_tiled { 325 } else { 279 }).or_insert(Value::Longs(counts));
        let mut directory = Vec::new();
        self.put(&mut directory, tags.len() as u64, if self.is_big_tiff { 8 } else { 2 });
        for (tag, value) in &tags {
            let (kind, count, bytes) = match value {
                Value::Longs(values) => {
                    let mut bytes = Vec::new();
                    for value in values {
                        self.put(&mut bytes, (*value).into(), 4);
                    }
                    (4, values.len(), bytes)
                }
                Value::Bytes(bytes) => (7, bytes.len(), bytes.clone()),
                Value::Rationals(values) => {
                    let mut bytes = Vec::new();
                    for number in values.iter().flat_map(|(numerator, denominator)| [numerator, denominator])
                    {
                        self.put(&mut bytes, (*number).into(), 4);
                    }
                    (5, values.len(), bytes)
                }
                Value::Wide(value) => {
                    let mut bytes = Vec::new();
                    self.put(&mut bytes, *value, 8);
                    (16, 1, bytes)
                }
                Value::Floats(values) => {
                    let mut bytes = Vec::new();
                    for value in values {
                        self.put(&mut bytes, value.to_bits().into(), 4);
                    }
                    (11, values.len(), bytes)
                }
            };
            self.put(&mut directory, (*tag).into(), 2);
            self.put(&mut directory, kind, 2);
            self.put(&mut directory, count as u64, self.offset_size());
            if bytes.len() <= self.offset_size() {
                directory.extend(&bytes);
                directory.extend(vec![0; self.offset_size() - bytes.len()]);
            } else {
                self.put(&mut directory, file.len() as u64, self.offset_size());
                file.extend(&bytes);
            }
        }
        let at = file.len();
        file.extend(directory);
        at
    }

    fn offset_size(self) -> usize {
        if self.is_big_tiff { 8 } else { 4 }
    }

    fn put(self, bytes: &mut Vec<u8>, value: u64, size: usize) {
        let little = &value.to_le_bytes()[..size];
        if self.is_big_endian { bytes.extend(little.iter().rev()) } else { bytes.extend(little) }
    }
}
