//! Brings template.yaml up on the engine, the very file that AWS gets.

mod build;
mod create;
mod gaps;
mod intrinsics;
mod outbox;
mod package;
mod reconcile;
mod template;

pub use build::{BuildError, Functions};
pub use create::{DeployError, Deployed, Deployment, Resource};
pub use gaps::{Call, GAPS, Gap, Remedy, markdown};
pub use intrinsics::UnresolvedError;
pub use outbox::create_outbox;
pub use package::PackageError;
pub use reconcile::{ReconcileError, reconcile};
pub use template::RewriteError;
