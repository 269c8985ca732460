//! Statements of the template's policies, and stacks that lack one of them.

use aws_client::Aws;
use local_stack::deploy::Deployed;
use serde_json::{Value, json};

use super::decisions::Decision;
use super::places::Place;
use crate::harness::Harness;

/// A policy of the template, resolved.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    /// The logical id of the resource that states it.
    pub(crate) owner: String,
    place: Place,
    statements: Vec<Value>,
}

/// The least that can be taken away: one action on one resource of an Allow, or a whole Deny.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    /// The logical id of the resource that states the policy.
    pub(crate) owner: String,
    pub(crate) sid: String,
    /// Empty for a whole statement.
    pub(crate) action: String,
    /// Empty for a whole statement.
    pub(crate) resource: String,
    /// How the engine's record names what is taken away.
    recorded: Recorded,
}

/// A statement in the engine's record of decisions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Recorded {
    /// Empty for a trust policy, whose statement has no name there.
    sid: String,
    effect: String,
    /// The resources that the statement names; empty for a function's permission, which names one.
    resources: Vec<String>,
    /// The role that has the policy, if one has it alone.
    role: Option<String>,
}

impl Grant {
    /// Whether the code, or a service on its behalf, calls what it grants: so its name says.
    pub(crate) fn is_marked_used(&self) -> bool {
        self.sid.starts_with("Used")
    }

    /// Whether a decision of the record was made by it; trust policies have no names there.
    pub(crate) fn decided(&self, decision: &Decision) -> bool {
        let Recorded { sid, effect, resources, role } = &self.recorded;
        (sid.is_empty() || *sid == decision.sid)
            && *effect == decision.effect
            && (self.action.is_empty() || self.action == decision.action)
            && (resources.is_empty() || resources.contains(&decision.resource))
            && role.as_ref().is_none_or(|role| *role == decision.principal)
    }

    /// Whether the record shows by name what it decided.
    pub(crate) fn is_recorded(&self) -> bool {
        !self.recorded.sid.is_empty()
    }
}

impl std::fmt::Display for Grant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { owner, sid, action, resource, .. } = self;
        let resource = resource.rsplit(':').next().unwrap_or_default();
        if action.is_empty() {
            return write!(f, "{owner}.{sid}");
        }
        write!(f, "{owner}.{sid} {action} {resource}")
    }
}

/// Every policy of the stack as the template states it.
pub(crate) async fn policies(harness: &Harness) -> Vec<Policy> {
    let stack = Deployed::describe(&harness.aws, "image-pipeline").await.unwrap();
    let mut found = Vec::new();
    for (owner, resource) in &stack.resources {
        let property = |name| stack.property(owner, name).unwrap().unwrap_or_default();
        let id = resource.physical_id.clone();
        let mut add = |place, document: &Value| {
            let statements = document["Statement"].as_array().unwrap().clone();
            found.push(Policy { owner: owner.clone(), place, statements });
        };
        let first = |name| property(name)[0].as_str().unwrap_or_default().to_owned();
        match resource.kind.as_str() {
            "AWS::IAM::Role" => {
                for policy in property("Policies").as_array().unwrap() {
                    let name = policy["PolicyName"].as_str().unwrap().to_owned();
                    add(Place::Role { role: id.clone(), policy: name }, &policy["PolicyDocument"]);
                }
                add(Place::Trust { role: id }, &property("AssumeRolePolicyDocument"));
            }
            "AWS::IAM::ManagedPolicy" => add(Place::Boundary { arn: id }, &property("PolicyDocument")),
            "AWS::S3::BucketPolicy" => {
                let name = property("Bucket").as_str().unwrap().to_owned();
                add(Place::Bucket { name }, &property("PolicyDocument"));
            }
            "AWS::SQS::QueuePolicy" => {
                add(Place::Queue { url: first("Queues") }, &property("PolicyDocument"));
            }
            "AWS::SNS::TopicPolicy" => {
                add(Place::Topic { arn: first("Topics") }, &property("PolicyDocument"));
            }
            "AWS::Lambda::Permission" => {
                let name = property("FunctionName").as_str().unwrap().to_owned();
                let statement = json!({
                    "StatementId": id, "Action": property("Action"), "Principal": property("Principal"),
                    "SourceArn": property("SourceArn"),
                });
                let document = json!({"Statement": [statement]});
                add(Place::Function { name, statement: id }, &document);
            }
            _ => {}
        }
    }
    found
}

