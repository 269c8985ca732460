//! The loop filter, which smooths edges between blocks: RFC 6386, section 15.
#![expect(clippy::indexing_slicing, reason = "the lane counts to N, the length of each line")]

/// Thresholds of the loop filter for a macroblock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Thresholds {
    /// Edge limit between subblocks: the largest step over an edge that is filtered; zero where none is.
    pub(super) limit: u8,
    /// Interior limit: the largest step beside an edge.
    interior: u8,
    /// High edge variance threshold: beyond this step beside an edge only the two pixels next to it change.
    variance: u8,
}

/// Steps over edges between macroblocks may be larger.
const BETWEEN_MACROBLOCKS: u8 = 4;

impl Thresholds {
    pub(super) fn new(level: i32, sharpness: i32) -> Self {
        let shift = match sharpness {
            ..=0 => 0,
            1..=4 => 1,
            _ => 2,
        };
        let most = if sharpness > 0 { 9 - sharpness } else { level };
        let interior = (level >> shift).min(most).max(1);
        let limit = if level == 0 { 0 } else { 2 * level + interior };
        let [limit, interior] = [limit, interior].map(|it| u8::try_from(it).unwrap_or(u8::MAX));
        Self { limit, interior, variance: u8::from(level >= 15) + u8::from(level >= 40) }
    }

    /// For edges between macroblocks.
    const fn outer(self) -> Self {
        Self { limit: self.limit + BETWEEN_MACROBLOCKS, ..self }
    }
}

/// A plane's rows of one row of macroblocks, and as many above as filtering takes.
pub(super) struct Rows<'a> {
    pub(super) samples: &'a mut [u8],
    pub(super) stride: usize,
    /// Rows above.
    pub(super) above: usize,
}

/// Which edges of a macroblock are filtered, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edges {
    pub(super) thresholds: Thresholds,
    pub(super) has_left: bool,
    pub(super) has_above: bool,
    /// Whether edges between its subblocks are filtered.
    pub(super) is_inner: bool,
}

/// Which filter runs over an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Simple,
    MacroblockHeader,
    Subblock,
}

/// Pixels across an edge, four before and four behind, `N` of each side by side.
type Across<const N: usize> = [[u8; N]; 8];

/// Filters the edges of the block of `N` pixels a side in the given column.
#[inline(always)]
pub(super) fn filter<const N: usize>(rows: &mut Rows, column: usize, edges: Edges, is_simple: bool) {
    if edges.thresholds.limit == 0 {
        return;
    }
    let (outer, inner) =
        if is_simple { (Kind::Simple, Kind::Simple) } else { (Kind::MacroblockHeader, Kind::Subblock) };
    let (at_edge, inside) = (edges.thresholds.outer(), edges.thresholds);
    if edges.has_left {
        vertical_edge::<N>(rows, column, outer, at_edge);
    }
    if edges.is_inner {
        for at in (4..N).step_by(4) {
            vertical_edge::<N>(rows, column + at, inner, inside);
        }
    }
    if edges.has_above {
        horizontal_edge::<N>(rows, 0, column, outer, at_edge);
    }
    if edges.is_inner {
        for at in (4..N).step_by(4) {
            horizontal_edge::<N>(rows, at, column, inner, inside);
        }
    }
}

/// An edge between columns.
#[inline(always)]
fn vertical_edge<const N: usize>(rows: &mut Rows, column: usize, kind: Kind, thresholds: Thresholds) {
    let mut across: Across<N> = [[0; N]; 8];
    let start = rows.above * rows.stride;
    let Some(samples) = rows.samples.get_mut(start..) else { return };
    for (at, row) in samples.chunks_exact(rows.stride).take(N).enumerate() {
        if let Some(pixels) = row.get(column - 4..).and_then(|it| it.first_chunk::<8>()) {
            for (line, pixel) in across.iter_mut().zip(pixels) {
                line[at] = *pixel;
            }
        }
    }
    let smoothed = smoothed(across, kind, thresholds);
    for (at, row) in samples.chunks_exact_mut(rows.stride).take(N).enumerate() {
        if let Some(pixels) = row.get_mut(column - 4..).and_then(|it| it.first_chunk_mut::<8>()) {
            for (line, pixel) in smoothed.iter().zip(pixels) {
                *pixel = line[at];
            }
        }
    }
}

