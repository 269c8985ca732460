//! Reader of a filter expression.

use super::keywords::{flag, key, unknown};
use super::lexer::{Token, tokens};
use super::{AnnotationTest, Comparison, Expression, FilterError, Flag, Key, TextTest};

/// How deep expressions may be nested.
const MAX_DEPTH: usize = 30;

pub(super) fn parse(text: &str) -> Result<Expression, FilterError> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0, in_service: false };
    let expression = parser.any()?;
    match parser.tokens.get(parser.at) {
        None => Ok(expression),
        Some(token) => Err(unexpected(Some(token))),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    in_service: bool,
}

fn unexpected(token: Option<&Token>) -> FilterError {
    let shown = match token {
        None => return FilterError::new("it ends too early"),
        Some(Token::Word(word)) => word.clone(),
        Some(Token::Number(number)) => number.to_string(),
        Some(Token::Text(text)) => format!("\"{text}\""),
        Some(Token::Bracketed(text)) => format!("[{text}]"),
        Some(Token::Sign(sign)) => (*sign).to_owned(),
    };
    FilterError::new(format!("`{shown}` is not expected here"))
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn skip(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Sign(it)) if *it == sign);
        self.at += usize::from(found);
        found
    }

    fn skip_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(it)) if it.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), FilterError> {
        if self.skip(sign) { Ok(()) } else { Err(unexpected(self.peek())) }
    }

    fn any(&mut self) -> Result<Expression, FilterError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(FilterError::new("it is nested too deep"));
        }
        let mut parts = vec![self.all()?];
        while self.skip_word("or") {
            parts.push(self.all()?);
        }
        self.depth -= 1;
        Ok(joined(parts, Expression::Any))
    }

    fn all(&mut self) -> Result<Expression, FilterError> {
        let mut parts = vec![self.not()?];
        loop {
            let begins = match self.peek() {
                Some(Token::Word(word)) => !word.eq_ignore_ascii_case("or"),
                Some(Token::Sign(sign)) => matches!(*sign, "!" | "("),
                _ => false,
            };
            if !begins {
                return Ok(joined(parts, Expression::All));
            }
            self.skip_word("and");
            parts.push(self.not()?);
        }
    }

    fn not(&mut self) -> Result<Expression, FilterError> {
        let mut negated = false;
        while self.skip("!") || self.skip_word("not") {
            negated = !negated;
        }
        let expression = if self.skip("(") {
            let inner = self.any()?;
            self.expect(")")?;
            inner
        } else {
            self.test()?
        };
        Ok(if negated { Expression::Not(Box::new(expression)) } else { expression })
    }

    fn test(&mut self) -> Result<Expression, FilterError> {
        let Some(Token::Word(word)) = self.next() else {
            self.at -= 1;
            return Err(unexpected(self.peek()));
        };
        let keyword = word.to_ascii_lowercase();
        if keyword == "service" {
            return self.service();
        }
        if keyword == "annotation"
            && let Some(Token::Bracketed(key)) = self.peek()
        {
            let key = key.clone();
            self.at += 1;
            return self.annotation(key);
        }
        if keyword.starts_with("annotation.")
            && let Some(key) = word.get("annotation.".len()..).filter(|key| !key.is_empty())
        {
            return self.annotation(key.to_owned());
        }
        if let Some(flag) = flag(&keyword) {
            return self.flag(flag);
        }
        match key(&keyword) {
            Some(key) => self.comparison(key),
            None => Err(unknown(&word)),
        }
    }

    fn flag(&mut self, flag: Flag) -> Result<Expression, FilterError> {
        let holds = if self.skip("=") {
            self.truth()?
        } else if self.skip("!=") {
            !self.truth()?
        } else {
            true
        };
        let flag = Expression::Flag(flag);
        Ok(if holds { flag } else { Expression::Not(Box::new(flag)) })
    }

    fn truth(&mut self) -> Result<bool, FilterError> {
        match self.next() {
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("true") => Ok(true),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("false") => Ok(false),
            token => Err(unexpected(token.as_ref())),
        }
    }

    fn comparison(&mut self, key: Key) -> Result<Expression, FilterError> {
        match key {
            Key::Number(number) => match self.number_operator() {
                None => Ok(Expression::IsSet(key)),
                Some(comparison) => match self.next() {
                    Some(Token::Number(limit)) => Ok(Expression::Number(number, comparison, limit)),
                    token => Err(unexpected(token.as_ref())),
                },
            },
            Key::Text(text) => match self.text_operator() {
                None => Ok(Expression::IsSet(key)),
                Some(operator) => match self.next() {
                    Some(Token::Text(wanted)) => Ok(Expression::Text(text, operator, wanted)),
                    token => Err(unexpected(token.as_ref())),
                },
            },
        }
    }

    fn annotation(&mut self, key: String) -> Result<Expression, FilterError> {
        if self.in_service {
            return Err(FilterError::new("annotations cannot be used inside of service()"));
        }
        let (number, text) = match self.number_operator() {
            Some(comparison) => (Some(comparison), as_text(comparison)),
            None => (None, self.text_operator()),
        };
        let wanted = match (number, text) {
            (None, None) => AnnotationTest::IsSet,
            (number, text) => match (self.next(), number, text) {
                (Some(Token::Number(limit)), Some(number), _) => AnnotationTest::Number(number, limit),
                (Some(Token::Text(wanted)), _, Some(text)) => AnnotationTest::Text(text, wanted),
                (Some(Token::Word(word)), Some(Comparison::Equal | Comparison::NotEqual), _)
                    if word.eq_ignore_ascii_case("true") || word.eq_ignore_ascii_case("false") =>
                {
                    AnnotationTest::Flag(
                        (number == Some(Comparison::Equal)) == word.eq_ignore_ascii_case("true"),
                    )
                }
                (token, ..) => return Err(unexpected(token.as_ref())),
            },
        };
        Ok(Expression::Annotation(key, wanted))
    }

    fn service(&mut self) -> Result<Expression, FilterError> {
        if self.in_service {
            return Err(FilterError::new("service() cannot be used inside of service()"));
        }
        self.expect("(")?;
        let (mut name, mut kind) = (None, None);
        match self.peek() {
            Some(Token::Text(text)) => {
                name = Some(text.clone());
                self.at += 1;
            }
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("id") => {
                self.at += 1;
                self.id(&mut name, &mut kind)?;
            }
            _ => {}
        }
        self.expect(")")?;
        let mut filter = None;
        if self.skip("{") {
            self.in_service = true;
            filter = Some(Box::new(self.any()?));
            self.in_service = false;
            self.expect("}")?;
        }
        Ok(Expression::Service { name, kind, filter })
    }

    /// `id(name: "a", type: "b")`, either of which may be left out.
    fn id(&mut self, name: &mut Option<String>, kind: &mut Option<String>) -> Result<(), FilterError> {
        self.expect("(")?;
        loop {
            let part = match self.next() {
                Some(Token::Word(word)) if word.eq_ignore_ascii_case("name") => &mut *name,
                Some(Token::Word(word)) if word.eq_ignore_ascii_case("type") => &mut *kind,
                token => return Err(unexpected(token.as_ref())),
            };
            self.expect(":")?;
            match self.next() {
                Some(Token::Text(text)) => *part = Some(text),
                token => return Err(unexpected(token.as_ref())),
            }
            if !self.skip(",") {
                return self.expect(")");
            }
        }
    }

    fn number_operator(&mut self) -> Option<Comparison> {
        use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        let signs = [
            ("=", Equal),
            ("!=", NotEqual),
            ("<", Less),
            ("<=", LessOrEqual),
            (">", Greater),
            (">=", GreaterOrEqual),
        ];
        signs.into_iter().find(|(sign, _)| self.skip(sign)).map(|(_, comparison)| comparison)
    }

    fn text_operator(&mut self) -> Option<TextTest> {
        use TextTest::{BeginsWith, Contains, EndsWith, Equal, NotEqual};
        if self.skip("=") {
            return Some(Equal);
        }
        if self.skip("!=") {
            return Some(NotEqual);
        }
        let words = [("contains", Contains), ("beginswith", BeginsWith), ("endswith", EndsWith)];
        words.into_iter().find(|(word, _)| self.skip_word(word)).map(|(_, test)| test)
    }
}

fn joined(mut parts: Vec<Expression>, join: impl Fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            join(parts)
        }
    }
}

fn as_text(comparison: Comparison) -> Option<TextTest> {
    match comparison {
        Comparison::Equal => Some(TextTest::Equal),
        Comparison::NotEqual => Some(TextTest::NotEqual),
        _ => None,
    }
}
