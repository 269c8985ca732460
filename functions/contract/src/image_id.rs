//! Image ids: which image an object's key means, and whose it is.

use uuid::{Uuid, Version};

/// The folder of all uploads.
const UPLOADS: &str = "user-uploads";

/// The image's id: the file's stem when that is a UUID, as in every key that we issue, else one
/// derived from the key, since identity-pool users may choose any name in their own folder.
///
/// A stem of version 5 is not taken as it stands: whoever knows another user's key could compute
/// that image's derived id and occupy it.
#[must_use]
pub fn image_id(key: &str) -> Uuid {
    let name = key.rsplit('/').next().unwrap_or(key);
    let stem = name.split('.').next().unwrap_or(name);
    // Only the usual spelling: `parse_str` also reads braces, URNs and upper case, which would be
    // other names for the same image.
    let canonical = |id: &Uuid| id.hyphenated().to_string() == stem;
    let own = Uuid::parse_str(stem).ok().filter(canonical);
    own.filter(|id| id.get_version() != Some(Version::Sha1)).unwrap_or_else(|| derived_id(key))
}

/// The id that no other key can have.
#[must_use]
pub fn derived_id(key: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, key.as_bytes())
}

/// The user whose folder the key is in.
#[must_use]
pub fn user_id(key: &str) -> Option<&str> {
    let (user, rest) = key.strip_prefix(UPLOADS)?.strip_prefix('/')?.split_once('/')?;
    (!user.is_empty() && !rest.is_empty()).then_some(user)
}

/// When our API issued the key, if it did.
#[must_use]
pub fn issued_at(id: Uuid) -> Option<std::time::SystemTime> {
    if id.get_version() != Some(Version::SortRand) {
        return None;
    }
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    std::time::UNIX_EPOCH.checked_add(std::time::Duration::new(seconds, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_ours_names_its_image() {
        let id = Uuid::now_v7();

        assert_eq!(image_id(&format!("user-uploads/u/{id}.jpg")), id);
        assert!(issued_at(id).unwrap().elapsed().unwrap().as_secs() < 60);
    }

    #[test]
    fn any_other_name_gets_an_id_of_its_key_and_no_two_keys_share_one() {
        let upper = format!("user-uploads/u/{}.jpg", Uuid::now_v7()).to_uppercase();
        for key in ["user-uploads/u/cat.jpg", "user-uploads/v/cat.jpg", "x", "", &upper] {
            assert_eq!(image_id(key), derived_id(key));
        }
        assert_ne!(image_id("user-uploads/u/cat.jpg"), image_id("user-uploads/v/cat.jpg"));
    }

    #[test]
    fn the_derived_id_of_another_users_key_cannot_be_occupied() {
        let victim = derived_id("user-uploads/b/cat.jpg");

        assert_ne!(image_id(&format!("user-uploads/a/{victim}.jpg")), victim);
    }

    #[test]
    fn the_user_is_the_folder() {
        assert_eq!(user_id("user-uploads/u/a/b.jpg"), Some("u"));
        for key in ["user-uploads/u", "user-uploads//x", "user-uploads/u/", "other/u/x", "user-uploadsu/x"] {
            assert_eq!(user_id(key), None, "{key}");
        }
    }
}
