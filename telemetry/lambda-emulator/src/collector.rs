//! A collector that receives OTLP over HTTP, with TLS or without, healthy or not.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

use crate::{
    authority::Identity,
    connection::{Connection, Request},
};

/// The answer of a healthy collector.
pub const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";

/// Receives requests and answers each as the test wants.
#[derive(Debug)]
pub struct Collector {
    address: SocketAddr,
    secure: bool,
    seen: Receiver<Request>,
}

impl Collector {
    /// Answers the n-th request, counted from 1, with the bytes that `answer` gives; hangs up for `None`.
    ///
    /// # Errors
    ///
    /// Fails when no port is free.
    pub fn start(answer: impl Fn(usize) -> Option<Vec<u8>> + Send + Sync + 'static) -> io::Result<Self> {
        Self::listen(None, answer)
    }

    /// As [`Collector::start`], behind TLS with the certificate of `identity`.
    ///
    /// # Errors
    ///
    /// Fails when no port is free.
    pub fn start_secure(
        identity: Identity,
        answer: impl Fn(usize) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        Self::listen(Some(identity), answer)
    }

    fn listen(
        identity: Option<Identity>,
        answer: impl Fn(usize) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let secure = identity.is_some();
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (sender, seen) = channel();
        let answer = Arc::new(answer);
        let counted = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        thread::spawn(move || {
            for (connection, stream) in listener.incoming().flatten().enumerate() {
                let (sender, answer, counted) = (sender.clone(), Arc::clone(&answer), Arc::clone(&counted));
                let connection = match &identity {
                    Some(identity) => Connection::secure(stream, connection, identity),
                    None => Connection::new(stream, connection),
                };
                let Ok(connection) = connection else { continue };
                let number = move || counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
                thread::spawn(move || serve(connection, &sender, || answer(number())));
            }
        });
        Ok(Self { address, secure, seen })
    }

    /// One that accepts everything.
    ///
    /// # Errors
    ///
    /// Fails when no port is free.
    pub fn healthy() -> io::Result<Self> {
        Self::start(|_| Some(OK.to_vec()))
    }

    /// One that receives requests and never answers.
    ///
    /// # Errors
    ///
    /// Fails when no port is free.
    pub fn hanging() -> io::Result<Self> {
        Self::start(|_| Some(Vec::new()))
    }

    /// An address where nobody listens.
    ///
    /// # Errors
    ///
    /// Fails when no port is free.
    pub fn dead() -> io::Result<SocketAddr> {
        TcpListener::bind("127.0.0.1:0")?.local_addr()
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The value for `OTEL_EXPORTER_OTLP_ENDPOINT`; behind TLS by the name `localhost`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        if self.secure {
            format!("https://localhost:{}", self.address.port())
        } else {
            format!("http://{}", self.address)
        }
    }

    /// The requests since the last call.
    #[must_use]
    pub fn seen(&self) -> Vec<Request> {
        self.seen.try_iter().collect()
    }

    /// The next request, if one comes within `timeout`.
    #[must_use]
    pub fn next(&self, timeout: Duration) -> Option<Request> {
        self.seen.recv_timeout(timeout).ok()
    }
}

fn serve(mut connection: Connection, seen: &Sender<Request>, answer: impl Fn() -> Option<Vec<u8>>) {
    while let Some(request) = connection.request() {
        // The test may have ended and dropped the receiver.
        drop(seen.send(request));
        match answer() {
            Some(answer) if connection.answer(&answer) => {}
            _ => return,
        }
    }
}
