//! What a TLS server shows of itself to whoever connects, trusted or not.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{AlertDescription, ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme};

use super::error::{Error, Result};

/// What a server showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Where it was reached.
    pub address: SocketAddr,
    /// Its certificates as DER, its own first, in the order it sent them.
    pub chain: Vec<Vec<u8>>,
    /// The version of TLS: `TLS 1.3`. None when the server broke off after showing its certificates.
    pub protocol: Option<String>,
    /// The cipher suite by its registered name: `TLS_AES_256_GCM_SHA384`. None as for the version.
    pub cipher: Option<String>,
    /// What it chose of `h2` and `http/1.1` to speak inside, if it chose.
    pub alpn: Option<String>,
}

/// Splits `HOST:PORT`, where an IPv6 address stands in brackets.
///
/// # Errors
/// When there is no port, no host, or an IPv6 address without brackets; the hint holds the right spelling.
pub fn parse(text: &str) -> Result<(String, u16)> {
    let refuse = |why: &str, spelling: String| {
        Err(Error::refused(format_args!("`{text}` is no HOST:PORT: {why}")).hint(format!("write {spelling}")))
    };
    if let Some((scheme, rest)) = text.split_once("://") {
        let host = rest.split('/').next().unwrap_or_default();
        let port = if host.contains(':') { "" } else { ":443" };
        return refuse(&format!("it begins with {scheme}://"), format!("{host}{port}"));
    }
    if text.parse::<IpAddr>().is_ok_and(|address| address.is_ipv6()) {
        return refuse("an IPv6 address stands in brackets", format!("[{text}]:443"));
    }
    let Some((host, port)) = text.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')) else {
        return refuse("the port is missing", format!("{text}:443"));
    };
    let Ok(port @ 1..) = port.parse::<u16>() else {
        return refuse(&format!("`{port}` is no port (1 to 65535)"), format!("{host}:443"));
    };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    match bare {
        "" => refuse("the host is missing", format!("localhost:{port}")),
        bare if bare.contains(':') && bare == host => {
            refuse("an IPv6 address stands in brackets", format!("[{bare}]:{port}"))
        }
        bare => Ok((bare.to_owned(), port)),
    }
}

/// Connects, accepts whatever certificate is shown, and says what it was. Nothing else is sent.
///
/// `server_name` is the name asked for (SNI); without one it is the host. `timeout` is for the whole.
///
/// # Errors
/// When the name does not resolve, nobody listens, time runs out, or what listens there speaks no TLS.
pub fn fetch(host: &str, port: u16, server_name: Option<&str>, timeout: Duration) -> Result<Peer> {
    let target = Target { host, port, deadline: Instant::now() + timeout, timeout };
    let name = server_name_of(server_name.unwrap_or(host))?;
    let mut stream = target.connect(&target.resolve()?)?;
    let address = stream.stream.peer_addr().map_err(|error| target.broken(&error))?;
    let recorder = Arc::new(Recorder::default());
    let mut connection = client(&recorder, name)?;
    let outcome = shake_hands(&mut connection, &mut stream);
    let chain = recorder.taken();
    match outcome {
        // A server that then asks for a certificate of ours has shown its own.
        Err(error) if chain.is_empty() => Err(target.not_tls(&error)),
        _ => Ok(Peer {
            address,
            chain,
            protocol: connection.protocol_version().map(|version| protocol(&format!("{version:?}"))),
            cipher: connection.negotiated_cipher_suite().map(|suite| cipher(&format!("{:?}", suite.suite()))),
            alpn: connection.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
        }),
    }
}

/// `TLSv1_3` as people write it.
fn protocol(name: &str) -> String {
    name.replace("TLSv", "TLS ").replace('_', ".")
}

/// rustls marks the suites of TLS 1.3; the registry does not.
fn cipher(name: &str) -> String {
    name.replace("TLS13_", "TLS_")
}

