//! The decoder beside libjpeg-turbo, as mozjpeg carries it, on files that two encoders write.

use mozjpeg::{ColorSpace, Compress, Decompress};

use super::*;

mod hostile;
mod motion;

/// A smooth picture with some noise, the same each time; levels stay clear of both ends, so that nothing is cut.
fn picture(width: usize, height: usize, channels: usize) -> Vec<u8> {
    let at = |index: usize| {
        let (x, y, c) = ((index / channels) % width, index / channels / width, index % channels);
        let noise = (index.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 59) % 24;
        let wave = ((x as f64 / 9.0 + c as f64).sin() + (y as f64 / 7.0).cos()) * 30.0;
        (116.0 + wave) as u8 + noise as u8
    };
    (0..width * height * channels).map(at).collect()
}

/// What a file is made with.
#[derive(Clone, Debug)]
struct Made {
    width: usize,
    height: usize,
    space: ColorSpace,
    /// Sampling factors of each channel.
    sampling: Vec<(i32, i32)>,
    is_progressive: bool,
    quality: f32,
}

fn encode(made: &Made) -> Vec<u8> {
    let mut encoder = Compress::new(made.space);
    encoder.set_size(made.width, made.height);
    if made.is_progressive {
        encoder.set_progressive_mode();
        encoder.set_optimize_scans(made.width.is_multiple_of(2));
    } else {
        encoder.set_fastest_defaults();
    }
    // Defaults set both anew, so these come last.
    encoder.set_color_space(made.space);
    encoder.set_quality(made.quality);
    for (component, (across, down)) in encoder.components_mut().iter_mut().zip(&made.sampling) {
        (component.h_samp_factor, component.v_samp_factor) = (*across, *down);
    }
    let mut encoder = encoder.start_compress(Vec::new()).unwrap();
    encoder.write_scanlines(&picture(made.width, made.height, made.sampling.len())).unwrap();
    encoder.finish().unwrap()
}

fn decode_at(file: &[u8], scale: Scale) -> Result<Vec<Plane>, DecodeError> {
    let header = Header::read(file)?;
    let scales = vec![scale; header.frame.components.len()];
    decode(file, &header, &scales, &|| Ok(()))
}

/// Channels as the reference has them, each with the length of its rows; whole blocks, but no padding.
fn reference(file: &[u8]) -> Vec<(usize, Vec<u8>)> {
    use mozjpeg::CompInfoExt;
    let decoder = Decompress::new_mem(file).unwrap();
    let strides: Vec<(usize, usize)> =
        decoder.components().iter().map(|it| (it.row_stride(), it.col_stride())).collect();
    let mut planes = vec![Vec::new(); strides.len()];
    let mut started = decoder.raw().unwrap();
    started.read_raw_data(&mut planes.iter_mut().collect::<Vec<_>>());
    let cut = |((stride, rows), mut plane): ((usize, usize), Vec<u8>)| {
        plane.truncate(stride * rows);
        (stride, plane)
    };
    strides.into_iter().zip(planes).map(cut).collect()
}

/// Makes a plane smaller by the definition: of each block's transform the part that is used, transformed back.
fn reduced((stride, plane): &(usize, Vec<u8>), scale: Scale) -> (usize, Vec<u8>) {
    let cosine = |x: usize, u: usize, points: usize| {
        let factor = if u == 0 { (1.0 / points as f64).sqrt() } else { (2.0 / points as f64).sqrt() };
        factor * ((2 * x + 1) as f64 * u as f64 * std::f64::consts::PI / (2 * points) as f64).cos()
    };
    let n = scale.samples() as usize;
    let used: Vec<_> = (0..64).map(|k| (k / 8, k % 8)).filter(|&(v, u)| scale.uses(v, u)).collect();
    let (columns, rows) = (stride / 8 * n, plane.len() / stride / 8 * n);
    let mut small = vec![0; columns * rows];
    for block in 0..stride / 8 * (plane.len() / stride / 8) {
        let (left, top) = (block % (stride / 8), block / (stride / 8));
        let coefficient = |&(v, u): &(u32, u32)| -> f64 {
            let term = |k: usize| {
                let sample = f64::from(plane[(top * 8 + k / 8) * stride + left * 8 + k % 8]);
                sample * cosine(k / 8, v as usize, 8) * cosine(k % 8, u as usize, 8)
            };
            (0..64).map(term).sum()
        };
        let coefficients: Vec<f64> = used.iter().map(coefficient).collect();
        for (y, x) in (0..n * n).map(|index| (index / n, index % n)) {
            let terms = used.iter().zip(&coefficients).map(|(&(v, u), coefficient)| {
                coefficient * cosine(y, v as usize, n) * cosine(x, u as usize, n) * n as f64 / 8.0
            });
            let sample = terms.sum::<f64>().round().clamp(0.0, 255.0);
            small[(top * n + y) * columns + left * n + x] = sample as u8;
        }
    }
    (columns, small)
}

