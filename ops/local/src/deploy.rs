//! Deployment of template.yaml on the engine: the very file that AWS gets.

mod assets;
mod attributes;
mod build;
mod create;
mod deployed;
mod error;
mod gaps;
mod intrinsics;
mod outbox;
mod package;
mod reconcile;
mod template;

pub use assets::{Assets, AssetsError, DeployedDashboard};
pub use build::{BuildError, Functions};
pub use create::Deployment;
pub use deployed::{Deployed, Resource};
pub use error::DeployError;
pub use gaps::{ClosingCall, GAPS, Gap, Remedy, markdown};
pub use intrinsics::UnresolvedError;
pub use outbox::{Topic, create_outbox};
pub use package::PackageError;
pub use reconcile::{Applied, KnownGap, ReconcileError, Reconciled, reconcile};
pub use template::RewriteError;
