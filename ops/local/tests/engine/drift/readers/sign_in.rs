//! Cognito.

use serde_json::{Value, json};

use super::Reader;
use super::Within::Place;
use crate::drift::call::Call;
use crate::drift::form::Form;

pub(super) const READERS: &[Reader] = &[
    Reader {
        kind: "AWS::Cognito::UserPool",
        call: |pool| {
            let target = "AWSCognitoIdentityProviderService.DescribeUserPool";
            Call::Json("cognito-idp", target, json!({"UserPoolId": pool.id}))
        },
        within: Place("/UserPool"),
        properties: &[
            ("UserPoolName", "/Name", Form::Exact),
            ("UserPoolTier", "/UserPoolTier", Form::Exact),
            ("UsernameAttributes", "/UsernameAttributes", Form::Exact),
            ("UsernameConfiguration", "/UsernameConfiguration", Form::Exact),
            ("AutoVerifiedAttributes", "/AutoVerifiedAttributes", Form::Exact),
            ("UserAttributeUpdateSettings", "/UserAttributeUpdateSettings", Form::Exact),
            ("AccountRecoverySetting", "/AccountRecoverySetting", Form::Exact),
            ("EmailConfiguration", "/EmailConfiguration", Form::Exact),
            ("AdminCreateUserConfig", "/AdminCreateUserConfig", Form::Exact),
            ("Policies", "/Policies", Form::Exact),
            ("MfaConfiguration", "/MfaConfiguration", Form::Exact),
        ],
    },
    Reader {
        kind: "AWS::Cognito::UserPool",
        call: |pool| {
            let target = "AWSCognitoIdentityProviderService.GetUserPoolMfaConfig";
            Call::Json("cognito-idp", target, json!({"UserPoolId": pool.id}))
        },
        within: Place(""),
        properties: &[("EnabledMfas", "", Form::Shape(factors))],
    },
    Reader {
        kind: "AWS::Cognito::UserPoolDomain",
        call: |domain| {
            let target = "AWSCognitoIdentityProviderService.DescribeUserPoolDomain";
            Call::Json("cognito-idp", target, json!({"Domain": domain.id}))
        },
        within: Place("/DomainDescription"),
        properties: &[
            ("UserPoolId", "/UserPoolId", Form::Exact),
            ("Domain", "/Domain", Form::Exact),
            ("ManagedLoginVersion", "/ManagedLoginVersion", Form::Exact),
        ],
    },
    Reader {
        kind: "AWS::Cognito::UserPoolClient",
        call: |client| {
            let request = json!({"UserPoolId": client.text("UserPoolId"), "ClientId": client.id});
            Call::Json("cognito-idp", "AWSCognitoIdentityProviderService.DescribeUserPoolClient", request)
        },
        within: Place("/UserPoolClient"),
        properties: &[
            ("UserPoolId", "/UserPoolId", Form::Exact),
            ("ClientName", "/ClientName", Form::Exact),
            ("GenerateSecret", "/ClientSecret", Form::Shape(|secret| json!(!secret.is_null()))),
            ("SupportedIdentityProviders", "/SupportedIdentityProviders", Form::Exact),
            ("AllowedOAuthFlowsUserPoolClient", "/AllowedOAuthFlowsUserPoolClient", Form::Exact),
            ("AllowedOAuthFlows", "/AllowedOAuthFlows", Form::Exact),
            ("AllowedOAuthScopes", "/AllowedOAuthScopes", Form::Exact),
            ("CallbackURLs", "/CallbackURLs", Form::Exact),
            ("LogoutURLs", "/LogoutURLs", Form::Exact),
            ("ExplicitAuthFlows", "/ExplicitAuthFlows", Form::Exact),
            ("PreventUserExistenceErrors", "/PreventUserExistenceErrors", Form::Exact),
            ("EnableTokenRevocation", "/EnableTokenRevocation", Form::Exact),
            ("AccessTokenValidity", "/AccessTokenValidity", Form::Exact),
            ("IdTokenValidity", "/IdTokenValidity", Form::Exact),
            ("RefreshTokenValidity", "/RefreshTokenValidity", Form::Exact),
            ("TokenValidityUnits", "/TokenValidityUnits", Form::Exact),
        ],
    },
    Reader {
        kind: "AWS::Cognito::IdentityPool",
        call: |pool| {
            let target = "AWSCognitoIdentityService.DescribeIdentityPool";
            Call::Json("cognito-identity", target, json!({"IdentityPoolId": pool.id}))
        },
        within: Place(""),
        properties: &[
            ("IdentityPoolName", "/IdentityPoolName", Form::Exact),
            ("AllowUnauthenticatedIdentities", "/AllowUnauthenticatedIdentities", Form::Exact),
            ("AllowClassicFlow", "/AllowClassicFlow", Form::Exact),
            ("CognitoIdentityProviders", "/CognitoIdentityProviders", Form::Exact),
        ],
    },
    Reader {
        kind: "AWS::Cognito::IdentityPoolPrincipalTag",
        call: |tags| {
            let (pool, provider) = (tags.text("IdentityPoolId"), tags.text("IdentityProviderName"));
            let request = json!({"IdentityPoolId": pool, "IdentityProviderName": provider});
            Call::Json("cognito-identity", "AWSCognitoIdentityService.GetPrincipalTagAttributeMap", request)
        },
        within: Place(""),
        properties: &[
            ("IdentityPoolId", "/IdentityPoolId", Form::Exact),
            ("IdentityProviderName", "/IdentityProviderName", Form::Exact),
            ("UseDefaults", "/UseDefaults", Form::Exact),
            ("PrincipalTags", "/PrincipalTags", Form::Exact),
        ],
    },
    Reader {
        kind: "AWS::Cognito::IdentityPoolRoleAttachment",
        call: |roles| {
            let request = json!({"IdentityPoolId": roles.text("IdentityPoolId")});
            Call::Json("cognito-identity", "AWSCognitoIdentityService.GetIdentityPoolRoles", request)
        },
        within: Place(""),
        properties: &[("IdentityPoolId", "/IdentityPoolId", Form::Exact), ("Roles", "/Roles", Form::Exact)],
    },
];

/// The second factors that are switched on.
fn factors(found: &Value) -> Value {
    let is_on = found.pointer("/SoftwareTokenMfaConfiguration/Enabled") == Some(&Value::Bool(true));
    is_on.then_some("SOFTWARE_TOKEN_MFA").into_iter().collect()
}
