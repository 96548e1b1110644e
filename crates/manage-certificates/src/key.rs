//! Private keys: made, read in the forms in which people have them, and written as PKCS#8.

use std::fmt;
use std::path::Path;

use pem::Pem;
use rcgen::{
    KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256,
    PublicKeyData as _,
};
use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey as _, PrivateKeyInfo};
use rsa::rand_core::{CryptoRng, Error as RandomError, RngCore};

use super::armor;
use super::der::{self, INTEGER, OCTET_STRING, SEQUENCE};
use super::error::{Error, Result};
use manage_leaves::crypto;

/// The kinds of keys that can be made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum KeyType {
    /// ECDSA on P-256: small, quick and read by everything.
    #[default]
    P256,
    /// ECDSA on P-384.
    P384,
    /// RSA of 2048 bits, for clients that read nothing else.
    Rsa2048,
    /// RSA of 3072 bits.
    Rsa3072,
}

impl KeyType {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::P256, Self::P384, Self::Rsa2048, Self::Rsa3072];

    /// The word that chooses it: `--key p256`.
    pub fn name(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::Rsa2048 => "rsa2048",
            Self::Rsa3072 => "rsa3072",
        }
    }

    /// The kind of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// A private key. Its debug form does not show it.
#[derive(Debug)]
pub struct Key(KeyPair);

impl Key {
    /// Makes a key: well under a millisecond for ECDSA, some tenths of a second for RSA.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub(crate) fn generate(kind: KeyType) -> Result<Self> {
        let pair = match kind {
            KeyType::P256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(cannot_make)?,
            KeyType::P384 => KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).map_err(cannot_make)?,
            KeyType::Rsa2048 => rsa(2048)?,
            KeyType::Rsa3072 => rsa(3072)?,
        };
        Ok(Self(pair))
    }

    /// Reads the private key in a PEM file: PKCS#8, PKCS#1 or SEC 1, not encrypted. `path` is for messages.
    ///
    /// # Errors
    /// When there is none, or one that cannot sign here.
    pub fn of_pem(bytes: &[u8], path: &Path) -> Result<Self> {
        let wrong = |why: &str| Error::failed(format_args!("{} holds no usable key: {why}", path.display()));
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(wrong("it is empty"));
        }
        let blocks = armor::blocks(bytes);
        let Some(block) = blocks.iter().find(|block| block.tag().ends_with("PRIVATE KEY")) else {
            return Err(wrong("there is no `BEGIN PRIVATE KEY` in it"));
        };
        let is_encrypted = block.tag().starts_with("ENCRYPTED") || block.headers().get("DEK-Info").is_some();
        if is_encrypted {
            let file = path.display();
            return Err(wrong("it is encrypted")
                .hint(format!("write it without a password: openssl pkey -in {file} -out plain.pem")));
        }
        let pkcs8 = to_pkcs8(block).ok_or_else(|| wrong("it is damaged"))?;
        Self::of_pkcs8(&pkcs8).map_err(|why| wrong(&why))
    }

    /// Reads a key in PKCS#8; says why it cannot.
    fn of_pkcs8(pkcs8: &[u8]) -> std::result::Result<Self, String> {
        let info = PrivateKeyInfo::try_from(pkcs8).map_err(|_| "it is damaged".to_owned())?;
        let algorithm = info.algorithm.oid.to_string();
        let curve = info.algorithm.parameters_oid().ok().map(|oid| oid.to_string());
        let signature = match (algorithm.as_str(), curve.as_deref()) {
            (RSA, _) => &PKCS_RSA_SHA256,
            (EC, Some(P256)) => &PKCS_ECDSA_P256_SHA256,
            (EC, Some(P384)) => &PKCS_ECDSA_P384_SHA384,
            (ED25519, _) => &PKCS_ED25519,
            _ => return Err("only RSA, P-256, P-384 and Ed25519 are supported".to_owned()),
        };
        let pair = KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.into(), signature);
        pair.map(Self).map_err(|error| format!("it is refused ({error})"))
    }

    /// The key in PKCS#8, as DER.
    pub fn pkcs8(&self) -> &[u8] {
        self.0.serialized_der()
    }

    /// The key in PKCS#8, as PEM.
    pub(crate) fn to_pem(&self) -> String {
        armor::encode("PRIVATE KEY", self.pkcs8())
    }

    /// Its public half: SubjectPublicKeyInfo as DER.
    pub fn public_key(&self) -> Vec<u8> {
        self.0.subject_public_key_info()
    }

    /// For rcgen.
    pub(super) fn pair(&self) -> &KeyPair {
        &self.0
    }
}

pub(super) const RSA: &str = "1.2.840.113549.1.1.1";
pub(super) const EC: &str = "1.2.840.10045.2.1";
pub(super) const ED25519: &str = "1.3.101.112";
pub(super) const P256: &str = "1.2.840.10045.3.1.7";
pub(super) const P384: &str = "1.3.132.0.34";

/// `rsaEncryption` with its empty parameters, as an AlgorithmIdentifier.
const RSA_ALGORITHM: [u8; 15] = [0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
/// The object identifier `id-ecPublicKey`.
const EC_OID: [u8; 9] = [6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];

fn cannot_make(error: impl fmt::Display) -> Error {
    Error::failed(format_args!("no key could be made: {error}"))
}

fn rsa(bits: usize) -> Result<KeyPair> {
    let key = RsaPrivateKey::new(&mut SystemRandom, bits).map_err(cannot_make)?;
    let pkcs8 = key.to_pkcs8_der().map_err(cannot_make)?;
    KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.as_bytes().into(), &PKCS_RSA_SHA256).map_err(cannot_make)
}

/// The system's random bytes, for the library that makes RSA keys.
struct SystemRandom;

impl RngCore for SystemRandom {
    fn next_u32(&mut self) -> u32 {
        u32::from_ne_bytes(crypto::random_bytes())
    }

    fn next_u64(&mut self) -> u64 {
        u64::from_ne_bytes(crypto::random_bytes())
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            chunk.copy_from_slice(&crypto::random_bytes::<32>()[..chunk.len()]);
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> std::result::Result<(), RandomError> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for SystemRandom {}

/// The block as PKCS#8 (RFC 5208), wrapped into it when it is PKCS#1 or SEC 1.
fn to_pkcs8(block: &Pem) -> Option<Vec<u8>> {
    match block.tag() {
        "PRIVATE KEY" => Some(block.contents().to_vec()),
        "RSA PRIVATE KEY" => Some(wrap(&RSA_ALGORITHM, block.contents())),
        "EC PRIVATE KEY" => of_sec1(block.contents()),
        _ => None,
    }
}

fn wrap(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    let version = der::encode(INTEGER, &[0]);
    der::encode(SEQUENCE, &[&version, algorithm, &der::encode(OCTET_STRING, key)].concat())
}

/// SEC 1 names the curve in its field 0, PKCS#8 beside the key, where ring wants it alone.
fn of_sec1(bytes: &[u8]) -> Option<Vec<u8>> {
    let parts = der::elements(der::decode(bytes)?.content)?;
    let curve = parts.iter().find(|part| part.tag == 0xa0)?.content;
    let kept: Vec<u8> =
        parts.iter().filter(|part| part.tag != 0xa0).flat_map(|part| part.whole).copied().collect();
    let algorithm = der::encode(SEQUENCE, &[&EC_OID, curve].concat());
    Some(wrap(&algorithm, &der::encode(SEQUENCE, &kept)))
}
