//! Free space that a stack needs on the disk.

use std::fs;
use std::path::{Path, PathBuf};

use crate::deploy::Functions;
use crate::disk::{MEBIBYTE, free_bytes};

/// The engine unpacks a function once for each process of it that runs at the same time; two are usual.
const COPIES: u64 = 2;

/// Logs, traces and the engine's own state, generously.
const REST_BYTES: u64 = 32 * MEBIBYTE;

/// The disk has too little room for a stack.
#[derive(Debug, thiserror::Error)]
#[error(
    "the disk of {} has room for {} MiB, and the stack needs {} MiB there for its functions; make room and start again",
    directory.display(), free_bytes / MEBIBYTE, needed_bytes.div_ceil(MEBIBYTE)
)]
pub struct NoRoom {
    directory: PathBuf,
    free_bytes: u64,
    needed_bytes: u64,
}

/// Refuses a disk on which functions would fail to start later, one by one.
pub(super) fn check(directory: &Path, functions: &Functions) -> Result<(), NoRoom> {
    let sizes = functions.programs().filter_map(|program| fs::metadata(program).ok());
    let needed_bytes = COPIES * sizes.map(|program| program.len()).sum::<u64>() + REST_BYTES;
    match free_bytes(directory) {
        Ok(free_bytes) if free_bytes < needed_bytes => {
            Err(NoRoom { directory: directory.to_owned(), free_bytes, needed_bytes })
        }
        // Where the system does not report it, there is room.
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn program_larger_than_the_disk_is_refused_with_both_sizes() {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("large");
        // Sparse: it has a size and takes no room.
        fs::File::create(&program).unwrap().set_len(1 << 42).unwrap();
        let functions = Functions::prebuilt([(PathBuf::from("f"), program)].into());

        let text = check(directory.path(), &functions).unwrap_err().to_string();

        assert!(text.contains("the stack needs 8388640 MiB"), "{text}");
        assert!(check(directory.path(), &Functions::default()).is_ok());
    }
}
