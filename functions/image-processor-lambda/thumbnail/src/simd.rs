//! Wider vectors where the processor has them.

/// Runs `work` compiled for AVX2 where this processor has it.
///
/// The bit manipulation that comes with AVX2 helps the entropy decoders as well. Only what is inlined
/// into `work` profits.
#[inline(always)]
pub(crate) fn vectorize<T>(work: impl FnOnce() -> T) -> T {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = fearless_simd::Level::new().as_avx2() {
        return fearless_simd::Simd::vectorize(avx2, work);
    }
    work()
}
