//! TIFFs of each compression and layout show what plain ones show.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test's helpers may fail it"
)]

mod common;
#[path = "tiff/quadrants.rs"]
mod quadrants;
#[path = "tiff/writer.rs"]
mod writer;

use quadrants::{SIZE, area, assert_colors, assert_refused, assert_shown, rgb, samples};
use weezl::BitOrder;
use weezl::encode::Encoder;
use writer::{File, Page};

fn lzw(data: &[u8]) -> Vec<u8> {
    Encoder::with_tiff_size_switch(BitOrder::Msb, 8).encode(data).unwrap()
}

/// As writers before 1992 did.
fn old_lzw(data: &[u8]) -> Vec<u8> {
    Encoder::new(BitOrder::Lsb, 8).encode(data).unwrap()
}

fn deflate(data: &[u8]) -> Vec<u8> {
    fdeflate::compress_to_vec(data)
}

fn pack_bits(data: &[u8]) -> Vec<u8> {
    let runs = data.chunk_by(|a, b| a == b).flat_map(|run| run.chunks(128));
    runs.flat_map(|run| {
        let length = u8::try_from(run.len()).unwrap();
        if length == 1 { [0, run[0]] } else { [(257 - u16::from(length)).to_le_bytes()[0], run[0]] }
    })
    .collect()
}

type Compress = fn(&[u8]) -> Vec<u8>;

const COMPRESSIONS: [(&str, u32, Compress); 6] = [
    ("none", 1, <[u8]>::to_vec),
    ("LZW", 5, lzw),
    ("LZW of old", 5, old_lzw),
    ("Deflate", 8, deflate),
    ("Deflate of old", 32946, deflate),
    ("PackBits", 32773, pack_bits),
];

/// Pixels made of colours, so many samples each.
type Pixel = fn([u8; 3]) -> Vec<u8>;

/// Strips of seven rows and tiles of 16 by 32, with samples side by side or apart.
fn layouts(of: Pixel, count: usize, compress: impl Fn(&[u8]) -> Vec<u8>) -> Vec<(&'static str, Page)> {
    let page = Page::new(SIZE, u32::try_from(count).unwrap(), 8, Vec::new());
    let strips = || (0..SIZE.1).step_by(7).map(|top| area((0, top), (SIZE.0, 7.min(SIZE.1 - top)), of));
    let corners =
        (0..SIZE.1).step_by(32).flat_map(|top| (0..SIZE.0).step_by(16).map(move |left| (left, top)));
    let tiles: Vec<Vec<u8>> = corners.map(|corner| area(corner, (16, 32), of)).collect();
    let apart = |chunks: Vec<Vec<u8>>| -> Vec<Vec<u8>> {
        let plane = |plane: usize| {
            chunks.iter().map(move |chunk| chunk.iter().skip(plane).step_by(count).copied().collect())
        };
        (0..count).flat_map(plane).collect()
    };
    let packed = |chunks: Vec<Vec<u8>>| chunks.iter().map(|chunk| compress(chunk)).collect::<Vec<_>>();
    vec![
        ("strips", page.clone().strips(7, packed(strips().collect()))),
        ("tiles", page.clone().tiles((16, 32), packed(tiles.clone()))),
        ("planar strips", page.clone().tag(284, 2).strips(7, packed(apart(strips().collect())))),
        ("planar tiles", page.tag(284, 2).tiles((16, 32), packed(apart(tiles)))),
    ]
}

#[test]
fn each_compression_shows_the_picture_in_each_layout_and_bit_order() {
    for (name, number, compress) in COMPRESSIONS {
        for (layout, page) in layouts(|color| color.to_vec(), 3, compress) {
            assert_shown(&format!("{name}, {layout}"), &page.tag(259, number).file(), 4);
        }
        let reversed = |data: &[u8]| compress(data).iter().map(|byte| byte.reverse_bits()).collect();
        for (layout, page) in layouts(|color| color.to_vec(), 3, reversed) {
            let file = page.tag(259, number).tag(266, 2).file();
            assert_shown(&format!("{name}, {layout}, reversed bits"), &file, 4);
        }
    }
}

