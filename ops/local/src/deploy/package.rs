//! Deployment packages: programs as the archives that Lambda takes.

use std::fs::File;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A program could not be packed.
#[derive(Debug, thiserror::Error)]
#[error("{program} could not be packed for Lambda")]
pub struct PackageError {
    program: PathBuf,
    #[source]
    source: io::Error,
}

/// A zip whose only file is the program, called `bootstrap`.
///
/// Stored, not compressed: it only travels over loopback.
///
/// # Errors
///
/// When the program cannot be read.
pub(super) fn package(program: &Path) -> Result<Vec<u8>, PackageError> {
    let packed = || -> io::Result<Vec<u8>> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .unix_permissions(0o755);
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("bootstrap", options)?;
        io::copy(&mut File::open(program)?, &mut zip)?;
        Ok(zip.finish()?.into_inner())
    };
    packed().map_err(|source| PackageError { program: program.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use zip::ZipArchive;

    use super::*;

    #[test]
    fn program_becomes_an_executable_bootstrap() {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("anything");
        std::fs::write(&program, "#!/bin/sh\n").unwrap();

        let mut zip = ZipArchive::new(Cursor::new(package(&program).unwrap())).unwrap();

        let mut file = zip.by_name("bootstrap").unwrap();
        assert_eq!(file.unix_mode().unwrap() & 0o777, 0o755);
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "#!/bin/sh\n");
    }

    #[test]
    fn missing_program_is_named() {
        let error = package(Path::new("/nonexistent/program")).unwrap_err();
        assert_eq!(error.to_string(), "/nonexistent/program could not be packed for Lambda");
    }
}
