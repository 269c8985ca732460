//! What each format's folder depends on.

#![expect(clippy::unwrap_used, reason = "a test's helpers may fail it")]

use std::fs;
use std::path::{Path, PathBuf};

use thumbnail::Format;

/// What any format may use. Of `resize` that is how pixels are averaged, not how far: `pixels::Target` says that.
const SHARED: [&str; 9] = [
    "budget",
    "color",
    "exif",
    "format",
    "image_crate",
    "pixels",
    "rejection",
    "simd",
    "resize::box_average",
];

/// The folder of a format, which two formats share.
fn folder(format: Format) -> String {
    match format {
        Format::Heic | Format::Avif => "heif".to_owned(),
        other => other.name().to_lowercase(),
    }
}

/// A format inside another one.
const NESTED: [(&str, &str); 1] = [("tiff", "jpeg")];

/// A format's file and those of its folder, without tests.
fn files(format: &str) -> Vec<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = vec![source.join(format).with_extension("rs")];
    let mut folders = vec![source.join(format)];
    while let Some(folder) = folders.pop().filter(|folder| folder.is_dir()) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.file_stem().unwrap().to_str().unwrap() {
                "tests" => {}
                _ if path.is_dir() => folders.insert(0, path),
                _ => files.push(path),
            }
        }
    }
    files
}

/// The paths behind each `crate::` in the code of a file, its tests and comments left out.
fn paths(code: &str) -> Vec<String> {
    let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code = lines.collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    for (at, start) in code.match_indices("crate::") {
        if code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_') {
            continue;
        }
        let rest = &code[at + start.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let group = group.split('}').next().unwrap_or_default();
            found.extend(group.split(',').map(|path| path.trim().to_owned()));
        } else {
            let end = rest.find(|it: char| !it.is_alphanumeric() && !"_:".contains(it)).unwrap_or(rest.len());
            found.push(rest[..end].to_owned());
        }
    }
    found.retain(|path| !path.is_empty());
    found
}

fn is_within(path: &str, room: &str) -> bool {
    path.strip_prefix(room).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}

#[test]
fn a_format_depends_on_shared_rooms_and_on_no_other_format_nor_on_rules_of_resizing() {
    let mut seen = 0;
    for format in Format::ALL.map(folder) {
        for file in files(&format) {
            for path in paths(&fs::read_to_string(&file).unwrap()) {
                let rooms = SHARED.into_iter().chain([&*format]);
                let nested = NESTED.into_iter().filter(|(outer, _)| *outer == format).map(|(_, inner)| inner);
                let is_allowed = rooms.chain(nested).any(|room| is_within(&path, room));
                assert!(is_allowed, "{} uses crate::{path}", file.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 50, "{seen} paths");
}

#[test]
fn paths_are_found_in_groups_and_in_code_and_not_in_comments_or_tests() {
    let code = "use crate::{exif, jpeg::marker};\nuse crate::resize::fit::fit;\n// crate::no\nlet a = crate::gif::decode(my_crate::no);\n\
                #[cfg(test)]\nmod tests {\n    use crate::png;\n}\n";
    assert_eq!(paths(code), ["exif", "jpeg::marker", "resize::fit::fit", "gif::decode"]);
    assert!(is_within("jpeg::marker", "jpeg") && !is_within("jpegs", "jpeg"));
}
