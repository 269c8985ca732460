//! Pages of a running stack, for people: no logic, but what the observer sees and AWS's APIs answer, drawn.
//!
//! - `app` what a page is made from, by request
//! - `catalogue` the images of the table, for pages that list them
//! - `moves` dead letters that are redriven or dropped, and how far that is
//! - `drills` the drill that runs, and how far it is; `shell` commands of runbooks, run on this stack
//! - `layout` what all pages have around them; `ui` what they are made of
//! - `safety` which requests may change anything
//! - `events` what tells an open page that something changed; `assets` its style and scripts
//! - `page` the pages, one module each
//!
//! The server's port, its guard and the JSON API are `local_stack::console`'s.

mod app;
mod assets;
mod catalogue;
mod drills;
mod events;
mod layout;
mod moves;
mod page;
mod safety;
mod shell;
#[cfg(test)]
mod tests;
mod ui;

use axum::{Router, middleware};
use local_stack::console::Source;

/// All pages of a stack, and what they load.
pub fn pages(source: Source) -> Router {
    let base = app::Base::new(source);
    Router::new()
        .merge(page::routes())
        .merge(assets::routes())
        .merge(events::routes())
        .fallback(page::unknown)
        .layer(middleware::from_fn_with_state(base.clone(), safety::check))
        .with_state(base)
}
