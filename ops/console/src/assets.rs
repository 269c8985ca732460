//! Style and scripts of the pages, within the program: nothing is loaded from elsewhere.
//!
//! Their addresses hold a hash of what they are, so that a browser keeps them until they change.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::OnceLock;

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::app::Base;

const SCRIPT: &str = "text/javascript";

/// Name, type and content of each.
const FILES: &[(&str, &str, &str)] = &[
    ("console.css", "text/css", include_str!("../assets/console.css")),
    ("console.js", SCRIPT, include_str!("../assets/console.js")),
    ("graphs.js", SCRIPT, include_str!("../assets/graphs.js")),
    ("logs.js", SCRIPT, include_str!("../assets/logs.js")),
    ("upload.js", SCRIPT, include_str!("../assets/upload.js")),
    ("icon.svg", "image/svg+xml", include_str!("../assets/icon.svg")),
    ("htmx.js", SCRIPT, include_str!("../assets/vendor/htmx-2.0.11.min.js")),
    ("idiomorph.js", SCRIPT, include_str!("../assets/vendor/idiomorph-ext-0.8.0.min.js")),
];

pub(crate) fn routes() -> Router<Base> {
    Router::new().route("/assets/{version}/{name}", get(file))
}

/// Where a file of this version is.
pub(crate) fn path(name: &str) -> String {
    format!("/assets/{}/{name}", version())
}

/// A hash of all of them.
fn version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| {
        let mut hasher = DefaultHasher::new();
        FILES.hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    })
}

async fn file(Path((asked, name)): Path<(String, String)>) -> Response {
    let Some((_, kind, content)) = FILES.iter().find(|(known, ..)| *known == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // A page of an earlier process asks for what that one had.
    let kept = if asked == version() { "public, max-age=31536000, immutable" } else { "no-store" };
    ([(header::CONTENT_TYPE, *kind), (header::CACHE_CONTROL, kept)], *content).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_scripts_write_no_markup_and_evaluate_no_text() {
        let own = FILES
            .iter()
            .filter(|(name, kind, _)| *kind == SCRIPT && !["htmx.js", "idiomorph.js"].contains(name));
        let mut scripts = 0;
        for (name, _, script) in own {
            for writes_markup in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
                assert!(!script.contains(writes_markup), "{name}: {writes_markup}");
            }
            scripts += 1;
        }
        assert!(scripts > 0);
    }

    #[test]
    fn nothing_is_loaded_from_elsewhere() {
        for (name, kind, content) in FILES {
            if *kind == "text/css" {
                assert!(!content.contains("url(") && !content.contains("@import"), "{name}");
            }
        }
    }
}
