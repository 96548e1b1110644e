//! What the arbiter and its workers say to each other: JSON, a line each, over a pair of sockets.
//!
//! A worker has its end as standard input. The first line that it gets comes with the sockets to listen on, which the
//! system copies into the worker (`SCM_RIGHTS`), so nothing is inherited by accident and nothing depends on numbers.

use std::io::{self, BufRead as _, BufReader, IoSlice, IoSliceMut, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::in_flight::Busy;
use super::listener::Listener;

/// Most sockets of one message, which is the system's own limit.
pub(crate) const MOST_LISTENERS: usize = 253;

/// Longest first line.
const FIRST_LINE: usize = 65_536;

/// What a process is told at its start, with the sockets of the addresses.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Start {
    /// The number of the worker, which no other has as long as the arbiter runs.
    pub number: u32,
    /// The reload that it belongs to.
    pub generation: u32,
    /// Its addresses, in the order of the sockets.
    addresses: Vec<String>,
}

/// What a worker tells.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Told {
    /// It answers requests from now on.
    Ready,
    /// How it does.
    Beat(Beat),
    /// It has answered as many requests as it should, and waits for another to take its place.
    Retiring,
}

/// How a worker does.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Beat {
    /// Goes on as long as the threads that answer requests come to other work as well.
    pub ticks: u64,
    /// Requests so far.
    pub requests: u64,
    /// Open connections.
    pub connections: usize,
    /// Requests that are being answered.
    pub answering: usize,
    /// Some of them.
    pub busy: Vec<Busy>,
    /// Its memory in bytes, where the system tells.
    pub memory: Option<u64>,
}

/// Sends the first message.
///
/// # Errors
/// When the other end is gone.
pub(super) fn start(
    stream: &UnixStream,
    (number, generation): (u32, u32),
    listeners: &[Listener],
) -> io::Result<()> {
    let addresses = listeners.iter().map(|listener| listener.address.to_string()).collect();
    let line = line(&Start { number, generation, addresses })?;
    let sockets: Vec<BorrowedFd<'_>> = listeners.iter().map(AsFd::as_fd).collect();
    let mut space = vec![MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_LISTENERS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(&sockets));
    let sent = rustix::net::sendmsg(stream, &[IoSlice::new(&line)], &mut control, SendFlags::empty())?;
    let mut stream = stream;
    stream.write_all(&line[sent..])
}

/// Takes the first message.
///
/// # Errors
/// When the other end is gone, or is not an arbiter.
pub(super) fn started(stream: &UnixStream) -> io::Result<(Start, Vec<Listener>)> {
    let mut bytes = vec![0; FIRST_LINE];
    let mut space = vec![MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_LISTENERS))];
    let (mut length, mut sockets) = (0, Vec::new());
    while !bytes[..length].ends_with(b"\n") {
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let room = &mut [IoSliceMut::new(&mut bytes[length..])];
        let got = rustix::net::recvmsg(stream, room, &mut control, RecvFlags::CMSG_CLOEXEC)?;
        if got.bytes == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        length += got.bytes;
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(more) = message {
                sockets.extend::<Vec<OwnedFd>>(more.collect());
            }
        }
    }
    let start: Start = serde_json::from_slice(&bytes[..length])?;
    let listeners = start.addresses.iter().zip(sockets).map(|(address, socket)| {
        let address =
            address.parse().map_err(|error: String| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Listener::of(address, socket)
    });
    let listeners = listeners.collect::<io::Result<Vec<_>>>()?;
    Ok((start, listeners))
}

/// Says something.
///
/// # Errors
/// When the other end is gone.
pub(super) fn say(mut stream: &UnixStream, message: &impl Serialize) -> io::Result<()> {
    stream.write_all(&line(message)?)
}

/// Hears everything that is said, until the other end is gone.
pub(super) fn hear<T: DeserializeOwned>(stream: UnixStream) -> impl Iterator<Item = T> {
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    lines.map_while(|line| serde_json::from_str(&line).ok())
}

fn line(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn sockets_come_with_the_first_message() {
        let (here, there) = UnixStream::pair().unwrap();
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let listener = Listener::of(format!("{address}").parse().unwrap(), socket.into()).unwrap();
        start(&here, (3, 1), &[listener]).unwrap();
        say(&here, &Told::Ready).unwrap();
        let (first, listeners) = started(&there).unwrap();
        assert_eq!((first.number, first.generation), (3, 1));
        assert_eq!(listeners[0].to_string(), format!("http://{address}/"));
        assert!(std::net::TcpStream::connect(address).is_ok());
        drop(here);
        assert!(matches!(hear(there).collect::<Vec<Told>>()[..], [Told::Ready]));
    }
}
