//! What one upload and one batch are made of: several sizes, several messages at once.

use std::{sync::Arc, time::SystemTime};

use image_processor_lambda::config::Config;

use crate::support::{self, Harness, ID, KEY, PUT, created};

#[tokio::test]
async fn several_thumbnails_come_from_one_decoding_and_the_first_keeps_its_name() {
    let mut harness = Harness::with_photo(KEY);
    let config = Config::read(|name| match name {
        "THUMBNAIL_SIDES" => Some("256,64,1024".to_owned()),
        "ORIGINAL_BUCKET" => Some("originals".to_owned()),
        "PROCESSED_BUCKET" | "METADATA_TABLE" | "TOPIC_ARN" | "QUEUE_URL" => Some(name.to_owned()),
        _ => None,
    });
    harness.app.config = config.unwrap();

    harness.deliver(&[PUT]).await;

    let listed: Vec<(String, u32, u32)> =
        harness.item(ID).thumbnails.into_iter().map(|it| (it.key, it.width, it.height)).collect();
    let expected = [
        (format!("processed/{ID}.jpg"), 256, 192),
        (format!("processed/{ID}-64.jpg"), 64, 48),
        // Never larger than the original.
        (format!("processed/{ID}-1024.jpg"), 400, 300),
    ];
    assert_eq!(listed, expected);
    for (key, width, height) in expected {
        let stored = image::load_from_memory(&harness.world().thumbnails[&key]).unwrap();
        assert_eq!((stored.width(), stored.height()), (width, height), "{key}");
    }
    let decoded = harness.captured.spans().iter().filter(|span| span.name == "decode").count();
    assert_eq!(decoded, 1);
}

#[tokio::test]
async fn originals_are_fetched_together_and_decoded_in_turns() {
    const COUNT: usize = 10;
    let harness = Harness::new();
    assert_eq!((harness.app.config.parallel, harness.app.config.decoders), (COUNT, 1));
    let keys: Vec<String> = (0..COUNT).map(|index| format!("user-uploads/alice/{index}.jpg")).collect();
    for key in &keys {
        harness.world().objects.insert(key.clone(), support::photo());
    }
    // Each waits for all others, so that one at a time would never end.
    harness.world().meeting = Some(Arc::new(tokio::sync::Barrier::new(COUNT)));
    let bodies: Vec<String> = keys.iter().map(|key| created(key, "01")).collect();
    let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();

    assert!(harness.deliver(&bodies).await.is_empty());

    let mut turns: Vec<(SystemTime, SystemTime)> = harness
        .captured
        .spans()
        .iter()
        .filter(|span| span.name == "decode")
        .map(|span| (span.start_time, span.end_time))
        .collect();
    turns.sort_unstable();
    assert_eq!(turns.len(), COUNT);
    assert!(turns.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{turns:?}");
}
