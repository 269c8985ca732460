//! `ops clock`: what the clock of metrics and alarms shows, and how fast it goes.

use std::path::Path;

use aws_client::http::Http;
use http::Method;
use local_stack::console::ClockReading;
use local_stack::stack::StackInfo;
use serde_json::{Value, json};

use crate::cli::ClockArgs;
use crate::failure::Failure;
use crate::local::LocalFailure;
use crate::local::console::{find, get};
use crate::print::{print_json, print_line};

/// Changes its rate if one is named, and prints what it shows.
///
/// # Errors
/// No running stack, or a drill that counts its minutes.
pub(crate) async fn run(args: &ClockArgs, root: &Path) -> Result<(), Failure> {
    let info = find(root, &args.stack.name)?;
    let reading = match args.rate {
        Some(rate) => change(&info, rate).await?,
        None => get(&info, "clock", &[]).await?,
    };
    if args.stack.json { print_json(&reading) } else { print_line(&sentence(&reading)) }
}

async fn change(info: &StackInfo, rate: u32) -> Result<ClockReading, Failure> {
    let url = format!("{}/api/clock", info.console);
    let key = format!("Bearer {}", info.console_key());
    let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
    let answer = Http::new().send(Method::PUT, &url, &headers, json!({ "rate": rate }).to_string()).await;
    let answer = answer.map_err(LocalFailure::Console)?;
    if answer.status().is_success() {
        return serde_json::from_slice(answer.body()).map_err(|error| LocalFailure::Answer(error).into());
    }
    let refused: Value = serde_json::from_slice(answer.body()).map_err(LocalFailure::Answer)?;
    let why = refused.get("error").and_then(Value::as_str).unwrap_or("it does not say why");
    Err(LocalFailure::Clock(why.to_owned()).into())
}

fn sentence(ClockReading { now, rate }: &ClockReading) -> String {
    match rate {
        1 => format!("{now} · as fast as the day"),
        rate => format!("{now} · {rate} times as fast as the day"),
    }
}

#[cfg(test)]
mod tests {
    use local_stack::console::RATES;

    use super::*;
    use crate::cli::CLOCK_RATES;

    #[test]
    fn command_line_takes_the_rates_that_a_running_stack_takes() {
        assert_eq!(CLOCK_RATES, RATES);
    }

    #[test]
    fn reading_is_one_line_that_says_how_fast_the_clock_goes() {
        let reading = |rate| ClockReading { now: "2026-11-29T10:00:00Z".into(), rate };
        assert_eq!(sentence(&reading(1)), "2026-11-29T10:00:00Z · as fast as the day");
        assert_eq!(sentence(&reading(60)), "2026-11-29T10:00:00Z · 60 times as fast as the day");
    }
}
