//! What a page is made from: the stack's source, and up to which revision it was read.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use local_stack::console::Source;

use crate::catalogue::Catalogue;
use crate::drills::Drills;
use crate::moves::Moves;
use crate::safety::Token;
use crate::shell::Shell;

/// What all requests share.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    pub(crate) source: Source,
    pub(crate) token: Arc<Token>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) moves: Moves,
    pub(crate) drills: Drills,
    pub(crate) shell: Shell,
}

impl Base {
    pub(crate) fn new(source: Source) -> Self {
        Self {
            source,
            token: Arc::new(Token::random()),
            catalogue: Arc::default(),
            moves: Moves::default(),
            drills: Drills::default(),
            shell: Shell::default(),
        }
    }
}

/// What one request's page is made from; handlers take it as an argument.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) source: Source,
    pub(crate) token: Arc<Token>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) moves: Moves,
    pub(crate) drills: Drills,
    pub(crate) shell: Shell,
    /// Taken before anything is read: what comes later, an open page asks for.
    pub(crate) revision: u64,
}

impl FromRequestParts<Base> for App {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, base: &Base) -> Result<Self, Infallible> {
        let Base { source, token, catalogue, moves, drills, shell } = base.clone();
        Ok(Self { revision: source.observer.revision(), source, token, catalogue, moves, drills, shell })
    }
}

impl App {
    /// An output of the template; empty where it has none.
    pub(crate) fn output(&self, name: &str) -> &str {
        self.source.info.outputs.get(name).map_or("", String::as_str)
    }
}
