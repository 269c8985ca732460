//! One made-up image: its spans, its item, its mail.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use contract::time::rfc3339;
use local_stack::observe::Seen;
use serde_json::{Value, json};
use trace_model::{IMAGE_ID, Kind, Span, Status};

const USER: &str = "8f14e45f-ceea-4672-a0f0-3c1b7d2e9a10";

/// One upload, from its URL to its notification.
pub(crate) struct Image {
    number: u64,
    pub(crate) id: String,
    pub(crate) trace_id: String,
    start_us: u64,
}

impl Image {
    pub(crate) fn new(number: u64, now_ms: i64) -> Self {
        let start_us = now_ms.unsigned_abs() * 1000 - number * 47_000_000 - 20_000_000;
        let id = format!("0193a5b2-7c41-7d0e-9f{number:02x}-5be2a1c0ffee");
        Self { number, id, trace_id: format!("6741f2a08c3d4e5f9a1b2c3d4e5f60{number:02x}"), start_us }
    }

    pub(crate) fn is_failed(&self) -> bool {
        self.number == 3
    }

    fn is_waiting(&self) -> bool {
        self.number == 0
    }

    pub(crate) fn spans(&self) -> Vec<Span> {
        let mut spans = vec![self.span(1, None, "issue_upload_url", self.start_us, 3_100)];
        if self.is_waiting() {
            return spans;
        }
        let begin = self.start_us + 4_200_000 + self.number * 900_000;
        let steps = [
            ("claim", 0, 9_000),
            ("download", 9_000, 11_400),
            ("decode", 20_400, 38_700),
            ("resize", 59_100, 4_200),
            ("encode", 63_300, 2_600),
            ("upload", 65_900, 12_100),
            ("persist", 78_000, 9_500),
            ("notify", 87_500, 8_400),
        ];
        let steps = if self.is_failed() { &steps[..3] } else { &steps[..] };
        let length = steps.last().map_or(0, |(_, after, took)| after + took);
        spans.push(self.span(2, Some(1), "process_image", begin, length));
        spans.extend(
            (3..)
                .zip(steps)
                .map(|(id, (name, after, took))| self.span(id, Some(2), name, begin + after, *took)),
        );
        if self.is_failed() {
            for span in
                spans.iter_mut().filter(|span| span.name != "claim" && span.name != "download").skip(1)
            {
                span.status = Status::Error;
                span.message = String::from("corrupt: the image data ends after 71 % of its rows");
            }
        }
        spans
    }

    fn span(&self, id: u64, parent: Option<u64>, name: &str, start_us: u64, duration_us: u64) -> Span {
        let attributes: BTreeMap<String, Value> = [
            (IMAGE_ID.to_owned(), json!(self.id)),
            ("user.id".to_owned(), json!(USER)),
            ("aws.s3.key".to_owned(), json!(format!("user-uploads/8f14e45f/{}.jpg", self.id))),
            ("faas.coldstart".to_owned(), json!(false)),
        ]
        .into();
        Span {
            trace_id: self.trace_id.clone(),
            span_id: format!("{:08x}{id:08x}", self.number),
            parent_span_id: parent.map(|id| format!("{:08x}{id:08x}", self.number)),
            name: name.to_owned(),
            kind: if id == 1 { Kind::Server } else { Kind::Consumer },
            service: if id == 1 { "generate-upload-url" } else { "image-processor" }.to_owned(),
            start_us,
            duration_us,
            status: Status::Unset,
            message: String::new(),
            attributes,
            links: Vec::new(),
            ..Span::default()
        }
    }

    pub(crate) fn item(&self) -> Option<Value> {
        if self.is_waiting() {
            return None;
        }
        let text = |value: &str| json!({ "S": value });
        let number = |value: u64| json!({ "N": value.to_string() });
        let at = |micros: u64| text(&rfc3339(UNIX_EPOCH + Duration::from_micros(micros)));
        let mut item = json!({
            "imageId": text(&self.id), "traceId": text(&self.trace_id), "bytes": number(431_022 + self.number * 1_977_431),
            "originalS3Key": text(&format!("user-uploads/8f14e45f/<img src=x onerror=alert(1)>{}.jpg", self.id)),
            "userId": text(USER), "contentType": text("image/jpeg"), "sequencer": text("0065F2C1A93D7E1B4C"),
            "uploadedAt": at(self.start_us + 4_000_000), "processedAt": at(self.start_us + 5_000_000),
        });
        let rest = if self.is_failed() {
            json!({ "status": text("FAILED"), "reason": text("Corrupt"), "message": text("The image data ends after 71 % of its rows.") })
        } else {
            json!({
                "status": text("DONE"), "width": number(4032), "height": number(3024), "notified": { "BOOL": true },
                "processedS3Key": text(&format!("processed/{}.jpg", self.id)),
                "thumbnailWidth": number(320), "thumbnailHeight": number(240), "thumbnailBytes": number(21_840),
            })
        };
        if let (Some(item), Value::Object(rest)) = (item.as_object_mut(), rest) {
            item.extend(rest);
        }
        Some(item)
    }

    pub(crate) fn mail(&self, seen: &mut Seen) {
        if self.is_waiting() {
            return;
        }
        let status = if self.is_failed() { "FAILED" } else { "DONE" };
        seen.mail.put(local_stack::observe::mail::Mail {
            message_id: self.id.clone(),
            topic: "image-processed-topic".to_owned(),
            subject: if self.is_failed() { "Your image could not be used" } else { "Your image is ready" }
                .to_owned(),
            body: json!({ "imageId": self.id, "status": status }).to_string(),
            image_id: Some(self.id.clone()),
            published_at: rfc3339(UNIX_EPOCH + Duration::from_micros(self.start_us + 6_000_000)),
            ..Default::default()
        });
    }
}
