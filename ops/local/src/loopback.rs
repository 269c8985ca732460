//! Listener on a port of loopback, and its address: bound before it is served, so that others can be given the address.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;

/// A bound port that is not served yet; what comes meanwhile waits in the kernel.
#[derive(Debug)]
pub(crate) struct Loopback {
    pub(crate) listener: TcpListener,
    pub(crate) address: SocketAddr,
}

impl Loopback {
    /// Takes a port of loopback; 0 takes a free one.
    ///
    /// # Errors
    /// When the port is taken or may not be used.
    pub(crate) async fn bind(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Its address for HTTP clients.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}
