//! The console on made-up data, to work on its pages without a stack: `cargo run -p pipeline-console --example console`.
#![expect(clippy::print_stdout, reason = "prints where the page is")]

mod made_up;

use std::error::Error;

use local_stack::console::Console;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let console = Console::bind(4581).await?;
    println!("{}", console.address());
    let _serving = console.serve(made_up::source().await?, pipeline_console::pages);
    std::future::pending::<()>().await;
    Ok(())
}
