//! Folds text to the width of the terminal, at spaces.

/// The widest label that continuation lines are indented below; a message's id at the start of a row is wider.
const WIDEST_LABEL: usize = 12;
/// Extra indentation of continuation lines.
const INDENT: usize = 2;
/// The spaces that separate two columns.
const GAP: &str = "   ";

/// Breaks each line that is longer than `width`, and indents what follows below the line's own text.
#[must_use]
pub fn fold(text: &str, width: usize) -> String {
    let lines: Vec<String> = text.split('\n').map(|line| fold_line(line, width, "")).collect();
    lines.join("\n")
}

/// The same for a shell command: lines end in a backslash, so that it can be pasted.
#[must_use]
pub fn fold_command(line: &str, width: usize) -> String {
    fold_line(line, width, " \\")
}

fn fold_line(line: &str, width: usize, end: &str) -> String {
    if columns(line) <= width {
        return line.to_owned();
    }
    let leading = line.len() - line.trim_start_matches(' ').len();
    let text = line.get(leading..).unwrap_or_default();
    let label = text.split_once("  ").filter(|(label, _)| columns(label) <= WIDEST_LABEL);
    let hanging = label.map(|(_, behind)| columns(line) - columns(behind.trim_start_matches(' ')));
    let is_row = text.contains("  ");
    let indent = match hanging.filter(|hanging| *hanging <= width / 3) {
        Some(hanging) => hanging,
        None => leading + if is_row || leading > 0 { INDENT } else { 0 },
    };
    if let Some((first, second)) = text.split_once(GAP).filter(|_| hanging.is_none_or(|it| it > width / 3)) {
        // Two columns become two lines.
        let first = format!("{}{first}", " ".repeat(leading));
        let second = format!("{}{}", " ".repeat((leading + INDENT).min(width / 2)), second.trim_start());
        return format!("{}\n{}", fold_line(&first, width, end), fold_line(&second, width, end));
    }
    let room = width.saturating_sub(end.len());
    let mut folded = Folded { text: String::new(), column: 0, indent: indent.min(width / 2), room, end };
    folded.room = folded.room.max(folded.indent + 1);
    let mut rest = line;
    while !rest.is_empty() {
        let (spaces, behind) = rest.split_at(rest.find(|c| c != ' ').unwrap_or(rest.len()));
        let (word, behind) = behind.split_at(behind.find(' ').unwrap_or(behind.len()));
        folded.push(spaces, word);
        rest = behind;
    }
    folded.text
}

struct Folded<'a> {
    text: String,
    column: usize,
    indent: usize,
    room: usize,
    end: &'a str,
}

impl Folded<'_> {
    fn push(&mut self, spaces: &str, word: &str) {
        let wide = columns(word);
        if self.column + spaces.len() + wide <= self.room {
            self.text.push_str(spaces);
            self.text.push_str(word);
            self.column += spaces.len() + wide;
            return;
        }
        if self.column > 0 && !word.is_empty() {
            self.next_line();
        }
        let mut is_escape = false;
        for char in word.chars() {
            is_escape |= char == '\u{1b}';
            let is_visible = !is_escape;
            if is_escape && char == 'm' {
                is_escape = false;
            }
            // No terminal is too narrow for the longest word: it is broken where the line ends.
            if is_visible && self.column >= self.room {
                self.next_line();
            }
            self.text.push(char);
            self.column += usize::from(is_visible);
        }
    }

    fn next_line(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push_str(self.end);
        self.text.push('\n');
        self.text.push_str(&" ".repeat(self.indent));
        self.column = self.indent;
    }
}

/// The width of a line in characters, without colour sequences.
#[must_use]
pub fn columns(text: &str) -> usize {
    let mut is_escape = false;
    text.chars()
        .filter(|char| {
            let is_hidden = is_escape || *char == '\u{1b}';
            is_escape = is_hidden && *char != 'm';
            !is_hidden
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_fits_stays_as_it_is() {
        let text = "a  b\n\n   c   ";
        assert_eq!(fold(text, 7), text);
    }

    #[test]
    fn a_long_line_goes_on_below_its_text() {
        assert_eq!(
            fold("cause     one two three four five", 30),
            "cause     one two three four\n          five"
        );
        assert_eq!(fold("  alpha beta gamma", 12), "  alpha beta\n    gamma");
    }

    #[test]
    fn two_columns_become_two_lines_and_prose_stays_at_its_side() {
        assert_eq!(fold("  ops dlq redrive       what would be", 24), "  ops dlq redrive\n    what would be");
        assert_eq!(fold("one two three four", 10), "one two\nthree four");
    }

    #[test]
    fn nothing_is_lost_and_no_line_is_longer_whatever_the_width() {
        let text = "next      read the log\n  5fea7756-0ea4-451a-a703-a558b933e274  9 s\nhttp://127.0.0.1:4566/000000000000/image-processing-dlq";
        for width in 1..80 {
            let folded = fold(text, width);
            assert!(folded.lines().all(|line| columns(line) <= width.max(2)), "{width}: {folded}");
            let solid = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(solid(&folded), solid(text), "{width}");
        }
    }

    #[test]
    fn colours_take_no_room() {
        let red = "\u{1b}[31mabc def\u{1b}[0m";
        assert_eq!((fold(red, 7), columns(red)), (red.to_owned(), 7));
        assert_eq!(fold(red, 5), "\u{1b}[31mabc\ndef\u{1b}[0m");
    }

    #[test]
    fn a_command_that_is_folded_can_still_be_pasted() {
        let folded = fold_command("log       aws logs --query 'a' --output text", 30);
        assert_eq!(folded, "log       aws logs --query \\\n          'a' --output text");
    }
}
