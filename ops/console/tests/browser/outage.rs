//! A page whose server is gone for a while.

use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use chromium::Browser;
use local_stack::console::Console;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use crate::made_up;
use crate::pages::open;

const SAYS_SO: &str = "getComputedStyle(document.querySelector('.top'), '::after').content.includes('does not answer') \
                       && document.getElementById('announcement').textContent.includes('does not answer')";

/// A console on a runtime of its own: when that ends, so do its connections, as those of a process do.
struct Server {
    address: String,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Server {
    fn start(port: u16) -> Self {
        let (bound, address) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let console = Console::bind(port).await.unwrap();
                let source = made_up::source().await.unwrap();
                bound.send(console.address()).unwrap();
                let _serving = console.serve(source, pipeline_console::pages);
                stopped.await.ok();
            });
        });
        Self { address: address.recv().unwrap(), stop, thread }
    }

    fn end(self) {
        drop(self.stop);
        self.thread.join().unwrap();
    }
}

#[tokio::test]
#[ignore = "needs Chromium"]
async fn a_page_whose_server_is_gone_says_so_and_comes_back_by_itself_when_it_returns() {
    let server = Server::start(0);
    let address = server.address.clone();
    let port = address.rsplit(':').next().unwrap().parse().unwrap();
    let mut browser = Browser::open().await;
    open(&mut browser, &format!("{address}/alarms")).await;
    let headers = browser.until("document.body.getAttribute('hx-headers')").await;
    server.end();
    browser.until(SAYS_SO).await;

    let server = Server::start(port);
    // It is the page of the new process: what the old one's token would send is refused.
    browser.until(&format!("document.body.getAttribute('hx-headers') !== {headers}")).await;
    browser
        .until("!document.body.classList.contains('cut-off') && document.querySelector('.row-name')")
        .await;
    server.end();
}
