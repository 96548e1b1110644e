//! A TLS server for one client, which tells whether that client trusted it.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};

use crate::error::{Error, Result};
use manage_leaves::crypto::random_string;

/// The name that clients connect to.
pub(super) const HOST: &str = "localhost";

/// No client takes longer to say its next word.
const PATIENCE: Duration = Duration::from_secs(5);

const PAGE: &str = "<!doctype html><title>Trusted</title><p>This client trusts the certificate.\n";

/// A server on a free port of 127.0.0.1, gone with the value.
pub(super) struct Server {
    address: SocketAddr,
    watch: Arc<Watch>,
    thread: Option<JoinHandle<()>>,
}

/// What the server saw.
#[derive(Default)]
struct Watch {
    /// The path that counts; whoever asks for another one came by chance.
    path: String,
    was_reached: AtomicBool,
    was_trusted: AtomicBool,
    is_over: AtomicBool,
    objection: Mutex<Option<String>>,
}

/// What a server needs to speak TLS with this chain (DER, its own certificate first) and key (PKCS#8 DER).
pub(super) fn configuration(chain: &[Vec<u8>], key: &[u8]) -> Result<Arc<ServerConfig>> {
    let failed = |error| Error::failed(format_args!("no server can use the certificate: {error}"));
    let chain = chain.iter().map(|der| CertificateDer::from(der.clone())).collect();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.to_vec()));
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map(Arc::new)
        .map_err(failed)
}

impl Server {
    /// Starts one.
    pub(super) fn start(configuration: &Arc<ServerConfig>) -> Result<Self> {
        let failed = |error| Error::failed(format_args!("cannot listen on 127.0.0.1: {error}"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let watch = Arc::new(Watch { path: format!("/{}", random_string(24)), ..Watch::default() });
        let thread = thread::spawn({
            let (watch, configuration) = (Arc::clone(&watch), Arc::clone(configuration));
            move || accept(&listener, &watch, &configuration)
        });
        Ok(Self { address, watch, thread: Some(thread) })
    }

    /// The port it listens on.
    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// The path to ask for, which nobody can guess.
    pub(super) fn path(&self) -> &str {
        &self.watch.path
    }

    /// Whether a client opened a connection, trusting or not.
    pub(super) fn was_reached(&self) -> bool {
        self.watch.was_reached.load(Ordering::SeqCst)
    }

    /// Whether a client asked for the path inside a completed handshake.
    pub(super) fn was_trusted(&self) -> bool {
        self.watch.was_trusted.load(Ordering::SeqCst)
    }

    /// How a client objected in TLS, if one did: `UnknownCA`.
    pub(super) fn objection(&self) -> Option<String> {
        self.watch.objection.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.watch.is_over.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for the next connection.
        drop(TcpStream::connect_timeout(&self.address, PATIENCE));
        drop(self.thread.take().map(JoinHandle::join));
    }
}

fn accept(listener: &TcpListener, watch: &Arc<Watch>, configuration: &Arc<ServerConfig>) {
    for stream in listener.incoming().map_while(io::Result::ok) {
        if watch.is_over.load(Ordering::SeqCst) {
            return;
        }
        watch.was_reached.store(true, Ordering::SeqCst);
        let (watch, configuration) = (Arc::clone(watch), Arc::clone(configuration));
        // Browsers open connections that they leave idle: each has a thread of its own.
        thread::spawn(move || watch.note(answer(stream, &configuration, &watch)));
    }
}

impl Watch {
    fn note(&self, outcome: io::Result<()>) {
        let Err(error) = outcome else { return };
        let reason = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if let Some(rustls::Error::AlertReceived(alert)) = reason {
            *self.objection.lock().unwrap_or_else(PoisonError::into_inner) = Some(format!("{alert:?}"));
        }
    }
}

fn answer(mut stream: TcpStream, configuration: &Arc<ServerConfig>, watch: &Watch) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut connection = ServerConnection::new(Arc::clone(configuration)).map_err(io::Error::other)?;
    let mut secured = BufReader::new(Stream::new(&mut connection, &mut stream));
    let mut request = String::new();
    secured.read_line(&mut request)?;
    skip_headers(&mut secured)?;
    // `GET /path HTTP/1.1`
    if request.split(' ').nth(1) == Some(watch.path.as_str()) {
        watch.was_trusted.store(true, Ordering::SeqCst);
    }
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n";
    write!(secured.get_mut(), "{head}Content-Length: {}\r\n\r\n{PAGE}", PAGE.len())?;
    connection.send_close_notify();
    connection.complete_io(&mut stream).map(drop)
}

fn skip_headers(request: &mut impl io::BufRead) -> io::Result<()> {
    let mut line = String::new();
    while request.read_line(&mut line)? > 2 {
        line.clear();
    }
    Ok(())
}
