//! The key of the account's root user: random, and of the form of AWS's own.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use aws_client::Credentials;

/// RFC 4648's alphabet, which AWS's key ids are made of.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A key that nobody has had before.
///
/// # Errors
///
/// When the system has no randomness to give.
pub(super) fn root_credentials() -> io::Result<Credentials> {
    let (mut id, mut secret) = ([0; 16], [0; 30]);
    getrandom::fill(&mut id)?;
    getrandom::fill(&mut secret)?;
    let digit = |byte: &u8| BASE32.get(usize::from(byte % 32)).copied().map(char::from);
    Ok(Credentials {
        access_key_id: "AKIA".chars().chain(id.iter().filter_map(digit)).collect(),
        secret_access_key: STANDARD.encode(secret),
        session_token: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_another_and_has_the_form_of_aws() {
        let (one, two) = (root_credentials().unwrap(), root_credentials().unwrap());
        assert_ne!(one.access_key_id, two.access_key_id);
        assert_ne!(one.secret_access_key, two.secret_access_key);
        assert_eq!((one.access_key_id.len(), one.secret_access_key.len()), (20, 40));
        assert!(one.access_key_id.bytes().skip(4).all(|byte| BASE32.contains(&byte)));
    }
}
