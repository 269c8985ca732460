#![no_main]

use libfuzzer_sys::Corpus;
use thumbnail::Format;

libfuzzer_sys::fuzz_target!(|input: &[u8]| -> Corpus {
    if thumbnail_fuzz::is_kept(Format::Avif, input) { Corpus::Keep } else { Corpus::Reject }
});
