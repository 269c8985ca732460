//! Pages that exist in English and in Chinese say the same.

use super::assets::text;

/// Folders whose README.md has a README.zh-CN.md beside it.
const FOLDERS: [&str; 2] = ["", "docs/guide/"];

/// What stands between these is written by `ops drill` into the English page, which the Chinese one links to.
const GENERATED: [&str; 2] = ["<!-- drills: begin -->\n", "<!-- drills: end -->\n"];

/// Links, names in code and numbers: what a translation keeps, in whatever order its sentences need.
#[derive(Default)]
struct Facts<'page> {
    links: Vec<&'page str>,
    names: Vec<&'page str>,
    numbers: Vec<&'page str>,
}

impl<'page> Facts<'page> {
    fn read(&mut self, line: &'page str) {
        for (index, part) in line.split('`').enumerate() {
            if index % 2 == 1 {
                self.names.push(part);
                continue;
            }
            for (index, piece) in part.split("](").enumerate() {
                let linked = piece.split_once(')').filter(|_| index > 0);
                let prose = linked.map_or(piece, |(_, after)| after);
                let target = linked.map(|(target, _)| target);
                self.links.extend(target.filter(|it| !it.starts_with("README.")));
                let words = prose.split(|c: char| !c.is_ascii_digit() && !".,".contains(c));
                let numbers = words.map(|word| word.trim_matches(['.', ',']));
                self.numbers.extend(numbers.filter(|number| !number.is_empty()));
            }
        }
    }

    fn sorted(mut self) -> String {
        for facts in [&mut self.links, &mut self.names, &mut self.numbers] {
            facts.sort_unstable();
        }
        format!("links {:?}, names {:?}, numbers {:?}", self.links, self.names, self.numbers)
    }
}

/// The level of a heading, and its number if it has one.
fn heading(line: &str) -> Option<String> {
    let (level, title) = line.split_once(' ').filter(|(level, _)| level.chars().all(|c| c == '#'))?;
    let number = title.split_once(". ").map(|(number, _)| number).filter(|it| it.parse::<u8>().is_ok());
    Some(format!("{level} {}", number.unwrap_or_default()))
}

/// What is alike in both languages, in order: headings, marks for tests, blocks of code without their comments, rows of tables
/// with their facts, and after each section the facts of its prose.
fn skeleton(page: &str) -> Vec<String> {
    let (mut alike, mut facts, mut block) = (Vec::new(), Facts::default(), None);
    for line in page.lines() {
        if let Some(language) = line.strip_prefix("```") {
            block = if block.is_none() { Some(language) } else { None };
            alike.push(line.to_owned());
        } else if let Some(language) = block {
            let is_shell = ["bash", "console"].contains(&language);
            let code = line.split(" # ").next().filter(|_| is_shell).unwrap_or(line);
            alike.push(code.trim_end().to_owned());
        } else if line.starts_with("<!-- ") {
            alike.push(line.to_owned());
        } else if let Some(heading) = heading(line) {
            alike.push(std::mem::take(&mut facts).sorted());
            alike.push(heading);
        } else if line.starts_with('|') {
            let mut row = Facts::default();
            row.read(line);
            alike.push(format!("row of {}: {}", line.matches('|').count() - 1, row.sorted()));
        } else {
            facts.read(line);
        }
    }
    alike.push(facts.sorted());
    alike
}

/// A folder's page in both languages, without what is generated.
fn both(folder: &str) -> [String; 2] {
    ["README.md", "README.zh-CN.md"].map(|name| {
        let page = text(&format!("{folder}{name}"));
        let parts =
            page.split_once(GENERATED[0]).map(|(before, rest)| (before, rest.split_once(GENERATED[1])));
        match parts {
            Some((before, Some((_, after)))) => format!("{before}{after}"),
            _ => page,
        }
    })
}

#[test]
fn pages_have_the_same_headings_commands_tables_links_names_and_numbers_in_both_languages() {
    for folder in FOLDERS {
        let [english, chinese] = both(folder).map(|page| skeleton(&page));
        let differ = english.iter().zip(&chinese).find(|(english, chinese)| english != chinese);
        assert_eq!(differ, None, "{folder}README.md and README.zh-CN.md");
        assert_eq!(english.len(), chinese.len(), "{folder}README.md and README.zh-CN.md");
    }
}

#[test]
fn both_languages_of_a_page_link_to_each_other_below_their_title() {
    for folder in FOLDERS {
        let links = both(folder).map(|page| page.lines().nth(2).unwrap_or_default().to_owned());
        assert_eq!(links, ["[中文](README.zh-CN.md)", "[English](README.md)"], "{folder}");
    }
}

#[test]
fn deployment_guide_has_twelve_chapters() {
    let [english, _] = both("docs/guide/");
    let chapters = english.lines().filter(|line| line.starts_with("## ")).filter_map(heading);
    assert_eq!(chapters.collect::<Vec<_>>(), (1..=12).map(|it| format!("## {it}")).collect::<Vec<_>>());
}
