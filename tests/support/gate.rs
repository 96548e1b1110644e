//! Stands between the program and a server, counts what passes, and stops it at a statement.

use std::io::{Read, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Child;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Kind, TestDatabase};

/// The way from a program to a server.
pub struct Gate {
    /// The database's address, through it.
    pub url: String,
    passage: Arc<Passage>,
}

struct Passage {
    kind: Kind,
    connections: AtomicUsize,
    statements: AtomicUsize,
    /// The statement at which the way ends, from 1; none: 0.
    last: AtomicUsize,
    /// Whether the next answer is kept back.
    is_silent: AtomicBool,
    /// Whether nothing passes.
    is_stopped: AtomicBool,
    /// Both ends of every connection.
    streams: Mutex<Vec<TcpStream>>,
}

impl Gate {
    /// A gate before the database.
    pub fn before(db: &TestDatabase) -> Self {
        static NEXT: AtomicU8 = AtomicU8::new(1);
        let (user, rest) = db.url.split_once('@').unwrap();
        let (server, name) = rest.split_once('/').unwrap();
        // At the server's own port, so that it is not taken for a pooler.
        let (_, port) = server.split_once(':').unwrap();
        let [low, middle, high, _] = std::process::id().to_le_bytes();
        let address = format!("127.{}.{middle}.{low}:{port}", high ^ NEXT.fetch_add(1, SeqCst));
        let plain = if db.kind == Kind::Postgresql { "sslmode=disable" } else { "ssl_mode=DISABLED" };
        let passage = Arc::new(Passage {
            kind: db.kind,
            connections: AtomicUsize::new(0),
            statements: AtomicUsize::new(0),
            last: AtomicUsize::new(0),
            is_silent: AtomicBool::new(false),
            is_stopped: AtomicBool::new(false),
            streams: Mutex::default(),
        });
        let (listener, server) = (TcpListener::bind(&address).unwrap(), server.to_owned());
        let shared = Arc::clone(&passage);
        std::thread::spawn(move || {
            listener.incoming().for_each(|client| connect(client.unwrap(), &server, &shared));
        });
        Self { url: format!("{user}@{address}/{name}?{plain}"), passage }
    }

    /// How many connections and statements passed.
    pub fn passed(&self) -> (usize, usize) {
        (self.passage.connections.load(SeqCst), self.passage.statements.load(SeqCst))
    }

    /// The statement with this number, counted from here, is the last that the server gets, and nobody hears of it.
    pub fn stop_behind(&self, number: usize) {
        self.passage.statements.store(0, SeqCst);
        self.passage.last.store(number, SeqCst);
    }

    /// Waits until the way ended; false: the program ended before.
    pub fn is_reached(&self, child: &mut Child) -> bool {
        loop {
            if self.passage.is_stopped.load(SeqCst) {
                return true;
            }
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Closes all connections; new ones pass.
    pub fn cut(&self) {
        self.passage.last.store(0, SeqCst);
        for stream in self.passage.streams.lock().unwrap().drain(..) {
            drop(stream.shutdown(Shutdown::Both));
        }
        self.passage.is_silent.store(false, SeqCst);
        self.passage.is_stopped.store(false, SeqCst);
    }
}

fn connect(client: TcpStream, server: &str, passage: &Arc<Passage>) {
    passage.connections.fetch_add(1, SeqCst);
    let server = TcpStream::connect(server).unwrap();
    for stream in [&client, &server] {
        stream.set_nodelay(true).unwrap();
        passage.streams.lock().unwrap().push(stream.try_clone().unwrap());
    }
    let (answers, back) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let (forth, other) = (Arc::clone(passage), Arc::clone(passage));
    std::thread::spawn(move || drop(forth.forward(client, server)));
    std::thread::spawn(move || drop(other.answer(answers, back)));
}

impl Passage {
    fn forward(&self, mut client: TcpStream, mut server: TcpStream) -> std::io::Result<()> {
        let mut is_started = false;
        loop {
            let (message, is_statement) = match self.kind {
                Kind::Mariadb => mysql_message(&mut client)?,
                _ => postgresql_message(&mut client, is_started)?,
            };
            is_started = true;
            if is_statement && self.statements.fetch_add(1, SeqCst) + 1 == self.last.load(SeqCst) {
                self.is_silent.store(true, SeqCst);
            }
            self.wait();
            server.write_all(&message)?;
        }
    }

    fn answer(&self, mut answers: TcpStream, mut back: TcpStream) -> std::io::Result<()> {
        let mut buffer = [0; 65536];
        loop {
            let length = answers.read(&mut buffer).unwrap_or(0);
            if length == 0 {
                return back.shutdown(Shutdown::Both);
            }
            if self.is_silent.load(SeqCst) {
                self.is_stopped.store(true, SeqCst);
            }
            self.wait();
            back.write_all(&buffer[..length])?;
        }
    }

    fn wait(&self) {
        while self.is_stopped.load(SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// A message of PostgreSQL, a length alone at first, then a kind and a length; and whether it runs something.
fn postgresql_message(client: &mut impl Read, is_started: bool) -> std::io::Result<(Vec<u8>, bool)> {
    let mut message = vec![0; if is_started { 5 } else { 4 }];
    client.read_exact(&mut message)?;
    let head = message.len();
    let length = u32::from_be_bytes(message[head - 4..].try_into().unwrap()) as usize;
    message.resize(head + length - 4, 0);
    client.read_exact(&mut message[head..])?;
    // `Q` is a text, `E` a prepared statement.
    let is_statement = is_started && matches!(message[0], b'Q' | b'E');
    Ok((message, is_statement))
}

/// A packet of MySQL: a length, a number that is 0 for a command, and then which.
fn mysql_message(client: &mut impl Read) -> std::io::Result<(Vec<u8>, bool)> {
    const QUERY: u8 = 3;
    const EXECUTE: u8 = 23;
    let mut message = vec![0; 4];
    client.read_exact(&mut message)?;
    let length = u32::from_le_bytes([message[0], message[1], message[2], 0]) as usize;
    message.resize(4 + length, 0);
    client.read_exact(&mut message[4..])?;
    let is_statement = message[3] == 0 && matches!(message[4], QUERY | EXECUTE);
    Ok((message, is_statement))
}
