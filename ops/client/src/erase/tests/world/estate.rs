//! The port, on the stack in memory.

use std::time::Duration;

use aws_client::AwsError;
use contract::image_id::image_id;
use contract::item::Record;
use uuid::Uuid;

use super::{PAGE, World, done};
use crate::audit::source::{Bucket, Page};
use crate::erase::estate::{Estate, Version};
use crate::erase::subject::Subject;

const TRIES: Duration = Duration::from_mins(15);

fn page<T: Clone>(all: &[T], from: Option<String>) -> Page<T> {
    let from: usize = from.map_or(0, |from| from.parse().unwrap());
    let entries: Vec<T> = all.iter().skip(from).take(PAGE).cloned().collect();
    let next = (from + PAGE < all.len()).then(|| (from + PAGE).to_string());
    Page { entries, next }
}

impl Estate for World {
    async fn versions(
        &self,
        bucket: Bucket,
        prefix: &str,
        from: Option<String>,
    ) -> Result<Page<Version>, AwsError> {
        let state = self.call("versions")?;
        let all = match bucket {
            Bucket::Originals => &state.originals,
            Bucket::Thumbnails => &state.thumbnails,
        };
        let all: Vec<Version> = all.iter().filter(|it| it.key.starts_with(prefix)).cloned().collect();
        Ok(page(&all, from))
    }

    async fn delete_version(&self, bucket: Bucket, version: &Version) -> Result<(), AwsError> {
        let mut state = self.call("delete_version")?;
        if state.stubborn.as_ref() == Some(&version.key) {
            return Ok(());
        }
        match bucket {
            Bucket::Originals => state.originals.retain(|it| it != version),
            Bucket::Thumbnails => state.thumbnails.retain(|it| it != version),
        }
        Ok(())
    }

    async fn items(&self, subject: &Subject, from: Option<String>) -> Result<Page<Record>, AwsError> {
        let state = self.call("items")?;
        let all: Vec<Record> =
            state.items.values().filter(|it| subject.owns(&it.original_key)).cloned().collect();
        Ok(page(&all, from))
    }

    async fn item(&self, id: Uuid) -> Result<Option<Record>, AwsError> {
        let mut state = self.call("item")?;
        if let Some((key, looks)) = &mut state.done_at {
            *looks = looks.saturating_sub(1);
            if *looks == 0 {
                let item = done(key);
                state.items.insert(image_id(&item.original_key), item);
            }
        }
        Ok(state.items.get(&id).cloned())
    }

    async fn delete_item(&self, image_id: &str, key: &str) -> Result<(), AwsError> {
        let mut state = self.call("delete_item")?;
        state.items.retain(|_, it| it.image_id != image_id || it.original_key != key);
        Ok(())
    }

    async fn dead_letters(
        &self,
        owns: &(dyn Fn(&str) -> bool + Sync),
        delete: bool,
    ) -> Result<u64, AwsError> {
        let mut state = self.call("dead_letters")?;
        let count = state.dead_letters.iter().filter(|key| owns(key)).count();
        if delete {
            state.dead_letters.retain(|key| !owns(key));
        }
        Ok(count as u64)
    }

    async fn tries_for(&self) -> Result<Duration, AwsError> {
        self.call("tries_for").map(|_| TRIES)
    }

    async fn attempt_time(&self) -> Result<Duration, AwsError> {
        let mut state = self.call("attempt_time")?;
        // It writes within this time, so before anything that follows.
        state.write_late();
        Ok(Duration::from_secs(30))
    }

    async fn sub_of(&self, email: &str) -> Result<Option<String>, AwsError> {
        let state = self.call("sub_of")?;
        Ok(email.strip_suffix("@example.com").map(str::to_owned).filter(|sub| state.users.contains(sub)))
    }

    async fn user(&self, subject: &Subject) -> Result<bool, AwsError> {
        let state = self.call("user")?;
        Ok(matches!(subject, Subject::User { sub, .. } if state.users.contains(sub)))
    }

    async fn sign_out(&self, _: &Subject) -> Result<(), AwsError> {
        self.call("sign_out").map(drop)
    }

    async fn delete_user(&self, subject: &Subject) -> Result<(), AwsError> {
        let mut state = self.call("delete_user")?;
        if let Subject::User { sub, .. } = subject {
            state.users.remove(sub);
        }
        Ok(())
    }
}