/// Compares what both have.
fn assert_planes(planes: &[Plane], expected: &[(usize, Vec<u8>)], tolerance: u8, what: &str) {
    assert_eq!(planes.len(), expected.len(), "{what}");
    for (channel, (plane, (stride, expected))) in planes.iter().zip(expected).enumerate() {
        assert!(plane.stride >= *stride, "{what}");
        for (y, (found, expected)) in
            plane.samples.chunks(plane.stride).zip(expected.chunks(*stride)).enumerate()
        {
            let far = found.iter().zip(expected).position(|(a, b)| a.abs_diff(*b) > tolerance);
            assert_eq!(far, None, "{what}: channel {channel}, row {y}: {found:?} {expected:?}");
        }
    }
}

fn assert_like_reference(file: &[u8], what: &str) {
    let full = reference(file);
    let planes = decode_at(file, Scale::Full).unwrap();
    assert_planes(&planes, &full, 0, what);
    for scale in [Scale::Eighth, Scale::Quarter, Scale::SoftHalf, Scale::Half] {
        let expected: Vec<_> = full.iter().map(|plane| reduced(plane, scale)).collect();
        assert_planes(&decode_at(file, scale).unwrap(), &expected, 1, &format!("{what} at {scale:?}"));
    }
}

const SIZES: [(usize, usize); 6] = [(1, 1), (7, 9), (16, 16), (33, 65), (64, 17), (150, 100)];

#[test]
fn every_sampling_is_decoded_like_the_reference() {
    for sampling in [
        vec![(1, 1), (1, 1), (1, 1)],
        vec![(2, 1), (1, 1), (1, 1)],
        vec![(1, 2), (1, 1), (1, 1)],
        vec![(2, 2), (1, 1), (1, 1)],
        vec![(4, 1), (1, 1), (1, 1)],
        vec![(4, 2), (1, 1), (1, 1)],
        vec![(2, 2), (2, 1), (1, 2)],
        vec![(3, 1), (1, 1), (1, 1)],
        vec![(3, 2), (1, 1), (3, 1)],
        vec![(1, 1), (2, 2), (1, 1)],
    ] {
        for (width, height) in SIZES {
            for is_progressive in [false, true] {
                let sampling = sampling.clone();
                let made = Made {
                    width,
                    height,
                    space: ColorSpace::JCS_YCbCr,
                    sampling,
                    is_progressive,
                    quality: 90.0,
                };
                assert_like_reference(&encode(&made), &format!("{made:?}"));
            }
        }
    }
}

#[test]
fn luminance_of_four_times_the_rows_is_decoded_like_the_reference() {
    // The reference's interface to channels is for up to twice the rows.
    for sampling in [vec![(1, 4), (1, 1), (1, 1)], vec![(2, 4), (1, 1), (1, 1)]] {
        for is_progressive in [false, true] {
            let (width, height) = (64, 96);
            let made = Made {
                width,
                height,
                space: ColorSpace::JCS_YCbCr,
                sampling: sampling.clone(),
                is_progressive,
                quality: 90.0,
            };
            let file = encode(&made);
            let mut reference = Decompress::new_mem(&file).unwrap().grayscale().unwrap();
            let luma = reference.read_scanlines::<u8>().unwrap();
            let planes = decode_at(&file, Scale::Full).unwrap();
            assert_planes(&planes[..1], &[(width, luma)], 0, &format!("{made:?}"));
        }
    }
}

