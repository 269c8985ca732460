//! Subject: whose data is erased, found by what an operator types.

use std::time::Duration;

use aws_client::AwsError;
use contract::image_id::{self, image_id};
use uuid::Uuid;

use super::estate::Estate;

/// How long a token of the user pool is good after its user was signed out, since the API asks nobody about it. The
/// identity pool asks, and the credentials that it gave before are good for as long.
const TOKEN_LIFE: Duration = Duration::from_hours(1);
/// How long an upload URL is good.
const URL_LIFE: Duration = Duration::from_mins(5);

/// Whose data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A user, whether the pool still knows them or not.
    User {
        /// Their id.
        sub: String,
        /// Their folder.
        folder: String,
    },
    /// An image.
    Image {
        /// Its id.
        id: Uuid,
        /// Its original's key.
        key: String,
    },
}

/// What was typed is nobody.
#[derive(Debug, thiserror::Error)]
pub enum SubjectError {
    /// No user has this address.
    #[error(
        "no user of the pool has that email address; if the user is gone already, name them by their id (sub)"
    )]
    NoSuchUser,
    /// It is no name of a user or an image.
    #[error(
        "{0} is neither a user nor an image: give an email address, a user's id (sub), an image's id, or a key that begins with user-uploads/"
    )]
    Malformed(String),
    /// The stack cannot be asked.
    #[error("the stack cannot be asked who that is")]
    Aws(#[from] AwsError),
}

impl Subject {
    /// The user or image that `name` is: an email address, a user's id, an image's id or a key.
    ///
    /// # Errors
    ///
    /// When it is none of them, or nobody's address.
    pub async fn find(estate: &impl Estate, name: &str) -> Result<Self, SubjectError> {
        if image_id::user_id(name).is_some() {
            return Ok(Self::Image { id: image_id(name), key: name.to_owned() });
        }
        if name.contains('@') {
            let sub = estate.sub_of(name).await?.ok_or(SubjectError::NoSuchUser)?;
            return Ok(Self::user(sub));
        }
        // A folder is a whole name: of an empty or shorter one, the prefix would be that of others too.
        let id = image_id::parse(name).ok_or_else(|| SubjectError::Malformed(name.to_owned()))?;
        let item = estate.item(id).await?.filter(|item| !item.original_key.is_empty());
        Ok(match item {
            Some(item) => Self::Image { id, key: item.original_key },
            None => Self::user(name.to_owned()),
        })
    }

    /// The user of this id.
    #[must_use]
    pub fn user(sub: String) -> Self {
        let folder = format!("user-uploads/{sub}/");
        Self::User { sub, folder }
    }

    /// What all keys of originals begin with.
    pub(super) fn prefix(&self) -> &str {
        match self {
            Self::User { folder, .. } => folder,
            Self::Image { key, .. } => key,
        }
    }

    /// Whether the original of this key is theirs.
    #[must_use]
    pub fn owns(&self, key: &str) -> bool {
        match self {
            Self::User { folder, .. } => key.starts_with(folder),
            Self::Image { key: own, .. } => key == own,
        }
    }

    /// `user` or `image`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::User { .. } => "user",
            Self::Image { .. } => "image",
        }
    }

    /// The user's or the image's id.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::User { sub, .. } => sub.clone(),
            Self::Image { id, .. } => id.to_string(),
        }
    }

    /// From when on nothing that was given out before can upload.
    pub(super) fn access_ends_after(&self) -> Duration {
        match self {
            Self::User { .. } => TOKEN_LIFE + URL_LIFE,
            Self::Image { .. } => URL_LIFE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_owns_the_folder_and_no_other_that_begins_alike_and_an_image_owns_one_key() {
        let user = Subject::user("a-1".to_owned());
        assert!(user.owns("user-uploads/a-1/x.jpg"));
        assert!(!user.owns("user-uploads/a-12/x.jpg") && !user.owns("user-uploads/a-1"));
        let key = "user-uploads/a/x.jpg".to_owned();
        let image = Subject::Image { id: image_id(&key), key };
        assert!(image.owns("user-uploads/a/x.jpg") && !image.owns("user-uploads/a/x.jpg.jpg"));
    }

    #[test]
    fn tokens_and_urls_are_good_for_as_long_as_template_and_function_say() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let template = std::fs::read_to_string(format!("{root}/template.yaml")).unwrap();
        for token in ["AccessToken", "IdToken"] {
            assert!(
                template.contains(&format!("{token}Validity: {}\n", TOKEN_LIFE.as_secs() / 60)),
                "{token}"
            );
        }
        assert!(template.contains("AccessToken: minutes, IdToken: minutes"));
        assert!(template.contains("ServerSideTokenCheck: true"), "the identity pool asks the user pool");
        let api = std::fs::read_to_string(format!("{root}/docs/api.md")).unwrap();
        assert!(api.contains(&format!("for {} seconds", URL_LIFE.as_secs())));
    }
}
