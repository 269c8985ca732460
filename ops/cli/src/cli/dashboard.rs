//! The words of `ops dashboard`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::RunningStack;

/// What to do with the dashboards.
#[derive(Debug, Subcommand)]
pub(crate) enum DashboardCommand {
    /// The names of the dashboards.
    List(DashboardListArgs),
    /// Draw one into a file, from what the running stack reported.
    Render(DashboardRenderArgs),
}

#[derive(Args, Debug)]
pub(crate) struct DashboardListArgs {
    #[command(flatten)]
    pub(crate) stack: RunningStack,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  ops dashboard render image-pipeline --out overview.svg
  ops dashboard render image-pipeline-time --out time.png --dark")]
pub(crate) struct DashboardRenderArgs {
    /// The dashboard's name.
    #[arg(value_name = "DASHBOARD")]
    pub(crate) dashboard: String,
    /// The file; its name ends in .svg or .png.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Light ink on a dark ground.
    #[arg(long)]
    pub(crate) dark: bool,
    #[command(flatten)]
    pub(crate) stack: RunningStack,
}
