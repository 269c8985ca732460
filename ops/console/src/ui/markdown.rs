//! Markdown of the repository's own documents as markup; HTML in it is left out, as are addresses that no page has.

use std::iter::Peekable;

use maud::{Markup, PreEscaped};
use pulldown_cmark::{CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use super::href;

/// What a document's own anchors begin with, so that none is an id of the page.
const ANCHOR: &str = "doc-";

/// How a comment begins that states what commands lose.
const LOSES: &str = "loses: ";

/// Commands of a document that are pasted together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) script: String,
    /// The comment right above them, which no reader sees; it states what a test knows about them.
    pub(crate) comment: String,
    /// What the reader cannot get back afterwards, as another comment above them states it.
    pub(crate) loses: Option<String>,
}

/// The blocks of commands of a document, in its order.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut events = Parser::new_ext(text, Options::ENABLE_TABLES).peekable();
    let (mut blocks, mut comment, mut loses) = (Vec::new(), String::new(), None);
    while let Some(event) = events.next() {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                let script = code(&mut events);
                if is_shell(&kind) {
                    let (comment, loses) = (std::mem::take(&mut comment), loses.take());
                    blocks.push(Block { script, comment, loses });
                }
            }
            Event::Html(html) => {
                let inner = html.trim().strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->"));
                match inner.unwrap_or_default().split_once(LOSES) {
                    Some(("", what)) => loses = Some(what.to_owned()),
                    _ => inner.unwrap_or_default().clone_into(&mut comment),
                }
            }
            Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock) => {}
            _ => {
                comment.clear();
                loses = None;
            }
        }
    }
    blocks
}

/// A document below a heading of the second level; a function draws commands by their number, counted from 0, and script.
pub(crate) fn render(text: &str, draw: impl Fn(usize, &str) -> Markup) -> Markup {
    let mut events = Parser::new_ext(text, Options::ENABLE_TABLES).peekable();
    let mut shown: Vec<Event<'_>> = Vec::new();
    let (mut dropped_link, mut number) = (false, 0);
    // Regions that are named alike cannot be told apart.
    let mut tables = 0;
    while let Some(event) = events.next() {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                let code = code(&mut events);
                let drawn = if is_shell(&kind) {
                    number += 1;
                    draw(number - 1, &code)
                } else {
                    maud::html! { pre .code tabindex="0" { code { (code) } } }
                };
                shown.push(Event::Html(drawn.into_string().into()));
            }
            Event::Start(Tag::Heading { level, .. }) => {
                let mut inside: Vec<Event<'_>> = Vec::new();
                while let Some(event) =
                    events.next_if(|event| !matches!(event, Event::End(TagEnd::Heading(_))))
                {
                    inside.push(event);
                }
                events.next();
                // The page has a title of its own.
                if level == HeadingLevel::H1 {
                    continue;
                }
                let level = below(level);
                let id = Some(format!("{ANCHOR}{}", slug(&inside)).into());
                shown.push(Event::Start(Tag::Heading { level, id, classes: Vec::new(), attrs: Vec::new() }));
                shown.extend(inside);
                shown.push(Event::End(TagEnd::Heading(level)));
            }
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => match address(&dest_url) {
                Some(to) => shown.push(Event::Start(Tag::Link { link_type, dest_url: to.into(), title, id })),
                None => dropped_link = true,
            },
            Event::End(TagEnd::Link) if dropped_link => dropped_link = false,
            Event::Html(_)
            | Event::InlineHtml(_)
            | Event::Start(Tag::HtmlBlock | Tag::Image { .. })
            | Event::End(TagEnd::HtmlBlock | TagEnd::Image) => {}
            // Alignment would be a style, which the policy refuses.
            Event::Start(Tag::Table(columns)) => {
                tables += 1;
                let scroll = r#"<div class="scroll" tabindex="0" role="region""#;
                shown.push(Event::Html(format!("{scroll} aria-label=\"Table {tables}\">").into()));
                shown.push(Event::Start(Tag::Table(vec![pulldown_cmark::Alignment::None; columns.len()])));
            }
            Event::End(TagEnd::Table) => {
                shown.push(Event::End(TagEnd::Table));
                shown.push(Event::Html("</div>".into()));
            }
            other => shown.push(other),
        }
    }
    let mut markup = String::new();
    html::push_html(&mut markup, shown.into_iter());
    PreEscaped(markup)
}

/// The text of a block that has begun, up to and with its end.
fn code<'a>(events: &mut Peekable<impl Iterator<Item = Event<'a>>>) -> String {
    let mut code = String::new();
    while let Some(Event::Text(text)) = events.next_if(|event| matches!(event, Event::Text(_))) {
        code.push_str(&text);
    }
    events.next();
    code.truncate(code.trim_end().len());
    code
}