#[test]
fn differences_are_undone_for_any_number_of_samples_and_in_any_file() {
    let kinds: [(usize, u32, Pixel); 4] = [
        (3, 2, |[r, g, b]| vec![r, g, b]),
        (4, 2, |[r, g, b]| vec![r, g, b, 7]),
        (5, 2, |[r, g, b]| vec![r, g, b, 7, 9]),
        (6, 5, |[r, g, b]| vec![255 - r, 255 - g, 255 - b, 0, 7, 9]),
    ];
    for (count, photometric, of) in kinds {
        for (file, compression) in
            [(File::default(), 5), (File { is_big_endian: true, is_big_tiff: true }, 8)]
        {
            let compress: Compress = if compression == 5 { lzw } else { deflate };
            for (layout, page) in layouts(of, count, <[u8]>::to_vec) {
                let is_planar = layout.starts_with("planar");
                let stride = if is_planar { 1 } else { count };
                let width = if layout.ends_with("tiles") { 16 } else { SIZE.0 as usize };
                let page = page.map_chunks(|chunk| {
                    let rows = chunk.chunks(width * stride);
                    compress(&rows.flat_map(|row| differences(row, stride)).collect::<Vec<_>>())
                });
                let page = page.tag(259, compression).tag(317, 2).tag(262, photometric).tags(338, &[0, 0, 0]);
                assert_shown(&format!("{count} samples, {layout}, {file:?}"), &file.write(&[page]), 4);
            }
        }
    }
}

fn differences(row: &[u8], stride: usize) -> Vec<u8> {
    (0..row.len()).map(|at| row[at].wrapping_sub(if at < stride { 0 } else { row[at - stride] })).collect()
}

#[test]
fn rows_per_strip_may_be_left_out_or_without_bound_and_byte_counts_may_be_wrong() {
    let page = Page::new(SIZE, 3, 8, rgb());
    assert_shown("left out", &page.file(), 4);
    assert_shown("2^32 - 1", &page.clone().tag(278, u32::MAX).file(), 4);
    assert_shown("more than the picture has", &page.clone().tag(278, 1000).file(), 4);
    assert_shown("a wrong count", &page.clone().tag(279, 5).file(), 4);
    let packed = Page::new(SIZE, 3, 8, lzw(&rgb())).tag(259, 5);
    assert_shown("no count", &packed.tag(279, 0).file(), 4);
}

#[test]
fn the_first_page_that_is_a_picture_is_shown() {
    let other = Page::new((8, 8), 1, 8, vec![0; 64]);
    let picture = Page::new(SIZE, 3, 8, rgb());
    let write = |pages: &[Page]| File::default().write(pages);
    let (mask, reduced) = (other.clone().tag(254, 4), other.clone().tag(254, 1));
    assert_shown("a mask before it", &write(&[mask.clone(), picture.clone()]), 4);
    assert_shown("a reduced one before it", &write(&[reduced.clone(), picture.clone()]), 4);
    assert_shown("reduced by the old tag", &write(&[other.clone().tag(255, 2), picture.clone()]), 4);
    assert_shown("another page behind it", &write(&[picture.clone(), other]), 4);
    assert_shown("only a reduced one", &write(&[mask.clone(), picture.tag(254, 1), reduced]), 4);
    assert_refused("only a mask", &write(&[mask]), "UnsupportedFeature", "masks");
}

#[test]
fn a_chain_of_directories_that_leads_back_ends() {
    let mut file = Page::new(SIZE, 1, 8, vec![9; 1200]).tag(254, 4).file();
    let end = file.len() - 4;
    let first: [u8; 4] = file[4..8].try_into().unwrap();
    file[end..].copy_from_slice(&first);
    assert_refused("a circle of masks", &file, "UnsupportedFeature", "masks");
}

#[test]
fn compressions_that_are_not_read_are_refused_by_name() {
    for (number, words) in
        [(6, "old style"), (34925, "LZMA"), (50000, "Zstandard"), (50001, "WebP"), (9999, "TIFF 6.0")]
    {
        let page = Page::new(SIZE, 3, 8, rgb()).tag(259, number);
        assert_refused(words, &page.file(), "UnsupportedFeature", words);
    }
    let page = Page::new(SIZE, 3, 8, lzw(&rgb())).tag(259, 5);
    assert_refused("a predictor", &page.clone().tag(317, 9).file(), "UnsupportedFeature", "predictor");
    let few = Page::new(SIZE, 1, 4, lzw(&[0; 600])).tag(259, 5).tag(317, 2);
    assert_refused("a predictor of four bits", &few.file(), "UnsupportedFeature", "parts of bytes");
}

#[test]
fn data_that_end_early_are_truncated_and_damaged_ones_corrupt() {
    for (name, number, compress) in COMPRESSIONS {
        let data = compress(&rgb());
        let page = Page::new(SIZE, 3, 8, Vec::new()).tag(259, number);
        // Behind uncompressed data the directory would be read as pixels.
        if number != 1 {
            let cut = page.clone().strips(30, vec![data[..data.len() / 2].to_vec()]);
            assert_refused(name, &cut.file(), "Truncated", "before the last row");
        }
        assert_refused(name, &page.clone().strips(7, vec![data]).file(), "Corrupt", "fewer strips");
    }
    let damaged = Page::new(SIZE, 3, 8, vec![0x78, 0x9c, 0xff, 0xff, 0xff]).tag(259, 8);
    assert_refused("Deflate", &damaged.file(), "Corrupt", "damaged");
}

