//! Free space of disks.

use std::io;
use std::path::Path;

use nix::sys::statvfs::statvfs;

/// For people: sizes are given in these.
pub(crate) const MEBIBYTE: u64 = 1 << 20;

/// The room that is left for us on the disk of `path`.
#[allow(clippy::useless_conversion, reason = "some systems count blocks in 32 bits")]
pub(crate) fn free_bytes(path: &Path) -> io::Result<u64> {
    let disk = statvfs(path)?;
    Ok(u64::from(disk.blocks_available()) * u64::from(disk.fragment_size()))
}
