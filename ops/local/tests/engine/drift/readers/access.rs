//! IAM.

use super::Reader;
use super::Within::{List, Place};
use crate::drift::call::Call;
use crate::drift::form::Form;

pub(super) const READERS: &[Reader] = &[
    Reader {
        kind: "AWS::IAM::Role",
        call: |_| details("Role"),
        within: List("/GetAccountAuthorizationDetailsResult/RoleDetailList", "RoleName"),
        properties: &[
            ("AssumeRolePolicyDocument", "/AssumeRolePolicyDocument", Form::Document),
            ("Policies", "/RolePolicyList", Form::Document),
        ],
    },
    Reader {
        kind: "AWS::IAM::Role",
        call: |role| Call::Query("iam", "2010-05-08", "GetRole", vec![("RoleName", role.id.to_owned())]),
        within: Place("/GetRoleResult/Role"),
        properties: &[("PermissionsBoundary", "/PermissionsBoundary/PermissionsBoundaryArn", Form::Exact)],
    },
    Reader {
        kind: "AWS::IAM::ManagedPolicy",
        call: |policy| {
            let arn = ("PolicyArn", policy.id.to_owned());
            Call::Query("iam", "2010-05-08", "GetPolicy", vec![arn])
        },
        within: Place("/GetPolicyResult/Policy"),
        properties: &[("Description", "/Description", Form::Exact)],
    },
    Reader {
        kind: "AWS::IAM::ManagedPolicy",
        call: |_| details("LocalManagedPolicy"),
        within: List("/GetAccountAuthorizationDetailsResult/Policies", "Arn"),
        // A policy that CloudFormation made has one version, and that is its default.
        properties: &[("PolicyDocument", "/PolicyVersionList/0/Document", Form::Document)],
    },
];

/// Roles or policies with their documents, all in one answer.
fn details(of: &'static str) -> Call {
    let filter = ("Filter.member.1", of.to_owned());
    Call::Query("iam", "2010-05-08", "GetAccountAuthorizationDetails", vec![filter])
}
