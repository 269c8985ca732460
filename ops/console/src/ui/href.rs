//! Addresses of pages, each written once.

use url::form_urlencoded::byte_serialize;

fn encoded(text: &str) -> String {
    // A blank is a plus in queries only.
    byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// One image.
pub(crate) fn image(image_id: &str) -> String {
    format!("/images/{}", encoded(image_id))
}

/// An image's first thumbnail, itself.
pub(crate) fn thumbnail(image_id: &str) -> String {
    format!("/thumbnails/{}", encoded(image_id))
}

/// An image's original, itself.
pub(crate) fn original(image_id: &str) -> String {
    format!("/originals/{}", encoded(image_id))
}

/// One alarm.
pub(crate) fn alarm(name: &str) -> String {
    format!("/alarms/{}", encoded(name))
}

/// What an alarm's runbook does about it, on the alarm's page.
pub(crate) fn mitigation(name: &str) -> String {
    alarm(name) + "#doc-mitigation"
}

/// One trace.
pub(crate) fn trace(trace_id: &str) -> String {
    format!("/traces/{}", encoded(trace_id))
}

/// One runbook.
pub(crate) fn runbook(name: &str) -> String {
    format!("/runbooks/{}", encoded(name))
}

/// One dashboard.
pub(crate) fn dashboard(name: &str) -> String {
    format!("/dashboards/{}", encoded(name))
}

/// The mail about an image.
pub(crate) fn mail(image_id: &str) -> String {
    format!("/mail?image={}", encoded(image_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stays_one_segment_whatever_is_in_it() {
        assert_eq!(image("a/b c?d#e"), "/images/a%2Fb%20c%3Fd%23e");
        assert_eq!(trace("../x"), "/traces/..%2Fx");
    }
}
