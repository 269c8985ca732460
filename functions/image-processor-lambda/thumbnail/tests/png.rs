//! PNGs of sixteen bits and of passes within memory, and chunks that are none of the picture.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test's helpers may fail it"
)]

mod common;

use common::{assert_near, options, pixels};
use thumbnail::{Formats, Limits, Rejection, Thumbnail, thumbnail};

const WIDTH: u32 = 1_501;
const HEIGHT: u32 = 1_003;
/// Far less than the pixels take.
const SMALL: Limits = Limits {
    max_bytes: 50_000_000,
    max_pixels: 2_000_000,
    max_decode_bytes: 1_500_000,
    time: std::time::Duration::from_mins(1),
    formats: Formats::BUILT,
};

/// Columns from left to right in each pass of Adam7, and rows from the top.
const PASSES: [[u32; 4]; 7] =
    [[0, 8, 0, 8], [4, 8, 0, 8], [0, 4, 4, 8], [2, 4, 0, 4], [0, 2, 2, 4], [1, 2, 0, 2], [0, 1, 1, 2]];

fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&kind);
    checksum.update(data);
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&length[..], &kind, data, &checksum.finalize().to_be_bytes()].concat()
}

/// Quarters of four colours with an alpha of `alpha`, in 16 or 8 bits, in passes or not, with chunks before the data.
fn file(
    (width, height): (u32, u32),
    is_wide: bool,
    is_interlaced: bool,
    alpha: u8,
    chunks: &[Vec<u8>],
) -> Vec<u8> {
    let colors = [[220, 30, 30], [30, 180, 60], [40, 60, 210], [240, 220, 40]];
    let passes = if is_interlaced { &PASSES[..] } else { &[[0, 1, 0, 1]] };
    let mut raw = Vec::new();
    for [first, step, top, down] in passes.iter().copied().filter(|[first, ..]| *first < width) {
        for y in (top..height).step_by(down as usize) {
            raw.push(0);
            for x in (first..width).step_by(step as usize) {
                let [red, green, blue] =
                    colors[usize::from(x >= width / 2) + 2 * usize::from(y >= height / 2)];
                let copies = if is_wide { 2 } else { 1 };
                raw.extend(
                    [red, green, blue, alpha].iter().flat_map(|level| std::iter::repeat_n(*level, copies)),
                );
            }
        }
    }
    let depth = if is_wide { 16 } else { 8 };
    let header =
        [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, 6, 0, 0, u8::from(is_interlaced)]];
    let start = [&b"\x89PNG\r\n\x1a\n"[..], &chunk(*b"IHDR", &header.concat()), &chunks.concat()].concat();
    [start, chunk(*b"IDAT", &fdeflate::compress_to_vec(&raw)), chunk(*b"IEND", b"")].concat()
}

fn thumb(bytes: &[u8], limits: &Limits, side: u32) -> Result<Thumbnail, Rejection> {
    thumbnail(bytes, limits, &options(side))
}

fn assert_quarters(thumbnail: &Thumbnail, over_white: bool) {
    let small = pixels(thumbnail);
    let (width, height) = small.dimensions();
    let quarters =
        [(1, 1, [220, 30, 30]), (3, 1, [30, 180, 60]), (1, 3, [40, 60, 210]), (3, 3, [240, 220, 40])];
    for (x, y, color) in quarters {
        let color = if over_white { color.map(|level: u8| level / 2 + 128) } else { color };
        assert_near(*small.get_pixel(width * x / 4, height * y / 4), color, 5);
    }
}

#[test]
fn sixteen_bits_and_passes_are_averaged_as_they_are_read() {
    for (is_wide, is_interlaced) in [(false, false), (true, false), (false, true), (true, true)] {
        for alpha in [255, 128] {
            let bytes = file((WIDTH, HEIGHT), is_wide, is_interlaced, alpha, &[]);
            let thumbnail = thumb(&bytes, &SMALL, 96).unwrap();
            assert_quarters(&thumbnail, alpha == 128);
            let roomy = thumb(&bytes, &Limits::default(), 96).unwrap();
            assert_eq!(thumbnail, roomy, "{is_wide} {is_interlaced}");
        }
    }
}

#[test]
fn passes_of_a_picture_of_any_size_are_put_together() {
    for (width, height) in [(1, 1), (2, 3), (5, 1), (1, 9), (8, 8), (33, 17)] {
        for is_wide in [false, true] {
            let [plain, passes] = [false, true].map(|is_interlaced| {
                let bytes = file((width, height), is_wide, is_interlaced, 255, &[]);
                thumb(&bytes, &Limits::default(), 64).unwrap()
            });
            assert_eq!(plain, passes, "{width}x{height} {is_wide}");
        }
    }
}

