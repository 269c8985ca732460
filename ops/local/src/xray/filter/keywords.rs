//! Keywords of filter expressions.

use super::{FilterError, Flag, Key, NumberKey, TextKey};

pub(super) fn flag(keyword: &str) -> Option<Flag> {
    Some(match keyword {
        "ok" => Flag::Ok,
        "error" => Flag::Error,
        "throttle" => Flag::Throttle,
        "fault" => Flag::Fault,
        "partial" => Flag::Partial,
        "root" => Flag::Root,
        _ => return None,
    })
}

pub(super) fn key(keyword: &str) -> Option<Key> {
    Some(match keyword {
        "responsetime" => Key::Number(NumberKey::ResponseTime),
        "duration" => Key::Number(NumberKey::Duration),
        "http.status" => Key::Number(NumberKey::HttpStatus),
        "http.url" => Key::Text(TextKey::HttpUrl),
        "http.method" => Key::Text(TextKey::HttpMethod),
        "http.useragent" => Key::Text(TextKey::HttpUserAgent),
        "http.clientip" => Key::Text(TextKey::HttpClientIp),
        "user" => Key::Text(TextKey::User),
        "name" => Key::Text(TextKey::Name),
        "type" => Key::Text(TextKey::Type),
        "message" => Key::Text(TextKey::Message),
        _ => return None,
    })
}

/// Keywords that X-Ray knows and the local stack does not are named as such.
pub(super) fn unknown(word: &str) -> FilterError {
    let known =
        ["edge", "group", "json", "rootcause", "inferred", "first", "last", "remote", "index", "coverage"];
    let others = ["availabilityzone", "instance", "resource"];
    let head = word.split('.').next().unwrap_or(word).to_ascii_lowercase();
    if known.iter().chain(&others).any(|it| *it == head) {
        return FilterError::new(format!("{word} is not answered by the local stack"));
    }
    FilterError::new(format!("{word} is not a keyword"))
}
