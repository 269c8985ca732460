//! Protocol: calls and their answers, and what pages report in between.

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use crate::PATIENCE;

#[derive(Debug)]
pub(crate) struct Protocol {
    input: ChildStdin,
    messages: UnboundedReceiver<Value>,
    calls: u64,
    pub(crate) errors: Vec<String>,
    pub(crate) requests: Vec<String>,
    /// How many requests the browser holds back.
    pub(crate) held: usize,
}

impl Protocol {
    pub(crate) fn new(input: ChildStdin, output: ChildStdout) -> Self {
        let (sender, messages) = unbounded_channel();
        // Read on by a task of its own: a full pipe would stop the browser while nobody calls.
        tokio::spawn(async move {
            let mut output = BufReader::new(output);
            let mut message = Vec::new();
            while output.read_until(0, &mut message).await.is_ok_and(|read| read > 0) {
                message.pop();
                let read = serde_json::from_slice(&message).unwrap();
                message.clear();
                if sender.send(read).is_err() {
                    break;
                }
            }
        });
        Self { input, messages, calls: 0, errors: Vec::new(), requests: Vec::new(), held: 0 }
    }

    /// Calls a method on a tab, or on the browser itself.
    pub(crate) async fn call(&mut self, tab: &str, method: &str, params: Value) -> Result<Value, String> {
        self.calls += 1;
        let mut call = json!({"id": self.calls, "method": method, "params": params});
        if !tab.is_empty() {
            call["sessionId"] = json!(tab);
        }
        self.input.write_all(format!("{call}\0").as_bytes()).await.unwrap();
        loop {
            let message = self.next().await;
            if message["id"] == self.calls {
                let failed = message.get("error").map(ToString::to_string);
                return failed.map_or_else(|| Ok(message["result"].clone()), Err);
            }
        }
    }

    /// The next message, noted if it is a report.
    pub(crate) async fn next(&mut self) -> Value {
        let message = timeout(PATIENCE, self.messages.recv()).await.expect("the browser should answer");
        let message = message.expect("the browser has ended");
        self.errors.extend(error(&message));
        match message["method"].as_str() {
            Some("Network.requestWillBeSent") => {
                self.requests.extend(message["params"]["request"]["url"].as_str().map(str::to_owned));
            }
            Some("Fetch.requestPaused") => self.held += 1,
            _ => {}
        }
        message
    }
}

fn error(message: &Value) -> Option<String> {
    let params = &message["params"];
    match message["method"].as_str()? {
        "Runtime.exceptionThrown" => Some(params["exceptionDetails"].to_string()),
        "Runtime.consoleAPICalled" if params["type"] == "error" => Some(params["args"].to_string()),
        "Log.entryAdded" if params["entry"]["level"] == "error" => Some(format!(
            "{} {}",
            params["entry"]["text"].as_str()?,
            params["entry"]["url"].as_str().unwrap_or_default()
        )),
        _ => None,
    }
}
