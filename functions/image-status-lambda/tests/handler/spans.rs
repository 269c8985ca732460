//! The attributes of a request's span, and that signing adds no span.

use opentelemetry::{Value, trace::Status};

use crate::{Harness, NoCredentials, Table, done, event_for};

#[tokio::test]
async fn a_clients_mistake_is_an_error_and_ours_a_fault() {
    let item = done();
    let id = item.image_id.as_str();
    for (harness, asked, status, fault) in [
        (Harness::holding(item.clone()), id, 200, false),
        (Harness::holding(item.clone()), "x", 400, false),
        (Harness::empty(), "00000000-0000-0000-0000-000000000000", 404, false),
        (Harness::unreachable(), id, 500, true),
        (Harness::with(Table::of(item.clone()), NoCredentials), id, 500, true),
    ] {
        harness.answer(event_for(asked)).await;

        let [span] = harness.captured.spans().try_into().unwrap();
        let attribute =
            |key: &str| span.attributes.iter().find(|it| it.key.as_str() == key).map(|it| it.value.clone());
        assert_eq!(attribute("http.response.status_code"), Some(Value::I64(status)));
        assert_eq!(attribute("http.request.method"), Some("GET".into()));
        assert_eq!(attribute("http.route"), Some("/images/{imageId}".into()));
        assert_eq!(attribute("image.id"), None, "it finds the trace of the upload");
        assert_eq!(matches!(span.status, Status::Error { .. }), fault, "{status}: {:?}", span.status);
    }
}
