//! TLS to the server, with libpq's modes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::ConnectError;

/// How far the server's certificate is trusted (libpq's `sslmode`).
#[derive(Debug, Clone)]
pub(super) struct Security {
    mode: Mode,
    root_certificate: Option<PathBuf>,
    /// The program's own certificate and its key.
    identity: Option<(PathBuf, PathBuf)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Disable,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

const MODES: [(&str, Mode); 5] = [
    ("disable", Mode::Disable),
    ("prefer", Mode::Prefer),
    ("require", Mode::Require),
    ("verify-ca", Mode::VerifyCa),
    ("verify-full", Mode::VerifyFull),
];

impl Security {
    /// The security of mode `name`; with a root certificate, `require` verifies the chain, as libpq does.
    ///
    /// # Errors
    /// A sentence when the mode is unknown.
    pub(super) fn new(name: &str, root_certificate: Option<PathBuf>) -> Result<Self, String> {
        let known = MODES.iter().find(|(known, _)| *known == name).map(|(_, mode)| *mode);
        let mode = known.ok_or_else(|| {
            let names: Vec<&str> = MODES.iter().map(|(name, _)| *name).collect();
            format!("unknown sslmode `{name}`; known: {}", names.join(", "))
        })?;
        let mode = if mode == Mode::Require && root_certificate.is_some() { Mode::VerifyCa } else { mode };
        Ok(Self { mode, root_certificate, identity: None })
    }

    /// The same, and the program shows a certificate of its own (libpq's `sslcert` and `sslkey`).
    pub(crate) fn with_identity(self, certificate: PathBuf, key: PathBuf) -> Self {
        Self { identity: Some((certificate, key)), ..self }
    }

    /// The files of the program's own certificate and its key, where they are named.
    pub(super) fn identity(&self) -> Option<(&Path, &Path)> {
        self.identity.as_ref().map(|(certificate, key)| (certificate.as_path(), key.as_path()))
    }

    /// What the driver has to ask the server for.
    pub(super) fn mode(&self) -> SslMode {
        match self.mode {
            Mode::Disable => SslMode::Disable,
            Mode::Prefer => SslMode::Prefer,
            Mode::Require | Mode::VerifyCa | Mode::VerifyFull => SslMode::Require,
        }
    }

    /// The mode's name.
    pub(super) fn name(&self) -> &'static str {
        MODES.iter().find(|(_, mode)| *mode == self.mode).map_or("prefer", |(name, _)| name)
    }

    /// The file of trusted certificates, where one is named.
    pub(crate) fn root_certificate(&self) -> Option<&Path> {
        self.root_certificate.as_deref()
    }

    /// What makes the TLS half of a connection.
    ///
    /// # Errors
    /// When the trusted certificates cannot be read.
    pub(crate) fn connector(&self) -> Result<MakeRustlsConnect, ConnectError> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| ConnectError::Tls(error.to_string()))?;
        let verifier = Verifier {
            chain: match self.mode {
                Mode::VerifyCa | Mode::VerifyFull => Some(self.chain(&provider)?),
                _ => None,
            },
            checks_name: self.mode == Mode::VerifyFull,
            provider,
        };
        let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        let config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let (chain, key) = (certificates("certificate", certificate)?, private_key(key)?);
                let built = builder.with_client_auth_cert(chain, key);
                built.map_err(|error| {
                    ConnectError::Tls(format!(
                        "the certificate {} cannot be used: {error}",
                        certificate.display()
                    ))
                })?
            }
        };
        Ok(MakeRustlsConnect::new(config))
    }

    fn chain(&self, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, ConnectError> {
        let mut roots = RootCertStore::empty();
        match &self.root_certificate {
            Some(file) => {
                for certificate in certificates("root certificate", file)? {
                    roots.add(certificate).map_err(|error| unreadable("root certificate", file, &error))?;
                }
            }
            None => {
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
        }
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
            .build()
            .map_err(|error| ConnectError::Tls(format!("no certificate to trust: {error}")))
    }
}

fn certificates(what: &str, file: &Path) -> Result<Vec<CertificateDer<'static>>, ConnectError> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
    read.map_err(|error| unreadable(what, file, &error))
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, ConnectError> {
    PrivateKeyDer::from_pem_file(file).map_err(|error| unreadable("key", file, &error))
}

fn unreadable(what: &str, file: &Path, error: &dyn std::fmt::Display) -> ConnectError {
    ConnectError::Tls(format!("the {what} {} cannot be read: {error}", file.display()))
}

/// Checks what the mode asks for: nothing, the chain, or the chain and the name.
#[derive(Debug)]
struct Verifier {
    chain: Option<Arc<WebPkiServerVerifier>>,
    checks_name: bool,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        match chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.checks_name => Ok(ServerCertVerified::assertion()),
            answer => answer,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
