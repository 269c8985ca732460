//! Reading a dashboard: values under the pointer, by the arrow keys, and the whole screen.

use chromium::Browser;
use serde::Deserialize;

use crate::pages::{open, serve};

/// How many graphs hold values.
const GRAPHS: &str = "[...document.querySelectorAll('[data-values]')].filter((it) => JSON.parse(it.dataset.values).starts.length).length";
/// Of each graph that is read now: where its line stands in the time that it shows, from 0 to 1, how far its points are apart, and how
/// many values stand beside the line, below the time.
const READ: &str = "[...document.querySelectorAll('.readout')].map((it) => { \
    const area = it.parentNode.querySelector('[data-values]'), [x, width] = ['x', 'width'].map((name) => Number(area.getAttribute(name))); \
    return { at: (Number(it.querySelector('line').getAttribute('x1')) - x) / width, \
      step: 1 / Math.max(JSON.parse(area.dataset.values).starts.length - 1, 1), values: it.querySelectorAll('text').length - 1 }; })";

/// What is read of one graph.
#[derive(Debug, Deserialize)]
struct Read {
    at: f64,
    step: f64,
    values: usize,
}

#[tokio::test]
#[ignore = "needs Chromium"]
async fn pointing_at_one_graph_shows_values_in_every_graph_at_the_same_time_and_full_screen_opens_and_closes()
{
    let (console, _serving) = serve().await;
    let mut browser = Browser::open().await;
    open(&mut browser, &format!("{console}/dashboards")).await;
    let graphs = browser.until(GRAPHS).await.as_u64().unwrap();
    assert!(graphs > 4, "{graphs}");
    assert_eq!(read(&mut browser).await.len(), 0);

    browser.hover("[data-values]").await;
    let pointed = read(&mut browser).await;
    shows_values(&pointed, graphs, 0.5);
    // Elsewhere on the page, nothing is read.
    browser.hover("h1").await;
    browser.until("!document.querySelector('.readout')").await;
    // By the keys the same: from the right end, where there may be no values yet, twenty steps back.
    browser.evaluate("document.getElementById('dashboard').focus()").await.unwrap();
    for _ in 0..20 {
        browser.key("ArrowLeft").await;
    }
    let by_key = read(&mut browser).await;
    shows_values(&by_key, graphs, 0.8);
    browser.key("Escape").await;
    browser.until("!document.querySelector('.readout')").await;

    browser.press("[data-fullscreen]").await;
    browser.until("document.fullscreenElement?.id === 'dashboard'").await;
    // By a script: without a window, Chromium hands the Escape key to the page alone, and stays in full screen.
    browser.evaluate("document.exitFullscreen()").await.unwrap();
    browser.until("!document.fullscreenElement").await;
    assert_eq!(browser.errors(), [] as [String; 0]);
}

/// What is read of each graph now.
async fn read(browser: &mut Browser) -> Vec<Read> {
    serde_json::from_value(browser.until(READ).await).unwrap()
}

/// Every graph is read at this share of its time, at the point that is next to it, and most have values there: what seldom goes
/// wrong has none.
fn shows_values(read: &[Read], graphs: u64, share: f64) {
    assert_eq!(read.len() as u64, graphs, "{read:?}");
    assert!(read.iter().all(|it| (it.at - share).abs() <= it.step / 2.0 + 0.005), "{share}: {read:?}");
    assert!(read.iter().filter(|it| it.values > 0).count() * 2 > read.len(), "{read:?}");
}
