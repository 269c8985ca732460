//! One channel of a picture, made smaller on the way.

/// Samples of one channel, of which the picture covers `width` by `height`.
#[derive(Clone, Debug)]
pub(crate) struct Plane {
    pub(crate) samples: Vec<u8>,
    /// Samples from one row to the next.
    pub(crate) stride: usize,
    /// What the picture covers, in samples and parts of them: made smaller, it ends within a sample.
    pub(crate) width: f64,
    /// See `width`.
    pub(crate) height: f64,
}
