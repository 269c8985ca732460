//! Filter of images, as the address states it and the form shows it.

use std::collections::BTreeSet;
use std::sync::Arc;

use contract::item::{Record, Status};
use contract::time::unix_millis;
use maud::{Markup, html};
use serde::Deserialize;
use url::form_urlencoded::Serializer;

/// Which images are wanted; what is empty matches all.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Filter {
    /// Part of the image's id, its user's, or its key.
    q: String,
    status: String,
    reason: String,
    /// Times of a form: `2026-11-29T10:15`, in UTC.
    from: String,
    until: String,
    pub(super) page: usize,
}

impl Filter {
    pub(super) fn is_empty(&self) -> bool {
        [&self.q, &self.status, &self.reason, &self.from, &self.until].iter().all(|it| it.is_empty())
    }

    pub(super) fn takes(&self, image: &Record) -> bool {
        let text = self.q.trim();
        let is_named = text.is_empty()
            || image.image_id.contains(text)
            || image.original_key.contains(text)
            || image.user_id.as_deref().is_some_and(|user| user.contains(text));
        let at = || image.uploaded_at.as_deref().and_then(unix_millis);
        is_named
            && (self.status.is_empty() || self.status == image.status)
            && (self.reason.is_empty() || image.reason.as_deref() == Some(&self.reason))
            && instant(&self.from).is_none_or(|from| at().is_some_and(|at| at >= from))
            && instant(&self.until).is_none_or(|until| at().is_some_and(|at| at < until))
    }

    /// The address of a page of it.
    pub(super) fn at(&self, page: usize) -> String {
        let mut query = Serializer::new(String::new());
        let fields = [
            ("q", &self.q),
            ("status", &self.status),
            ("reason", &self.reason),
            ("from", &self.from),
            ("until", &self.until),
        ];
        for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        query.append_pair("page", &page.to_string());
        format!("/images?{}", query.finish())
    }

    pub(super) fn form(&self, reasons: &BTreeSet<&str>) -> Markup {
        let statuses = Status::ALL.map(Status::name);
        html! {
            form .filter action="/images" role="search" aria-label="Images" {
                label .wide { "Id, user or key" input type="search" name="q" value=(self.q) autocomplete="off"; }
                label { "Status" (select("status", &self.status, statuses)) }
                label { "Reason" (select("reason", &self.reason, reasons.iter().copied())) }
                label .when { "From, UTC" input type="datetime-local" name="from" value=(self.from); }
                label .when { "Until, UTC" input type="datetime-local" name="until" value=(self.until); }
                div .buttons {
                    button .primary { "Search" }
                    @if !self.is_empty() { a .button href="/images" { "Clear" } }
                }
            }
        }
    }
}

fn select<'a>(name: &str, chosen: &str, options: impl IntoIterator<Item = &'a str>) -> Markup {
    html! {
        select name=(name) {
            option value="" { "Any" }
            @for option in options { option value=(option) selected[option == chosen] { (option) } }
        }
    }
}

/// The reasons that images were refused for.
pub(super) fn reasons(images: &[Arc<Record>]) -> BTreeSet<&str> {
    images.iter().filter_map(|image| image.reason.as_deref()).collect()
}

/// Milliseconds since 1970 of what a form sends; what is no time is no limit.
fn instant(text: &str) -> Option<i64> {
    let seconds = if text.len() == "2026-11-29T10:15".len() { ":00Z" } else { "Z" };
    unix_millis(&format!("{text}{seconds}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> Record {
        Record {
            image_id: "019b76da".to_owned(),
            original_key: "user-uploads/anna/019b76da.jpg".to_owned(),
            user_id: Some("anna".to_owned()),
            status: "FAILED".to_owned(),
            reason: Some("Corrupt".to_owned()),
            uploaded_at: Some("2026-11-29T10:15:30Z".to_owned()),
            ..Record::default()
        }
    }

    fn takes(change: impl Fn(&mut Filter)) -> bool {
        let mut filter = Filter::default();
        change(&mut filter);
        filter.takes(&image())
    }

    #[test]
    fn each_field_alone_lets_an_image_in_or_out() {
        assert!(takes(|_| ()));
        assert!(
            takes(|it| it.q = " 9b76 ".into())
                && takes(|it| it.q = "anna".into())
                && !takes(|it| it.q = "otto".into())
        );
        assert!(takes(|it| it.status = "FAILED".into()) && !takes(|it| it.status = "DONE".into()));
        assert!(takes(|it| it.reason = "Corrupt".into()) && !takes(|it| it.reason = "TooLarge".into()));
        assert!(
            takes(|it| it.from = "2026-11-29T10:15".into())
                && !takes(|it| it.from = "2026-11-29T10:16".into())
        );
        assert!(
            takes(|it| it.until = "2026-11-29T10:15:31".into())
                && !takes(|it| it.until = "2026-11-29T10:15".into())
        );
    }

    #[test]
    fn other_pages_keep_what_was_searched_for() {
        let filter = Filter { q: "a b&c".into(), status: "DONE".into(), ..Filter::default() };
        assert_eq!(filter.at(3), "/images?q=a+b%26c&status=DONE&page=3");
    }
}
