//! Every operation of every service that the template uses, without a signature.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use http::Response;
use serde::Deserialize;
use tokio::process::Command;

use super::{bucket, send, text};
use crate::lab::{Lab, venv};

const OPERATIONS: &str = include_str!("operations.py");

/// A request without a signature.
#[derive(Deserialize)]
struct Operation {
    service: String,
    name: String,
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: String,
}

/// Those that AWS's models mark as unsigned; the engine knows two newer ones, and sign-in by SAML, not at all.
const UNSIGNED: &[(&str, &[&str])] = &[
    ("cognito-identity", &["GetCredentialsForIdentity", "GetId", "GetOpenIdToken"]),
    (
        "cognito-idp",
        &[
            "AssociateSoftwareToken",
            "ChangePassword",
            "CompleteWebAuthnRegistration",
            "ConfirmDevice",
            "ConfirmForgotPassword",
            "ConfirmSignUp",
            "DeleteUser",
            "DeleteUserAttributes",
            "DeleteWebAuthnCredential",
            "ForgetDevice",
            "ForgotPassword",
            "GetDevice",
            "GetTokensFromRefreshToken",
            "GetUser",
            "GetUserAttributeVerificationCode",
            "GetUserAuthFactors",
            "GlobalSignOut",
            "InitiateAuth",
            "ListDevices",
            "ListWebAuthnCredentials",
            "ResendConfirmationCode",
            "RespondToAuthChallenge",
            "RevokeToken",
            "SetUserMFAPreference",
            "SetUserSettings",
            "SignUp",
            "StartWebAuthnRegistration",
            "UpdateAuthEventFeedback",
            "UpdateDeviceStatus",
            "UpdateUserAttributes",
            "VerifySoftwareToken",
            "VerifyUserAttribute",
        ],
    ),
    ("sts", &["AssumeRoleWithWebIdentity"]),
];

/// Whether an answer is that of a service to a request without a signature.
fn is_refused(operation: &Operation, answer: &Response<Bytes>) -> bool {
    let (status, text) = (answer.status().as_u16(), text(answer));
    // STS refuses the role that was to be assumed, in the same words as a missing signature.
    let is_about_a_role = operation.name == "AssumeRoleWithWebIdentity" && !text.contains("Missing");
    let words = ["MissingAuthenticationToken", "AccessDenied"].iter().any(|code| text.contains(code));
    matches!(status, 400 | 403) && !is_about_a_role && (words || operation.method == "HEAD")
}

#[tokio::test]
async fn every_operation_of_every_service_needs_a_signature_but_for_those_that_aws_serves_without() {
    let lab = Lab::start().await;
    let aws = lab.aws();
    bucket(&aws).await;
    let output = Command::new(venv().await.python).args(["-c", OPERATIONS]).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let operations: Vec<Operation> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(operations.len() > 900, "{}", operations.len());

    let mut answered = BTreeSet::new();
    for operation in &operations {
        let headers: Vec<(&str, &str)> =
            operation.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let url = format!("{}{}", aws.endpoint(), operation.path);
        let answer = send(&operation.method, &url, &headers, operation.body.clone()).await;
        if !is_refused(operation, &answer) {
            answered.insert((operation.service.as_str(), operation.name.as_str()));
        }
    }
    let unsigned = UNSIGNED.iter().flat_map(|(service, names)| names.iter().map(|name| (*service, *name)));
    assert_eq!(answered, unsigned.collect());
    lab.stop().await;
}
