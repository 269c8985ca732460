//! Root directory of the repository.

use std::path::{Path, PathBuf};

/// The root: `named`, else the nearest directory upwards from `here` with a template.yaml, else the repository that
/// this program was built in.
pub(crate) fn find(named: Option<&Path>, here: &Path) -> PathBuf {
    let upwards = || here.ancestors().find(|directory| directory.join("template.yaml").is_file());
    let built_in = || Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    named.or_else(upwards).or_else(built_in).unwrap_or(here).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_directory_with_a_template_is_taken() {
        let root = tempfile::tempdir().unwrap();
        let deep = root.path().join("a/b");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(root.path().join("template.yaml"), "").unwrap();
        assert_eq!(find(None, &deep), root.path());
        assert_eq!(find(Some(Path::new("named")), &deep), Path::new("named"));
    }

    #[test]
    fn outside_of_any_repository_it_is_the_one_built_in() {
        let elsewhere = tempfile::tempdir().unwrap();
        assert!(find(None, elsewhere.path()).join("ops/cli").is_dir());
    }
}
