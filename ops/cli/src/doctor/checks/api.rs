//! The API: who is let in.

use aws_client::http::Http;
use futures_util::FutureExt as _;
use http::{Method, StatusCode};
use pipeline_client::FlowError;

use crate::doctor::check::{Check, CheckError, Outcome, Proof};
use crate::doctor::context::Context;

pub(super) const AUTHORIZER: Check = Check {
    name: "authorizer",
    claim: "A JWT authorizer answers 401 to a request without a token, and the function is not invoked.",
    doc: "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html",
    how: "`POST /generate-upload-url` without a token, over the API's own address",
    proof: Proof::Read,
    run: |context| authorizer(context).boxed_local(),
};

async fn authorizer(context: &Context) -> Result<Outcome, CheckError> {
    let url = context.output("GenerateUploadUrlEndpoint")?;
    let answer = Http::new().send(Method::POST, url, &[], "").await.map_err(FlowError::from)?;
    if answer.status() == StatusCode::UNAUTHORIZED {
        return Ok(Outcome::Ok("401 without a token".to_owned()));
    }
    let saw = format!("{} without a token", answer.status());
    Ok(Outcome::failed(saw, "close the route at once: it must have the authorizer cognito-jwt"))
}
