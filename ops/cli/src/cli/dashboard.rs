//! Arguments and `--help` of `ops dashboard`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::running_stack::AnyStack;

/// What to do with the dashboards.
#[derive(Debug, Subcommand)]
pub(crate) enum DashboardCommand {
    /// The names of the dashboards.
    List(DashboardListArgs),
    /// Draw one into a file, from the metrics of a stack here or on AWS.
    Render(DashboardRenderArgs),
}

#[derive(Args, Debug)]
pub(crate) struct DashboardListArgs {
    #[command(flatten)]
    pub(crate) stack: AnyStack,
}

#[derive(Args, Debug)]
#[command(override_usage = "ops dashboard render [OPTIONS] --out <FILE>\n       <DASHBOARD>")]
#[command(after_help = "\
Examples:
  ops dashboard render image-pipeline --out overview.svg
  ops dashboard render image-pipeline --out overview.png --stack image-pipeline
  ops dashboard render image-pipeline-time --out time.png --dark")]
pub(crate) struct DashboardRenderArgs {
    /// The dashboard's name.
    #[arg(value_name = "DASHBOARD")]
    pub(crate) dashboard: String,
    /// The file; its name ends in .svg or .png.
    #[arg(long, value_name = "FILE", value_parser = drawing)]
    pub(crate) out: DrawingFile,
    /// Light ink on a dark ground.
    #[arg(long)]
    pub(crate) dark: bool,
    #[command(flatten)]
    pub(crate) stack: AnyStack,
}

/// A file for a drawing, of the kind that its extension names.
#[derive(Clone, Debug)]
pub(crate) struct DrawingFile {
    pub(crate) path: PathBuf,
    pub(crate) kind: Drawing,
}

/// What a dashboard is drawn as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drawing {
    Svg,
    Png,
}

fn drawing(text: &str) -> Result<DrawingFile, String> {
    let path = PathBuf::from(text);
    let is = |wanted: &str| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(wanted));
    let kind = match (is("svg"), is("png")) {
        (true, _) => Drawing::Svg,
        (_, true) => Drawing::Png,
        _ => return Err("a dashboard is drawn as SVG or PNG; end the name in .svg or .png".to_owned()),
    };
    Ok(DrawingFile { path, kind })
}
