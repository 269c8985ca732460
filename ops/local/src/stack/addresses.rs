//! Where the template's addresses are on this machine.

use std::collections::BTreeMap;

/// Turns the outputs that are addresses on AWS into ones that answer here.
///
/// The API's host name would need a resolver that knows it, so the engine's path form is used.
pub(super) fn localise(outputs: &mut BTreeMap<String, String>, endpoint: &str, console: &str) {
    if let Some(api) = outputs.get("ApiId").cloned() {
        let host = endpoint.trim_start_matches("http://");
        let named = format!("http://{api}.execute-api.{host}");
        let path = format!("{endpoint}/_aws/execute-api/{api}/$default");
        for value in outputs.values_mut() {
            *value = value.replace(&named, &path);
        }
    }
    for (output, here) in [("HostedUiUrl", endpoint), ("DashboardUrl", console)] {
        if let Some(value) = outputs.get_mut(output) {
            here.clone_into(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lead_to_the_engine_and_names_stay() {
        let mut outputs: BTreeMap<String, String> = [
            ("ApiId", "abc"),
            ("GenerateUploadUrlEndpoint", "http://abc.execute-api.127.0.0.1:1/generate-upload-url"),
            ("HostedUiUrl", "https://x.auth.ap-northeast-1.amazoncognito.com"),
            ("QueueUrl", "http://127.0.0.1:1/0/queue"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();

        localise(&mut outputs, "http://127.0.0.1:1", "http://127.0.0.1:2");

        let api = "http://127.0.0.1:1/_aws/execute-api/abc/$default/generate-upload-url";
        assert_eq!(outputs["GenerateUploadUrlEndpoint"], api);
        assert_eq!(outputs["HostedUiUrl"], "http://127.0.0.1:1");
        assert_eq!(outputs["QueueUrl"], "http://127.0.0.1:1/0/queue");
    }
}
