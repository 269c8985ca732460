//! Integrity of an environment: whether it still is what was installed.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What a finished environment is: its interpreter, and how many packages it holds.
///
/// The first changes when Python is upgraded or removed, the second when somebody cleans up.
pub(super) fn identity(home: &Path) -> io::Result<Vec<u8>> {
    let interpreter = fs::canonicalize(home.join("bin/python"))?;
    let mut identity = interpreter.into_os_string().into_encoded_bytes();
    identity.extend(format!("\n{}", records(home).len()).bytes());
    Ok(identity)
}

/// Whether every file that pip installed is there, in its size.
pub(super) fn is_whole(home: &Path) -> bool {
    records(home).iter().all(|record| holds(record).unwrap_or(false))
}

/// The list of files of each package; which of them are there, not what they hold.
fn records(home: &Path) -> Vec<PathBuf> {
    let entries =
        |path: PathBuf| fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let packages = entries(home.join("lib")).flat_map(|python| entries(python.join("site-packages")));
    let infos = packages.filter(|path| path.extension() == Some(OsStr::new("dist-info")));
    infos.map(|info| info.join("RECORD")).filter(|record| record.exists()).collect()
}

/// Lines are `path,hash,size` with paths beside the package; what pip compiled itself has no size.
fn holds(record: &Path) -> Option<bool> {
    let site_packages = record.parent()?.parent()?;
    let text = fs::read_to_string(record).ok()?;
    let is_there = |line: &str| {
        let mut columns = line.rsplitn(3, ',');
        let (size, _hash, path) = (columns.next()?, columns.next()?, columns.next()?);
        let found = fs::metadata(site_packages.join(path.trim_matches('"'))).ok()?.len();
        Some(size.is_empty() || size.parse() == Ok(found))
    };
    Some(text.lines().all(|line| is_there(line).unwrap_or(false)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An environment with one package of two files.
    fn environment() -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        let packages = home.path().join("lib/python3.12/site-packages");
        fs::create_dir_all(packages.join("six-1.16.0.dist-info")).unwrap();
        fs::create_dir_all(home.path().join("bin")).unwrap();
        fs::write(home.path().join("bin/python"), "").unwrap();
        fs::write(packages.join("six.py"), "12345").unwrap();
        fs::write(packages.join("a, b.py"), "").unwrap();
        let record = "six.py,sha256=x,5\n\"a, b.py\",sha256=y,0\nsix-1.16.0.dist-info/RECORD,,\n";
        fs::write(packages.join("six-1.16.0.dist-info/RECORD"), record).unwrap();
        home
    }

    #[test]
    fn environment_is_whole_until_a_file_is_missing_or_cut() {
        let home = environment();
        let file = home.path().join("lib/python3.12/site-packages/six.py");
        assert!(is_whole(home.path()));
        fs::write(&file, "123").unwrap();
        assert!(!is_whole(home.path()));
        fs::remove_file(&file).unwrap();
        assert!(!is_whole(home.path()));
    }

    #[test]
    fn environment_without_its_packages_is_another_one() {
        let home = environment();
        let before = identity(home.path()).unwrap();
        fs::remove_dir_all(home.path().join("lib")).unwrap();
        assert_ne!(identity(home.path()).unwrap(), before);
    }
}
