//! Users and tokens; user pools that have too many requests.

use std::io::{BufReader, Write};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use aws_client::Credentials;

use super::*;
use crate::testing::request;

/// How user pools refuse calls beyond their quota, and the page of one.
const TOO_MANY: Answer<'_> =
    ("400 Bad Request", r#"{"__type":"TooManyRequestsException","message":"Rate exceeded"}"#);
const TOO_MANY_PAGES: Answer<'_> = ("429 Too Many Requests", "");
const CREATED: Answer<'_> = ("200 OK", r#"{"User":{"Attributes":[{"Name":"sub","Value":"abc"}]}}"#);
const NOTHING: Answer<'_> = ("200 OK", "{}");
/// Sends the browser back with a code, and with the state that it was asked with.
const REDIRECT: Answer<'_> = ("302 Found", "");

/// Status and body.
type Answer<'a> = (&'static str, &'a str);

#[test]
fn subject_is_read_from_the_payload_only() {
    assert_eq!(subject(&token("abc")).as_deref(), Some("abc"));
    assert_eq!(subject("not a token"), None);
}

#[test]
fn secrets_are_absent_from_debug_output() {
    let tokens = Tokens { id_token: "secret".into(), access_token: "secret".into(), sub: "abc".into() };
    assert!(!format!("{tokens:?}").contains("secret"));
}

#[tokio::test]
async fn user_is_created_and_deleted_by_a_pool_that_has_too_many_requests_now_and_then() {
    let pool = Pool::answering(&[TOO_MANY, CREATED, TOO_MANY, TOO_MANY, NOTHING, TOO_MANY, NOTHING]);

    let user = create_user(&pool.aws(), "pool").await.unwrap();
    delete_user(&pool.aws(), "pool", &user).await.unwrap();

    assert_eq!(user.sub, "abc");
    let asked = pool.asked();
    let operations = ["AdminCreateUser", "AdminSetUserPassword", "AdminDeleteUser"];
    let times = operations.map(|name| asked.iter().filter(|request| request.contains(name)).count());
    assert_eq!(times, [2, 3, 2]);
    assert!(asked.iter().all(|request| request.contains(&user.email)), "one name, however often: {asked:?}");
}

#[tokio::test]
async fn refusal_that_no_waiting_ends_is_no_reason_to_ask_again() {
    for code in ["InvalidPasswordException", "LimitExceededException", "UsernameExistsException"] {
        let body = format!(r#"{{"__type":"{code}","message":""}}"#);
        let pool = Pool::answering(&[("400 Bad Request", &body)]);

        let error = create_user(&pool.aws(), "pool").await.unwrap_err();

        assert_eq!(error.code(), Some(code));
        assert_eq!(pool.asked().len(), 1);
    }
}

#[tokio::test]
async fn user_gets_in_by_a_page_that_has_too_many_requests_at_each_step() {
    let client = ("200 OK", r#"{"UserPoolClient":{"CallbackURLs":["http://127.0.0.1:1/back"]}}"#);
    let page = ("200 OK", r#"<form action="/login"></form>"#);
    let tokens = format!(r#"{{"id_token":"{}","access_token":"a"}}"#, token("abc"));
    let tokens = ("200 OK", tokens.as_str());
    let throttled = TOO_MANY_PAGES;
    let pool = Pool::answering(&[TOO_MANY, client, throttled, page, throttled, REDIRECT, throttled, tokens]);

    let user = User { email: "a@example.com".into(), password: "p".into(), sub: "abc".into() };
    let entered = sign_in(&pool, &user).await.unwrap();

    assert_eq!(entered.sub, "abc");
    let asked = pool.asked();
    let steps = ["DescribeUserPoolClient", "GET /oauth2/authorize", "POST /login", "POST /oauth2/token"];
    assert_eq!(steps.map(|step| asked.iter().filter(|request| request.contains(step)).count()), [2; 4]);
}

fn token(sub: &str) -> String {
    format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(format!(r#"{{"sub":"{sub}"}}"#)))
}

/// A user pool and its page, which give these answers, in this order, whatever they are asked.
#[derive(Debug)]
struct Pool {
    address: String,
    server: JoinHandle<Vec<String>>,
}

impl Pool {
    fn answering(answers: &[Answer<'_>]) -> Self {
        let answers: Vec<_> = answers.iter().map(|(status, body)| (*status, (*body).to_owned())).collect();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let serve = move || {
            let mut asked: Vec<String> = Vec::new();
            for (status, body) in answers {
                let (mut connection, _) = listener.accept().unwrap();
                asked.push(request(&mut BufReader::new(&connection)));
                let state =
                    asked.iter().find_map(|request| request.split("state=").nth(1)?.split('&').next());
                let back = format!("location: http://127.0.0.1:1/back?code=c&state={}", state.unwrap_or(""));
                let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n{back}");
                write!(connection, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
            }
            asked
        };
        Self { address, server: thread::spawn(serve) }
    }

    /// What was asked, once every answer is given.
    fn asked(self) -> Vec<String> {
        self.server.join().unwrap()
    }
}

impl Pipeline for Pool {
    fn aws(&self) -> Aws {
        let credentials = Credentials {
            access_key_id: "AKIDEXAMPLE".into(),
            secret_access_key: "secret".into(),
            session_token: None,
        };
        Aws::new(&self.address, "ap-northeast-1", credentials)
    }

    fn output(&self, name: &'static str) -> Result<&str, MissingOutput> {
        Ok(if name == "HostedUiUrl" { &self.address } else { "an output" })
    }

    fn user(&self) -> &User {
        unreachable!("the test names its user")
    }

    fn sign_in(&self) -> SignIn {
        SignIn::Page
    }
}
