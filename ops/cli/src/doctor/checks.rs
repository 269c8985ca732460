//! The checks, a file for each room of AWS.

mod access;
mod account;
mod alarms;
mod api;
mod bucket;
mod dashboards;
mod functions;
mod mail;
mod queue;
mod table;
mod templates;
mod traces;
mod upload;

use super::check::Check;

/// All of them, in the order in which they are run: what others rest on comes first.
pub(crate) const ALL: &[Check] = &[
    account::CREDENTIALS,
    account::RESOURCES,
    account::QUOTAS,
    functions::ARCHITECTURE,
    functions::COLD_START,
    api::AUTHORIZER,
    bucket::NOTIFICATION,
    queue::SETTINGS,
    queue::EVENT_SOURCE,
    access::LIST_BUCKET,
    mail::SUBSCRIPTIONS,
    mail::SIGN_UP,
    alarms::DEFINITIONS,
    alarms::STATES,
    dashboards::BODIES,
    upload::SEVEN_STEPS,
    upload::SIGNED_METADATA,
    traces::UDP_SPANS,
    traces::TRACE_HEADER,
    upload::MISSING_OBJECT,
    table::CONDITIONAL_PUT,
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_check_has_a_name_of_its_own_and_a_page_of_aws() {
        let mut names: Vec<&str> = ALL.iter().map(|check| check.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
        for check in ALL {
            assert!(check.doc.starts_with("https://docs.aws.amazon.com/"), "{}", check.name);
        }
    }

    #[test]
    fn page_of_the_first_deployment_has_a_row_for_each_check_and_no_other() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/first-deploy.md");
        let page = std::fs::read_to_string(page).unwrap();
        let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
        let expected: Vec<String> = ALL
            .iter()
            .map(|Check { name, claim, doc, how, .. }| {
                format!("| `{name}` | {claim} | {how} | [AWS]({doc}) |")
            })
            .collect();
        assert_eq!(rows, expected, "\n{}", expected.join("\n"));
    }
}