/// Whether a block is for a shell; other texts are shown as they are.
fn is_shell(kind: &CodeBlockKind<'_>) -> bool {
    matches!(kind, CodeBlockKind::Fenced(language) if matches!(&**language, "bash" | "sh" | "console"))
}

fn below(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 | HeadingLevel::H2 => HeadingLevel::H3,
        HeadingLevel::H3 => HeadingLevel::H4,
        _ => HeadingLevel::H5,
    }
}

/// The anchor of a heading, as GitHub makes it.
fn slug(heading: &[Event<'_>]) -> String {
    let text = heading.iter().filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) => Some(text),
        _ => None,
    });
    let text: String = text.map(CowStr::as_ref).collect();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

/// Where a link leads here; `None` where no page shows what it names.
fn address(to: &str) -> Option<String> {
    if let Some(anchor) = to.strip_prefix('#') {
        return Some(format!("#{ANCHOR}{anchor}"));
    }
    let (file, anchor) = to.split_once('#').map_or((to, None), |(file, anchor)| (file, Some(anchor)));
    let name = file.strip_suffix(".md").filter(|name| !name.contains('/'))?;
    let anchor = anchor.map(|anchor| format!("#{ANCHOR}{anchor}")).unwrap_or_default();
    Some(href::runbook(name) + &anchor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::command;

    fn rendered(text: &str) -> String {
        render(text, |_, script| command(script)).into_string()
    }

    #[test]
    fn html_of_a_document_never_becomes_the_pages() {
        let text = "a <b onclick=x>b</b> c\n\n<script>alert(1)</script>\n\n<!-- prints: x -->\n\n`<i>`";
        let markup = rendered(text);
        assert!(
            !markup.contains("<b") && !markup.contains("<script") && !markup.contains("prints"),
            "{markup}"
        );
        assert!(markup.contains("&lt;i&gt;"), "{markup}");
    }

    #[test]
    fn links_lead_to_pages_or_are_text() {
        let markup =
            rendered("[a](other.md#triage) [b](#verify) [c](../docs/slo.md) [d](javascript:alert(1))");
        assert!(markup.contains("<a href=\"/runbooks/other#doc-triage\">a</a>"), "{markup}");
        assert!(markup.contains("<a href=\"#doc-verify\">b</a> c d"), "{markup}");
    }

    #[test]
    fn headings_have_the_anchors_that_links_name_and_commands_can_be_copied() {
        let markup = rendered("# name\n\n## Is it real?\n\n1. Do\n\n   ```bash\n   echo \"<x>\"\n   ```\n");
        assert!(markup.contains("<h3 id=\"doc-is-it-real\">"), "{markup}");
        assert!(
            markup.contains("data-copy=\"echo &quot;&lt;x&gt;&quot;\"") && !markup.contains("<h1"),
            "{markup}"
        );
    }

    #[test]
    fn commands_have_the_number_and_the_comment_that_stand_above_them() {
        let page = "<!-- prints: a -->\n\nprose\n\n```bash\nfirst\n```\n\n```json\n{}\n```\n\n\
                    1. x\n\n   <!-- prints nothing -->\n   ```bash\n   second\n     more\n   ```\n";
        let block = |script: &str, comment: &str| Block {
            script: script.into(),
            comment: comment.into(),
            loses: None,
        };
        assert_eq!(blocks(page), [block("first", ""), block("second\n  more", "prints nothing")]);
        let drawn = render(page, |number, script| maud::html! { i { (number) (script) } }).into_string();
        assert!(drawn.contains("<i>0first</i>") && drawn.contains("<i>1second\n  more</i>"), "{drawn}");
    }

    #[test]
    fn what_commands_lose_is_read_of_the_comment_above_them_and_of_no_other() {
        let page = "<!-- loses: all -->\n\nprose\n\n<!-- prints: a -->\n```bash\nfirst\n```\n\n\
                    <!-- loses: the rest -->\n<!-- prints: b -->\n```bash\nsecond\n```\n";
        let read: Vec<_> = blocks(page).into_iter().map(|block| (block.comment, block.loses)).collect();
        let of = |comment: &str, loses: Option<&str>| (comment.to_owned(), loses.map(str::to_owned));
        assert_eq!(read, [of("prints: a", None), of("prints: b", Some("the rest"))]);
        assert!(!rendered(page).contains("loses"));
    }

    #[test]
    fn tables_have_no_style_which_the_policy_would_refuse() {
        let markup = rendered("| a | b |\n|--:|:-:|\n| 1 | 2 |\n");
        assert!(markup.contains("<td>1</td>") && !markup.contains("style"), "{markup}");
    }
}
