//! Account and region, which the ARNs of alarms and dashboards name.

/// Whose alarms and dashboards these are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// The account's id.
    pub id: String,
    /// The region of its alarms; dashboards have none.
    pub region: String,
}

impl Account {
    pub(super) fn alarm_arn(&self, name: &str) -> String {
        format!("arn:aws:cloudwatch:{}:{}:alarm:{name}", self.region, self.id)
    }

    pub(super) fn dashboard_arn(&self, name: &str) -> String {
        format!("arn:aws:cloudwatch::{}:dashboard/{name}", self.id)
    }
}
