//! Photos: read from disk, walked through the pipeline.

use std::fs;
use std::path::{Path, PathBuf};

use local_stack::flow::{Photo, Verified, verify};
use local_stack::progress::Reporter;
use local_stack::stack::StackInfo;

use crate::failure::Failure;

/// Public-domain photographs that come with the repository; one of them lies on its side.
const BUNDLED: [&str; 2] = ["ops/local/photos/raccoon.jpg", "ops/local/photos/hubble.jpg"];

/// The bundled photos of the repository at `root`.
pub(crate) fn bundled(root: &Path) -> Vec<PathBuf> {
    BUNDLED.iter().map(|path| root.join(path)).collect()
}

/// Reads the files before anything else is done with any of them.
///
/// # Errors
/// The first that cannot be read.
pub(crate) fn read(files: &[PathBuf]) -> Result<Vec<Photo>, Failure> {
    files.iter().map(|path| read_one(path)).collect()
}

fn read_one(path: &Path) -> Result<Photo, Failure> {
    let bytes = fs::read(path).map_err(|source| Failure::Read { path: path.to_owned(), source })?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(Photo { name, bytes })
}

/// Walks the photos through the seven steps, one after the other.
pub(crate) async fn walk(info: &StackInfo, photos: &[Photo], progress: &dyn Reporter) -> Vec<Verified> {
    let mut verified = Vec::with_capacity(photos.len());
    for photo in photos {
        // Boxed, as the future of all steps at once is large.
        verified.push(Box::pin(verify(info, photo, progress)).await);
    }
    verified
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_photos_are_there() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let names: Vec<String> = read(&bundled(&root)).unwrap().into_iter().map(|photo| photo.name).collect();
        assert_eq!(names, ["raccoon.jpg", "hubble.jpg"]);
    }
}
