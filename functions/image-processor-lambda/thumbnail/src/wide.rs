//! Wider vectors where the processor has them.

/// Runs `work` compiled for the widest vectors that this processor is known to have.
///
/// The bit manipulation that comes with them helps the decoder of symbols as well. What shall
/// profit must be inlined into `work`.
#[inline(always)]
pub(crate) fn wide<T>(work: impl FnOnce() -> T) -> T {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = fearless_simd::Level::new().as_avx2() {
        return fearless_simd::Simd::vectorize(avx2, work);
    }
    work()
}