/// White around a black box, as faxes have it: a bit a pixel.
fn box_of_ink() -> Vec<Vec<bool>> {
    (0..30).map(|y| (0..40).map(|x| (8..22).contains(&y) && (10..30).contains(&x)).collect()).collect()
}

/// Bits as text, filled up to a byte.
fn bytes(text: &str) -> Vec<u8> {
    let bit = |(place, bit): (usize, &u8)| (bit - b'0') << (7 - place);
    text.as_bytes().chunks(8).map(|byte| byte.iter().enumerate().map(bit).sum()).collect()
}

#[test]
fn faxes_of_groups_3_and_4_show_black_on_white_in_both_bit_orders() {
    const EOL: &str = "000000000001";
    // Runs of T.4: white of 40 pixels; white of 10, black of 20, white of 10.
    let runs = |is_inked: bool| {
        if is_inked { ["00111", "00001101000", "00111"].concat() } else { "00101001".into() }
    };
    let rows: Vec<bool> = box_of_ink().iter().map(|row| row[20]).collect();
    let each = |of: &dyn Fn(usize, bool) -> String| {
        rows.iter().enumerate().map(|(y, is_inked)| of(y, *is_inked)).collect::<String>()
    };
    let aligned = each(&|_, is_inked| {
        let row = runs(is_inked);
        format!("{row}{}", "0".repeat(row.len().next_multiple_of(8) - row.len()))
    });
    let group_3 = each(&|_, is_inked| format!("{EOL}{}", runs(is_inked)));
    // Vertical modes, where a row has the changes of the one above; else horizontal and pass modes.
    let above = |y: usize| y > 0 && rows[y - 1];
    let changed = |y: usize, is_inked: bool| match (above(y), is_inked) {
        (false, false) => "1".to_owned(),
        (true, true) => "111".to_owned(),
        (false, true) => ["001", "00111", "00001101000", "1"].concat(),
        (true, false) => ["0001", "1"].concat(),
    };
    let group_4 = each(&changed) + EOL + EOL;
    let two_dimensional = each(&|y, is_inked| {
        if y % 4 == 0 {
            format!("{EOL}1{}", runs(is_inked))
        } else {
            format!("{EOL}0{}", changed(y, is_inked))
        }
    });
    for (name, compression, options, text) in [
        ("modified Huffman", 2, 0, aligned),
        ("group 3", 3, 0, group_3),
        ("group 3 in two dimensions", 3, 1, two_dimensional),
        ("group 4", 4, 0, group_4),
    ] {
        for is_reversed in [false, true] {
            let data = bytes(&text);
            let data = if is_reversed { data.iter().map(|byte| byte.reverse_bits()).collect() } else { data };
            let page = Page::new(SIZE, 1, 1, data).tag(259, compression).tag(262, 0).tag(292, options);
            let file = page.tag(266, 1 + u32::from(is_reversed)).file();
            let small = common::pixels(&common::thumb(&file, 64).unwrap());
            for (x, y, expected) in [(20, 15, 0), (3, 3, 255), (36, 26, 255), (20, 3, 255), (4, 15, 255)] {
                let found = small.get_pixel(x, y).0;
                assert!(
                    found.iter().all(|level| level.abs_diff(expected) < 20),
                    "{name}: {found:?} at {x}, {y}"
                );
            }
        }
    }
}

#[test]
fn a_fax_that_ends_early_is_truncated() {
    let page = Page::new(SIZE, 1, 1, bytes(&"1".repeat(16))).tag(259, 4).tag(262, 0);
    assert_refused("two rows of blank", &page.file(), "Truncated", "before the last row");
    let page = Page::new(SIZE, 1, 1, vec![0; 40]).tag(259, 4).tag(262, 0);
    assert_refused("no codes", &page.file(), "Corrupt", "fax line");
}

#[test]
fn grays_of_one_bit_show_the_same_with_any_writer() {
    let data = samples(|[_, green, _]| vec![u8::from(green > 100)]);
    let packed: Vec<u8> = data.chunks(8).map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | bit)).collect();
    let colors = [[0; 3], [255; 3], [0; 3], [255; 3]];
    for (name, number, compress) in COMPRESSIONS {
        let page = Page::new(SIZE, 1, 1, compress(&packed)).tag(259, number);
        assert_colors(name, &page.file(), colors, 4);
    }
}
