use std::path::Path;

use image_webp::{UpsamplingMethod, WebPDecodeOptions, WebPDecoder};

use super::*;

const IN_TIME: Clock = &|| Ok(());
const WHOLE: Options = Options { box_side: 1, is_filtered: true };

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/webp");
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "webp"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    assert!(files.len() > 30);
    files
}

/// The pixels as another decoder sees them, each with the nearest Cb and Cr.
fn reference(file: &[u8]) -> Vec<u8> {
    let mut options = WebPDecodeOptions::default();
    options.lossy_upsampling = UpsamplingMethod::Simple;
    let mut decoder = WebPDecoder::new_with_options(std::io::Cursor::new(file), options).unwrap();
    let mut pixels = vec![0; decoder.output_buffer_size().unwrap()];
    decoder.read_image(&mut pixels).unwrap();
    pixels
}

/// Red, green and blue, by the integers that libwebp and its followers use.
fn to_rgb([luma, cb, cr]: [u8; 3]) -> [u8; 3] {
    let times = |level: u8, factor: i32| (i32::from(level) * factor) >> 8;
    let clamped = |level: i32| u8::try_from((level >> 6).clamp(0, 255)).unwrap();
    let luma = times(luma, 19_077);
    [
        clamped(luma + times(cr, 26_149) - 14_234),
        clamped(luma - times(cb, 6_419) - times(cr, 13_320) + 8_708),
        clamped(luma + times(cb, 33_050) - 17_685),
    ]
}

#[test]
fn own_size_is_equal_to_another_decoder_in_each_pixel() {
    for (name, file) in fixtures() {
        let container = Container::read(&file).unwrap();
        let size = Size::read(&container).unwrap();
        let [luma, cb, cr] = decode_levels(&container, WHOLE, [Levels::AsStored; 3], IN_TIME).unwrap();
        let reference = reference(&file);
        assert_eq!(luma.samples.len(), (size.width * size.height) as usize, "{name}");
        for (at, expected) in reference.chunks_exact(3).enumerate() {
            let (x, y) = (at % luma.stride, at / luma.stride);
            let half = y / 2 * cb.stride + x / 2;
            let found = to_rgb([luma.samples[at], cb.samples[half], cr.samples[half]]);
            assert_eq!(found, expected, "{name} at {x}, {y}");
        }
    }
}

fn try_decode(file: &[u8], options: Options) -> Result<[Plane; 3], DecodeError> {
    decode(&Container::read(file)?, options, IN_TIME)
}

#[test]
fn no_beginning_and_no_damage_of_a_file_panics() {
    let mut state = 7_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut refused = 0;
    for (_, file) in fixtures().into_iter().filter(|(_, file)| file.len() < 800) {
        for options in [WHOLE, Options { box_side: 3, is_filtered: false }] {
            for end in 0..file.len() {
                refused += usize::from(try_decode(&file[..end], options).is_err());
            }
            for _ in 0..200 {
                let mut damaged = file.clone();
                for _ in 0..=random(4) {
                    let at = random(damaged.len());
                    damaged[at] = u8::try_from(random(256)).unwrap();
                }
                refused += usize::from(try_decode(&damaged, options).is_err());
            }
        }
    }
    assert!(refused > 1_000, "{refused}");
}

#[test]
fn a_file_without_its_last_quarter_is_refused() {
    for (name, file) in fixtures() {
        let shorter = &file[..file.len() * 3 / 4];
        assert!(try_decode(shorter, WHOLE).is_err(), "{name}");
    }
}
