//! API Gateway.

use super::Within::Place;
use super::{Reader, Subject};
use crate::drift::call::Call;
use crate::drift::form::Form;

pub(super) const READERS: &[Reader] = &[
    Reader {
        kind: "AWS::ApiGatewayV2::Api",
        call: |api| Call::Get("apigateway", format!("/v2/apis/{}", api.id)),
        within: Place(""),
        properties: &[
            ("Name", "/name", Form::Exact),
            ("ProtocolType", "/protocolType", Form::Exact),
            ("CorsConfiguration", "/corsConfiguration", Form::Camel),
        ],
    },
    Reader {
        kind: "AWS::ApiGatewayV2::Authorizer",
        call: |authorizer| part("authorizers", authorizer),
        within: Place(""),
        properties: &[
            ("ApiId", "/authorizerId", Form::Address),
            ("Name", "/name", Form::Exact),
            ("AuthorizerType", "/authorizerType", Form::Exact),
            ("IdentitySource", "/identitySource", Form::Exact),
            ("JwtConfiguration", "/jwtConfiguration", Form::Camel),
        ],
    },
    Reader {
        kind: "AWS::ApiGatewayV2::Integration",
        call: |integration| part("integrations", integration),
        within: Place(""),
        properties: &[
            ("ApiId", "/integrationId", Form::Address),
            ("IntegrationType", "/integrationType", Form::Exact),
            ("IntegrationUri", "/integrationUri", Form::Exact),
            ("PayloadFormatVersion", "/payloadFormatVersion", Form::Exact),
            ("TimeoutInMillis", "/timeoutInMillis", Form::Exact),
        ],
    },
    Reader {
        kind: "AWS::ApiGatewayV2::Route",
        call: |route| part("routes", route),
        within: Place(""),
        properties: &[
            ("ApiId", "/routeId", Form::Address),
            ("RouteKey", "/routeKey", Form::Exact),
            ("AuthorizationType", "/authorizationType", Form::Exact),
            ("AuthorizerId", "/authorizerId", Form::Exact),
            ("Target", "/target", Form::Exact),
        ],
    },
    Reader {
        kind: "AWS::ApiGatewayV2::Stage",
        call: |stage| part("stages", stage),
        within: Place(""),
        properties: &[
            ("ApiId", "/stageName", Form::Address),
            ("StageName", "/stageName", Form::Exact),
            ("AutoDeploy", "/autoDeploy", Form::Exact),
            ("DefaultRouteSettings", "/defaultRouteSettings", Form::Camel),
            ("AccessLogSettings", "/accessLogSettings", Form::Camel),
        ],
    },
];

/// A part of an API, such as one of its routes.
fn part(of: &str, subject: &Subject<'_>) -> Call {
    Call::Get("apigateway", format!("/v2/apis/{}/{of}/{}", subject.text("ApiId"), subject.escaped_id()))
}
