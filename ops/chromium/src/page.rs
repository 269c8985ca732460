//! What a user does with a page, and how it looks.

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::{Browser, PATIENCE};

/// How long the page itself looks for the worth of an expression, before it is asked again.
const LOOK_SECONDS: u64 = 5;

/// Files that are held over a page.
#[derive(Debug)]
#[must_use = "they are held until they are dropped there"]
pub struct Drag(Value);

/// How a page is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Whether the reader wants dark pages.
    pub is_dark: bool,
}

impl Browser {
    /// Calls a method of the protocol on the tab in front.
    pub async fn call(&mut self, method: &str, params: Value) -> Value {
        let answer = self.try_call(method, params).await;
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    async fn try_call(&mut self, method: &str, params: Value) -> Result<Value, String> {
        let tab = self.tab.0.clone();
        self.protocol.call(&tab, method, params).await
    }

    /// Opens an address in the tab in front.
    pub async fn visit(&mut self, url: &str) {
        let answer = self.call("Page.navigate", json!({"url": url})).await;
        assert!(answer.get("errorText").is_none(), "{url}: {answer}");
    }

    /// Opens the page again.
    pub async fn reload(&mut self) {
        self.call("Page.reload", json!({})).await;
    }

    /// Goes back to the page before.
    pub async fn back(&mut self) {
        let history = self.call("Page.getNavigationHistory", json!({})).await;
        let before = usize::try_from(history["currentIndex"].as_u64().unwrap() - 1).unwrap();
        let entry = json!({"entryId": history["entries"][before]["id"]});
        self.call("Page.navigateToHistoryEntry", entry).await;
    }

    /// What an expression is worth in the page, awaited.
    ///
    /// # Errors
    ///
    /// When it throws, or the page was left meanwhile.
    pub async fn evaluate(&mut self, expression: &str) -> Result<Value, String> {
        let ask = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let answer = self.try_call("Runtime.evaluate", ask).await?;
        match answer.get("exceptionDetails") {
            Some(thrown) => Err(thrown["exception"]["description"].to_string()),
            None => Ok(answer["result"]["value"].clone()),
        }
    }

    /// The worth of an expression once it has one, in a page whose scripts have run; pages may come and go until then. A node is
    /// `true`: not every one can be handed over.
    pub async fn until(&mut self, expression: &str) -> Value {
        let look = format!(
            "new Promise((resolve) => {{ const look = () => {{ let found; try {{ found = document.readyState === 'complete' && ({expression}); }} catch {{ }} \
             if (found) resolve(found instanceof Node || found); else setTimeout(look, 50); }}; look(); setTimeout(() => resolve(null), {LOOK_SECONDS}000); }})"
        );
        for _ in 0..PATIENCE.as_secs() / LOOK_SECONDS {
            if let Ok(found) = self.evaluate(&look).await
                && !found.is_null()
            {
                return found;
            }
        }
        let page = self.evaluate("document.body.innerText").await;
        panic!(
            "{expression} never came true; the page has: {page:?}, and reported {:?}",
            self.protocol.errors
        );
    }

    /// Clicks on what a selector finds, once it is there.
    pub async fn click(&mut self, selector: &str) {
        let click = format!(
            "(document.querySelector({0}) && (document.querySelector({0}).click(), true))",
            json!(selector)
        );
        self.until(&click).await;
    }

    /// Fills in a field, once it is there.
    pub async fn fill(&mut self, selector: &str, text: &str) {
        let field = json!(selector);
        let fill =
            format!("((it) => it && (it.value = {}, true))(document.querySelector({field}))", json!(text));
        self.until(&fill).await;
    }

    /// Chooses files in a field as a user does.
    pub async fn choose(&mut self, selector: &str, files: &[String]) {
        let field = json!({"expression": format!("document.querySelector({})", json!(selector))});
        let field = self.call("Runtime.evaluate", field).await;
        let chosen = json!({"files": readable(files), "objectId": field["result"]["objectId"]});
        self.call("DOM.setFileInputFiles", chosen).await;
    }

    /// The middle of what a selector finds, once the window shows it.
    async fn middle(&mut self, selector: &str) -> Value {
        let middle = format!(
            "((it) => (it.scrollIntoView({{block: 'center', behavior: 'instant'}}), it.getBoundingClientRect().width) && \
             ((at) => [at.x + at.width / 2, at.y + at.height / 2])(it.getBoundingClientRect()))(document.querySelector({}))",
            json!(selector)
        );
        self.until(&middle).await
    }

    /// Moves the pointer to the middle of what a selector finds, once the window shows it.
    pub async fn hover(&mut self, selector: &str) {
        let middle = self.middle(selector).await;
        self.point("mouseMoved", &middle, "none").await;
    }

    /// Presses the mouse on what a selector finds, once the window shows it. Unlike a script's click it is one that the reader made,
    /// which some things need.
    pub async fn press(&mut self, selector: &str) {
        let middle = self.middle(selector).await;
        for event in ["mouseMoved", "mousePressed", "mouseReleased"] {
            self.point(event, &middle, if event == "mouseMoved" { "none" } else { "left" }).await;
        }
    }

    async fn point(&mut self, event: &str, at: &Value, button: &str) {
        let event = json!({"type": event, "x": at[0], "y": at[1], "button": button, "clickCount": u8::from(button == "left")});
        self.call("Input.dispatchMouseEvent", event).await;
    }

    /// Presses a key: `Tab`, `Enter`, `Escape` or an arrow.
    pub async fn key(&mut self, key: &str) {
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            "Escape" => 27,
            "ArrowLeft" => 37,
            "ArrowRight" => 39,
            _ => panic!("the code of {key} is not known here"),
        };
        let text = if key == "Enter" { "\r" } else { "" };
        for event in ["keyDown", "keyUp"] {
            let event =
                json!({"type": event, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text});
            self.call("Input.dispatchKeyEvent", event).await;
        }
    }

