//! Password hashes: argon2id for new ones; every algorithm of Django 6.1 is recognised.
//!
//! All of it is slow on purpose (some 20 ms and 19 MB): callers in a server run it on a blocking thread.

use std::num::NonZeroU32;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use ring::pbkdf2;

use crate::crypto;

/// OWASP's choice of 2024 for argon2id: 19 MiB, two passes, one lane.
const CURRENT_COST: Argon2Cost =
    Argon2Cost { algorithm: Algorithm::Argon2id, memory_kib: 19_456, passes: 2, lanes: 1 };
const OUTPUT_BYTES: usize = 32;

/// The beginning of every hash that [`make_password`] makes.
const CURRENT: &str = "argon2$argon2id$v=19$m=19456,t=2,p=1$";

/// The mark of an account that cannot sign in with a password (Django's `UNUSABLE_PASSWORD_PREFIX`).
const UNUSABLE: char = '!';

/// Hashes a password with argon2id, in Django's notation.
pub fn make_password(password: &str) -> String {
    let salt = crypto::random_bytes::<16>();
    let mut output = [0; OUTPUT_BYTES];
    if !CURRENT_COST.hash(password, &salt, &mut output) {
        return make_unusable_password();
    }
    format!("{CURRENT}{}${}", STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(output))
}

/// A hash that no password fits.
pub fn make_unusable_password() -> String {
    format!("{UNUSABLE}{}", crypto::random_string(40))
}

/// Whether `password` is the one that `encoded` was made of. An unknown or broken hash fits none.
pub fn check_password(password: &str, encoded: &str) -> bool {
    let Some((algorithm, rest)) = encoded.split_once('$') else { return false };
    let fits = match algorithm {
        "argon2" => check_argon2(password, rest),
        "pbkdf2_sha256" => check_pbkdf2(pbkdf2::PBKDF2_HMAC_SHA256, password, rest),
        "pbkdf2_sha1" => check_pbkdf2(pbkdf2::PBKDF2_HMAC_SHA1, password, rest),
        "bcrypt" => bcrypt::verify(password, rest).ok(),
        // Django hashes first, since bcrypt reads 72 bytes at most.
        "bcrypt_sha256" => bcrypt::verify(crypto::sha256_hex(password.as_bytes()), rest).ok(),
        "scrypt" => check_scrypt(password, rest),
        _ => None,
    };
    fits.unwrap_or(false)
}

/// Whether a hash that just fitted should be replaced by one of today's.
pub fn must_update(encoded: &str) -> bool {
    !encoded.starts_with(CURRENT)
}

/// Whether the account can sign in with a password at all.
pub fn is_password_usable(encoded: &str) -> bool {
    !encoded.is_empty() && !encoded.starts_with(UNUSABLE)
}

/// Spends the time of a check without a hash to check, so that an unknown account answers as slowly as a known one.
pub fn check_nothing(password: &str) {
    let mut output = [0; OUTPUT_BYTES];
    CURRENT_COST.hash(password, b"0123456789abcdef", &mut output);
    std::hint::black_box(output);
}

struct Argon2Cost {
    algorithm: Algorithm,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Argon2Cost {
    fn hash(&self, password: &str, salt: &[u8], output: &mut [u8]) -> bool {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(output.len()));
        params.is_ok_and(|params| {
            let hasher = Argon2::new(self.algorithm, Version::V0x13, params);
            hasher.hash_password_into(password.as_bytes(), salt, output).is_ok()
        })
    }
}

/// `argon2id$v=19$m=102400,t=2,p=8$salt$hash`
fn check_argon2(password: &str, rest: &str) -> Option<bool> {
    let [variant, version, costs, salt, hash] = split(rest)?;
    let algorithm = match variant {
        "argon2id" => Algorithm::Argon2id,
        "argon2i" => Algorithm::Argon2i,
        "argon2d" => Algorithm::Argon2d,
        _ => return None,
    };
    if version != "v=19" {
        return None;
    }
    let cost = |name: &str| {
        costs.split(',').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
    };
    let cost = Argon2Cost { algorithm, memory_kib: cost("m")?, passes: cost("t")?, lanes: cost("p")? };
    // A hash that asks for more than a gigabyte is an attack or a mistake.
    if cost.memory_kib > 1_048_576 {
        return None;
    }
    let expected = STANDARD_NO_PAD.decode(hash).ok()?;
    let mut output = vec![0; expected.len()];
    let hashed = cost.hash(password, &STANDARD_NO_PAD.decode(salt).ok()?, &mut output);
    Some(hashed && crypto::constant_time_eq(&output, &expected))
}

