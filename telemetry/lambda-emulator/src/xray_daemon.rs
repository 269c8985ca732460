//! An X-Ray daemon that receives datagrams.

use std::{
    io,
    net::{SocketAddr, UdpSocket},
    time::Duration,
};

/// Receives the datagrams that a function sends to the X-Ray daemon.
#[derive(Debug)]
pub struct XrayDaemon {
    socket: UdpSocket,
    address: SocketAddr,
}

impl XrayDaemon {
    /// Listens on a free port.
    ///
    /// # Errors
    ///
    /// Fails when no port is free.
    pub fn start() -> io::Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    /// The value for `AWS_XRAY_DAEMON_ADDRESS`.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The next datagram, if one comes within `timeout`.
    #[must_use]
    pub fn next(&self, timeout: Duration) -> Option<Vec<u8>> {
        let mut bytes = vec![0; 65_536];
        self.socket.set_read_timeout(Some(timeout)).ok()?;
        let length = self.socket.recv(&mut bytes).ok()?;
        bytes.truncate(length);
        Some(bytes)
    }

    /// Discards the datagrams that have arrived.
    pub fn clear(&self) {
        while self.next(Duration::from_micros(1)).is_some() {}
    }
}
