//! The loops that a thumbnail's time goes into, one by one: `cargo bench -p thumbnail --features inner`.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a bench may fail")]

use std::hint::black_box;
use std::path::Path;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use thumbnail::inner;

/// Numbers that look random, the same each time.
fn noise(count: usize) -> impl Iterator<Item = u32> {
    (1..=count).map(|index| u32::try_from(index.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40 & 0xff).unwrap())
}

/// Coefficients that grow smaller along the zigzag, as those of photographs do.
fn blocks(count: usize) -> Vec<[i16; 64]> {
    let levels: Vec<u32> = noise(count * 64).collect();
    let block = |levels: &[u32]| {
        std::array::from_fn(|index| {
            let reach = 400 / i16::try_from(1 + index * index / 8).unwrap();
            (i16::try_from(levels[index]).unwrap() - 128) * reach / 128
        })
    };
    levels.chunks_exact(64).map(block).collect()
}

fn transforms(criterion: &mut Criterion) {
    const BLOCKS: usize = 1_000;
    let blocks = blocks(BLOCKS);
    let mut group = criterion.benchmark_group("coefficients to samples, 1000 blocks");
    group.throughput(Throughput::Elements(BLOCKS as u64));
    for samples in inner::SCALES {
        group.bench_function(BenchmarkId::from_parameter(samples), |bencher| {
            bencher.iter(|| inner::draw(black_box(&blocks), samples));
        });
    }
    group.finish();
}

fn symbols(criterion: &mut Criterion) {
    let photo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ops/local/photos/raccoon.jpg");
    let file = std::fs::read(photo).expect("the repository's photograph");
    let mut group = criterion.benchmark_group("a photograph's symbols and samples");
    group.throughput(Throughput::Bytes(file.len() as u64)).sample_size(30);
    for samples in inner::SCALES {
        group.bench_function(BenchmarkId::from_parameter(samples), |bencher| {
            bencher.iter(|| inner::decode_jpeg(black_box(&file), samples).unwrap());
        });
    }
    group.finish();
}

fn rows(criterion: &mut Criterion) {
    const WIDTH: usize = 4_032;
    const HEIGHT: u32 = 64;
    let row: Vec<u8> = noise(WIDTH * 3).map(|level| level.to_le_bytes()[0]).collect();
    let mut group = criterion.benchmark_group("rows to means");
    group.throughput(Throughput::Bytes(row.len() as u64 * u64::from(HEIGHT)));
    for side in [2, 4, 8] {
        group.bench_function(BenchmarkId::from_parameter(side), |bencher| {
            bencher.iter(|| inner::box_average(black_box(&row), HEIGHT, side));
        });
    }
    group.finish();
}

fn filters(criterion: &mut Criterion) {
    const WIDTH: usize = 4_032;
    const COUNT: u32 = 16;
    let mut group = criterion.benchmark_group("filter types of a PNG's rows");
    group.throughput(Throughput::Elements(WIDTH as u64 * 4 * u64::from(COUNT)));
    for (name, filter) in [("None", 0), ("Sub", 1), ("Up", 2), ("Average", 3), ("Paeth", 4)] {
        let mut raw: Vec<u8> = noise(4 * (WIDTH * 3 + 1)).map(|level| level.to_le_bytes()[0]).collect();
        raw.chunks_exact_mut(WIDTH * 3 + 1).for_each(|row| row[0] = filter);
        // A row's last pixel is read as a wider one.
        raw.push(0);
        group.bench_function(name, |bencher| {
            bencher.iter(|| assert_eq!(inner::unfilter(black_box(&raw), COUNT), 4 * COUNT as usize));
        });
    }
    group.finish();
}

fn resampling(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("Lanczos3 of one channel");
    group.sample_size(30);
    for (from, to) in [(504, 320), (1_008, 320), (2_016, 1_024), (4_032, 1_024)] {
        let samples: Vec<u8> = noise(from * from).map(|level| level.to_le_bytes()[0]).collect();
        let (from, to) = (u32::try_from(from).unwrap(), to);
        group.throughput(Throughput::Elements(u64::from(from) * u64::from(from)));
        group.bench_function(BenchmarkId::new(from.to_string(), to), |bencher| {
            bencher.iter_batched(
                || samples.clone(),
                |samples| inner::resample_square(samples, from, to),
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

fn encoding(criterion: &mut Criterion) {
    let photo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ops/local/photos/raccoon.jpg");
    let photo = image::open(photo).expect("the repository's photograph").into_rgb8();
    let mut group = criterion.benchmark_group("a photograph's pixels to a file");
    group.throughput(Throughput::Elements(u64::from(photo.width()) * u64::from(photo.height())));
    group.sample_size(30);
    group.bench_function("RGB to YCbCr 4:2:0", |bencher| {
        bencher.iter(|| inner::ycbcr420(black_box(&photo)));
    });
    let small = inner::ycbcr420(&photo);
    for quality in [50, 80, 95] {
        group.bench_function(BenchmarkId::new("quality", quality), |bencher| {
            bencher.iter(|| inner::encode_jpeg(black_box(&small), quality).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, transforms, symbols, rows, filters, resampling, encoding);
criterion_main!(benches);