/// `iterations$salt$hash`
fn check_pbkdf2(algorithm: pbkdf2::Algorithm, password: &str, rest: &str) -> Option<bool> {
    let [iterations, salt, hash] = split(rest)?;
    let iterations: NonZeroU32 = iterations.parse().ok()?;
    let expected = STANDARD.decode(hash).ok()?;
    Some(pbkdf2::verify(algorithm, iterations, salt.as_bytes(), password.as_bytes(), &expected).is_ok())
}

/// `n$salt$r$p$hash`
fn check_scrypt(password: &str, rest: &str) -> Option<bool> {
    let [work, salt, block_size, parallelism, hash] = split(rest)?;
    let work: u64 = work.parse().ok()?;
    if !work.is_power_of_two() || work > 1 << 20 {
        return None;
    }
    let log_work = u8::try_from(work.trailing_zeros()).ok()?;
    let params = scrypt::Params::new(log_work, block_size.parse().ok()?, parallelism.parse().ok()?).ok()?;
    let expected = STANDARD.decode(hash).ok()?;
    let mut output = vec![0; expected.len()];
    scrypt::scrypt(password.as_bytes(), salt.as_bytes(), &params, &mut output).ok()?;
    Some(crypto::constant_time_eq(&output, &expected))
}

fn split<const N: usize>(text: &str) -> Option<[&str; N]> {
    text.split('$').collect::<Vec<_>>().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by Django 5.2 itself from the password `lètmein`.
    const OF_DJANGO: [&str; 6] = [
        "pbkdf2_sha256$20000$seasalt12$f5ud6/7k1lr3lHegUe1fhcU1TELGx1gbmYcLYfzgs6M=",
        "pbkdf2_sha1$20000$seasalt12$FUoL4Gmdr5Cad1qt6dy1lUhAP5A=",
        "argon2$argon2id$v=19$m=102400,t=2,p=8$N2xxS3huNFhTTWc4N0g4V29jdTZNWA$bNB1M9Jy89HRPyI4gexjdty1BazKlZ5P27LbeDVi0bE",
        "bcrypt_sha256$$2b$12$6Mgx1DR7JB0kruMjKwX2LeKCni0PCxYqIfAG63BxA2wU1GEtfbRzG",
        "bcrypt$$2b$12$qiIahPpu5vBop7K2aKARuuJ3lOWUXzyRuGJbjzfoU.1gN8LzH22rK",
        "scrypt$16384$seasalt12$8$5$JqpNHTn+p60+dnj/YEgYubKa8nGH1Boq/5Tp5duqpriC7dEVXfE4xwj9oalSY98m/XvE3cP2uTe2HPhK0I7D+Q==",
    ];

    #[test]
    fn hashes_of_django_are_accepted_and_due_for_an_update() {
        for encoded in OF_DJANGO {
            assert!(check_password("lètmein", encoded), "{encoded}");
            assert!(!check_password("letmein", encoded), "{encoded}");
            assert!(must_update(encoded), "{encoded}");
        }
    }

    #[test]
    fn a_new_hash_fits_its_password_alone_and_no_two_are_equal() {
        let encoded = make_password("correct horse");
        assert!(check_password("correct horse", &encoded));
        assert!(!check_password("correct hors", &encoded));
        assert!(!must_update(&encoded));
        assert_ne!(encoded, make_password("correct horse"));
    }

    #[test]
    fn a_broken_or_unusable_hash_fits_nothing() {
        let unusable = make_unusable_password();
        assert!(!is_password_usable(&unusable));
        for encoded in
            ["", "plain", "md5$a$b", "argon2$x", "scrypt$3$a$8$1$aa==", "pbkdf2_sha256$0$a$b", &unusable]
        {
            assert!(!check_password("", encoded), "{encoded}");
            assert!(!check_password("plain", encoded), "{encoded}");
        }
    }
}
