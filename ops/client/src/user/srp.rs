//! Secure Remote Password, as user pools of Cognito have it: the client proves that it knows the password and never
//! sends it. The group is the one of 3,072 bits of RFC 5054 with generator 2, the hash SHA-256.

use std::time::SystemTime;

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use num_bigint::BigUint;
use sha2::{Digest, Sha256};

/// RFC 5054, appendix A.
const PRIME: &str = "\
    FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD\
    EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED\
    EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F\
    83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B\
    E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510\
    15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7\
    ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C\
    BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF";
const GENERATOR: u32 = 2;
/// What Cognito's key derivation adds to the shared secret.
const INFO: &[u8] = b"Caldera Derived Key\x01";

/// One sign-in under way: the client's secret number.
pub(super) struct Srp {
    prime: BigUint,
    secret: BigUint,
}

/// What the user pool answers to `SRP_A`.
#[derive(Debug)]
pub(super) struct Challenge<'a> {
    /// The pool's id, such as `ap-northeast-1_AbC`.
    pub(super) pool: &'a str,
    /// `USER_ID_FOR_SRP`.
    pub(super) user: &'a str,
    /// `SALT`, in hex digits.
    pub(super) salt: &'a str,
    /// `SRP_B`, in hex digits.
    pub(super) b: &'a str,
    /// `SECRET_BLOCK`, in Base64.
    pub(super) secret_block: &'a str,
}

impl Srp {
    /// A new secret number; `None` where the machine has no random numbers.
    pub(super) fn new() -> Option<Self> {
        let mut secret = [0; 128];
        getrandom::fill(&mut secret).ok()?;
        Some(Self { prime: number(PRIME)?, secret: BigUint::from_bytes_be(&secret) })
    }

    /// `SRP_A`, in hex digits.
    pub(super) fn a(&self) -> String {
        self.public().to_str_radix(16)
    }

    fn public(&self) -> BigUint {
        BigUint::from(GENERATOR).modpow(&self.secret, &self.prime)
    }

    /// `PASSWORD_CLAIM_SIGNATURE`; `None` for a challenge that no user pool sends.
    pub(super) fn claim(&self, challenge: &Challenge<'_>, password: &str, timestamp: &str) -> Option<String> {
        let Challenge { pool, user, .. } = challenge;
        let pool = pool.split_once('_').map_or(*pool, |(_, name)| name);
        let b = number(challenge.b)?;
        let generator = BigUint::from(GENERATOR);
        let u = hash(&[&padded(&self.public()), &padded(&b)]);
        if u == BigUint::ZERO || &b % &self.prime == BigUint::ZERO {
            return None;
        }
        let inner = Sha256::digest(format!("{pool}{user}:{password}"));
        let x = hash(&[&padded(&number(challenge.salt)?), &inner]);
        let k = hash(&[&padded(&self.prime), &padded(&generator)]);
        let minus = (k * generator.modpow(&x, &self.prime)) % &self.prime;
        let base = (b + &self.prime - minus) % &self.prime;
        let shared = base.modpow(&(&self.secret + &u * x), &self.prime);
        let extracted = mac(&padded(&u), &[&padded(&shared)]);
        let derived = mac(&extracted, &[INFO]);
        let block = STANDARD.decode(challenge.secret_block).ok()?;
        let key = derived.get(..16)?;
        let signed = mac(key, &[pool.as_bytes(), user.as_bytes(), &block, timestamp.as_bytes()]);
        Some(STANDARD.encode(signed))
    }
}

/// `TIMESTAMP`, as in `Sat Nov 28 09:05:00 UTC 2026`; `None` for a time that HTTP dates cannot hold.
pub(super) fn timestamp(now: SystemTime) -> Option<String> {
    let date = httpdate::fmt_http_date(now);
    // Such as `Sat, 28 Nov 2026 09:05:00 GMT`.
    let [weekday, day, month, year, time, _] = *date.split(' ').collect::<Vec<_>>().first_chunk()?;
    Some(format!(
        "{} {month} {} {time} UTC {year}",
        weekday.trim_end_matches(','),
        day.trim_start_matches('0')
    ))
}

fn number(hex: &str) -> Option<BigUint> {
    BigUint::parse_bytes(hex.as_bytes(), 16)
}

/// Big-endian, with a zero byte before a first byte that would read as negative.
fn padded(number: &BigUint) -> Vec<u8> {
    let mut bytes = number.to_bytes_be();
    if bytes.first().is_some_and(|first| *first >= 0x80) {
        bytes.insert(0, 0);
    }
    bytes
}

fn hash(parts: &[&[u8]]) -> BigUint {
    BigUint::from_bytes_be(&Sha256::digest(parts.concat()))
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    sign(&Key::new(HMAC_SHA256, key), &parts.concat()).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    /// The user pool's side, which knows the verifier of the password.
    fn expected(
        a: &BigUint,
        password: &str,
        challenge: &Challenge<'_>,
        b: &BigUint,
        timestamp: &str,
    ) -> String {
        let prime = number(PRIME).unwrap();
        let inner = Sha256::digest(format!("pool{}:{password}", challenge.user));
        let x = hash(&[&padded(&number(challenge.salt).unwrap()), &inner]);
        let verifier = BigUint::from(GENERATOR).modpow(&x, &prime);
        let u = hash(&[&padded(a), &padded(&number(challenge.b).unwrap())]);
        let shared = (a * verifier.modpow(&u, &prime)).modpow(b, &prime);
        let key = mac(&mac(&padded(&u), &[&padded(&shared)]), &[INFO]);
        let message = [b"pool", challenge.user.as_bytes(), b"block", timestamp.as_bytes()];
        STANDARD.encode(mac(&key[..16], &message))
    }

    #[test]
    fn both_sides_derive_one_key_from_the_right_password_and_from_no_other() {
        let srp = Srp { prime: number(PRIME).unwrap(), secret: number("1234567890abcdef").unwrap() };
        let (salt, b) = ("9f00ff", number("fedcba0987654321").unwrap());
        let generator = BigUint::from(GENERATOR);
        let k = hash(&[&padded(&srp.prime), &padded(&generator)]);
        let inner = Sha256::digest("poolu:secret");
        let x = hash(&[&padded(&number(salt).unwrap()), &inner]);
        let public = (k * generator.modpow(&x, &srp.prime) + generator.modpow(&b, &srp.prime)) % &srp.prime;
        let public = public.to_str_radix(16);
        let challenge = Challenge { pool: "r_pool", user: "u", salt, b: &public, secret_block: "YmxvY2s=" };
        let expected = expected(&srp.public(), "secret", &challenge, &b, "t");
        assert_eq!(srp.claim(&challenge, "secret", "t").unwrap(), expected);
        assert_ne!(srp.claim(&challenge, "Secret", "t").unwrap(), expected);
    }

    #[test]
    fn answer_that_would_make_the_key_known_to_all_is_refused() {
        let srp = Srp::new().unwrap();
        for b in ["0", PRIME, "no number"] {
            let challenge = Challenge { pool: "r_p", user: "u", salt: "1", b, secret_block: "" };
            assert_eq!(srp.claim(&challenge, "p", "t"), None, "{b}");
        }
    }

    #[test]
    fn days_of_the_timestamp_have_no_leading_zero() {
        let time = UNIX_EPOCH + Duration::from_secs(1_793_523_907);
        assert_eq!(timestamp(time).unwrap(), "Sun Nov 1 09:05:07 UTC 2026");
    }
}
