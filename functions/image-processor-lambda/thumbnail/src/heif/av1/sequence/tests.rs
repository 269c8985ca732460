use super::*;

/// A number and its bits.
type Field = (u32, u32);

fn header(fields: &[&[Field]]) -> Result<SequenceHeader, DecodeError> {
    let bits: Vec<u8> = fields
        .iter()
        .flat_map(|fields| fields.iter())
        .flat_map(|(value, count)| (0..*count).rev().map(move |bit| u8::from(value >> bit & 1 == 1)))
        .collect();
    let byte = |bits: &[u8]| bits.iter().enumerate().fold(0, |byte, (at, bit)| byte | bit << (7 - at));
    SequenceHeader::read(&bits.chunks(8).map(byte).collect::<Vec<_>>())
}

/// 300 by 200.
const SIZE: &[Field] = &[(8, 4), (7, 4), (299, 9), (199, 8)];
/// Level, tools of a reduced header.
const LEVEL: &[Field] = &[(31, 5)];
const TOOLS: &[Field] = &[(0b101, 3), (0b010, 3)];
const NONE: CodePoints = CodePoints { is_full_range: Some(true), ..CodePoints::NONE };

/// Of a reduced header: a profile, and what is said of colours.
fn reduced(profile: u32, color: &[Field]) -> Result<(u8, Sampling, CodePoints), DecodeError> {
    let found = header(&[&[(profile, 3), (1, 1), (1, 1)], LEVEL, SIZE, TOOLS, color])?;
    assert_eq!(found.size, (300, 200));
    Ok((found.bits, found.sampling, found.color))
}

#[test]
fn depth_and_sampling_follow_from_profile_and_flags() {
    for (profile, color, expected) in [
        // High depth, one channel, no code points, full range.
        (0, &[(0, 1), (0, 1), (0, 1), (1, 1)][..], (8, Sampling::Both)),
        (0, &[(1, 1), (0, 1), (0, 1), (1, 1)], (10, Sampling::Both)),
        (0, &[(0, 1), (1, 1), (0, 1), (1, 1)], (8, Sampling::Gray)),
        // Never of one channel.
        (1, &[(1, 1), (0, 1), (1, 1)], (10, Sampling::Each)),
        (2, &[(0, 1), (0, 1), (0, 1), (1, 1)], (8, Sampling::Across)),
        // Twelve bits, and then the sampling itself.
        (2, &[(1, 1), (0, 1), (0, 1), (0, 1), (1, 1)], (10, Sampling::Across)),
        (2, &[(1, 1), (1, 1), (0, 1), (0, 1), (1, 1), (0, 1)], (12, Sampling::Each)),
        (2, &[(1, 1), (1, 1), (0, 1), (0, 1), (1, 1), (1, 1), (1, 1)], (12, Sampling::Both)),
        (2, &[(1, 1), (1, 1), (0, 1), (0, 1), (1, 1), (1, 1), (0, 1)], (12, Sampling::Across)),
        (2, &[(1, 1), (1, 1), (1, 1), (0, 1), (1, 1)], (12, Sampling::Gray)),
    ] {
        assert_eq!(reduced(profile, color).unwrap(), (expected.0, expected.1, NONE), "{profile} {color:?}");
    }
    let beyond = reduced(3, &[(0, 1), (0, 1), (0, 1), (1, 1)]);
    assert!(matches!(beyond, Err(DecodeError::Unsupported(_))));
}