#[test]
fn what_is_too_large_to_be_held_whole_in_sixteen_bits_is_read_in_eight() {
    let bytes = file((WIDTH, HEIGHT), true, false, 255, &[]);
    let limits = Limits { max_decode_bytes: 8_000_000, ..SMALL };
    let thumbnail = thumb(&bytes, &limits, 1_024).unwrap();
    assert_eq!(thumbnail.width, 1_024);
    assert_quarters(&thumbnail, false);
}

#[test]
fn other_chunks_do_not_count_against_the_memory_of_the_picture() {
    let plain = file((WIDTH, HEIGHT), false, true, 255, &[]);
    let expected = thumb(&plain, &SMALL, 96).unwrap();
    // Text in three kinds, a chunk that nobody knows, and a profile that is a hundred times as large as it seems.
    let text = [&b"Comment\0"[..], &vec![b'x'; 4_000_000]].concat();
    let zeros = fdeflate::compress_to_vec(&vec![0; 20_000_000]);
    let compressed = [&b"Comment\0\0"[..], &zeros].concat();
    let profile = [&b"profile\0\0"[..], &zeros].concat();
    for (kind, data) in [(b"tEXt", &text), (b"zTXt", &compressed), (b"prVt", &text), (b"iCCP", &profile)] {
        let bytes = file((WIDTH, HEIGHT), false, true, 255, &[chunk(*kind, data)]);
        assert_eq!(thumb(&bytes, &SMALL, 96).unwrap(), expected, "{}", String::from_utf8_lossy(kind));
    }
}

#[test]
fn a_picture_of_a_single_row_or_column_of_any_length_is_drawn() {
    for size in [(1_900_000, 1), (1, 1_900_000)] {
        for is_interlaced in [false, true] {
            let bytes = file(size, true, is_interlaced, 255, &[]);
            let thumbnail = thumb(&bytes, &Limits::default(), 256).unwrap();
            assert_eq!(thumbnail.width.max(thumbnail.height), 256);
        }
    }
}

#[test]
fn exif_of_any_size_counts_for_the_orientation_and_not_against_the_memory() {
    let plain = file((WIDTH, HEIGHT), false, true, 255, &[]);
    let exif = |orientation: u8| {
        let fields =
            [&b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0"[..], &[orientation], &vec![0; 9_000_000]];
        chunk(*b"eXIf", &fields.concat())
    };
    // Of a chunk that is damaged nothing counts.
    let mut torn = exif(1);
    *torn.last_mut().unwrap() ^= 1;
    for before in [vec![exif(6)], vec![torn, exif(6)], vec![exif(6), exif(1)]] {
        let bytes = file((WIDTH, HEIGHT), false, true, 255, &before);
        let turned = thumb(&bytes, &SMALL, 96).unwrap();
        let upright = thumb(&plain, &SMALL, 96).unwrap();
        assert_eq!((turned.width, turned.height), (upright.height, upright.width));
    }
}

#[test]
fn an_animation_with_a_broken_frame_is_drawn_as_its_still() {
    let expected = thumb(&file((40, 30), false, false, 255, &[]), &Limits::default(), 64).unwrap();
    let frame = |width: u32, dispose: u8| {
        let place = [0, width, 30, 0, 0].map(u32::to_be_bytes).concat();
        chunk(*b"fcTL", &[&place[..], &[0, 1, 0, 10, dispose, 0]].concat())
    };
    let control = chunk(*b"acTL", &[0, 0, 0, 1, 0, 0, 0, 0]);
    for frame in [frame(40, 0), frame(41, 0), frame(20, 0), frame(40, 9), chunk(*b"fcTL", &[])] {
        let bytes = file((40, 30), false, false, 255, &[control.clone(), frame]);
        assert_eq!(thumb(&bytes, &Limits::default(), 64).unwrap(), expected);
    }
}

#[test]
fn apples_cgbi_is_refused_by_name() {
    let plain = file((8, 8), false, false, 255, &[]);
    let bytes = [&plain[..8], &chunk(*b"CgBI", &[0x50, 0, 0x20, 0x06]), &plain[8..]].concat();
    let rejection = thumb(&bytes, &Limits::default(), 64).unwrap_err();
    assert_eq!(rejection.reason(), "UnsupportedFeature");
    assert!(std::error::Error::source(&rejection).unwrap().to_string().contains("CgBI"));
}