fn server_name_of(name: &str) -> Result<ServerName<'static>> {
    let ascii = match name.parse::<IpAddr>() {
        Ok(_) => name.to_owned(),
        Err(_) => idna::domain_to_ascii(name).unwrap_or_default(),
    };
    ServerName::try_from(ascii).map_err(|_| {
        Error::refused(format_args!("`{name}` is no name that a server can have"))
            .hint("write a host name or an IP address, without a port")
    })
}

fn client(recorder: &Arc<Recorder>, name: ServerName<'static>) -> Result<ClientConnection> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let failed = |error| Error::failed(format_args!("TLS cannot be set up: {error}"));
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(recorder) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    ClientConnection::new(Arc::new(config), name).map_err(failed)
}

fn shake_hands(connection: &mut ClientConnection, stream: &mut Timed) -> io::Result<()> {
    while connection.is_handshaking() {
        connection.complete_io(stream)?;
    }
    connection.send_close_notify();
    // The server may be gone already: what was to be learnt is learnt.
    connection.write_tls(stream).map(drop).or(Ok(()))
}

/// Where a connection goes, and until when.
struct Target<'a> {
    host: &'a str,
    port: u16,
    deadline: Instant,
    timeout: Duration,
}

impl Target<'_> {
    fn resolve(&self) -> Result<Vec<SocketAddr>> {
        let (sender, receiver) = mpsc::channel();
        let target = (self.host.to_owned(), self.port);
        // The system's resolver knows no time limit; the thread ends when it gives up by itself.
        thread::spawn(move || sender.send(target.to_socket_addrs().map(Vec::from_iter)));
        match receiver.recv_timeout(self.left()) {
            Ok(Ok(addresses)) if !addresses.is_empty() => Ok(addresses),
            Ok(Err(error)) => Err(self.unresolved(&error.to_string())),
            Ok(Ok(_)) => Err(self.unresolved("it has no address")),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                Err(self.unresolved(&format!("no answer within {:?}", self.timeout)))
            }
        }
    }

    fn connect(&self, addresses: &[SocketAddr]) -> Result<Timed> {
        let mut last = io::Error::from(io::ErrorKind::TimedOut);
        for address in addresses {
            match TcpStream::connect_timeout(address, self.left()) {
                Ok(stream) => return Ok(Timed { stream, deadline: self.deadline }),
                Err(error) => last = error,
            }
        }
        Err(self.broken(&last))
    }

    /// What is left of the time; never zero, which sockets refuse.
    fn left(&self) -> Duration {
        left_until(self.deadline).unwrap_or(Duration::from_millis(1))
    }

    fn unresolved(&self, why: &str) -> Error {
        Error::failed(format_args!("the name `{}` does not resolve: {why}", self.host))
            .hint(format!("for a server on this machine: 127.0.0.1:{} --name {}", self.port, self.host))
    }

    fn broken(&self, error: &io::Error) -> Error {
        let (what, hint) = match error.kind() {
            io::ErrorKind::ConnectionRefused => {
                ("nobody listens there".to_owned(), "start the server, or look for its port: ss -tln")
            }
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
                (format!("no answer within {:?}", self.timeout), "a firewall may drop what is sent there")
            }
            _ => (error.to_string(), "look whether the machine is reached at all"),
        };
        Error::failed(format_args!("cannot connect to {}: {what}", self.place())).hint(hint)
    }

    fn not_tls(&self, error: &io::Error) -> Error {
        let reason = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        let place = self.place();
        match reason {
            Some(rustls::Error::InvalidMessage(_)) => Error::failed(format_args!(
                "{place} answers, but not in TLS"
            ))
            .hint("it may be plain HTTP, or a protocol that asks for TLS in words of its own (STARTTLS)"),
            Some(rustls::Error::AlertReceived(alert)) => refused_by(&place, *alert),
            Some(other) => Error::failed(format_args!("{place} and this program agree on no TLS: {other}"))
                .hint("it needs TLS 1.2 or 1.3"),
            None if is_timeout(error) => self.broken(error),
            None => {
                Error::failed(format_args!("{place} closed the connection at the first word of TLS: {error}"))
                    .hint("it may not speak TLS, or only for a name that it knows: --name NAME")
            }
        }
    }

    fn place(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

fn refused_by(place: &str, alert: AlertDescription) -> Error {
    let hint = match alert {
        AlertDescription::UnrecognisedName => "it serves other names: ask for one with --name NAME",
        AlertDescription::ProtocolVersion => "it speaks only versions before TLS 1.2, which are broken",
        _ => "look into its log",
    };
    Error::failed(format_args!("{place} refuses the connection by the TLS alert {alert:?}")).hint(hint)
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

fn left_until(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

/// A connection whose every read and write ends at the deadline: a server that drips bytes holds nobody up.
struct Timed {
    stream: TcpStream,
    deadline: Instant,
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(left_until(self.deadline)?))?;
        self.stream.read(buffer)
    }
}

impl Write for Timed {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(left_until(self.deadline)?))?;
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Accepts every certificate, and keeps what it was shown.
#[derive(Debug, Default)]
struct Recorder(Mutex<Vec<Vec<u8>>>);

impl Recorder {
    fn taken(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        let shown = [end_entity].into_iter().chain(intermediates).map(|der| der.to_vec());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = shown.collect();
        Ok(ServerCertVerified::assertion())
    }

    // Signatures are not looked at either: certificates of shapes that cannot be verified here are shown all the same.
    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![
            SignatureScheme::ECDSA_NISTP256_SHA256,
            SignatureScheme::ECDSA_NISTP384_SHA384,
            SignatureScheme::ECDSA_NISTP521_SHA512,
            SignatureScheme::ED25519,
            SignatureScheme::ED448,
            SignatureScheme::RSA_PSS_SHA256,
            SignatureScheme::RSA_PSS_SHA384,
            SignatureScheme::RSA_PSS_SHA512,
            SignatureScheme::RSA_PKCS1_SHA256,
            SignatureScheme::RSA_PKCS1_SHA384,
            SignatureScheme::RSA_PKCS1_SHA512,
            SignatureScheme::RSA_PKCS1_SHA1,
            SignatureScheme::ECDSA_SHA1_Legacy,
        ]
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::process::{Child, Command, Stdio};

    use super::*;
    use crate::armor;
    use crate::export::specimen::{Folder, Specimen};

    const WAIT: Duration = Duration::from_secs(5);

    /// `openssl s_server` on a free port.
    struct Server {
        process: Child,
        port: u16,
        _folder: Folder,
    }

    impl Server {
        fn start(specimen: &Specimen, flags: &[&str]) -> Self {
            let folder = Folder::new();
            folder.write("leaf.pem", armor::certificate(&specimen.chain[0]));
            folder.write("ca.pem", armor::certificate(&specimen.chain[1]));
            folder.write("key.pem", armor::encode("PRIVATE KEY", &specimen.key));
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let process = Command::new("openssl")
                .args(["s_server", "-cert", "leaf.pem", "-key", "key.pem", "-cert_chain", "ca.pem", "-quiet"])
                .args(["-accept", &format!("127.0.0.1:{port}")])
                .args(flags)
                .current_dir(&folder.0)
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let deadline = Instant::now() + WAIT;
            while TcpStream::connect(("127.0.0.1", port)).is_err() && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(20));
            }
            Self { process, port, _folder: folder }
        }
    }

    impl Drop for Server {
        fn drop(&mut self) {
            drop(self.process.kill());
            drop(self.process.wait());
        }
    }

    fn shown(flags: &[&str]) -> Peer {
        let specimen = Specimen::new();
        let server = Server::start(&specimen, flags);
        let peer = fetch("127.0.0.1", server.port, Some("localhost"), WAIT).unwrap();
        assert_eq!(peer.chain, specimen.chain);
        peer
    }

    #[test]
    fn a_servers_chain_version_cipher_and_inner_protocol_are_shown() {
        let peer = shown(&["-alpn", "http/1.1"]);
        assert_eq!(peer.protocol.as_deref(), Some("TLS 1.3"));
        assert_eq!(peer.cipher.as_deref(), Some("TLS_AES_256_GCM_SHA384"));
        assert_eq!(peer.alpn.as_deref(), Some("http/1.1"));
    }

    #[test]
    fn the_version_before_is_shown_too() {
        let peer = shown(&["-tls1_2"]);
        assert_eq!(peer.protocol.as_deref(), Some("TLS 1.2"));
        assert_eq!(peer.cipher.as_deref(), Some("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"));
        assert_eq!(peer.alpn, None);
    }

    #[test]
    fn a_server_that_wants_a_certificate_of_ours_shows_its_own() {
        shown(&["-Verify", "1", "-tls1_2"]);
        shown(&["-Verify", "1"]);
    }

    #[test]
    fn where_nobody_listens_is_said() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let error = fetch("127.0.0.1", port, None, WAIT).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot connect to 127.0.0.1:{port}: nobody listens there"));
        assert_eq!(error.hints, ["start the server, or look for its port: ss -tln"]);
    }

    /// What is said of a server that answers a connection so.
    fn said_of(answer: fn(&mut TcpStream), timeout: Duration) -> String {
        let listener = TcpListener::bind("[::1]:0").or_else(|_| TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut hello = [0; 4096];
            drop(stream.read(&mut hello));
            answer(&mut stream);
        });
        let error = fetch(&address.ip().to_string(), address.port(), None, timeout).unwrap_err();
        error.to_string().replace(&address.to_string(), "HERE")
    }

    #[test]
    fn plain_http_silence_and_a_hung_up_line_are_told_apart() {
        let http = said_of(|stream| stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap(), WAIT);
        assert_eq!(http, "HERE answers, but not in TLS");
        let silent = said_of(|_| thread::sleep(WAIT), Duration::from_millis(200));
        assert_eq!(silent, "cannot connect to HERE: no answer within 200ms");
        let hung_up = said_of(|_| (), WAIT);
        assert!(hung_up.starts_with("HERE closed the connection at the first word of TLS"), "{hung_up}");
        let alert = said_of(|stream| stream.write_all(&[21, 3, 3, 0, 2, 2, 112]).unwrap(), WAIT);
        assert_eq!(alert, "HERE refuses the connection by the TLS alert UnrecognisedName");
    }

    #[test]
    fn a_server_that_drips_bytes_does_not_outlast_the_limit() {
        let began = Instant::now();
        said_of(
            |stream| {
                let mut bytes = [22, 3, 3, 64, 0].into_iter().chain(std::iter::repeat(0));
                while stream.write_all(&[bytes.next().unwrap_or(0)]).is_ok() {
                    thread::sleep(Duration::from_millis(50));
                }
            },
            Duration::from_millis(400),
        );
        assert!(began.elapsed() < Duration::from_secs(3));
    }

    #[test]
    fn a_name_that_does_not_resolve_is_named() {
        let error = fetch("no-such-host.invalid", 443, None, WAIT).unwrap_err();
        assert!(error.to_string().starts_with("the name `no-such-host.invalid` does not resolve: "));
    }

    #[test]
    fn host_and_port_are_both_needed_and_the_right_spelling_is_hinted() {
        assert_eq!(parse("localhost:8443").unwrap(), ("localhost".to_owned(), 8443));
        assert_eq!(parse("[::1]:8443").unwrap(), ("::1".to_owned(), 8443));
        for (text, hint) in [
            ("localhost", "write localhost:443"),
            ("::1", "write [::1]:443"),
            ("[::1]", "write [::1]:443"),
            ("2001:db8:::8443", "write [2001:db8::]:8443"),
            (":8443", "write localhost:8443"),
            ("localhost:0", "write localhost:443"),
            ("localhost:https", "write localhost:443"),
            ("localhost:99999", "write localhost:443"),
            ("https://app.test/x", "write app.test:443"),
            ("https://app.test:8443/x", "write app.test:8443"),
        ] {
            assert_eq!(parse(text).unwrap_err().hints, [hint], "{text}");
        }
    }
}
