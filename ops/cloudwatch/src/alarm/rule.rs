//! Alarm rule: the expression over the states of other alarms that a composite alarm evaluates.

use std::fmt;

use super::State;

/// A rule over the states of other alarms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The alarm of this name is in this state.
    Is(State, String),
    /// The rule does not hold.
    Not(Box<Rule>),
    /// All hold.
    All(Vec<Rule>),
    /// At least one holds.
    Any(Vec<Rule>),
    /// `TRUE` or `FALSE`.
    Constant(bool),
}

/// What is wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Something else should stand here.
    #[error("at character {at}: {expected} is expected")]
    Expected {
        /// What.
        expected: &'static str,
        /// Where, counted from 1.
        at: usize,
    },
    /// `AND` beside `OR`; CloudWatch does not document which goes first.
    #[error("at character {at}: AND beside OR needs parentheses")]
    Ambiguous {
        /// Where, counted from 1.
        at: usize,
    },
    /// A function that is not evaluated here.
    #[error("the function {0} is not evaluated here")]
    Function(String),
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>, rules: &[Self], word: &str| {
            let rules: Vec<String> = rules.iter().map(ToString::to_string).collect();
            write!(f, "({})", rules.join(word))
        };
        match self {
            Self::Is(state, name) => write!(f, "{state}(\"{name}\")"),
            Self::Not(rule) => write!(f, "NOT {rule}"),
            Self::All(rules) => joined(f, rules, " AND "),
            Self::Any(rules) => joined(f, rules, " OR "),
            Self::Constant(true) => f.write_str("TRUE"),
            Self::Constant(false) => f.write_str("FALSE"),
        }
    }
}

impl Rule {
    /// The rule that `text` spells.
    ///
    /// # Errors
    /// Text that is no rule, and functions other than `ALARM`, `OK` and `INSUFFICIENT_DATA`.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let mut parser = Parser { text, at: 0 };
        let rule = parser.whole()?;
        parser.skip_blanks();
        if parser.at < text.len() {
            return Err(parser.expected("AND, OR or the end"));
        }
        Ok(rule)
    }

    /// The names of the alarms that it looks at.
    #[must_use]
    pub fn alarms(&self) -> Vec<&str> {
        match self {
            Self::Is(_, name) => vec![name],
            Self::Not(rule) => rule.alarms(),
            Self::All(rules) | Self::Any(rules) => rules.iter().flat_map(Self::alarms).collect(),
            Self::Constant(_) => Vec::new(),
        }
    }

    /// Whether it holds when alarms are in these states.
    pub fn holds(&self, state: &impl Fn(&str) -> State) -> bool {
        match self {
            Self::Is(wanted, name) => state(name) == *wanted,
            Self::Not(rule) => !rule.holds(state),
            Self::All(rules) => rules.iter().all(|rule| rule.holds(state)),
            Self::Any(rules) => rules.iter().any(|rule| rule.holds(state)),
            Self::Constant(truth) => *truth,
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn expected(&self, expected: &'static str) -> RuleError {
        RuleError::Expected { expected, at: self.at + 1 }
    }

    fn take(&mut self, symbol: char) -> bool {
        self.skip_blanks();
        let found = self.rest().starts_with(symbol);
        self.at += if found { symbol.len_utf8() } else { 0 };
        found
    }

    fn peek_word(&mut self) -> String {
        self.skip_blanks();
        self.rest().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
    }

    fn whole(&mut self) -> Result<Rule, RuleError> {
        let first = self.one()?;
        let word = self.peek_word();
        if word != "AND" && word != "OR" {
            return Ok(first);
        }
        let mut rules = vec![first];
        loop {
            let next = self.peek_word();
            if next != "AND" && next != "OR" {
                return Ok(if word == "AND" { Rule::All(rules) } else { Rule::Any(rules) });
            }
            if next != word {
                return Err(RuleError::Ambiguous { at: self.at + 1 });
            }
            self.at += next.len();
            rules.push(self.one()?);
        }
    }

    fn one(&mut self) -> Result<Rule, RuleError> {
        if self.take('(') {
            let rule = self.whole()?;
            return if self.take(')') { Ok(rule) } else { Err(self.expected("`)`")) };
        }
        let word = self.peek_word();
        if word.is_empty() {
            return Err(self.expected("ALARM, OK, INSUFFICIENT_DATA, NOT, TRUE, FALSE or `(`"));
        }
        self.at += word.len();
        match word.as_str() {
            "NOT" => Ok(Rule::Not(Box::new(self.one()?))),
            "TRUE" => Ok(Rule::Constant(true)),
            "FALSE" => Ok(Rule::Constant(false)),
            function => match State::ALL.into_iter().find(|state| state.as_str() == function) {
                Some(state) => Ok(Rule::Is(state, self.name()?)),
                None => Err(RuleError::Function(word)),
            },
        }
    }

    /// An alarm's name or ARN in parentheses, in quotes or not.
    fn name(&mut self) -> Result<String, RuleError> {
        if !self.take('(') {
            return Err(self.expected("`(`"));
        }
        let end = if self.take('"') { '"' } else { ')' };
        let length = self.rest().find(end).ok_or_else(|| self.expected("the end of the alarm's name"))?;
        let name = self.rest().get(..length).unwrap_or_default().trim().to_owned();
        self.at += length;
        if end == '"' {
            self.at += 1;
        }
        if !self.take(')') || name.is_empty() {
            return Err(self.expected("an alarm's name and `)`"));
        }
        let arn = name.strip_prefix("arn:").and_then(|rest| rest.split_once(":alarm:"));
        Ok(arn.map_or(name.clone(), |(_, name)| name.to_owned()))
    }
}
