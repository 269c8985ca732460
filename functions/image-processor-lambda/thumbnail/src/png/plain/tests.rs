use png::{BitDepth, ColorType, Decoder, Encoder};
use proptest::prelude::*;

use super::*;
use crate::pixels::Channels;

const IN_TIME: Clock = &|| Ok(());
const COLORS: [(Channels, ColorType); 4] = [
    (Channels::Gray, ColorType::Grayscale),
    (Channels::GrayAlpha, ColorType::GrayscaleAlpha),
    (Channels::Rgb, ColorType::Rgb),
    (Channels::Rgba, ColorType::Rgba),
];

fn chunk(kind: &[u8], data: &[u8]) -> Vec<u8> {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(kind);
    checksum.update(data);
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&length[..], kind, data, &checksum.finalize().to_be_bytes()].concat()
}

/// A file of rows as they are given, each with its filter; its data in pieces of `piece` bytes, empty ones between.
fn file((width, height): (u32, u32), color: ColorType, rows: &[u8], piece: usize) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    file.extend(chunk(b"IHDR", &[&size[..], &[8, color as u8, 0, 0, 0]].concat()));
    for piece in fdeflate::compress_to_vec(rows).chunks(piece) {
        file.extend(chunk(b"IDAT", piece));
        file.extend(chunk(b"IDAT", &[]));
    }
    file.extend(chunk(b"IEND", &[]));
    file
}

fn ours(file: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut pixels = Vec::new();
    let picture = Picture::read(file).filter(|it| it.memory() < 1 << 20).ok_or(Fault::Irregular)?;
    picture.rows(IN_TIME, |row| pixels.extend_from_slice(row))?;
    Ok(pixels)
}

/// Row by row, as far as the last.
fn theirs(file: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Decoder::new(std::io::Cursor::new(file)).read_info().ok()?;
    let mut pixels = Vec::new();
    for _ in 0..reader.info().height {
        pixels.extend_from_slice(reader.next_row().ok()??.data());
    }
    Some(pixels)
}

/// A small picture with all filters, in many chunks.
fn sample() -> Vec<u8> {
    let rows: Vec<u8> = (0..11_u32)
        .flat_map(|y| {
            (0..40_u32).map(move |x| u8::try_from(if x == 0 { y % 5 } else { x * y * 7 % 256 }).unwrap())
        })
        .collect();
    file((13, 11), ColorType::Rgb, &rows, 60)
}

proptest! {
    #[test]
    fn rows_of_any_filters_are_those_of_another_decoder(
        (color, width, rows) in (0..4_usize, 1..70_usize, 1..40_usize).prop_flat_map(|(color, width, height)| {
            let samples = proptest::collection::vec(any::<u8>(), width * COLORS[color].0.count());
            let row = (0..5_u8, samples).prop_map(|(filter, samples)| [vec![filter], samples].concat());
            (Just(color), Just(width), proptest::collection::vec(row, height))
        }),
        piece in 1..400_usize,
    ) {
        let size = (u32::try_from(width).unwrap(), u32::try_from(rows.len()).unwrap());
        let file = file(size, COLORS[color].1, &rows.concat(), piece);
        prop_assert_eq!(Picture::read(&file).unwrap().channels, COLORS[color].0);
        prop_assert_eq!(ours(&file).unwrap(), theirs(&file).unwrap());
    }
}

#[test]
fn large_pictures_of_each_filter_are_those_of_another_decoder() {
    for filter in [
        png::Filter::NoFilter,
        png::Filter::Sub,
        png::Filter::Up,
        png::Filter::Avg,
        png::Filter::Paeth,
        png::Filter::Adaptive,
    ] {
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, 901, 403);
        encoder.set_color(ColorType::Rgb);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_filter(filter);
        let pixels: Vec<u8> = (0..901 * 403 * 3_u32)
            .map(|at| (at.wrapping_mul(at) / 7_001 + at % 5).to_le_bytes()[0])
            .collect();
        encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
        assert!(ours(&file) == Ok(pixels), "{filter:?}");
    }
}

