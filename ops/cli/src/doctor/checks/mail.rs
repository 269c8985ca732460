//! Mail: who gets alarms, and who sends the codes of sign-up.

use aws_client::xml;
use futures_util::FutureExt as _;
use serde_json::{Value, json};

use crate::doctor::check::{Check, CheckError, Outcome, Proof};
use crate::doctor::context::Context;

pub(super) const SUBSCRIPTIONS: Check = Check {
    name: "subscriptions",
    claim: "SNS sends nothing to an address until somebody has opened the link of its confirmation mail, within two days.",
    doc: "https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html",
    how: "SNS `ListSubscriptionsByTopic`: nobody pending, and somebody behind the topics of alarms",
    proof: Proof::Read,
    run: |context| subscriptions(context).boxed_local(),
};

async fn subscriptions(context: &Context) -> Result<Outcome, CheckError> {
    let (mut wrong, mut seen) = (Vec::new(), Vec::new());
    for (output, parameter) in
        [("PageTopicArn", "PageEmail"), ("TicketTopicArn", "TicketEmail"), ("TopicArn", "NotificationEmail")]
    {
        let topic = context.output(output)?;
        let params = [("TopicArn", topic)];
        let answer = context.aws().query("sns", "2010-03-31", "ListSubscriptionsByTopic", &params).await?;
        let arns = xml::members(&answer, "Subscriptions", ["SubscriptionArn"]);
        let name = topic.rsplit(':').next().unwrap_or_default();
        let pending = arns.iter().filter(|[arn]| arn == "PendingConfirmation").count();
        let confirmed = arns.len() - pending;
        if pending > 0 {
            wrong.push(format!("{name}: {pending} not confirmed"));
        }
        // Whether anybody shall hear of each image is the owner's choice; an alarm that nobody hears is none.
        if confirmed == 0 && output != "TopicArn" {
            wrong.push(format!("{name}: nobody is subscribed ({parameter})"));
        }
        seen.push(format!("{name} {confirmed}"));
    }
    let todo = "open the link in the mail from SNS, or deploy with PageEmail and TicketEmail";
    Ok(Outcome::of(&wrong, format!("confirmed: {}", seen.join(", ")), todo))
}

pub(super) const SIGN_UP: Check = Check {
    name: "sign-up-mail",
    claim: "Cognito's own sender delivers 50 mails a day; a sender of SES delivers to strangers only outside of the sandbox.",
    doc: "https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-email.html",
    how: "Cognito `DescribeUserPool`, and SES `GetAccount` where SES sends",
    proof: Proof::Read,
    run: |context| sign_up(context).boxed_local(),
};

async fn sign_up(context: &Context) -> Result<Outcome, CheckError> {
    let ask = json!({"UserPoolId": context.output("UserPoolId")?});
    let target = "AWSCognitoIdentityProviderService.DescribeUserPool";
    let answer = context.aws().json("cognito-idp", target, ask).await?;
    let sender = answer.pointer("/UserPool/EmailConfiguration/EmailSendingAccount").and_then(Value::as_str);
    if sender != Some("DEVELOPER") {
        let saw = "Cognito's own sender, 50 mails a day; more sign-ups need SES";
        return Ok(Outcome::Ok(saw.to_owned()));
    }
    let account = context.get("email", "/v2/email/account").await?;
    Ok(delivers(&account))
}

fn delivers(account: &Value) -> Outcome {
    if account.get("ProductionAccessEnabled") == Some(&Value::Bool(true)) {
        return Outcome::Ok("SES, outside of the sandbox".to_owned());
    }
    let todo =
        "ask for production access at SES; until then only verified addresses get the codes of sign-up";
    Outcome::failed("SES in the sandbox", todo)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sender_in_the_sandbox_is_a_failure() {
        assert_eq!(delivers(&json!({"ProductionAccessEnabled": true})).status(), "ok");
        assert_eq!(delivers(&json!({"ProductionAccessEnabled": false})).status(), "failed");
    }
}
