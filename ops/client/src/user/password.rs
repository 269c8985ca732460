//! Sign-in by `InitiateAuth` with `USER_SRP_AUTH`: the way of an app, which needs no page and no browser.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::srp::{Challenge, Srp, timestamp};
use super::{LoginError, Tokens, User, call, subject};
use crate::stack::Pipeline;

/// What the user pool asks for first.
const PASSWORD_VERIFIER: &str = "PASSWORD_VERIFIER";

/// Signs `user` in by the Secure Remote Password protocol.
///
/// # Errors
///
/// When the user pool refuses, or asks for more than the password.
pub async fn sign_in_by_srp(stack: &dyn Pipeline, user: &User) -> Result<Tokens, LoginError> {
    let (aws, client, pool) = (stack.aws(), stack.output("UserPoolClientId")?, stack.output("UserPoolId")?);
    let srp = Srp::new().ok_or(LoginError::Proof)?;
    let begin = json!({
        "AuthFlow": "USER_SRP_AUTH", "ClientId": client,
        "AuthParameters": {"USERNAME": user.email, "SRP_A": srp.a()},
    });
    let answer = call(&aws, "InitiateAuth", begin).await?;
    let name = challenge(&answer);
    if name != PASSWORD_VERIFIER {
        return Err(LoginError::Challenge(name.to_owned()));
    }
    let parameter = |name: &str| -> &str {
        answer.pointer(&format!("/ChallengeParameters/{name}")).and_then(Value::as_str).unwrap_or_default()
    };
    let asked = Challenge {
        pool,
        user: parameter("USER_ID_FOR_SRP"),
        salt: parameter("SALT"),
        b: parameter("SRP_B"),
        secret_block: parameter("SECRET_BLOCK"),
    };
    let now = timestamp(SystemTime::now()).ok_or(LoginError::Proof)?;
    let claim = srp.claim(&asked, &user.password, &now).ok_or(LoginError::Proof)?;
    let respond = json!({
        "ChallengeName": PASSWORD_VERIFIER, "ClientId": client,
        "ChallengeResponses": {
            "USERNAME": asked.user, "TIMESTAMP": now, "PASSWORD_CLAIM_SIGNATURE": claim,
            "PASSWORD_CLAIM_SECRET_BLOCK": asked.secret_block,
        },
    });
    tokens(&call(&aws, "RespondToAuthChallenge", respond).await?)
}

fn tokens(answer: &Value) -> Result<Tokens, LoginError> {
    let token = |name: &str| {
        let token = answer.pointer(&format!("/AuthenticationResult/{name}")).and_then(Value::as_str);
        token.map(str::to_owned)
    };
    let (Some(id_token), Some(access_token)) = (token("IdToken"), token("AccessToken")) else {
        return Err(LoginError::Challenge(challenge(answer).to_owned()));
    };
    let sub = subject(&id_token).ok_or(LoginError::Token)?;
    Ok(Tokens { id_token, access_token, sub })
}

fn challenge(answer: &Value) -> &str {
    answer.get("ChallengeName").and_then(Value::as_str).unwrap_or("nothing")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_factor_is_named_and_not_taken_for_tokens() {
        let error = tokens(&json!({"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "s"})).unwrap_err();
        assert!(error.to_string().contains("SOFTWARE_TOKEN_MFA"), "{error}");
    }
}
