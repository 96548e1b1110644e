//! Putting a signature under a certificate. rcgen writes everything but the issuer's name, which must be the
//! authority's subject byte for byte, however that is encoded.

use rcgen::{
    CertificateParams, DistinguishedName, Issuer, KeyIdMethod, PublicKeyData, SignatureAlgorithm, SigningKey,
};

use super::der::{self, BIT_STRING, SEQUENCE};
use super::error::{Error, Result};
use super::facts::{Facts, is_signed_by};
use super::key::Key;

/// Position of the issuer's name in the signed part: after version, number and algorithm (RFC 5280 4.1).
const ISSUER: usize = 3;

/// A key that leaves the place of the signature empty: the issuer's name is not in its place yet.
struct Draft<'a>(&'a Key);

impl PublicKeyData for Draft<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0.pair().der_bytes()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.0.pair().algorithm()
    }
}

impl SigningKey for Draft<'_> {
    fn sign(&self, _: &[u8]) -> std::result::Result<Vec<u8>, rcgen::Error> {
        Ok(Vec::new())
    }
}

/// Signs a certificate with these parameters for `subject`, in the name of `authority`.
///
/// # Errors
/// When a value cannot be encoded, or the certificate is not what was asked for.
pub(super) fn sign(
    params: &CertificateParams,
    subject: &impl PublicKeyData,
    authority: (&[u8], &Facts),
    key: &Key,
) -> Result<Vec<u8>> {
    let failed = |why: &str| Error::failed(format_args!("the certificate could not be signed: {why}"));
    let (authority_der, facts) = authority;
    let mut issuer = CertificateParams::default();
    issuer.distinguished_name = DistinguishedName::new();
    issuer.key_identifier_method = match &facts.subject_key_id {
        Some(id) => KeyIdMethod::PreSpecified(id.clone()),
        None => KeyIdMethod::Sha256,
    };
    let draft = params
        .signed_by(subject, &Issuer::new(issuer, Draft(key)))
        .map_err(|error| failed(&error.to_string()))?;
    let signed =
        seal(draft.der(), &facts.raw_subject, key).ok_or_else(|| failed("the encoding is not DER"))?;
    let is_right = Facts::of(&signed, "it")?.public_key == subject.subject_public_key_info()
        && is_signed_by(&signed, authority_der);
    if is_right { Ok(signed) } else { Err(failed("the signature is wrong")) }
}

/// The draft with the issuer's name and the signature in their places.
fn seal(draft: &[u8], issuer: &[u8], key: &Key) -> Option<Vec<u8>> {
    let parts = der::elements(der::decode(draft)?.content)?;
    let [body, algorithm, _] = parts.as_slice() else { return None };
    let mut fields: Vec<&[u8]> = der::elements(body.content)?.iter().map(|field| field.whole).collect();
    *fields.get_mut(ISSUER)? = issuer;
    let body = der::encode(SEQUENCE, &fields.concat());
    let signature = key.pair().sign(&body).ok()?;
    // No unused bits in front of the signature.
    let signature = der::encode(BIT_STRING, &[&[0], signature.as_slice()].concat());
    Some(der::encode(SEQUENCE, &[&body, algorithm.whole, &signature].concat()))
}
