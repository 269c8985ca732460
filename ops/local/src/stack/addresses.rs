//! Addresses of the template's outputs on this machine.

use std::collections::BTreeMap;

/// Turns the outputs that are addresses on AWS into ones that answer here.
///
/// The engine itself gives the API an address that leads to it.
pub(super) fn localise(outputs: &mut BTreeMap<String, String>, endpoint: &str, console: &str) {
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
            ("HostedUiUrl", "https://x.auth.ap-northeast-1.amazoncognito.com"),
            ("QueueUrl", "http://127.0.0.1:1/0/queue"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();

        localise(&mut outputs, "http://127.0.0.1:1", "http://127.0.0.1:2");

        assert_eq!(outputs["HostedUiUrl"], "http://127.0.0.1:1");
        assert_eq!(outputs["QueueUrl"], "http://127.0.0.1:1/0/queue");
    }
}
