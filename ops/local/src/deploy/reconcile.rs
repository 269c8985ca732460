//! Closes the gaps of a deploy: applies again what the engine dropped, and reads it back.

mod calls;

use serde_json::Value;

use super::deployed::Deployed;
use super::gaps::{Call, GAPS, Remedy};
use super::intrinsics::UnresolvedError;
use crate::aws::{Aws, AwsError};
use crate::progress::{Reporter, Step};

/// A gap could not be closed.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The template says it in a way that is not understood.
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
        /// What the engine says.
        #[source]
        source: AwsError,
    },
    /// The engine took it and says something else.
    #[error(
        "{property} of {resource} reads back as {found} instead of {wanted}; the engine's pin and this gap must be looked at"
    )]
    Drift {
        /// The resource's logical id.
        resource: String,
        /// Its property.
        property: &'static str,
        /// What the template says.
        wanted: Box<Value>,
        /// What the engine says.
        found: Box<Value>,
    },
}

/// Closes every gap of [`GAPS`] on the resources of a deployed stack.
///
/// # Errors
///
/// When a property cannot be applied, or reads back otherwise than the template states it.
pub async fn reconcile(
    aws: &Aws,
    deployed: &Deployed,
    reporter: &dyn Reporter,
) -> Result<(), ReconcileError> {
    let step = Step::start(reporter, "reconcile", "Applying what the engine dropped");
    let mut applied = 0;
    for (resource, described) in &deployed.resources {
        for gap in GAPS.iter().filter(|gap| gap.kind == described.kind) {
            let Remedy::Call(call) = gap.remedy else { continue };
            if close(aws, deployed, resource, gap.property, call).await? {
                applied += 1;
                step.moved(format!("{} of {resource}", gap.property), Some(applied), None);
            }
        }
    }
    step.finish(format!("Applied {applied} properties that the engine dropped"));
    Ok(())
}

/// Closes one gap of one resource; `false` when the template does not use the property.
async fn close(
    aws: &Aws,
    deployed: &Deployed,
    resource: &str,
    property: &'static str,
    call: Call,
) -> Result<bool, ReconcileError> {
    let unresolved = |source| ReconcileError::Unresolved { resource: resource.to_owned(), property, source };
    let Some(wanted) = deployed.property(resource, property).map_err(unresolved)? else {
        return Ok(false);
    };
    let owner = deployed.property(resource, "ApiId").map_err(unresolved)?;
    let target = calls::Target {
        aws,
        id: deployed
            .resources
            .get(resource)
            .map(|resource| resource.physical_id.as_str())
            .unwrap_or_default(),
        owner: owner.as_ref().and_then(Value::as_str).unwrap_or_default(),
    };
    let api = |source| ReconcileError::Api { resource: resource.to_owned(), property, source };
    let (wanted, found) = target.apply(call, wanted).await.map_err(api)?;
    if wanted == found {
        return Ok(true);
    }
    let (wanted, found) = (Box::new(wanted), Box::new(found));
    Err(ReconcileError::Drift { resource: resource.to_owned(), property, wanted, found })
}
