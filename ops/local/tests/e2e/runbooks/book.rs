//! Blocks of a runbook: its commands in order, each with what it promises.
//!
//! Above each block of commands stands a comment that no reader sees, for the test:
//!
//! - `<!-- prints: PATTERN -->` a regular expression for the whole output, without white space at its end
//! - `<!-- prints nothing -->`
//! - `<!-- not here: REASON -->` what the local stack lacks, so that the command fails there
//!
//! Above that may stand `<!-- loses: SENTENCE -->`, for the console: what its reader must know before the button runs it.

use regex_lite::Regex;

/// Commands that are pasted together.
#[derive(Debug)]
pub(super) struct Block {
    /// The heading that they stand below.
    pub(super) section: String,
    /// Where the first of them stands, counted from 1.
    pub(super) line: usize,
    pub(super) script: String,
    pub(super) mark: Mark,
    /// What the reader should expect, in one line.
    promise: String,
}

/// What is known of a block's output.
#[derive(Debug)]
pub(super) enum Mark {
    Prints(Regex),
    PrintsNothing,
    NotHere(String),
}

impl Mark {
    fn read(comment: &str) -> Result<Self, String> {
        let inner = comment.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->"));
        let inner = inner.ok_or("no comment above it states what it prints")?;
        if inner == "prints nothing" {
            return Ok(Self::PrintsNothing);
        }
        match inner.split_once(": ") {
            Some(("prints", pattern)) => {
                let whole = Regex::new(&format!("^(?:{pattern})$")).map_err(|error| error.to_string())?;
                if whole.is_match("None") && !pattern.contains("None") {
                    return Err(format!("`None` would pass for {pattern}"));
                }
                Ok(Self::Prints(whole))
            }
            Some(("not here", reason)) => Ok(Self::NotHere(reason.to_owned())),
            _ => Err(format!("the comment above it is not understood: {comment}")),
        }
    }

    /// What is wrong with the output; nothing if it is as marked.
    pub(super) fn complaint(&self, output: &str) -> Option<String> {
        let output = output.trim_end();
        match self {
            Self::Prints(pattern) => (!pattern.is_match(output)).then(|| format!("is not {pattern}")),
            Self::PrintsNothing => (!output.is_empty()).then(|| "is not nothing".to_owned()),
            Self::NotHere(_) => None,
        }
    }
}

impl Block {
    /// In what the prose promises otherwise than the comment.
    fn discord(&self) -> Option<String> {
        let first = self.promise.split("; ").next().unwrap_or_default();
        let first = first.split(". ").next().unwrap_or_default();
        match &self.mark {
            Mark::PrintsNothing => (!first.starts_with("Expected: nothing")).then(|| first.to_owned()),
            Mark::Prints(pattern) => {
                let plain = pattern.as_str().replace('\\', "");
                let mut literals = first.split('`').skip(1).step_by(2);
                literals.find(|literal| !plain.contains(literal)).map(str::to_owned)
            }
            Mark::NotHere(_) => None,
        }
    }
}

/// The blocks of a page, or what is wrong with one: where, and why.
pub(super) fn blocks(page: &str) -> Result<Vec<Block>, String> {
    let lines: Vec<&str> = page.lines().collect();
    let mut section = String::new();
    let mut blocks = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        if let Some(heading) = line.strip_prefix("## ") {
            heading.clone_into(&mut section);
        }
        let Some(indent) = line.strip_suffix("```bash") else { continue };
        let wrong = |why: String| format!("{}: {why}", index + 1);
        let script = lines[index + 1..].iter().take_while(|line| line.trim() != "```");
        let script: Vec<&str> =
            script.map(|line| line.strip_prefix(indent).unwrap_or(line.trim_start())).collect();
        let after = lines[index + 2 + script.len()..].iter().skip_while(|line| line.trim().is_empty());
        let promise: Vec<&str> = after.map(|line| line.trim()).take_while(|line| !line.is_empty()).collect();
        let comment = index.checked_sub(1).map_or("", |above| lines[above].trim());
        let block = Block {
            section: section.clone(),
            line: index + 2,
            script: script.join("\n") + "\n",
            mark: Mark::read(comment).map_err(wrong)?,
            promise: promise.join(" "),
        };
        if let Some(literal) = block.discord() {
            return Err(wrong(format!("the prose promises `{literal}`, the comment above does not")));
        }
        blocks.push(block);
    }
    Ok(blocks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(comment: &str, promise: &str) -> String {
        format!(
            "# a\n\n## Verify\n\n   {comment}\n   ```bash\n   first\n     second\n   ```\n\n   {promise}\n"
        )
    }

    #[test]
    fn block_knows_its_section_its_line_and_its_commands() {
        let blocks = blocks(&page("<!-- prints: a \\d+ -->", "Expected: `a ` and a number.")).unwrap();
        let [block] = &blocks[..] else { panic!("{blocks:?}") };
        assert_eq!((block.section.as_str(), block.line), ("Verify", 7));
        assert_eq!(block.script, "first\n  second\n");
        assert_eq!(block.mark.complaint("a 12\n"), None);
        for wrong in ["", "None", "a", "a 1 b", "a 1\nNone"] {
            assert!(block.mark.complaint(wrong).is_some(), "{wrong}");
        }
    }

    #[test]
    fn block_without_a_mark_or_with_another_promise_is_refused() {
        for (comment, promise) in [
            ("text", "Expected: `a`."),
            ("<!-- prints a -->", "Expected: `a`."),
            ("<!-- prints: ( -->", "Expected: a."),
            ("<!-- prints: .+ -->", "Expected: something."),
            ("<!-- prints: b -->", "Expected: `a`."),
            ("<!-- prints nothing -->", "Expected: a number."),
        ] {
            assert!(blocks(&page(comment, promise)).is_err(), "{comment} {promise}");
        }
        for (comment, promise) in [
            ("<!-- prints: a\\.b|c -->", "Expected: `a.b`. `d` is bad."),
            ("<!-- prints nothing -->", "Expected: nothing is printed."),
            ("<!-- not here: no X-Ray -->", "Expected: `a`."),
        ] {
            blocks(&page(comment, promise)).unwrap();
        }
    }
}
