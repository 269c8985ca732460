//! Frames of Motion JPEG, which declare no Huffman tables.

use super::*;
use crate::jpeg::encode;
use crate::pixels::{Subsampling, Ycbcr};

/// The file without its segments of a kind.
fn without(file: &[u8], kind: u8) -> Vec<u8> {
    let (mut kept, mut at) = (Vec::new(), 0);
    loop {
        let segment = marker::next(file, at).unwrap();
        if segment.marker == START_OF_SCAN {
            kept.extend(&file[at..]);
            return kept;
        }
        if segment.marker != kind {
            kept.extend(&file[at..segment.end]);
        }
        at = segment.end;
    }
}

#[test]
fn a_baseline_file_without_huffman_tables_has_those_of_the_standard() {
    let samples = picture(40, 24, 3);
    let pixels = image::RgbImage::from_raw(40, 24, samples).unwrap();
    // Thumbnails are written with the standard's tables.
    let whole = encode::write(&Ycbcr::from_rgb(&pixels, Subsampling::Half), 90).unwrap();
    let bare = without(&whole, marker::HUFFMAN);
    assert!(bare.len() + 400 < whole.len());
    for scale in Scale::ALL {
        let samples =
            |file| decode_at(file, scale).unwrap().into_iter().map(|plane| plane.samples).collect::<Vec<_>>();
        assert_eq!(samples(&bare), samples(&whole));
    }
}

#[test]
fn a_progressive_file_without_huffman_tables_is_refused() {
    let (space, sampling) = (ColorSpace::JCS_GRAYSCALE, vec![(1, 1)]);
    let file = encode(&Made { width: 40, height: 40, space, sampling, is_progressive: true, quality: 90.0 });
    let bare = without(&file, marker::HUFFMAN);
    assert!(matches!(decode_at(&bare, Scale::Full), Err(DecodeError::Corrupt(_))));
}