#[test]
fn every_kind_of_channels_is_decoded_like_the_reference() {
    for (space, channels, color) in [
        (ColorSpace::JCS_GRAYSCALE, 1, Color::Gray),
        (ColorSpace::JCS_YCbCr, 3, Color::YCbCr),
        (ColorSpace::JCS_RGB, 3, Color::Rgb),
        (ColorSpace::JCS_CMYK, 4, Color::Cmyk),
        (ColorSpace::JCS_YCCK, 4, Color::Ycck),
    ] {
        for is_progressive in [false, true] {
            let sampling = vec![(1, 1); channels];
            let made = Made { width: 50, height: 30, space, sampling, is_progressive, quality: 75.0 };
            let file = encode(&made);
            assert_eq!(Header::read(&file).unwrap().color, color);
            assert_like_reference(&file, &format!("{made:?}"));
        }
    }
}

#[test]
fn coarse_and_fine_quality_are_decoded_like_the_reference() {
    for quality in [1.0, 10.0, 50.0, 100.0] {
        for is_progressive in [false, true] {
            let sampling = vec![(2, 2), (1, 1), (1, 1)];
            let made = Made {
                width: 90,
                height: 61,
                space: ColorSpace::JCS_YCbCr,
                sampling,
                is_progressive,
                quality,
            };
            let file = encode(&made);
            let planes = decode_at(&file, Scale::Full).unwrap();
            assert_planes(&planes, &reference(&file), 0, &format!("{made:?}"));
        }
    }
}

#[test]
fn restarts_and_separate_scans_are_decoded_like_the_reference() {
    use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
    for (width, height) in SIZES {
        for interval in [0, 1, 3, 200] {
            for (is_split, is_progressive) in [(false, false), (true, false), (false, true)] {
                if is_split && interval != 0 {
                    // The encoder cannot write both (jpeg-encoder 0.7.1 panics).
                    continue;
                }
                let mut file = Vec::new();
                let mut encoder = Encoder::new(&mut file, 88);
                encoder.set_sampling_factor(SamplingFactor::F_2_2);
                encoder.set_restart_interval(interval);
                encoder.set_optimized_huffman_tables(is_split);
                encoder.set_progressive(is_progressive);
                let size = (u16::try_from(width).unwrap(), u16::try_from(height).unwrap());
                encoder.encode(&picture(width, height, 3), size.0, size.1, ColorType::Rgb).unwrap();
                let what =
                    format!("{size:?} interval {interval} split {is_split} progressive {is_progressive}");
                assert_like_reference(&file, &what);
            }
        }
    }
}

#[test]
fn smallest_sufficient_scale_is_chosen_and_a_soft_one_only_with_seven_fifths_of_the_samples() {
    let file = encode(&Made {
        width: 160,
        height: 160,
        space: ColorSpace::JCS_YCbCr,
        sampling: vec![(1, 1), (1, 1), (1, 1)],
        is_progressive: false,
        quality: 90.0,
    });
    let frame = Header::read(&file).unwrap().frame;
    for (wanted, scale) in [
        (20, Scale::Eighth),
        (21, Scale::Quarter),
        (40, Scale::Quarter),
        (41, Scale::SoftHalf),
        (57, Scale::SoftHalf),
        (58, Scale::Half),
        (80, Scale::Half),
        (81, Scale::Full),
        (500, Scale::Full),
    ] {
        assert_eq!(frame.scale(0, (wanted, wanted)), scale, "{wanted}");
        assert_eq!(frame.scale(0, (1, wanted)), scale, "{wanted} rows");
    }
}

#[test]
fn both_ways_of_storing_the_same_coefficients_are_drawn_the_same() {
    let made = |is_progressive| Made {
        width: 150,
        height: 100,
        space: ColorSpace::JCS_YCbCr,
        sampling: vec![(2, 2), (1, 1), (1, 1)],
        is_progressive,
        quality: 90.0,
    };
    // Fast defaults differ from progressive ones in quantization, so each is held to the reference above;
    // here a progressive file is held to what its own full decoding reduces to.
    let file = encode(&made(true));
    let full: Vec<_> = decode_at(&file, Scale::Full)
        .unwrap()
        .into_iter()
        .map(|plane| (plane.stride, plane.samples))
        .collect();
    let half: Vec<_> = full.iter().map(|plane| reduced(plane, Scale::Half)).collect();
    assert_planes(&decode_at(&file, Scale::Half).unwrap(), &half, 1, "half");
}