#[test]
fn what_is_cut_off_before_the_end_of_the_data_is_left_to_another_decoder() {
    let whole = sample();
    let data_end = whole.len() - 12;
    for length in 0..whole.len() {
        assert_eq!(ours(&whole[..length]).is_ok(), length >= data_end + 8, "{length}");
    }
}

#[test]
fn rows_taken_may_be_changed() {
    let whole = sample();
    let mut first = Vec::new();
    let picture = Picture::read(&whole).unwrap();
    let outcome = picture.rows(IN_TIME, |row| {
        first.extend_from_slice(row);
        row.fill(0x55);
    });
    assert_eq!(outcome, Ok(()));
    assert_eq!(Some(first), theirs(&whole));
}

#[test]
fn more_rows_or_fewer_than_declared_are_left_to_another_decoder() {
    for rows in [10, 12] {
        assert_eq!(
            ours(&file((13, 11), ColorType::Grayscale, &vec![0; 14 * rows], 60)),
            Err(Fault::Irregular)
        );
    }
}

#[test]
fn time_that_is_over_ends_the_work() {
    let outcome = Picture::read(&sample()).unwrap().rows(&|| Err(Fault::Late), |_| {});
    assert_eq!(outcome, Err(Fault::Late));
}

#[test]
fn what_is_not_plain_is_left_to_another_decoder() {
    let whole = sample();
    let header = |fields: [u8; 5]| {
        let mut file = whole.clone();
        file[24..29].copy_from_slice(&fields);
        file
    };
    assert!(Picture::read(&header([8, 2, 0, 0, 0])).is_some());
    for fields in [[16, 2, 0, 0, 0], [8, 3, 0, 0, 0], [8, 2, 1, 0, 0], [8, 2, 0, 1, 0], [8, 2, 0, 0, 1]] {
        assert!(Picture::read(&header(fields)).is_none(), "{fields:?}");
    }
    for kind in [b"tRNS", b"acTL", b"fcTL", b"fdAT"] {
        let file = [&whole[..33], &chunk(kind, &[0; 6]), &whole[33..]].concat();
        assert!(Picture::read(&file).is_none(), "{kind:?}");
    }
}

#[test]
fn even_one_pixel_takes_more_memory_than_the_fuzz_target_leaves_to_rows_of_our_own() {
    let picture = Picture::read(&file((1, 1), ColorType::Grayscale, &[0; 2], 60)).unwrap().memory();
    assert!(picture > 176 * 1024, "{picture}");
}

/// The longest repeats from the farthest place, through many windows.
#[test]
fn data_are_repeated_from_as_far_back_as_the_format_allows() {
    const REACH: usize = 32 * 1024;
    const REPEATS: usize = 2_048;
    let stored: Vec<u8> =
        (0..REACH).map(|at| if at % 512 == 0 { 0 } else { (at * at / 77).to_le_bytes()[0] }).collect();
    let mut data = [&[0x78, 0x9c, 0, 0, 0x80, 0xff, 0x7f][..], &stored].concat();
    // The last block, of fixed codes: length 258, distance 32,768, the end.
    let mut bits = vec![true, true, false];
    for _ in 0..REPEATS {
        bits.extend((0..13).rev().map(|bit| 0b1_1000_1011_1101 >> bit & 1 == 1));
        bits.extend([true; 13]);
    }
    bits.extend([false; 7]);
    let byte = |bits: &[bool]| bits.iter().rev().fold(0, |byte: u8, bit| byte << 1 | u8::from(*bit));
    data.extend(bits.chunks(8).map(byte));
    data.extend([0; 4]);
    let height = u32::try_from((REACH + REPEATS * 258) / 512).unwrap();
    let size = [511_u32.to_be_bytes(), height.to_be_bytes()].concat();
    let header = chunk(b"IHDR", &[&size[..], &[8, 0, 0, 0, 0]].concat());
    let file = [&b"\x89PNG\r\n\x1a\n"[..], &header, &chunk(b"IDAT", &data), &chunk(b"IEND", &[])].concat();
    let found = ours(&file).unwrap();
    let row = |y: usize| &stored[y % 64 * 512 + 1..][..511];
    assert!(found.chunks(511).enumerate().all(|(y, found)| found == row(y)));
    assert_eq!(found.len(), 511 * height as usize);
}
