//! `ops dashboard`: draws the deployed dashboards from the stack's metrics, here or on AWS.

mod deployed;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use aws_client::chain;
use cloudwatch_model::dashboard::svg::Theme;
use http::StatusCode;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};
use serde_json::{Value, json};
use terminal::Terminal;

use crate::cli::dashboard::{DashboardListArgs, DashboardRenderArgs, Drawing};
use crate::failure::Failure;
use crate::local::{LocalFailure, console};
use crate::print::{print_json, print_text};
use crate::similar_names::UnknownName;
use crate::target::{Lookup, Target};

/// The names of the dashboards.
///
/// # Errors
/// No running stack.
pub(crate) async fn list(
    args: &DashboardListArgs,
    root: &Path,
    terminal: Terminal,
    lookup: Lookup<'_>,
) -> Result<(), Failure> {
    let answer = all(&Target::find(&args.stack, root, lookup).await?).await?;
    if args.stack.json {
        return print_json(&answer);
    }
    print_text(&names(&answer).collect::<Vec<_>>().join("\n"), terminal)
}

async fn all(target: &Target) -> Result<Value, Failure> {
    match target {
        Target::Local(info) => console::get(info, "dashboards", &[]).await,
        Target::Deployed(stack) => {
            let names = deployed::names(stack).await.map_err(Failure::CloudWatch)?;
            Ok(json!({ "dashboards": names }))
        }
    }
}

fn names(answer: &Value) -> impl Iterator<Item = &str> {
    answer.get("dashboards").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// Draws one into a file: SVG, or PNG by its name.
///
/// # Errors
/// No running stack, no such dashboard, no font for a PNG, a file that cannot be written.
pub(crate) async fn render(
    args: &DashboardRenderArgs,
    root: &Path,
    terminal: Terminal,
    lookup: Lookup<'_>,
) -> Result<(), Failure> {
    let target = Target::find(&args.stack, root, lookup).await?;
    let svg = match draw(&target, args).await {
        Ok(svg) => svg,
        Err(failure) => {
            let all = all(&target).await?;
            if names(&all).any(|name| name == args.dashboard) {
                return Err(failure);
            }
            let how = "`ops dashboard list` names them all";
            return Err(UnknownName::among("dashboard", &args.dashboard, names(&all), how).into());
        }
    };
    let bytes = match args.out.kind {
        Drawing::Png => png(&svg)?,
        Drawing::Svg => svg.into_bytes(),
    };
    let path = &args.out.path;
    fs::write(path, bytes).map_err(|source| Failure::Write { path: path.clone(), source })?;
    if args.stack.json {
        return print_json(&json!({"dashboard": args.dashboard, "out": path}));
    }
    print_text(&format!("drew {} into {}", args.dashboard, path.display()), terminal)
}

/// The dashboard as SVG.
async fn draw(target: &Target, args: &DashboardRenderArgs) -> Result<String, Failure> {
    let name = &args.dashboard;
    let not_drawn = |why| Failure::NotDrawn { name: name.clone(), why };
    let info = match target {
        Target::Local(info) => info,
        Target::Deployed(stack) => {
            let theme = if args.dark { Theme::Dark } else { Theme::Light };
            return deployed::draw(stack, name, theme).await.map_err(|error| not_drawn(chain(&error)));
        }
    };
    let dark = if args.dark { "true" } else { "false" };
    let answer = console::fetch(info, "dashboard.svg", &[("name", name.as_str()), ("dark", dark)]).await?;
    if answer.status() != StatusCode::OK {
        let body: Value = serde_json::from_slice(answer.body()).map_err(LocalFailure::Answer)?;
        return Err(not_drawn(body.get("error").and_then(Value::as_str).unwrap_or_default().to_owned()));
    }
    Ok(String::from_utf8_lossy(answer.body()).into_owned())
}

/// The picture as PNG, in twice the resolution so that small text stays sharp.
fn png(svg: &str) -> Result<Vec<u8>, Failure> {
    const SCALE: f32 = 2.0;
    let failed = |why: String| Failure::Picture { why };
    let mut options = Options::default();
    Arc::make_mut(&mut options.fontdb).load_system_fonts();
    if options.fontdb.is_empty() {
        return Err(failed(
            "this machine has no font; install one, such as fonts-dejavu-core, or write SVG".into(),
        ));
    }
    let tree = Tree::from_str(svg, &options).map_err(|error| failed(error.to_string()))?;
    let size = tree.size().to_int_size().scale_by(SCALE).ok_or_else(|| failed("it has no size".into()))?;
    let mut picture =
        Pixmap::new(size.width(), size.height()).ok_or_else(|| failed("it is too large".into()))?;
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut picture.as_mut());
    picture.encode_png().map_err(|error| failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SVG: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="10" height="5">
        <rect width="10" height="5" fill="#ff0000"/><text y="4" fill="#fff">i</text></svg>"##;

    #[test]
    fn picture_has_twice_the_size_and_the_colours_of_the_drawing() {
        match png(SVG) {
            Ok(bytes) => {
                let picture = image::load_from_memory(&bytes).unwrap().to_rgb8();
                assert_eq!(picture.dimensions(), (20, 10));
                assert_eq!(picture.get_pixel(19, 0).0, [255, 0, 0]);
            }
            Err(error) => assert!(error.to_string().contains("no font"), "{error}"),
        }
    }

    #[test]
    fn what_is_no_drawing_is_an_error() {
        assert!(png("<svg").is_err());
    }
}
