//! Refuses a build whose panics end the process: then nothing catches them, and a panic over one image takes the batch along.
//!
//! The release profile states `panic = "unwind"`. `cargo lambda` before 1.7, which `sam build` calls, looks for that in the
//! function's manifest alone, where no profile can stand, and sets `abort` over it.

#[cfg(not(panic = "unwind"))]
compile_error!(
    "a handler's panic would end the process: this build has panic=\"abort\"; build it with cargo-lambda 1.7 or later"
);
