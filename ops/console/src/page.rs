//! The pages, one module each. A page is its routes here and its line in [`MENU`].

mod alarms;
mod clock;
mod dashboards;
mod drills;
mod home;
mod images;
mod logs;
mod mail;
mod messages;
mod problem;
mod traces;
mod upload;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::app::Base;
pub(crate) use problem::{Page, Problem};

/// A heading, and below it paths with their names.
type Group = (&'static str, &'static [(&'static str, &'static str)]);

/// The menu, in its order.
pub(crate) const MENU: &[Group] = &[
    ("Pipeline", &[("/", "Home"), ("/upload", "Upload"), ("/images", "Images")]),
    (
        "Watch",
        &[
            ("/traces", "Traces"),
            ("/dashboards", "Dashboards"),
            ("/alarms", "Alarms"),
            ("/messages", "Messages"),
            ("/logs", "Logs"),
            ("/mail", "Mail"),
        ],
    ),
    ("Prove", &[("/drills", "Drills")]),
];

pub(crate) fn routes() -> Router<Base> {
    Router::new()
        .merge(home::routes())
        .merge(upload::routes())
        .merge(images::routes())
        .merge(alarms::routes())
        .merge(dashboards::routes())
        .merge(traces::routes())
        .merge(logs::routes())
        .merge(mail::routes())
        .merge(messages::routes())
        .merge(drills::routes())
        .merge(clock::routes())
}

/// What is answered where nothing is.
pub(crate) async fn unknown() -> Response {
    let what = "Nothing is at this address; the menu leads to all that there is.";
    Problem::new(StatusCode::NOT_FOUND, "No such page", what).into_response()
}
