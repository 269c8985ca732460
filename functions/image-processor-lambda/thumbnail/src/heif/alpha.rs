//! Alpha: an auxiliary picture (`auxl`) of opacities beside the colours.

use std::ops::Range;

use heifer_isobmff::HeifFile;
use heifer_isobmff::boxes::Property;

use super::fault::Fault;
use super::item::Source;
use crate::pixels::Planar;

/// The auxiliary types of HEVC, and of MIAF, that mean opacity.
const TYPES: [&str; 3] = [
    "urn:mpeg:hevc:2015:auxid:1",
    "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha",
    "urn:mpeg:avc:2015:auxid:1",
];

/// The auxiliary picture that says how opaque `source` is, and whether its colours are weighed by it already.
pub(super) fn item(file: &HeifFile, source: &Source) -> Result<Option<(Source, bool)>, Fault> {
    let is_alpha = |id: &u32| {
        let mut properties = file.item_properties(*id).into_iter().flatten();
        properties.any(|it| matches!(it, Property::AuxiliaryType(kind) if TYPES.contains(&&**kind)))
    };
    let Some(id) = file.referencing_items(source.id, b"auxl").into_iter().find(is_alpha) else {
        return Ok(None);
    };
    let is_premultiplied = file.referenced_items(source.id, b"prem").contains(&id);
    Ok(Some((Source::of(file, id)?, is_premultiplied)))
}

/// Opacity of each pixel.
pub(super) struct Alpha {
    pub(super) is_premultiplied: bool,
    width: u32,
    height: u32,
    samples: Vec<u8>,
}

impl Alpha {
    pub(super) fn new(opacities: Planar, is_premultiplied: bool) -> Self {
        let Planar { width, height, planes, .. } = opacities;
        let samples = planes.into_iter().next().unwrap_or_default().samples;
        Self { is_premultiplied, width, height, samples }
    }

    /// Bytes that it holds.
    pub(super) const fn bytes(&self) -> u64 {
        self.samples.len() as u64
    }

    /// Opacities of `columns` of row `y` of a picture of this size, which should be that of the opacities.
    pub(super) fn row(&self, size: (u32, u32), columns: Range<u32>, y: u32, into: &mut Vec<u8>) {
        let scaled = |at: u32, from: u32, to: u32| {
            let at = u64::from(at) * u64::from(to) / u64::from(from.max(1));
            usize::try_from(at).unwrap_or(usize::MAX)
        };
        let start = scaled(y, size.1, self.height) * self.width as usize;
        let row = self.samples.get(start..).unwrap_or_default();
        into.clear();
        if size.0 == self.width {
            let columns = columns.start as usize..columns.end as usize;
            into.extend_from_slice(row.get(columns).unwrap_or_default());
        } else {
            into.extend(columns.map(|x| row.get(scaled(x, size.0, self.width)).copied().unwrap_or(u8::MAX)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::{Channels, Plane};

    #[test]
    fn opacities_of_another_size_are_those_of_the_same_part_of_the_picture() {
        let samples = vec![10, 20, 30, 40, 50, 60];
        let plane = Plane { samples, stride: 3, width: 3.0, height: 2.0 };
        let planar = Planar { width: 3, height: 2, channels: Channels::Gray, planes: vec![plane] };
        let alpha = Alpha::new(planar, false);
        let row = |size, columns, y| {
            let mut row = vec![99];
            alpha.row(size, columns, y, &mut row);
            row
        };
        assert_eq!(row((3, 2), 0..3, 1), [40, 50, 60]);
        assert_eq!(row((3, 2), 1..3, 0), [20, 30]);
        assert_eq!(row((3, 4), 0..3, 2), [40, 50, 60]);
        assert_eq!(row((6, 4), 0..6, 1), [10, 10, 20, 20, 30, 30]);
        assert_eq!(row((6, 4), 4..6, 3), [60, 60]);
        assert_eq!(row((2, 1), 0..2, 0), [10, 20]);
        assert_eq!(row((1, 1), 0..1, 0), [10]);
    }
}
