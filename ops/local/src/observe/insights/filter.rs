//! Conditions of `filter`: comparisons, `in`, `like`, `ispresent`, with `and`, `or`, `not` and parentheses.

use regex_lite::Regex;
use serde_json::Value;

use super::{Row, look_up, plain};

/// A condition.
#[derive(Clone, Debug)]
pub(super) enum Filter {
    /// A field against a value.
    Compare(String, Order, Literal),
    /// A field is one of these.
    In(String, Vec<Literal>),
    /// A field holds a text, or what a regular expression finds.
    Like(String, Regex),
    /// A field is there.
    Present(String),
    /// It does not hold.
    Not(Box<Filter>),
    /// All hold.
    All(Vec<Filter>),
    /// One holds.
    Any(Vec<Filter>),
}

/// A value of a query.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Text(String),
    Number(f64),
}

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    const ALL: [(&'static str, Self); 6] = [
        ("!=", Self::Unequal),
        ("<=", Self::LessOrEqual),
        (">=", Self::GreaterOrEqual),
        ("=", Self::Equal),
        ("<", Self::Less),
        (">", Self::Greater),
    ];

    fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Unequal => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

impl Filter {
    /// The condition that a text spells.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parser = Parser { rest: text.trim() };
        let filter = parser.any()?;
        parser.rest.is_empty().then_some(filter)
    }

    /// Whether it holds; a field that is not there is equal, unequal and like nothing.
    pub(super) fn holds(&self, row: &Row) -> bool {
        match self {
            Self::Compare(field, order, literal) => look_up(row, field)
                .is_some_and(|found| literal.compare(found).is_some_and(|it| order.holds(it))),
            Self::In(field, literals) => look_up(row, field).is_some_and(|found| {
                literals.iter().any(|literal| literal.compare(found).is_some_and(std::cmp::Ordering::is_eq))
            }),
            Self::Like(field, pattern) => {
                look_up(row, field).is_some_and(|found| pattern.is_match(&plain(found)))
            }
            Self::Present(field) => look_up(row, field).is_some_and(|found| !found.is_null()),
            Self::Not(filter) => !filter.holds(row),
            Self::All(filters) => filters.iter().all(|filter| filter.holds(row)),
            Self::Any(filters) => filters.iter().any(|filter| filter.holds(row)),
        }
    }
}

impl Literal {
    /// How what was found stands to it; numbers are compared as numbers, also where one is written as text.
    fn compare(&self, found: &Value) -> Option<std::cmp::Ordering> {
        match self {
            Self::Text(text) => Some(plain(found).as_str().cmp(text)),
            Self::Number(number) => plain(found).parse::<f64>().ok()?.partial_cmp(number),
        }
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn any(&mut self) -> Option<Filter> {
        let mut filters = vec![self.all()?];
        while self.word("or") {
            filters.push(self.all()?);
        }
        Some(if filters.len() == 1 { filters.pop()? } else { Filter::Any(filters) })
    }

    fn all(&mut self) -> Option<Filter> {
        let mut filters = vec![self.one()?];
        while self.word("and") {
            filters.push(self.one()?);
        }
        Some(if filters.len() == 1 { filters.pop()? } else { Filter::All(filters) })
    }

    fn one(&mut self) -> Option<Filter> {
        if self.word("not") {
            return Some(Filter::Not(Box::new(self.one()?)));
        }
        if self.symbol("(") {
            let filter = self.any()?;
            return self.symbol(")").then_some(filter);
        }
        if self.word("ispresent") {
            let field = self.symbol("(").then(|| self.name())??;
            return self.symbol(")").then_some(Filter::Present(field));
        }
        let field = self.name()?;
        let is_negated = self.word("not");
        let filter = if self.word("in") {
            Filter::In(field, self.list()?)
        } else if self.word("like") {
            Filter::Like(field, self.pattern()?)
        } else if is_negated {
            return None;
        } else {
            let (_, order) = Order::ALL.into_iter().find(|(symbol, _)| self.symbol(symbol))?;
            Filter::Compare(field, order, self.literal()?)
        };
        Some(if is_negated { Filter::Not(Box::new(filter)) } else { filter })
    }

    fn list(&mut self) -> Option<Vec<Literal>> {
        let mut literals = self.symbol("[").then(|| self.literal())?.into_iter().collect::<Vec<_>>();
        while self.symbol(",") {
            literals.push(self.literal()?);
        }
        (self.symbol("]") && !literals.is_empty()).then_some(literals)
    }

    fn literal(&mut self) -> Option<Literal> {
        if let Some(text) = self.quoted() {
            return Some(Literal::Text(text.to_owned()));
        }
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '-'))
            .unwrap_or(self.rest.len());
        let number = self.take(end).parse().ok()?;
        Some(Literal::Number(number))
    }

    /// A text to be found anywhere, or a regular expression between slashes.
    fn pattern(&mut self) -> Option<Regex> {
        if let Some(text) = self.quoted() {
            return Regex::new(&regex_lite::escape(text)).ok();
        }
        let inside = self.rest.strip_prefix('/')?;
        let end = inside.find('/')?;
        let pattern = inside.get(..end)?;
        self.take(end + 2);
        Regex::new(pattern).ok()
    }

    fn quoted(&mut self) -> Option<&'a str> {
        let quote = self.rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        let end = self.rest.get(1..)?.find(quote)?;
        self.take(end + 2).get(1..=end)
    }

    fn name(&mut self) -> Option<String> {
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '@' | '_' | '.');
        let end = self.rest.find(|c| !fits(c)).unwrap_or(self.rest.len());
        (end > 0).then(|| self.take(end).to_owned())
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        let found = self.rest.starts_with(symbol);
        if found {
            self.take(symbol.len());
        }
        found
    }

    fn word(&mut self, word: &str) -> bool {
        let after = self.rest.get(..word.len()).filter(|found| found.eq_ignore_ascii_case(word));
        let ends =
            |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '@'));
        let found = after.is_some() && self.rest.get(word.len()..).is_some_and(ends);
        if found {
            self.take(word.len());
        }
        found
    }

    /// Takes `length` bytes, and the blanks after them.
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest.trim_start();
        taken
    }
}
