//! Files that end early, lie, or ask for endless work.

use std::cell::Cell;

use super::*;

/// A photograph-like file, rows and columns of its colour halved.
fn colored(width: usize, height: usize, is_progressive: bool) -> Vec<u8> {
    let (space, sampling) = (ColorSpace::JCS_YCbCr, vec![(2, 2), (1, 1), (1, 1)]);
    encode(&Made { width, height, space, sampling, is_progressive, quality: 85.0 })
}

/// A progressive file of one channel.
fn gray(width: usize, height: usize) -> Vec<u8> {
    let (space, sampling) = (ColorSpace::JCS_GRAYSCALE, vec![(1, 1)]);
    encode(&Made { width, height, space, sampling, is_progressive: true, quality: 90.0 })
}

#[test]
fn file_cut_anywhere_is_never_drawn() {
    for is_progressive in [false, true] {
        let file = colored(40, 40, is_progressive);
        for length in 0..file.len() - 4 {
            for scale in Scale::ALL {
                let outcome = decode_at(&file[..length], scale).map(|_| ());
                assert!(
                    matches!(outcome, Err(DecodeError::Truncated(_))),
                    "{length} of {}: {outcome:?}",
                    file.len()
                );
            }
        }
    }
}

#[test]
fn more_than_a_hundred_scans_are_refused() {
    let file = gray(64, 64);
    let header = Header::read(&file).unwrap();
    let first = marker::next(&file, header.scans).unwrap();
    let scan = &file[header.scans..marker::end_of_scan(&file, first.end)];
    let with =
        |repeats: usize| [&file[..header.scans], &scan.repeat(repeats), &file[header.scans..]].concat();
    assert!(decode_at(&with(10), Scale::Eighth).is_ok());
    assert_eq!(
        decode_at(&with(100), Scale::Eighth).map(|_| ()),
        Err(DecodeError::Corrupt("the file has more than a hundred scans"))
    );
}

#[test]
fn random_damage_never_panics() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap() % below
    };
    for is_progressive in [false, true] {
        let whole = colored(80, 50, is_progressive);
        for round in 0..3_000 {
            let mut file = whole.clone();
            for _ in 0..=random(6) {
                let reach = if round % 2 == 0 { 700.min(file.len()) } else { file.len() };
                file[random(reach)] = random(256) as u8;
            }
            // A frame may have grown to any size: only small ones are decoded here.
            let Ok(header) = Header::read(&file) else { continue };
            for scale in Scale::ALL {
                let scales = vec![scale; header.frame.components.len()];
                if memory(&header.frame, &scales) < 4_000_000 {
                    drop(decode(&file, &header, &scales, &|| Ok(())));
                }
            }
        }
    }
}

/// One scan, as bytes: its header, then its data.
fn scan(band: [u8; 3], data: &[u8]) -> Vec<u8> {
    [&[0xff, 0xda, 0, 8, 1, 1, 0][..], &band, data].concat()
}

/// A progressive gray file of `side` squared without any detail, and a hundred scans that all must be read:
/// each adds a bit to every coefficient, of which there are none, and says so in a few bytes.
fn refined_a_hundred_times(side: u16) -> Vec<u8> {
    let [high, low] = side.to_be_bytes();
    let mut file = vec![0xff, 0xd8, 0xff, 0xdb, 0, 67, 0];
    file.extend([1; 64]);
    file.extend([0xff, 0xc2, 0, 11, 8, high, low, high, low, 1, 1, 0x11, 0]);
    // One code of one bit in each table: no difference; the longest run of empty blocks, 14 bits for its length.
    for (target, symbol) in [(0x00, 0x00), (0x10, 0xe0)] {
        file.extend([0xff, 0xc4, 0, 20, target, 1]);
        file.extend([0; 15]);
        file.push(symbol);
    }
    let blocks = usize::from(side.div_ceil(8)).pow(2);
    file.extend(scan([0, 0, 0], &vec![0; blocks.div_ceil(8)]));
    // A zero, then fourteen zeros: 16,384 blocks in 15 bits, of which 127 fill the largest picture.
    let runs = vec![0; (blocks.div_ceil(1 << 14) * 15).div_ceil(8)];
    for _ in 0..99 {
        file.extend(scan([1, 63, 0x10], &runs));
    }
    file.extend([0xff, 0xd9]);
    file
}

#[test]
fn work_on_a_bomb_of_scans_is_bounded_by_its_rows_and_asks_for_the_time_at_each() {
    let file = refined_a_hundred_times(2_000);
    assert!(file.len() < 16_000, "{}", file.len());
    let header = Header::read(&file).unwrap();
    let asked = Cell::new(0);
    let count = || {
        asked.set(asked.get() + 1);
        Ok(())
    };
    assert!(decode(&file, &header, &[Scale::Full], &count).is_ok());
    // Once at the start and for each scan; then for each of 250 rows, in each scan and when it is drawn.
    assert_eq!(asked.get(), 1 + 100 + 250 * 100 + 250);
    let late = || {
        if asked.get() == 0 {
            Err(DecodeError::Late)
        } else {
            asked.set(asked.get() - 1);
            Ok(())
        }
    };
    asked.set(5_000);
    assert_eq!(decode(&file, &header, &[Scale::Full], &late).map(|_| ()), Err(DecodeError::Late));
    // A thumbnail needs the first scan alone.
    asked.set(0);
    assert!(decode(&file, &header, &[Scale::Eighth], &count).is_ok());
    assert_eq!(asked.get(), 1 + 100 + 250 + 250);
}
