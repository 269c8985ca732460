//! Links between the repository's pages lead somewhere.

use std::path::Path;

use super::assets::{files, root, text};

/// How GitHub turns a heading into an anchor.
fn anchor(heading: &str) -> String {
    let kept = heading
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-')
        .collect::<String>();
    kept.replace(' ', "-")
}

fn anchors(page: &str) -> Vec<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#').trim())).collect()
}

/// The targets of `[text](target)`, code left out.
fn targets(page: &str) -> Vec<String> {
    let outside_code: String = page.split("```").step_by(2).collect();
    let parts = outside_code.split("](").skip(1);
    parts.filter_map(|part| part.split(')').next()).map(str::to_owned).collect()
}

#[test]
fn every_link_of_a_page_leads_to_a_file_and_a_heading() {
    let mut broken = Vec::new();
    for file in everywhere("md") {
        let page = text(&file);
        let folder = root().join(&file).parent().unwrap().to_owned();
        for target in targets(&page).into_iter().filter(|target| !target.starts_with("http")) {
            let (path, heading) =
                target.split_once('#').map_or((target.as_str(), None), |(a, b)| (a, Some(b)));
            let other = if path.is_empty() { root().join(&file) } else { folder.join(path) };
            let there = other.exists();
            let has_heading = heading.is_none_or(|heading| {
                std::fs::read_to_string(&other).is_ok_and(|page| anchors(&page).contains(&heading.to_owned()))
            });
            if !there || !has_heading {
                broken.push(format!("{file}: {target}"));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn the_index_of_decisions_names_each_by_its_title() {
    let index = text("docs/decisions/README.md");
    for file in files("docs/decisions", "md") {
        let name = Path::new(&file).file_name().unwrap().to_str().unwrap();
        if name != "README.md" {
            let page = text(&file);
            let title = page.lines().next().unwrap().trim_start_matches("# ");
            assert!(index.contains(&format!("\n- [{title}]({name})\n")), "{title}");
        }
    }
}

/// Names of tests that a page has in code quotes; one that is cut ends in `…`.
fn tests_named(page: &str) -> Vec<&str> {
    let quoted = page.split('`').skip(1).step_by(2);
    let is_part = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || "_…".contains(char);
    quoted.filter(|word| word.matches('_').count() > 3 && word.chars().all(is_part)).collect()
}

/// The repository's files with this extension, by their paths from its root; what is built or installed is left out.
fn everywhere(extension: &str) -> Vec<String> {
    let (mut folders, mut found) = (vec![root()], Vec::new());
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                let is_made = name.starts_with('.') || ["target", "node_modules"].contains(&name);
                folders.extend((!is_made).then_some(path));
            } else if path.extension().is_some_and(|it| it == extension) {
                found.push(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_test_that_a_page_names_exists() {
    let sources: String = everywhere("rs").iter().map(|file| text(file)).collect();
    let (mut seen, mut missing) = (0, Vec::new());
    for file in everywhere("md") {
        let page = text(&file);
        for name in tests_named(&page) {
            let start = name.trim_end_matches('…');
            let end = if start == name { "(" } else { "" };
            seen += 1;
            // Written out, or as a row of the macro that makes a test of each proof.
            let is_test = [format!("fn {start}{end}"), format!("\n    {start} => ")];
            if !is_test.iter().any(|written| sources.contains(written)) {
                missing.push(format!("{file}: {name}"));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
    assert!(seen > 3, "{seen} tests are named");
}

/// The parts of the end-to-end tests that a page's commands run: `a` of `cargo e2e --ignored a::b`.
fn parts_named(page: &str) -> Vec<&str> {
    let commands = page.split("cargo e2e ").skip(1);
    let filters =
        commands.filter_map(|rest| rest.lines().next()?.split(['`', '#', ' ']).find(|it| it.contains("::")));
    filters.filter_map(|filter| filter.split("::").next()).collect()
}

#[test]
fn every_part_of_the_end_to_end_tests_that_a_page_runs_exists() {
    let parts = text("ops/local/tests/e2e/main.rs");
    let (mut seen, mut missing) = (0, Vec::new());
    for file in everywhere("md") {
        for part in parts_named(&text(&file)) {
            seen += 1;
            if !parts.contains(&format!("\nmod {part};")) {
                missing.push(format!("{file}: {part}"));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
    assert!(seen > 8, "{seen} parts are named");
}
