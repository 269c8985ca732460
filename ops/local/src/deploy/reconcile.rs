//! Reconciliation of a deploy: applies again what the engine dropped, and reads it back.

mod calls;
mod outcome;

use serde_json::Value;

use super::deployed::Deployed;
use super::gaps::{ClosingCall, GAPS, Gap, Remedy};
use super::intrinsics::UnresolvedError;
use aws_client::{Aws, AwsError};
pub use outcome::{Applied, KnownGap, Reconciled};
use terminal::progress::{Progress, Reporter, Step};

/// A gap could not be closed.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The template states it in a form that is not understood.
    #[error("{property} of {resource} cannot be applied again")]
    Unresolved {
        /// The resource's logical id.
        resource: String,
        /// Its property.
        property: &'static str,
        /// What is not understood.
        #[source]
        source: UnresolvedError,
    },
    /// The engine refused.
    #[error("{property} of {resource} was refused when applied again")]
    Api {
        /// The resource's logical id.
        resource: String,
        /// Its property.
        property: &'static str,
        /// The engine's answer.
        #[source]
        source: Box<AwsError>,
    },
    /// The engine took it and reports something else.
    #[error(
        "{property} of {resource} reads back as {found} instead of {wanted}; the engine's pin and this gap must be looked at"
    )]
    Drift {
        /// The resource's logical id.
        resource: String,
        /// Its property.
        property: &'static str,
        /// The value in the template.
        wanted: Box<Value>,
        /// The engine's answer.
        found: Box<Value>,
    },
}

/// Closes every gap of [`GAPS`] on the resources of a deployed stack that can be closed; reports all of them.
///
/// # Errors
///
/// When a property cannot be applied, or reads back otherwise than the template states it.
pub async fn reconcile(
    aws: &Aws,
    deployed: &Deployed,
    reporter: &dyn Reporter,
) -> Result<Reconciled, ReconcileError> {
    let step = Step::start(reporter, "reconcile", "Applying what the engine dropped");
    let mut outcome = Reconciled::default();
    for (resource, described) in &deployed.resources {
        for gap in GAPS.iter().filter(|gap| gap.kind == described.kind) {
            match gap.remedy {
                Remedy::Call(call) => {
                    let Some(wanted) = property(deployed, resource, gap.property)? else { continue };
                    close(aws, deployed, resource, gap, call, wanted).await?;
                    outcome.applied(resource, gap, call);
                    let done = outcome.reconciled.len() as u64;
                    step.moved(format!("{} of {resource}", gap.property), Some(done), None);
                }
                // What is not understood is stated all the same, and nothing is done with it.
                Remedy::None(means) if !matches!(deployed.property(resource, gap.property), Ok(None)) => {
                    outcome.left(resource, gap, means);
                }
                Remedy::None(_) | Remedy::Supplied(..) => {}
            }
        }
    }
    step.finish(outcome.headline());
    for line in outcome.lines() {
        reporter.report(Progress::Note(line));
    }
    Ok(outcome)
}

/// What the template states; `None` when it does not use the property.
fn property(
    deployed: &Deployed,
    resource: &str,
    property: &'static str,
) -> Result<Option<Value>, ReconcileError> {
    let resource = resource.to_owned();
    deployed.property(&resource, property).map_err(|source| ReconcileError::Unresolved {
        resource,
        property,
        source,
    })
}

/// Closes one gap of one resource.
async fn close(
    aws: &Aws,
    deployed: &Deployed,
    resource: &str,
    gap: &Gap,
    call: ClosingCall,
    wanted: Value,
) -> Result<(), ReconcileError> {
    let owner = property(deployed, resource, "ApiId")?;
    let target = calls::Target {
        aws,
        id: deployed
            .resources
            .get(resource)
            .map(|resource| resource.physical_id.as_str())
            .unwrap_or_default(),
        owner: owner.as_ref().and_then(Value::as_str).unwrap_or_default(),
    };
    let (resource, property) = (resource.to_owned(), gap.property);
    match target.apply(call, wanted).await {
        Ok((wanted, found)) if wanted == found => Ok(()),
        Ok((wanted, found)) => {
            let (wanted, found) = (Box::new(wanted), Box::new(found));
            Err(ReconcileError::Drift { resource, property, wanted, found })
        }
        Err(source) => Err(ReconcileError::Api { resource, property, source: Box::new(source) }),
    }
}
