//! Links between the repository's pages lead somewhere.

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
    let pages = ["runbooks", "docs", "docs/decisions", "alarms/tests"].into_iter();
    let pages = pages
        .flat_map(|folder| files(folder, "md"))
        .chain(["README.md", "CONTRIBUTING.md"].map(str::to_owned));
    let mut broken = Vec::new();
    for file in pages {
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
