//! Signature Version 4 by hand, to check the SDK's.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use url::Url;

use crate::{SECRET, query};

/// Signature Version 4 of a presigned PUT, from its specification and without the SDK.
pub(crate) fn signature(url: &Url, headers: &BTreeMap<String, String>) -> String {
    let query = query(url);
    let canonical_query: Vec<String> = query
        .iter()
        .filter(|(name, _)| *name != "X-Amz-Signature")
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    let mut headers = headers.clone();
    headers.insert("host".to_owned(), url.host_str().unwrap().to_owned());
    let canonical_headers: Vec<String> =
        headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let canonical_headers = canonical_headers.concat();
    let request = format!(
        "PUT\n{}\n{}\n{canonical_headers}\n{}\nUNSIGNED-PAYLOAD",
        url.path(),
        canonical_query.join("&"),
        query["X-Amz-SignedHeaders"],
    );
    let date = &query["X-Amz-Date"];
    let scope = format!("{}/ap-northeast-1/s3/aws4_request", &date[..8]);
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(request)));
    let key = [&date[..8], "ap-northeast-1", "s3", "aws4_request"]
        .iter()
        .fold(format!("AWS4{SECRET}").into_bytes(), |key, part| mac(&key, part));
    hex(&mac(&key, &text))
}

fn encode(text: &str) -> String {
    const UNRESERVED: percent_encoding::AsciiSet =
        percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    percent_encoding::utf8_percent_encode(text, &UNRESERVED).to_string()
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}
