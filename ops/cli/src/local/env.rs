//! `ops env`: the variables by which the AWS CLI and SDKs, or a client that uploads, find the running stack.

use std::collections::BTreeMap;
use std::path::Path;

use pipeline_client::user::enter;

use crate::cli::EnvArgs;
use crate::failure::Failure;
use crate::local::LocalFailure;
use crate::local::console::find;
use crate::print::{print_json, print_line};

/// Prints them as commands of a shell, or as JSON. A client's hold a token, which goes nowhere else.
///
/// # Errors
/// No running stack, or one whose user cannot sign in.
pub(crate) async fn run(args: &EnvArgs, root: &Path) -> Result<(), Failure> {
    let info = find(root, &args.stack.name)?;
    let tokens;
    let variables = if args.client {
        tokens = enter(&info).await.map_err(LocalFailure::SignIn)?;
        info.client_environment(&tokens).map_err(LocalFailure::Output)?
    } else {
        info.environment()
    };
    if args.stack.json { print_json(&variables) } else { print_line(&script(&variables)) }
}

fn script(variables: &BTreeMap<&'static str, Option<&str>>) -> String {
    let lines = variables.iter().map(|(name, value)| match value {
        Some(value) => format!("export {name}={}", quoted(value)),
        None => format!("unset {name}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// One word of a POSIX shell, whatever is in it.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::process::Command;

    use local_stack::stack::StackInfo;
    use pipeline_client::user::Tokens;
    use serde_json::json;

    fn info() -> StackInfo {
        serde_json::from_value(json!({
            "name": "default", "endpoint": "http://127.0.0.1:4566", "console": "http://c", "region": "eu-west-1",
            "outputs": {}, "log_groups": [], "outbox_queue_url": "q", "pid": 1,
            "credentials": {"access_key_id": "AKIA", "secret_access_key": "a/b+c'$(false) d"},
            "user": {"email": "e", "password": "p", "sub": "s"}, "reconciled": [], "known_gaps": [],
        }))
        .unwrap()
    }

    #[test]
    fn shell_that_evaluates_the_script_has_the_stacks_key_and_no_profile_or_session_of_before() {
        let print = "printf '%s\\n' \"$AWS_ACCESS_KEY_ID\" \"$AWS_SECRET_ACCESS_KEY\" \"$AWS_REGION\" \
                     \"$AWS_DEFAULT_REGION\" \"$AWS_ENDPOINT_URL\" \"${AWS_PROFILE-unset}\" \
                     \"${AWS_DEFAULT_PROFILE-unset}\" \"${AWS_SESSION_TOKEN-unset}\"";
        let script = format!("eval \"$SCRIPT\"\n{print}");
        let before = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION"];
        let output = Command::new("/bin/sh")
            .args(["-euc", &script])
            .env("SCRIPT", super::script(&info().environment()))
            .envs(before.map(|name| (name, "of before")))
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        let expected = [
            "AKIA",
            "a/b+c'$(false) d",
            "eu-west-1",
            "eu-west-1",
            "http://127.0.0.1:4566",
            "unset",
            "unset",
            "unset",
        ];
        assert_eq!(printed.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn variables_of_a_client_are_those_that_the_page_of_clients_lists() {
        let page = include_str!("../../../../docs/clients/README.md");
        let (_, table) = page.split_once("| variable | what it is |\n|---|---|\n").unwrap();
        let rows = table.lines().take_while(|line| line.starts_with('|'));
        let names = rows.filter_map(|row| row.split('|').nth(1));
        let listed: BTreeSet<&str> = names.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
        let outputs = ["GenerateUploadUrlEndpoint", "OriginalBucketName", "UserPoolId", "IdentityPoolId"];
        let outputs = outputs.map(|name| (name.to_owned(), format!("value of {name}"))).into();
        let info = StackInfo { outputs, ..info() };
        let tokens = Tokens { id_token: "t".to_owned(), access_token: String::new(), sub: "s".to_owned() };

        let printed = info.client_environment(&tokens).unwrap();

        let (set, unset): (BTreeSet<_>, BTreeSet<_>) =
            printed.keys().copied().partition(|name| printed[name].is_some());
        assert_eq!(set, listed);
        // Of an operator nothing is left that a client would heed.
        assert_eq!(unset, info.environment().into_keys().filter(|name| !listed.contains(name)).collect());
        assert!(unset.contains("AWS_SECRET_ACCESS_KEY"));
    }

    #[test]
    fn json_has_null_for_what_must_not_be_set() {
        let document = serde_json::to_value(info().environment()).unwrap();
        assert_eq!(document["AWS_ACCESS_KEY_ID"], "AKIA");
        assert_eq!(document["AWS_PROFILE"], serde_json::Value::Null);
        assert_eq!(document["AWS_SESSION_TOKEN"], serde_json::Value::Null);
    }
}
