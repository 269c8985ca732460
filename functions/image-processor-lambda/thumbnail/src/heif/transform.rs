//! Transformative properties (`clap`, `irot`, `imir`), in the order of the file: which part is shown, how turned.

use heifer_isobmff::HeifFile;
use heifer_isobmff::boxes::Property;
use image::metadata::Orientation;

use super::fault::Fault;
use super::item::Source;

/// A part of a picture as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rect {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}

impl Rect {
    /// Whether the two share a pixel.
    pub(super) fn meets(&self, other: &Self) -> bool {
        let overlaps = |start: u32, length: u32, other_start: u32, other_length: u32| {
            start < other_start.saturating_add(other_length) && other_start < start.saturating_add(length)
        };
        overlaps(self.x, self.width, other.x, other.width)
            && overlaps(self.y, self.height, other.y, other.height)
    }
}

/// Where the shown picture comes from: it is that part, mirrored, then with rows and columns exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placement {
    pub(super) rect: Rect,
    from_right: bool,
    from_bottom: bool,
    is_transposed: bool,
}

impl Placement {
    /// That of a picture of this size.
    pub(super) fn read(file: &HeifFile, source: &Source, (width, height): (u32, u32)) -> Result<Self, Fault> {
        let mut placement = Self::whole((width, height));
        for id in &source.turned {
            for property in file.item_properties(*id)? {
                placement.apply(property);
            }
        }
        Ok(placement)
    }

    /// All of a picture as it is stored.
    pub(super) const fn whole((width, height): (u32, u32)) -> Self {
        let rect = Rect { x: 0, y: 0, width, height };
        Self { rect, from_right: false, from_bottom: false, is_transposed: false }
    }

    fn apply(&mut self, property: &Property) {
        match property {
            Property::Rotation(quarters) => (0..*quarters).for_each(|_| {
                self.is_transposed = !self.is_transposed;
                self.mirror(true);
            }),
            Property::Mirror(is_upside_down) => self.mirror(*is_upside_down),
            Property::CleanAperture { width, height, horiz_offset, vert_offset } => {
                self.crop([*width, *height], [*horiz_offset, *vert_offset]);
            }
            _ => {}
        }
    }

    /// Exchanges top and bottom of what is shown, or else left and right.
    fn mirror(&mut self, is_upside_down: bool) {
        if is_upside_down == self.is_transposed {
            self.from_right = !self.from_right;
        } else {
            self.from_bottom = !self.from_bottom;
        }
    }

    /// Cuts to a size around a place that is given from the middle; an aperture beyond the picture is ignored.
    fn crop(&mut self, mut sizes: [(u32, u32); 2], mut offsets: [(i32, u32); 2]) {
        if self.is_transposed {
            sizes.reverse();
            offsets.reverse();
        }
        let Rect { x, y, width, height } = self.rect;
        let across = aperture(width, sizes[0], offsets[0], self.from_right);
        let down = aperture(height, sizes[1], offsets[1], self.from_bottom);
        if let (Some((left, width)), Some((top, height))) = (across, down) {
            self.rect = Rect { x: x + left, y: y + top, width, height };
        }
    }

    pub(super) const fn orientation(&self) -> Orientation {
        match (self.is_transposed, self.from_right, self.from_bottom) {
            (false, false, false) => Orientation::NoTransforms,
            (false, true, false) => Orientation::FlipHorizontal,
            (false, false, true) => Orientation::FlipVertical,
            (false, true, true) => Orientation::Rotate180,
            (true, false, false) => Orientation::Rotate90FlipH,
            (true, false, true) => Orientation::Rotate90,
            (true, true, false) => Orientation::Rotate270,
            (true, true, true) => Orientation::Rotate270FlipH,
        }
    }
}

