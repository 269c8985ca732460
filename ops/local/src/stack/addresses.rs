//! Addresses of the template's outputs on this machine.

use std::collections::BTreeMap;

/// The console's page that users come back to with a code.
pub const CALLBACK: &str = "/upload";
/// The template's parameter, and its default.
const CALLBACK_URLS: (&str, &str) = ("CallbackUrls", "http://localhost:3000/callback");

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

/// Lets the sign-in page send users back to the console too, whose port is free.
pub(super) fn let_console_sign_in(parameters: &mut BTreeMap<String, String>, console: &str) {
    let urls = parameters.entry(CALLBACK_URLS.0.to_owned()).or_insert_with(|| CALLBACK_URLS.1.to_owned());
    *urls = format!("{urls},{console}{CALLBACK}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn console_is_added_to_the_templates_own_callback_or_to_those_asked_for() {
        let with = |given: Option<&str>| {
            let given = given.map(|urls| (CALLBACK_URLS.0.to_owned(), urls.to_owned()));
            let mut parameters: BTreeMap<String, String> = given.into_iter().collect();
            let_console_sign_in(&mut parameters, "http://127.0.0.1:2");
            parameters[CALLBACK_URLS.0].clone()
        };
        assert_eq!(with(Some("https://a/b")), "https://a/b,http://127.0.0.1:2/upload");
        assert_eq!(with(None), "http://localhost:3000/callback,http://127.0.0.1:2/upload");
        let template = include_str!("../../../../template.yaml");
        let declared =
            format!("{}:\n    Type: CommaDelimitedList\n    Default: {}\n", CALLBACK_URLS.0, CALLBACK_URLS.1);
        assert!(template.contains(&declared), "the template's default is another");
    }

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
