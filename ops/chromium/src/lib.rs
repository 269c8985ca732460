//! A Chromium without a window, for tests of pages, driven by the `DevTools` protocol over pipes: no port, and no WebSocket to
//! speak. Whatever fails ends the test with a panic that says what the page had.
//!
//! - `program` which program, and how it is started
//! - `protocol` calls, their answers, and what pages report meanwhile
//! - `page` what a user does with a page, and how it looks
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "only tests use it, and a step that fails fails the test"
)]

mod page;
mod program;
mod protocol;

use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use tokio::process::Child;

pub use page::{Drag, Look};
use protocol::Protocol;

/// Longest wait for anything; a page takes a second on an idle machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// A browser, which ends when it is dropped, with one tab in front.
#[derive(Debug)]
pub struct Browser {
    protocol: Protocol,
    tab: Tab,
    _child: Child,
    _profile: TempDir,
}

/// A tab of a browser.
#[derive(Clone, Debug)]
pub struct Tab(String);

impl Browser {
    /// Starts one with an empty tab.
    pub async fn open() -> Self {
        Self::with_host_rules("").await
    }

    /// Starts one that maps names of hosts to addresses, by the rules of `--host-resolver-rules`.
    pub async fn with_host_rules(rules: &str) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let (child, input, output) = program::start(profile.path(), rules);
        let protocol = Protocol::new(input, output);
        let mut browser = Self { protocol, tab: Tab(String::new()), _child: child, _profile: profile };
        browser.open_tab().await;
        browser
    }

    /// Opens another tab, which is in front from now on.
    pub async fn open_tab(&mut self) -> Tab {
        let target = self.protocol.call("", "Target.createTarget", json!({"url": "about:blank"})).await;
        let attach = json!({"targetId": target.unwrap()["targetId"], "flatten": true});
        let attached = self.protocol.call("", "Target.attachToTarget", attach).await.unwrap();
        self.tab = Tab(attached["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Log", "Network"] {
            self.call(&format!("{domain}.enable"), json!({})).await;
        }
        // No tab is hidden, whichever is in front.
        self.call("Emulation.setFocusEmulationEnabled", json!({"enabled": true})).await;
        self.tab.clone()
    }

    /// The tab that is in front.
    #[must_use]
    pub fn tab(&self) -> Tab {
        self.tab.clone()
    }

    /// Brings a tab to the front: all calls go to it.
    pub fn turn_to(&mut self, tab: &Tab) {
        self.tab = tab.clone();
    }

    /// The errors that pages reported since the last call: thrown, written to the console, or a request that was refused.
    pub fn errors(&mut self) -> Vec<String> {
        std::mem::take(&mut self.protocol.errors)
    }

    /// The addresses that pages asked for since the last call.
    pub fn requests(&mut self) -> Vec<String> {
        std::mem::take(&mut self.protocol.requests)
    }
}
