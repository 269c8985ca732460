//! Image ids: which image an object's key means, and whose it is.
//!
//! An id that we issue is a UUID of version 8 (RFC 9562, 5.8) that certifies its key. From the most significant bit:
//! 48 bits of milliseconds since 1970, the version, 12 bits of a nonce, the variant, 20 more bits of the nonce, and
//! 42 bits of certificate: the first of the SHA-256 of the key as it is while those 42 bits are zero. docs/api.md
//! has the layout for clients, with examples.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};
use uuid::{Uuid, Version};

/// The folder of all uploads.
const UPLOADS: &str = "user-uploads";
/// The extensions of keys that are issued. A closed set: among free ones somebody could search for a key of their own
/// that another's certificate fits.
pub const EXTENSIONS: [&str; 8] = ["jpg", "png", "webp", "gif", "tiff", "bmp", "heic", "avif"];
const CERTIFICATE: u128 = (1 << CERTIFICATE_BITS) - 1;
const CERTIFICATE_BITS: u32 = 42;
/// Most time from an id's issue to its upload that is believed: a URL lasts five minutes, a slow upload longer.
const LONGEST_UPLOAD: Duration = Duration::from_hours(1);

/// The id of a new image, and the key that it certifies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The id.
    pub id: Uuid,
    /// The object's key.
    pub key: String,
}

/// An id for an upload of `user`, and its key, which ends in one of [`EXTENSIONS`].
#[must_use]
pub fn issue(user: &str, extension: &str) -> Issued {
    // Of a random UUID all but version and variant is random.
    issue_at(user, extension, SystemTime::now(), Uuid::new_v4().as_fields().0)
}

fn issue_at(user: &str, extension: &str, at: SystemTime, nonce: u32) -> Issued {
    let millis = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let nonce = u128::from(nonce);
    // `new_v8` sets version and variant in the six bits left out here.
    let bits = millis << 80 | (nonce >> 20) << 64 | (nonce & 0xF_FFFF) << CERTIFICATE_BITS;
    let key = |id: Uuid| format!("{UPLOADS}/{user}/{id}.{extension}");
    let bare = Uuid::new_v8(bits.to_be_bytes());
    let id = Uuid::from_u128(bare.as_u128() | certificate(&key(bare)));
    Issued { id, key: key(id) }
}

/// The first 42 bits of the SHA-256 of `bare`, a key whose id has no certificate yet.
fn certificate(bare: &str) -> u128 {
    let digest = Sha256::digest(bare);
    digest.iter().take(16).fold(0, |bits, byte| bits << 8 | u128::from(*byte)) >> (128 - CERTIFICATE_BITS)
}

/// The image's id: the one in the key where it certifies the whole key, else one derived from the key, since
/// identity-pool users may choose any name in their own folder. So no two keys have the same id, and nobody can take
/// another's.
#[must_use]
pub fn image_id(key: &str) -> Uuid {
    certified(key).unwrap_or_else(|| derived_id(key))
}

fn certified(key: &str) -> Option<Uuid> {
    let (user, name) = key.strip_prefix(UPLOADS)?.strip_prefix('/')?.split_once('/')?;
    let (stem, extension) = name.split_once('.')?;
    let id = parse(stem)?;
    let bare = Uuid::from_u128(id.as_u128() & !CERTIFICATE);
    let fits = EXTENSIONS.contains(&extension)
        && id.get_version() == Some(Version::Custom)
        && id.as_u128() & CERTIFICATE == certificate(&format!("{UPLOADS}/{user}/{bare}.{extension}"));
    fits.then_some(id)
}

/// The id that a text is, in the usual spelling; whether anybody has an image of this id is another question.
#[must_use]
pub fn parse(text: &str) -> Option<Uuid> {
    // `parse_str` also reads braces, URNs and upper case, of which no item has its key.
    Uuid::parse_str(text).ok().filter(|id| id.hyphenated().to_string() == text)
}

/// Whether `id` was issued to `user`: whether it certifies one of the keys that they may have been given.
#[must_use]
pub fn is_issued_to(id: Uuid, user: &str) -> bool {
    EXTENSIONS.iter().any(|extension| certified(&format!("{UPLOADS}/{user}/{id}.{extension}")) == Some(id))
}

/// The id that releases before certified ids gave to `key`: any UUID in it that is no derived id. An image whose item has
/// this id keeps it; nobody else gets it any more, because such a UUID does not say whose it is.
///
/// `None` where the key certifies its id, which those releases took as it stands too, and where it holds no UUID.
#[must_use]
pub fn former_id(key: &str) -> Option<Uuid> {
    let name = key.rsplit('/').next().unwrap_or(key);
    let stem = name.split('.').next().unwrap_or(name);
    let id = parse(stem)?;
    let was_taken = id.get_version() != Some(Version::Sha1);
    (was_taken && certified(key).is_none()).then_some(id)
}

/// The id of a key that we did not issue; its version is none of ours.
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

/// How long after its id was issued the image was uploaded. `None` where nobody issued it, and for times that no upload
/// of ours can have: whoever may name their own objects can certify any time.
#[must_use]
pub fn issued_before(id: Uuid, uploaded_at: SystemTime) -> Option<Duration> {
    if id.get_version() != Some(Version::Custom) {
        return None;
    }
    let millis = u64::try_from(id.as_u128() >> 80).ok()?;
    let issued = UNIX_EPOCH.checked_add(Duration::from_millis(millis))?;
    uploaded_at.duration_since(issued).ok().filter(|elapsed| *elapsed <= LONGEST_UPLOAD)
}

#[cfg(test)]
mod tests;
