//! Rights: what IAM decides for a request that lacks a condition's key.

use aws_client::xml;
use futures_util::FutureExt as _;

use crate::doctor::check::{Check, CheckError, Outcome, Proof};
use crate::doctor::context::Context;

pub(super) const LIST_BUCKET: Check = Check {
    name: "list-bucket",
    claim: "A GetObject carries no `s3:prefix`; with `IfExists` the right to list holds all the same, and a missing object is 404, not 403.",
    doc: "https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html",
    how: "IAM `SimulatePrincipalPolicy` of the processor's role: `s3:ListBucket` on the upload bucket, without a prefix",
    proof: Proof::Read,
    run: |context| list_bucket(context).boxed_local(),
};

async fn list_bucket(context: &Context) -> Result<Outcome, CheckError> {
    let partition = context.stack.arn.split(':').nth(1).unwrap_or("aws");
    let role = context.resource("ImageProcessorRole").await?;
    let role = format!("arn:{partition}:iam::{}:role/{role}", context.account());
    let bucket = format!("arn:{partition}:s3:::{}", context.output("OriginalBucketName")?);
    let params = [
        ("PolicySourceArn", role.as_str()),
        ("ActionNames.member.1", "s3:ListBucket"),
        ("ResourceArns.member.1", &bucket),
    ];
    let answer = context.aws().query("iam", "2010-05-08", "SimulatePrincipalPolicy", &params).await?;
    let decision = xml::first(&answer, "EvalDecision").unwrap_or_default();
    if decision == "allowed" {
        return Ok(Outcome::Ok("allowed without s3:prefix".to_owned()));
    }
    let todo = "without it every deleted object is retried and ends in the dead-letter queue: compare the role's \
                statement UsedToTellMissingFromDenied with the template";
    Ok(Outcome::failed(format!("{decision} without s3:prefix"), todo))
}