#[test]
fn code_points_of_srgb_spare_the_flags_behind_them() {
    let points = [(1, 8), (13, 8), (0, 8)];
    let srgb = CodePoints { primaries: 1, transfer: 13, matrix: 0, is_full_range: Some(true) };
    let found = reduced(1, &[&[(0, 1), (1, 1)], &points[..]].concat()).unwrap();
    assert_eq!(found, (8, Sampling::Each, srgb));
    // One channel has no such code points, and a flag.
    let found = reduced(0, &[&[(0, 1), (1, 1), (1, 1)], &points[..], &[(0, 1)]].concat()).unwrap();
    assert_eq!(found, (8, Sampling::Gray, CodePoints { is_full_range: Some(false), ..srgb }));
    let other = [(9, 8), (16, 8), (9, 8), (0, 1)];
    let found = reduced(0, &[&[(1, 1), (0, 1), (1, 1)], &other[..]].concat()).unwrap();
    let points = CodePoints { primaries: 9, transfer: 16, matrix: 9, is_full_range: Some(false) };
    assert_eq!(found, (10, Sampling::Both, points));
}

#[test]
fn what_a_full_header_has_between_is_passed_over() {
    const START: &[Field] = &[(0, 3), (1, 1), (0, 1)];
    const COLOR: &[Field] = &[(1, 1), (0, 1), (1, 1), (9, 8), (16, 8), (9, 8), (0, 1)];
    // Times, a number of two bits behind two zeros, a model of the decoder with delays of ten bits.
    let timed: &[Field] =
        &[(1, 1), (5, 32), (7, 32), (1, 1), (0b00110, 5), (1, 1), (9, 5), (3, 32), (0b11_1110_0001, 10)];
    // A delay of display; two operating points, of which the first has a tier.
    let modelled: &[Field] = &[(1, 1), (1, 5)];
    let first: &[Field] =
        &[(0xabc, 12), (8, 5), (1, 1), (1, 1), (777, 10), (333, 10), (0, 1), (1, 1), (9, 4)];
    let second: &[Field] = &[(0x123, 12), (7, 5), (1, 1), (123, 10), (456, 10), (1, 1), (1, 1), (6, 4)];
    // Lengths of frame ids; tools; an order hint; tools for screens and a forced motion vector.
    let tools: &[Field] = &[
        (1, 1),
        (0b101_1001, 7),
        (0b110, 3),
        (0b1011, 4),
        (1, 1),
        (0b11, 2),
        (1, 1),
        (0, 1),
        (1, 1),
        (5, 3),
        (0b011, 3),
    ];
    let plain: &[Field] = &[(0, 1), (0, 1), (0, 5), (0x5a5, 12), (3, 5)];
    // No ids, no order hint, no tools for screens.
    let few: &[Field] = &[(0, 1), (0b010, 3), (0b0110, 4), (0, 1), (0, 1), (0, 1), (0b100, 3)];
    // Tools for screens that are forced, and the choice of motion vectors left open.
    let forced: &[Field] = &[(0, 1), (0b010, 3), (0b0110, 4), (0, 1), (0, 1), (1, 1), (1, 1), (0b100, 3)];
    for (what, fields) in [
        ("all", &[START, timed, modelled, first, second, SIZE, tools, COLOR][..]),
        ("least", &[START, plain, SIZE, few, COLOR]),
        ("forced", &[START, plain, SIZE, forced, COLOR]),
    ] {
        let found = header(fields).unwrap();
        assert_eq!((found.size, found.bits, found.sampling), ((300, 200), 10, Sampling::Both), "{what}");
        let points = CodePoints { primaries: 9, transfer: 16, matrix: 9, is_full_range: Some(false) };
        assert_eq!(found.color, points, "{what}");
    }
}

#[test]
fn several_headers_are_one_if_they_are_the_same() {
    let unit = |payload| Unit { kind: Kind::SequenceHeader, bytes: payload, payload };
    // A reduced header of 1 by 1, of one channel.
    let gray = [0b0001_1000, 0, 0, 0b0000_0010, 0];
    let first = SequenceHeader::first(&[unit(&gray), unit(&gray)]);
    assert!(first.is_ok(), "{first:?}");
    let other = SequenceHeader::first(&[unit(&gray), unit(&gray[..4])]);
    assert!(matches!(other, Err(DecodeError::Unsupported(_))));
    assert!(matches!(SequenceHeader::first(&[]), Err(DecodeError::Truncated(_))));
}
