use super::*;

fn at(millis: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis)
}

#[test]
fn a_key_of_ours_names_its_image_and_when_it_was_issued() {
    for extension in EXTENSIONS {
        let Issued { id, key } = issue("alice", extension);

        assert_eq!(key, format!("user-uploads/alice/{id}.{extension}"));
        assert_eq!(image_id(&key), id);
        assert!(issued_before(id, SystemTime::now()).unwrap().as_secs() < 60);
    }
    assert_ne!(issue("alice", "jpg"), issue("alice", "jpg"));
}

#[test]
fn the_examples_of_the_documentation_are_these() {
    let documented = include_str!("../../../../docs/api.md");
    for (user, extension, millis, nonce) in [
        ("9f1c7e52-4a0b-4c3d-8e21-6b5f0d9a7c11", "jpg", 1_795_867_200_000, 0x0123_4567),
        ("9f1c7e52-4a0b-4c3d-8e21-6b5f0d9a7c11", "heic", 1_795_867_200_000, 0x0123_4567),
        ("alice", "png", 0, 0),
        ("alice", "png", (1 << 48) - 1, u32::MAX),
    ] {
        let Issued { id, key } = issue_at(user, extension, at(millis), nonce);

        assert_eq!(image_id(&key), id);
        let row = format!("| {millis} | `{nonce:08x}` | `{key}` |");
        assert!(documented.contains(&row), "docs/api.md lacks {row}");
    }
}

#[test]
fn no_other_key_has_the_id_of_one_that_was_issued() {
    let Issued { id, key } = issue("alice", "jpg");
    let name = format!("{id}.jpg");
    let others = [
        format!("user-uploads/mallory/{name}"),
        format!("user-uploads/alice/{id}.png"),
        format!("user-uploads/alice/{id}.jpeg"),
        format!("user-uploads/alice/{id}"),
        format!("user-uploads/alice/{name}.jpg"),
        format!("user-uploads/alice/holiday/{name}"),
        format!("user-uploads/alice//{name}"),
        format!("user-uploads/alice/{}", name.to_uppercase()),
        format!("user-uploads/alice/{}.jpg", id.simple()),
        format!("user-uploads/alice/{}.jpg", id.braced()),
        format!("other/alice/{name}"),
    ];
    for other in others {
        assert_eq!(image_id(&other), derived_id(&other), "{other}");
    }
    // Each bit counts: nonce, time and certificate.
    for bit in 0..128 {
        let near = Uuid::from_u128(id.as_u128() ^ 1 << bit);
        let other = key.replace(&id.to_string(), &near.to_string());
        assert_eq!(image_id(&other), derived_id(&other), "bit {bit}");
    }
}

#[test]
fn names_that_we_did_not_issue_get_an_id_of_their_key_and_no_two_keys_share_one() {
    let stranger = format!("user-uploads/u/{}.jpg", Uuid::now_v7());
    let victim = derived_id("user-uploads/b/cat.jpg");
    let derived = format!("user-uploads/a/{victim}.jpg");
    for key in ["user-uploads/u/cat.jpg", "user-uploads/v/cat.jpg", "x", "", &stranger, &derived] {
        assert_eq!(image_id(key), derived_id(key));
    }
    assert_ne!(image_id("user-uploads/u/cat.jpg"), image_id("user-uploads/v/cat.jpg"));
}

#[test]
fn a_key_of_an_earlier_release_names_the_id_that_it_had_then() {
    let id = Uuid::now_v7();
    let Issued { key: certified, id: current } = issue("alice", "jpg");
    let copied = certified.replace("alice", "mallory");

    // As `image_id` was before ids certified their keys.
    for (key, former) in [
        (format!("user-uploads/alice/{id}.jpg"), Some(id)),
        (format!("user-uploads/alice/holiday/{id}.edited.jpg"), Some(id)),
        (copied, Some(current)),
        (certified, None),
        (format!("user-uploads/alice/{}.jpg", derived_id("x")), None),
        (format!("user-uploads/alice/{}.jpg", id.simple()), None),
        (format!("user-uploads/alice/{}.jpg", id.to_string().to_uppercase()), None),
        ("user-uploads/alice/cat.jpg".to_owned(), None),
    ] {
        assert_eq!(former_id(&key), former, "{key}");
    }
}

#[test]
fn a_time_that_no_upload_can_have_is_no_latency() {
    let id = issue_at("alice", "jpg", at(1_000_000), 7).id;
    let hour = 60 * 60 * 1000;

    assert_eq!(issued_before(id, at(1_000_250)), Some(Duration::from_millis(250)));
    assert_eq!(issued_before(id, at(1_000_000 + hour)), Some(Duration::from_hours(1)));
    assert_eq!(issued_before(id, at(1_000_001 + hour)), None);
    assert_eq!(issued_before(id, at(999_999)), None);
    let eternity = issue_at("alice", "jpg", at((1 << 48) - 1), 7).id;
    assert_eq!(issued_before(eternity, at(1_000_000)), None);
    assert_eq!(issued_before(derived_id("x"), at(1_000_000)), None);
}

#[test]
fn the_user_is_the_folder() {
    assert_eq!(user_id("user-uploads/u/a/b.jpg"), Some("u"));
    for key in ["user-uploads/u", "user-uploads//x", "user-uploads/u/", "other/u/x", "user-uploadsu/x"] {
        assert_eq!(user_id(key), None, "{key}");
    }
}

#[test]
fn an_id_says_to_whom_it_was_issued_and_to_nobody_else() {
    for extension in EXTENSIONS {
        let Issued { id, key } = issue("alice", extension);
        assert!(is_issued_to(id, "alice"), "{key}");
        for other in ["mallory", "alic", "alice/", ""] {
            assert!(!is_issued_to(id, other), "{key} {other}");
        }
    }
    let derived = derived_id("user-uploads/alice/holiday.jpg");
    for id in [derived, Uuid::now_v7(), Uuid::new_v4(), Uuid::nil(), Uuid::max()] {
        assert!(!is_issued_to(id, "alice"), "{id}");
    }
}

#[test]
fn a_text_is_an_id_in_the_usual_spelling_alone() {
    let id = issue("alice", "jpg").id;
    for id in [id, derived_id("k"), Uuid::now_v7()] {
        assert_eq!(parse(&id.to_string()), Some(id));
    }
    for text in [
        id.to_string().to_uppercase(),
        id.simple().to_string(),
        id.braced().to_string(),
        id.urn().to_string(),
        format!("{id} "),
        format!("{id}.jpg"),
        String::new(),
        "é".repeat(18),
    ] {
        assert_eq!(parse(&text), None, "{text}");
    }
}
