//! A Chromium without a window, driven by the DevTools protocol over pipes: no port, and no WebSocket to speak.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// Longest wait for anything; a page takes a second on an idle machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// Its programs by their names, the one that Debian installs first.
const PROGRAMS: &str = "chromium chromium-browser google-chrome google-chrome-stable";

/// Finds the program, and gives it the two pipes under the numbers that it reads and writes.
const START: &str = r#"for program in $PROGRAMS; do
  if command -v "$program" > /dev/null; then exec "$program" "$@" 3<&0 4>&1 < /dev/null > /dev/null 2>&1; fi
done
echo 'no Chromium was found; install it (Debian: apt-get install chromium) and run the test again' >&2; exit 1"#;

/// One browser with one page; it ends when it is dropped.
pub(crate) struct Browser {
    _child: Child,
    _profile: TempDir,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    session: String,
    calls: u64,
    errors: Vec<String>,
}

impl Browser {
    pub(crate) async fn open() -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut command = Command::new("/bin/sh");
        command.args([
            "-c",
            START,
            "sh",
            "--headless",
            "--remote-debugging-pipe",
            "--no-first-run",
            "--disable-gpu",
        ]);
        // The test may run as root, whom the sandbox refuses; it opens no page but the stack's own.
        command.args([
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-sync",
        ]);
        command.arg(format!("--user-data-dir={}", profile.path().display()));
        command.env("PROGRAMS", PROGRAMS).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let (session, errors) = (String::new(), Vec::new());
        let mut browser = Self { _child: child, _profile: profile, input, output, session, calls: 0, errors };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"})).await;
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = browser.call("Target.attachToTarget", attach).await;
        attached["sessionId"].as_str().unwrap().clone_into(&mut browser.session);
        for domain in ["Page", "Runtime", "Log"] {
            browser.call(&format!("{domain}.enable"), json!({})).await;
        }
        browser
    }

    /// Calls a method of the protocol; what comes meanwhile is looked through for errors of the page.
    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Value {
        let answer = self.try_call(method, params).await;
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    async fn try_call(&mut self, method: &str, params: Value) -> Result<Value, String> {
        self.calls += 1;
        let mut call = json!({"id": self.calls, "method": method, "params": params});
        if !self.session.is_empty() {
            call["sessionId"] = json!(self.session);
        }
        self.input.write_all(format!("{call}\0").as_bytes()).await.unwrap();
        loop {
            let mut message = Vec::new();
            let read = timeout(PATIENCE, self.output.read_until(0, &mut message)).await;
            assert!(read.expect("the browser should answer").unwrap() > 0, "the browser has ended");
            message.pop();
            let message: Value = serde_json::from_slice(&message).unwrap();
            if message["id"] == self.calls {
                let failed = message.get("error").map(ToString::to_string);
                return failed.map_or_else(|| Ok(message["result"].clone()), Err);
            }
            self.errors.extend(error(&message));
        }
    }

    pub(crate) async fn visit(&mut self, url: &str) {
        let answer = self.call("Page.navigate", json!({"url": url})).await;
        assert!(answer.get("errorText").is_none(), "{url}: {answer}");
    }

    /// What an expression is worth in the page, awaited; an error when the page was left meanwhile.
    async fn evaluate(&mut self, expression: &str) -> Result<Value, String> {
        let ask = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let answer = self.try_call("Runtime.evaluate", ask).await?;
        match answer.get("exceptionDetails") {
            Some(thrown) => Err(thrown["exception"]["description"].to_string()),
            None => Ok(answer["result"]["value"].clone()),
        }
    }

    /// The worth of an expression once it has one, in a page whose scripts have run; pages may come and go until then.
    pub(crate) async fn until(&mut self, expression: &str) -> Value {
        let look = format!(
            "new Promise((resolve) => {{ const look = () => {{ let found; try {{ found = document.readyState === 'complete' && {expression}; }} catch {{ }} \
             if (found) resolve(found); else setTimeout(look, 50); }}; look(); setTimeout(() => resolve(null), 5000); }})"
        );
        for _ in 0..24 {
            if let Ok(found) = self.evaluate(&look).await
                && !found.is_null()
            {
                return found;
            }
        }
        let page = self.evaluate("document.body.innerText").await;
        panic!("{expression} never came true; the page has: {page:?}, and reported {:?}", self.errors);
    }

    pub(crate) async fn click(&mut self, selector: &str) {
        self.until(&format!(
            "(document.querySelector({0}) && (document.querySelector({0}).click(), true))",
            json!(selector)
        ))
        .await;
    }

    pub(crate) async fn fill(&mut self, selector: &str, text: &str) {
        let field = json!(selector);
        self.until(&format!(
            "((it) => it && (it.value = {}, true))(document.querySelector({field}))",
            json!(text)
        ))
        .await;
    }

    /// Chooses files in a field as a user does.
    pub(crate) async fn choose(&mut self, selector: &str, files: &[String]) {
        let field = json!({"expression": format!("document.querySelector({})", json!(selector))});
        let field = self.call("Runtime.evaluate", field).await;
        let chosen = json!({"files": files, "objectId": field["result"]["objectId"]});
        self.call("DOM.setFileInputFiles", chosen).await;
    }

    /// The errors that pages reported since the last call.
    pub(crate) fn errors(&mut self) -> Vec<String> {
        std::mem::take(&mut self.errors)
    }
}

/// An error of a page: thrown, written to the console, or a request that was refused.
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
