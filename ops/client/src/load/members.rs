//! Members: the users who upload in a load, each signed in.

use aws_client::{Aws, AwsError};
use futures_util::{StreamExt, TryStreamExt, stream};
use terminal::progress::{Reporter, Step};

use super::LoadError;
use crate::retry::patiently;
use crate::stack::{MissingOutput, Pipeline, SignIn};
use crate::user::{Session, User, create_user};

/// How many sign in at the same time.
const AT_ONCE: usize = 8;

/// A stack, as one of its users sees it.
#[derive(Debug)]
pub(super) struct Member<'a> {
    stack: &'a dyn Pipeline,
    user: User,
}

impl Pipeline for Member<'_> {
    fn aws(&self) -> Aws {
        self.stack.aws()
    }

    fn output(&self, name: &'static str) -> Result<&str, MissingOutput> {
        self.stack.output(name)
    }

    fn user(&self) -> &User {
        &self.user
    }

    fn sign_in(&self) -> SignIn {
        self.stack.sign_in()
    }
}

/// Creates `count` users; where one is enough, it is the stack's own.
pub(super) async fn create<'a>(
    stack: &'a dyn Pipeline,
    count: usize,
    reporter: &dyn Reporter,
) -> Result<Vec<Member<'a>>, LoadError> {
    if count <= 1 {
        return Ok(vec![Member { stack, user: stack.user().clone() }]);
    }
    let (aws, pool) = (stack.aws(), stack.output("UserPoolId")?);
    let step = Step::start(reporter, "load-users", format!("Creating {count} users"));
    let created = stream::iter(0..count).map(|_| create_user(&aws, pool)).buffer_unordered(AT_ONCE);
    let users: Result<Vec<User>, AwsError> = counted(&step, count, created).try_collect().await;
    let users = users.map_err(LoadError::Users)?;
    step.finish(format!("Created {count} users"));
    Ok(users.into_iter().map(|user| Member { stack, user }).collect())
}

/// Signs all of them in, so that no upload waits for that.
pub(super) async fn sign_in<'a>(
    members: &'a [Member<'_>],
    reporter: &dyn Reporter,
) -> Result<Vec<Session<'a>>, LoadError> {
    let count = members.len();
    let step = Step::start(reporter, "load-sign-in", format!("Signing in {count} of them"));
    let entered = stream::iter(members).map(async |member| {
        let session = Session::of(member);
        patiently(|| async { Ok(session.tokens().await?) }, |_| ()).await?;
        Ok(session)
    });
    let entered = entered.buffer_unordered(AT_ONCE);
    let sessions: Result<Vec<Session<'a>>, LoadError> = counted(&step, count, entered).try_collect().await;
    let sessions = sessions?;
    step.finish(if count == 1 { "Signed in".to_owned() } else { format!("Signed in {count} users") });
    Ok(sessions)
}

/// Reports each element that comes.
fn counted<T>(
    step: &Step<'_>,
    total: usize,
    all: impl stream::Stream<Item = T>,
) -> impl stream::Stream<Item = T> {
    let mut done = 0;
    all.inspect(move |_| {
        done += 1;
        step.moved(String::new(), Some(done), Some(total as u64));
    })
}