    /// Drags files over the middle of what a selector finds, once it is seen, and holds them there.
    pub async fn drag(&mut self, selector: &str, files: &[String]) -> Drag {
        let middle = self.middle(selector).await;
        let copied = json!({"items": [], "files": readable(files), "dragOperationsMask": 1});
        let held = json!({"x": middle[0], "y": middle[1], "data": copied});
        self.send_drag("dragEnter", held.clone()).await;
        self.send_drag("dragOver", held.clone()).await;
        Drag(held)
    }

    /// Drops files where they are held.
    pub async fn drop_there(&mut self, Drag(held): Drag) {
        self.send_drag("drop", held).await;
    }

    async fn send_drag(&mut self, event: &str, mut held: Value) {
        held["type"] = json!(event);
        self.call("Input.dispatchDragEvent", held).await;
    }

    /// Holds back requests of the tab in front whose address contains `part`, from now on.
    pub async fn hold_back(&mut self, part: &str) {
        let pattern = json!({"urlPattern": format!("*{part}*"), "requestStage": "Request"});
        self.call("Fetch.enable", json!({"patterns": [pattern]})).await;
    }

    /// Waits until a request is held back.
    pub async fn held(&mut self) {
        while self.protocol.held == 0 {
            self.protocol.next().await;
        }
    }

    /// Holds nothing back any more, and opens the page again; what was held is never sent.
    pub async fn reload_without_held(&mut self) {
        self.reload().await;
        self.call("Fetch.disable", json!({})).await;
        self.protocol.held = 0;
    }

    /// Looks at pages in another size or colour from now on.
    pub async fn look(&mut self, look: Look) {
        let Look { width, height, is_dark } = look;
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", size).await;
        let scheme = if is_dark { "dark" } else { "light" };
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", media).await;
    }

    /// Shows no scroll bars from now on; pages scroll all the same.
    pub async fn hide_scroll_bars(&mut self) {
        self.call("Emulation.setScrollbarsHidden", json!({"hidden": true})).await;
    }

    /// The page as a PNG, all of it, not only what fits into the window.
    pub async fn screenshot(&mut self) -> Vec<u8> {
        let mut clip = self.call("Page.getLayoutMetrics", json!({})).await["cssContentSize"].take();
        clip["scale"] = json!(1);
        self.capture(json!({"captureBeyondViewport": true, "clip": clip})).await
    }

    /// What the window shows, as a WebP of this quality, from 0 to 100.
    pub async fn window(&mut self, quality: u8) -> Vec<u8> {
        self.capture(json!({"format": "webp", "quality": quality})).await
    }

    async fn capture(&mut self, options: Value) -> Vec<u8> {
        let picture = self.call("Page.captureScreenshot", options).await;
        STANDARD.decode(picture["data"].as_str().unwrap()).unwrap()
    }
}

/// The browser reads no file whose path leads up.
fn readable(files: &[String]) -> Vec<PathBuf> {
    files.iter().map(|file| fs::canonicalize(file).unwrap()).collect()
}