/// Start and length, in whole pixels, along one side.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to lie within the side")]
fn aperture(side: u32, length: (u32, u32), offset: (i32, u32), is_mirrored: bool) -> Option<(u32, u32)> {
    // One over zero is none of the numbers that are compared below.
    let length = (f64::from(length.0) / f64::from(length.1)).round();
    let side = f64::from(side);
    if length < 1.0 {
        return None;
    }
    let offset = f64::from(offset.0) / f64::from(offset.1);
    let start = (side - length) / 2.0 + if is_mirrored { -offset } else { offset };
    // The middle of an odd and an even length lies between two pixels.
    let start = start.round();
    (start >= 0.0 && start + length <= side).then_some((start as u32, length as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placement(properties: &[Property]) -> Placement {
        let mut it = Placement::whole((300, 200));
        for property in properties {
            it.apply(property);
        }
        it
    }

    #[test]
    fn turns_are_anticlockwise_and_mirrors_follow_in_the_order_of_the_file() {
        use Property::{Mirror, Rotation};
        for (properties, expected) in [
            (&[][..], Orientation::NoTransforms),
            (&[Rotation(1)], Orientation::Rotate270),
            (&[Rotation(2)], Orientation::Rotate180),
            (&[Rotation(3)], Orientation::Rotate90),
            (&[Mirror(true)], Orientation::FlipVertical),
            (&[Mirror(false)], Orientation::FlipHorizontal),
            (&[Rotation(3), Mirror(false)], Orientation::Rotate90FlipH),
            (&[Rotation(1), Mirror(false)], Orientation::Rotate270FlipH),
            (&[Mirror(false), Rotation(3)], Orientation::Rotate270FlipH),
            (&[Rotation(1), Rotation(3)], Orientation::NoTransforms),
        ] {
            assert_eq!(placement(properties).orientation(), expected, "{properties:?}");
        }
    }

    fn aperture(size: (u32, u32), offset: (i32, i32)) -> Property {
        Property::CleanAperture {
            width: (size.0, 1),
            height: (size.1, 1),
            horiz_offset: (offset.0, 1),
            vert_offset: (offset.1, 1),
        }
    }

    #[test]
    fn an_aperture_is_cut_from_the_middle_of_what_is_shown_so_far() {
        let rect = |x, y, width, height| Rect { x, y, width, height };
        assert_eq!(placement(&[aperture((100, 50), (0, 0))]).rect, rect(100, 75, 100, 50));
        assert_eq!(placement(&[aperture((100, 50), (-100, 75))]).rect, rect(0, 150, 100, 50));
        // Turned anticlockwise, the top of what is shown is the right of what is stored.
        let turned = placement(&[Property::Rotation(1), aperture((50, 100), (0, -100))]);
        assert_eq!(turned.rect, rect(200, 75, 100, 50));
        let twice = placement(&[aperture((200, 100), (50, 0)), aperture((100, 100), (-50, 0))]);
        assert_eq!(twice.rect, rect(100, 50, 100, 100));
    }

    #[test]
    fn an_aperture_beyond_the_picture_is_ignored() {
        for properties in
            [aperture((301, 50), (0, 0)), aperture((100, 50), (101, 0)), aperture((0, 1), (0, 0))]
        {
            assert_eq!(placement(&[properties]).rect, placement(&[]).rect);
        }
    }

    #[test]
    fn an_aperture_is_mirrored_with_the_picture_it_is_cut_from() {
        let rect = |x, y, width, height| Rect { x, y, width, height };
        let (right_above, size) = ((100, -75), (100, 50));
        for (properties, expected) in [
            (&[][..], rect(200, 0, 100, 50)),
            (&[Property::Mirror(false)], rect(0, 0, 100, 50)),
            (&[Property::Mirror(true)], rect(200, 150, 100, 50)),
            (&[Property::Rotation(2)], rect(0, 150, 100, 50)),
        ] {
            let cut = placement(&[properties, &[aperture(size, right_above)]].concat());
            assert_eq!(cut.rect, expected, "{properties:?}");
        }
    }

    #[test]
    fn fractions_of_an_aperture_are_rounded_and_one_over_zero_is_ignored() {
        let cut = |width, height, horiz_offset, vert_offset| {
            placement(&[Property::CleanAperture { width, height, horiz_offset, vert_offset }]).rect
        };
        // 200.5 and 99.5 pixels, of which halves are rounded up; the middle lies between two pixels.
        let rect = Rect { x: 50, y: 50, width: 201, height: 100 };
        assert_eq!(cut((401, 2), (199, 2), (0, 1), (0, 1)), rect);
        assert_eq!(cut((201, 1), (100, 1), (1, 2), (-1, 3)), rect);
        for zero in 0..4 {
            let under = |index: u32| u32::from(index != zero);
            let found = cut((100, under(0)), (100, under(1)), (0, under(2)), (0, under(3)));
            assert_eq!(found, placement(&[]).rect, "{zero}");
        }
    }

    #[test]
    fn an_aperture_may_touch_each_border_and_cross_none() {
        for (offset, is_cut) in [((-100, 0), true), ((-101, 0), false), ((100, 0), true), ((101, 0), false)] {
            assert_eq!(placement(&[aperture((100, 200), offset)]).rect.width == 100, is_cut, "{offset:?}");
        }
        assert_eq!(placement(&[aperture((300, 200), (0, 0))]).rect, placement(&[]).rect);
        assert_eq!(placement(&[aperture((1, 0), (0, 0))]).rect, placement(&[]).rect);
    }

    #[test]
    fn rectangles_meet_where_they_share_a_pixel() {
        let rect = |x, y| Rect { x, y, width: 10, height: 20 };
        for (x, y, expected) in [(0, 0, true), (9, 19, true), (10, 0, false), (0, 20, false), (10, 20, false)]
        {
            assert_eq!(rect(50, 50).meets(&rect(50 + x, 50 + y)), expected, "{x} {y}");
            assert_eq!(rect(50 + x, 50 + y).meets(&rect(50, 50)), expected, "{x} {y}");
        }
    }
}