fn listed(value: &Value) -> Vec<String> {
    match value {
        Value::String(one) => vec![one.clone()],
        Value::Array(many) => many.iter().map(|it| it.as_str().unwrap().to_owned()).collect(),
        _ => vec![String::new()],
    }
}

impl Policy {
    /// What its statements grant or deny, each on its own.
    pub(crate) fn grants(&self) -> Vec<Grant> {
        let of = |statement: &Value| {
            let sid = self.sid(statement);
            let grant = |action: String, resource: String, resources: Vec<String>| Grant {
                owner: self.owner.clone(),
                sid: sid.clone(),
                recorded: self.recorded(statement, resources),
                action,
                resource,
            };
            let resources = listed(&statement["Resource"]);
            let is_whole = statement["Effect"] == "Deny" || statement.get("Resource").is_none();
            if is_whole {
                return vec![grant(String::new(), String::new(), resources)];
            }
            let pairs = listed(&statement["Action"]).into_iter().flat_map(|action| {
                resources.clone().into_iter().map(move |resource| (action.clone(), resource))
            });
            pairs.map(|(action, resource)| grant(action, resource.clone(), vec![resource])).collect()
        };
        self.statements.iter().flat_map(of).collect()
    }

    fn recorded(&self, statement: &Value, resources: Vec<String>) -> Recorded {
        let (sid, resources, role) = match &self.place {
            Place::Trust { .. } => (String::new(), Vec::new(), None),
            Place::Function { statement, .. } => (statement.clone(), Vec::new(), None),
            Place::Role { role, .. } => (self.sid(statement), resources, Some(role.clone())),
            _ => (self.sid(statement), resources, None),
        };
        let effect = statement["Effect"].as_str().unwrap_or("Allow").to_owned();
        Recorded { sid, effect, resources, role }
    }

    /// A statement's name: trust policies and permissions of functions have one statement and need none.
    fn sid(&self, statement: &Value) -> String {
        let stated = statement.get("Sid").and_then(Value::as_str).map(str::to_owned);
        stated.unwrap_or_else(|| match self.place {
            Place::Trust { .. } => "Trust".to_owned(),
            _ => "Permission".to_owned(),
        })
    }

    /// Puts the policy without a grant in force.
    pub(crate) async fn put_without(&self, aws: &Aws, grant: &Grant) {
        let kept = self.statements.iter().flat_map(|statement| {
            if self.sid(statement) == grant.sid { rest(statement, grant) } else { vec![statement.clone()] }
        });
        self.place.put(aws, kept.collect()).await;
    }

    /// Puts the policy in force as the template states it.
    pub(crate) async fn put(&self, aws: &Aws) {
        self.place.put(aws, self.statements.clone()).await;
    }
}

/// What is left of a statement without one action on one resource; nothing of one that is taken as a whole.
fn rest(statement: &Value, grant: &Grant) -> Vec<Value> {
    if grant.action.is_empty() {
        return Vec::new();
    }
    let part = |sid: &str, actions: Vec<String>, resources: Vec<String>| {
        let mut part = statement.clone();
        part["Sid"] = json!(sid);
        part["Action"] = json!(actions);
        part["Resource"] = json!(resources);
        part
    };
    let mut actions = listed(&statement["Action"]);
    let mut resources = listed(&statement["Resource"]);
    let all = resources.clone();
    actions.retain(|action| *action != grant.action);
    resources.retain(|resource| *resource != grant.resource);
    let mut parts = Vec::new();
    if !actions.is_empty() {
        parts.push(part(&grant.sid, actions, all));
    }
    if !resources.is_empty() {
        parts.push(part("OtherResources", vec![grant.action.clone()], resources));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_statement_is_all_but_one_action_on_one_resource() {
        let statement = json!({"Sid": "S", "Effect": "Allow", "Action": ["a", "b"], "Resource": ["x", "y"]});
        let (owner, sid, action, resource) = ("R".into(), "S".into(), "a".into(), "x".into());
        let grant = Grant { owner, sid, action, resource, recorded: Recorded::default() };
        let left = rest(&statement, &grant);
        let pairs: Vec<_> = left
            .iter()
            .flat_map(|it| {
                let resources = listed(&it["Resource"]);
                listed(&it["Action"]).into_iter().flat_map(move |action| {
                    resources.clone().into_iter().map(move |resource| action.clone() + &resource)
                })
            })
            .collect();
        assert_eq!(pairs, ["bx", "by", "ay"]);
    }
}
