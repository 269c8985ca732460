//! First paints: of consoles that have never read the table, and of pages of one that has.

use std::time::{Duration, Instant};

use aws_client::http::Http;
use chromium::Browser;
use http::Method;
use local_stack::console::{Console, Serving, Source};
use local_stack::faults::Faults;
use local_stack::stack::Stack;

use crate::figures::{Promises, middle, whole};

const VISITS: usize = 11;
/// What people wait at most for a page to be painted, in milliseconds.
const PAINT: u128 = 300;

/// When the page was painted first, and when its largest element was, in milliseconds from the request.
const PAINTED: &str = "new Promise((done) => { let largest = 0; new PerformanceObserver((list) => { largest = \
                       list.getEntries().at(-1).startTime; }).observe({type: 'largest-contentful-paint', buffered: true}); \
                       setTimeout(() => done([performance.getEntriesByName('first-contentful-paint')[0].startTime, largest]), 300); })";

/// What the Images page takes of a console that has never read the table, each time of another one.
pub(crate) async fn of_new_consoles(stack: &Stack, browser: &mut Browser) {
    let (mut first, mut whole, mut painted) = (Vec::<u128>::new(), Vec::new(), Vec::new());
    for _ in 0..VISITS {
        let (page, _serving) = console(stack).await;
        let began = Instant::now();
        first.push(answered(&page).await);
        until_whole(&page).await;
        whole.push(began.elapsed().as_millis());

        let (page, _serving) = console(stack).await;
        browser.visit(&page).await;
        painted.push(crate::figures::whole(&browser.until(PAINTED).await[0]));
        // Two reads at once would be measured together.
        until_whole(&page).await;
    }
    println!(
        "a new console: first answer {} ms (of the first in this process {} ms, of a later one at most {} ms), first paint {} ms, at \
         most {} ms, the table read whole after {} ms",
        middle(&mut first.clone()),
        first[0],
        first[1..].iter().max().unwrap(),
        middle(&mut painted),
        painted.last().unwrap(),
        middle(&mut whole)
    );
}

/// What pages take of the stack's own console, once that has read the table.
pub(crate) async fn of_pages(console: &str, browser: &mut Browser, promises: &mut Promises) {
    let images = format!("{console}/images");
    until_whole(&images).await;
    let mut answers = Vec::new();
    for _ in 0..VISITS {
        answers.push(answered(&images).await);
    }
    println!("a later answer: {} ms", middle(&mut answers));
    for (what, page) in [
        ("Home", console.to_owned()),
        ("Images", images.clone()),
        ("the last page of Images", format!("{images}?page=167")),
        ("a search of Images", format!("{images}?q=00001fff")),
    ] {
        let (mut first, mut largest) = (Vec::new(), Vec::new());
        for _ in 0..VISITS {
            browser.visit(&page).await;
            let painted = browser.until(PAINTED).await;
            first.push(whole(&painted[0]));
            largest.push(whole(&painted[1]));
        }
        promises.hold(&format!("{what}: first paint"), middle(&mut first), PAINT);
        println!("{what}: largest paint {} ms", middle(&mut largest));
    }
}

/// The address of the page of another console of the stack, for as long as the other value lives.
async fn console(stack: &Stack) -> (String, Serving) {
    let console = Console::bind(0).await.unwrap();
    let page = format!("{}/images", console.address());
    let source = Source::of(stack.observer.clone(), &stack.info, Faults::default());
    (page, console.serve(source, pipeline_console::pages))
}

/// Looks as often as an open page does, until it states how many images there are.
async fn until_whole(page: &str) {
    loop {
        let answer = Http::new().send(Method::GET, page, &[], String::new()).await.unwrap();
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        if text.contains("10,000 images") && !text.contains("eading the table") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

async fn answered(page: &str) -> u128 {
    let began = Instant::now();
    let answer = Http::new().send(Method::GET, page, &[], String::new()).await.unwrap();
    assert!(answer.status().is_success(), "{page}: {}", answer.status());
    began.elapsed().as_millis()
}
