//! Whether the session of a signed-in user carries the tag that the identity pool maps, on an engine that enforces
//! policies.

use std::path::Path;

use http::Method;
use local_stack::aws::{Aws, Credentials};
use local_stack::deploy::{Deployed, Deployment, Functions};
use local_stack::user::create_user;
use serde_json::{Value, json};

use crate::lab::{Lab, REGION, credentials};

/// A folder named by the tag is open to its owner; named in full it is so in any case.
pub(super) async fn carry_the_tag() -> bool {
    let lab = Lab::start_enforcing().await;
    let aws = &lab.aws();
    let deployed = deploy(aws).await;
    let bucket = id(&deployed, "Bucket");
    let (user, session) = signed_in(aws, &deployed).await;
    let own = format!("/{bucket}/{user}/photo.jpg");
    let put = async || session.rest("s3", Method::PUT, &own, b"bytes".to_vec(), &[]).await;

    let by_tag = put().await.is_ok();

    let folder = format!("arn:aws:s3:::{bucket}/{user}/*");
    let statement = json!({"Effect": "Allow", "Action": "s3:PutObject", "Resource": folder});
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    let role = ("RoleName", id(&deployed, "Role"));
    let params = [role, ("PolicyName", "own-folder"), ("PolicyDocument", &policy)];
    aws.query("iam", "2010-05-08", "PutRolePolicy", &params).await.unwrap();
    put().await.unwrap();
    lab.stop().await;
    by_tag
}

async fn deploy(aws: &Aws) -> Deployed {
    let template = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/engine/drift/sessions.yaml"));
    let (parameters, functions) = (&[].into(), &Functions::default());
    let deployment = Deployment { aws, stack: "sessions", template, parameters, functions };
    deployment.create(&()).await.unwrap()
}

/// A new user's id, and a client with the identity pool's credentials for them.
async fn signed_in(aws: &Aws, deployed: &Deployed) -> (String, Aws) {
    let (pool, client) = (id(deployed, "UserPool"), id(deployed, "Client"));
    let user = create_user(aws, pool).await.unwrap();
    let sign_in = json!({
        "UserPoolId": pool, "ClientId": client, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": user.email, "PASSWORD": user.password},
    });
    let target = "AWSCognitoIdentityProviderService.AdminInitiateAuth";
    let signed_in = aws.json("cognito-idp", target, sign_in).await.unwrap();

    let identity = async |action: &str, request: Value| {
        let target = format!("AWSCognitoIdentityService.{action}");
        aws.json("cognito-identity", &target, request).await.unwrap()
    };
    let provider = format!("cognito-idp.{REGION}.amazonaws.com/{pool}");
    let logins = json!({provider: signed_in["AuthenticationResult"]["IdToken"]});
    let request = json!({"IdentityPoolId": id(deployed, "IdentityPool"), "Logins": logins});
    let found = identity("GetId", request).await;
    let request = json!({"IdentityId": found["IdentityId"], "Logins": logins});
    let given = identity("GetCredentialsForIdentity", request).await;
    let text = |name: &str| given["Credentials"][name].as_str().unwrap();
    let session = Credentials {
        session_token: Some(text("SessionToken").to_owned()),
        ..credentials(text("AccessKeyId"), text("SecretKey"))
    };
    (user.sub, Aws::new(aws.endpoint(), REGION, session))
}

fn id<'a>(deployed: &'a Deployed, resource: &str) -> &'a str {
    &deployed.resources[resource].physical_id
}
