//! A server connection with the part of HTTP/1.1 that the emulator needs.

use std::{
    fmt::Debug,
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
    sync::Arc,
};

use rustls::{ServerConnection, StreamOwned};

use crate::authority::Identity;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Request {
    /// First line and headers, in lower case.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
    /// Which connection it came over, counted from 0.
    pub connection: usize,
}

impl Request {
    /// Method and path.
    #[must_use]
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default().trim_end_matches(" http/1.1")
    }

    /// The value of the header `name`, which is written in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    }
}

/// A socket, or TLS over one.
trait Stream: Read + Write + Debug + Send {}

impl<S: Read + Write + Debug + Send> Stream for S {}

/// One connection with its read buffer.
#[derive(Debug)]
pub(crate) struct Connection {
    reader: BufReader<Box<dyn Stream>>,
    connection: usize,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream, connection: usize) -> io::Result<Self> {
        // Otherwise an answer of two segments waits 40 ms for the first one's acknowledgement.
        stream.set_nodelay(true)?;
        Ok(Self { reader: BufReader::new(Box::new(stream)), connection })
    }

    /// One behind TLS, whose handshake is part of the first request.
    pub(crate) fn secure(stream: TcpStream, connection: usize, identity: &Identity) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let tls = ServerConnection::new(Arc::clone(&identity.0)).map_err(io::Error::other)?;
        Ok(Self { reader: BufReader::new(Box::new(StreamOwned::new(tls, stream))), connection })
    }

    /// The next request; `None` when the peer has hung up.
    pub(crate) fn request(&mut self) -> Option<Request> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let mut request =
            Request { head: head.to_ascii_lowercase(), body: Vec::new(), connection: self.connection };
        if let Some(length) = request.header("content-length").and_then(|it| it.parse().ok()) {
            request.body.resize(length, 0);
            self.reader.read_exact(&mut request.body).ok()?;
        } else if request.header("transfer-encoding") == Some("chunked") {
            request.body = self.chunks()?;
        }
        Some(request)
    }

    fn chunks(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let mut size = String::new();
            self.reader.read_line(&mut size).ok()?;
            let size = u64::from_str_radix(size.trim(), 16).ok()?;
            (&mut self.reader).take(size).read_to_end(&mut body).ok()?;
            self.reader.read_line(&mut String::new()).ok()?;
            if size == 0 {
                return Some(body);
            }
        }
    }

    /// Sends the answer in one write; whether the peer received it.
    pub(crate) fn answer(&mut self, bytes: &[u8]) -> bool {
        let stream = self.reader.get_mut();
        stream.write_all(bytes).and_then(|()| stream.flush()).is_ok()
    }
}

/// An answer with a body.
pub(crate) fn response(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}
