//! `ops open`: the console of the running stack in the browser.

use std::path::Path;
use std::process::{Command, Stdio};

use local_stack::stack::StackInfo;
use serde_json::json;

use crate::cli::OpenArgs;
use crate::failure::Failure;
use crate::local::console::find;
use crate::print::{print_json, print_line};

/// What opens an address with the program that its owner chose.
const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };

/// Opens it and prints its address, which is all that is left where nothing opens it.
///
/// # Errors
/// No running stack.
pub(crate) fn run(args: &OpenArgs, root: &Path) -> Result<(), Failure> {
    let StackInfo { console, .. } = find(root, &args.stack.name)?;
    if args.stack.json {
        return print_json(&json!({ "console": console }));
    }
    open(OPENER, &console);
    print_line(&console)
}

/// Whether the opener took it.
fn open(opener: &str, address: &str) -> bool {
    let mut command = Command::new(opener);
    command.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_an_opener_is_no_error() {
        assert!(!open("there-is-no-such-opener", "http://127.0.0.1:1") && open("true", "http://127.0.0.1:1"));
    }
}