/// An edge between rows.
#[inline(always)]
fn horizontal_edge<const N: usize>(
    rows: &mut Rows,
    row: usize,
    column: usize,
    kind: Kind,
    thresholds: Thresholds,
) {
    let start = (rows.above + row - 4) * rows.stride;
    let Some(samples) = rows.samples.get_mut(start..) else { return };
    let mut across: Across<N> = [[0; N]; 8];
    for (line, row) in across.iter_mut().zip(samples.chunks_exact(rows.stride)) {
        if let Some(pixels) = row.get(column..).and_then(|it| it.first_chunk()) {
            *line = *pixels;
        }
    }
    let smoothed = smoothed(across, kind, thresholds);
    for (line, row) in smoothed.iter().zip(samples.chunks_exact_mut(rows.stride)) {
        if let Some(pixels) = row.get_mut(column..).and_then(|it| it.first_chunk_mut()) {
            *pixels = *line;
        }
    }
}

#[inline(always)]
fn smoothed<const N: usize>(across: Across<N>, kind: Kind, thresholds: Thresholds) -> Across<N> {
    let mut smoothed = across;
    for lane in 0..N {
        let pixels = across.map(|line| i16::from(line[lane]));
        let result = match kind {
            Kind::Simple => simple(pixels, thresholds),
            Kind::MacroblockHeader => normal::<true>(pixels, thresholds),
            Kind::Subblock => normal::<false>(pixels, thresholds),
        };
        for (line, level) in smoothed.iter_mut().zip(result) {
            #[expect(clippy::cast_sign_loss, reason = "clamped to a byte")]
            let level = level.clamp(0, 255) as u8;
            line[lane] = level;
        }
    }
    smoothed
}

/// Whether the step over the edge is small enough to be of the coder's making.
#[inline(always)]
const fn is_small(p1: i16, p0: i16, q0: i16, q1: i16, limit: u8) -> bool {
    (p0 - q0).abs() * 2 + (p1 - q1).abs() / 2 <= limit as i16
}

/// What the two pixels next to the edge are changed by.
#[inline(always)]
const fn steps(sum: i16) -> (i16, i16) {
    (clamped(clamped(sum) + 4) >> 3, clamped(clamped(sum) + 3) >> 3)
}

#[inline(always)]
const fn clamped(value: i16) -> i16 {
    if value < -128 {
        -128
    } else if value > 127 {
        127
    } else {
        value
    }
}

#[inline(always)]
const fn simple(pixels: [i16; 8], thresholds: Thresholds) -> [i16; 8] {
    let [p3, p2, p1, p0, q0, q1, q2, q3] = pixels;
    let (down, up) = steps(clamped(p1 - q1) + 3 * (q0 - p0));
    let is_smooth = is_small(p1, p0, q0, q1, thresholds.limit);
    let (down, up) = if is_smooth { (down, up) } else { (0, 0) };
    [p3, p2, p1, p0 + up, q0 - down, q1, q2, q3]
}

#[inline(always)]
const fn normal<const OF_MACROBLOCK: bool>(pixels: [i16; 8], thresholds: Thresholds) -> [i16; 8] {
    let [p3, p2, p1, p0, q0, q1, q2, q3] = pixels;
    let Thresholds { limit, interior, variance } = thresholds;
    let (interior, variance) = (interior as i16, variance as i16);
    let is_smooth = is_small(p1, p0, q0, q1, limit)
        & ((p3 - p2).abs() <= interior)
        & ((p2 - p1).abs() <= interior)
        & ((p1 - p0).abs() <= interior)
        & ((q3 - q2).abs() <= interior)
        & ((q2 - q1).abs() <= interior)
        & ((q1 - q0).abs() <= interior);
    let is_varied = ((p1 - p0).abs() > variance) | ((q1 - q0).abs() > variance);
    let outer = clamped(p1 - q1);
    let step = 3 * (q0 - p0);
    let (down, up) = steps(if OF_MACROBLOCK | is_varied { step + outer } else { step });
    let near = [p3, p2, p1, p0 + up, q0 - down, q1, q2, q3];
    let wide = if OF_MACROBLOCK {
        let sum = clamped(step + outer);
        let [first, second, third] = [(27 * sum + 63) >> 7, (18 * sum + 63) >> 7, (9 * sum + 63) >> 7];
        [p3, p2 + third, p1 + second, p0 + first, q0 - first, q1 - second, q2 - third, q3]
    } else {
        let half = (down + 1) >> 1;
        [p3, p2, p1 + half, p0 + up, q0 - down, q1 - half, q2, q3]
    };
    if !is_smooth {
        pixels
    } else if is_varied {
        near
    } else {
        wide
    }
}
