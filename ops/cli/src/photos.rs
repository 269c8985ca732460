//! Photos: the files that arguments name, and their content.

use std::fs::{self, DirEntry, File};
use std::io;
use std::path::{Path, PathBuf};

use pipeline_client::upload::Photo;

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

/// The files that the arguments name, in their order; those of a directory sorted by name.
///
/// # Errors
/// The first that is not there or cannot be opened; files found in a directory are opened when their turn comes.
pub(crate) fn named(names: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for name in names {
        let read = |source| Failure::Read { path: name.clone(), source };
        if fs::metadata(name).map_err(read)?.is_dir() {
            below(name, &mut files).map_err(read)?;
        } else {
            File::open(name).map_err(read)?;
            files.push(name.clone());
        }
    }
    Ok(files)
}

/// The files below a directory. Links to directories are not followed, since they may form a cycle.
fn below(directory: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries = fs::read_dir(directory)?.collect::<io::Result<Vec<DirEntry>>>()?;
    entries.sort_by_key(DirEntry::file_name);
    for entry in entries {
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if entry.file_type()?.is_dir() {
            below(&entry.path(), files)?;
        } else if !entry.path().is_dir() {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// Reads one file.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn read_one(path: &Path) -> Result<Photo, Failure> {
    let bytes = fs::read(path).map_err(|source| Failure::Read { path: path.to_owned(), source })?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(Photo { name, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_means_the_files_below_it_and_no_hidden_ones_nor_circles() {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| root.path().join(name);
        fs::create_dir_all(path("b/c")).unwrap();
        for name in ["z.jpg", "a b.jpg", "b/c/ü.png", "b/.hidden"] {
            fs::write(path(name), "x").unwrap();
        }
        std::os::unix::fs::symlink(root.path(), path("b/circle")).unwrap();
        let found = named(&[path("z.jpg"), root.path().to_owned()]).unwrap();
        assert_eq!(found, ["z.jpg", "a b.jpg", "b/c/ü.png", "z.jpg"].map(path));
        assert!(matches!(named(&[path("missing")]), Err(Failure::Read { .. })));
    }

    #[test]
    fn the_bundled_photos_are_there() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let names: Vec<String> = read(&bundled(&root)).unwrap().into_iter().map(|photo| photo.name).collect();
        assert_eq!(names, ["raccoon.jpg", "hubble.jpg"]);
    }
}
