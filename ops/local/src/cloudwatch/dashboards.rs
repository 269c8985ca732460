//! `GetDashboard` and `ListDashboards`.

use serde::Deserialize;

use super::account::Account;
use super::error::ApiError;
use super::wire::{Output, members};
use crate::deploy::DeployedDashboard;
use crate::observe::Seen;

/// `GetDashboard`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetDashboard {
    dashboard_name: String,
}

impl GetDashboard {
    /// The body, as the template states it.
    pub(super) fn answer(&self, seen: &Seen, account: &Account) -> Result<Output, ApiError> {
        let name = &self.dashboard_name;
        let dashboard = seen.dashboards.get(name).ok_or_else(|| ApiError::NoDashboard(name.clone()))?;
        Ok(members([
            ("DashboardArn", Some(account.dashboard_arn(name).into())),
            ("DashboardBody", Some(dashboard.body.as_str().into())),
            ("DashboardName", Some(name.as_str().into())),
        ]))
    }
}

/// `ListDashboards`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListDashboards {
    dashboard_name_prefix: Option<String>,
}

impl ListDashboards {
    /// By name; there are never more than a page of them.
    pub(super) fn answer(&self, seen: &Seen, account: &Account) -> Output {
        let prefix = self.dashboard_name_prefix.as_deref().unwrap_or_default();
        let found = seen.dashboards.iter().filter(|(name, _)| name.starts_with(prefix));
        let entry = |(name, dashboard): (&String, &DeployedDashboard)| {
            members([
                ("DashboardArn", Some(account.dashboard_arn(name).into())),
                ("DashboardName", Some(name.as_str().into())),
                ("LastModified", Some(seen.alarms.created().into())),
                ("Size", Some(dashboard.body.len().into())),
            ])
        };
        members([("DashboardEntries", Some(found.map(entry).collect()))])
    }
}
