//! Parser of metric math: tokens become a tree.

use std::ops::Range;

use super::MathError;
use super::token::{Kind, Token, tokens};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    And,
    Or,
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    Number(f64),
    Id(String),
    Text(String),
    /// A word that is no call: an option such as `REPEAT`.
    Option(String),
    Negative(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    Call(String, Vec<Node>),
    List(Vec<Node>),
}

impl Node {
    pub(super) fn collect_ids<'a>(&'a self, ids: &mut Vec<&'a str>) {
        match self {
            Self::Id(id) => ids.push(id),
            Self::Negative(node) => node.collect_ids(ids),
            Self::Binary(_, left, right) => {
                left.collect_ids(ids);
                right.collect_ids(ids);
            }
            Self::Call(_, nodes) | Self::List(nodes) => nodes.iter().for_each(|node| node.collect_ids(ids)),
            Self::Number(_) | Self::Text(_) | Self::Option(_) => {}
        }
    }
}

/// The tree, and where the first `AND` or `OR` stands whose operand is an operation without parentheses.
pub(super) fn parse(text: &str) -> Result<(Node, Option<usize>), MathError> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, next: 0, end: text.len(), group: 0..0, bare: None };
    let node = parser.logic()?;
    if parser.next < tokens.len() {
        return Err(parser.expected("an operator or the end"));
    }
    Ok((node, parser.bare))
}

struct Parser<'a> {
    tokens: &'a [Token],
    next: usize,
    end: usize,
    /// The tokens of the last pair of parentheses that was closed.
    group: Range<usize>,
    bare: Option<usize>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Kind> {
        self.tokens.get(self.next).map(|token| &token.kind)
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |token| token.span.start) + 1
    }

    fn expected(&self, expected: &'static str) -> MathError {
        MathError::Expected { expected, at: self.at() }
    }

    fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Some(Kind::Symbol(found)) if *found == symbol);
        self.next += usize::from(found);
        found
    }

    fn take(&mut self, operators: &[(&str, Operator)]) -> Option<Operator> {
        let found = match self.peek()? {
            Kind::Symbol(symbol) => *symbol,
            Kind::Word(word) => word.as_str(),
            _ => return None,
        };
        let operator = operators.iter().find(|(name, _)| *name == found)?.1;
        self.next += 1;
        Some(operator)
    }

    fn logic(&mut self) -> Result<Node, MathError> {
        use Operator::{And, Or};
        let (mut node, mut is_bare) = self.operand()?;
        let mut before = None;
        loop {
            let at = self.at();
            let Some(operator) = self.take(&[("AND", And), ("&&", And), ("OR", Or), ("||", Or)]) else {
                return Ok(node);
            };
            if before.is_some_and(|before| before != operator) {
                return Err(MathError::Ambiguous { what: "AND beside OR", at });
            }
            before = Some(operator);
            let (right, right_is_bare) = self.operand()?;
            if is_bare || right_is_bare {
                self.bare.get_or_insert(at);
            }
            node = Node::Binary(operator, Box::new(node), Box::new(right));
            is_bare = false;
        }
    }

    /// What may stand beside `AND` or `OR`, and whether it is an operation without parentheses.
    fn operand(&mut self) -> Result<(Node, bool), MathError> {
        let start = self.next;
        let node = self.comparison()?;
        let is_bare = matches!(node, Node::Binary(..)) && self.group != (start..self.next);
        Ok((node, is_bare))
    }

    fn comparison(&mut self) -> Result<Node, MathError> {
        use Operator::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, Unequal};
        const COMPARISONS: &[(&str, Operator)] = &[
            ("==", Equal),
            ("!=", Unequal),
            ("<", Less),
            ("<=", LessOrEqual),
            (">", Greater),
            (">=", GreaterOrEqual),
        ];
        let left = self.sum()?;
        let Some(operator) = self.take(COMPARISONS) else { return Ok(left) };
        let node = Node::Binary(operator, Box::new(left), Box::new(self.sum()?));
        let at = self.at();
        match self.take(COMPARISONS) {
            Some(_) => Err(MathError::Ambiguous { what: "a comparison of a comparison", at }),
            None => Ok(node),
        }
    }

    fn sum(&mut self) -> Result<Node, MathError> {
        let mut node = self.product()?;
        while let Some(operator) = self.take(&[("+", Operator::Add), ("-", Operator::Subtract)]) {
            node = Node::Binary(operator, Box::new(node), Box::new(self.product()?));
        }
        Ok(node)
    }

    fn product(&mut self) -> Result<Node, MathError> {
        let mut node = self.power()?;
        while let Some(operator) = self.take(&[("*", Operator::Multiply), ("/", Operator::Divide)]) {
            node = Node::Binary(operator, Box::new(node), Box::new(self.power()?));
        }
        Ok(node)
    }

    fn power(&mut self) -> Result<Node, MathError> {
        let negated = matches!(self.peek(), Some(Kind::Symbol("-")));
        let base = self.unary()?;
        let at = self.at();
        let Some(operator) = self.take(&[("^", Operator::Power)]) else { return Ok(base) };
        let ambiguous = |what| Err(MathError::Ambiguous { what, at });
        if negated {
            return ambiguous("the power of a negation");
        }
        let node = Node::Binary(operator, Box::new(base), Box::new(self.unary()?));
        if self.take_symbol("^") { ambiguous("a power of a power") } else { Ok(node) }
    }

    fn unary(&mut self) -> Result<Node, MathError> {
        if self.take_symbol("-") {
            return Ok(Node::Negative(Box::new(self.unary()?)));
        }
        self.primary()
    }

    fn primary(&mut self) -> Result<Node, MathError> {
        const OPERAND: &str = "a number, an id, a function, `(` or `[`";
        let Some(kind) = self.peek().cloned() else { return Err(self.expected(OPERAND)) };
        let opening = matches!(kind, Kind::Symbol("(" | "["));
        if matches!(kind, Kind::Symbol(_)) && !opening {
            return Err(self.expected(OPERAND));
        }
        self.next += 1;
        Ok(match kind {
            Kind::Number(number) => Node::Number(number),
            Kind::Id(id) => Node::Id(id),
            Kind::Text(text) => Node::Text(text),
            Kind::Word(word) if self.take_symbol("(") => Node::Call(word, self.list(")", "`,` or `)`")?),
            Kind::Word(word) => Node::Option(word),
            Kind::Symbol("[") => Node::List(self.list("]", "`,` or `]`")?),
            Kind::Symbol(_) => {
                let start = self.next - 1;
                let node = self.logic()?;
                if !self.take_symbol(")") {
                    return Err(self.expected("`)`"));
                }
                self.group = start..self.next;
                node
            }
        })
    }

    /// What stands up to the closing symbol, with commas between.
    fn list(&mut self, close: &str, expected: &'static str) -> Result<Vec<Node>, MathError> {
        let mut nodes = Vec::new();
        if self.take_symbol(close) {
            return Ok(nodes);
        }
        loop {
            nodes.push(self.logic()?);
            if self.take_symbol(close) {
                return Ok(nodes);
            }
            if !self.take_symbol(",") {
                return Err(self.expected(expected));
            }
        }
    }
}
