//! Receiver of X-Ray daemon datagrams, read as fast as they come.
//!
//! A batch of images ends in a burst of datagrams of 64 KB each, and the kernel's buffer holds few: what comes
//! while it is full is lost, and neither side hears of it. So a thread does nothing but empty it, whatever
//! the runtime is busy with, and looks up what was lost all the same.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;
use std::{fs, thread};

use socket2::SockRef;
use tokio::sync::mpsc::{self, Receiver, Sender, error::TrySendError};

/// Larger than any UDP payload over IPv4.
const DATAGRAM_BYTES: usize = 65_536;
/// What the kernel is asked to hold; it grants less where `net.core.rmem_max` is less.
const KERNEL_BUFFER_BYTES: usize = 4 << 20;
/// What waits for the runtime, at most 64 MB.
const WAITING: usize = 1024;
/// How long the thread outlives who reads, and how soon a loss is noticed.
const GLANCE: Duration = Duration::from_millis(500);

/// What comes out of the thread.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// One datagram.
    Datagram(Vec<u8>),
    /// So many datagrams were lost until now.
    Lost(u64),
}

/// A bound socket on loopback, not read yet.
#[derive(Debug)]
pub(super) struct Datagrams {
    socket: UdpSocket,
    pub(super) address: SocketAddr,
}

impl Datagrams {
    pub(super) fn bind() -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        SockRef::from(&socket).set_recv_buffer_size(KERNEL_BUFFER_BYTES)?;
        socket.set_read_timeout(Some(GLANCE))?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    /// Starts the thread; it ends when nobody reads any more.
    pub(super) fn read(self) -> io::Result<Receiver<Arrival>> {
        let (arrived, arrivals) = mpsc::channel(WAITING);
        thread::Builder::new().name("datagrams".to_owned()).spawn(move || self.pump(&arrived))?;
        Ok(arrivals)
    }

    fn pump(&self, arrived: &Sender<Arrival>) {
        let mut buffer = vec![0; DATAGRAM_BYTES];
        let (mut reported, mut unread) = (0, 0);
        while !arrived.is_closed() {
            match self.socket.recv(&mut buffer) {
                Ok(length) => {
                    let datagram = buffer.get(..length).unwrap_or_default().to_vec();
                    if let Err(TrySendError::Full(_)) = arrived.try_send(Arrival::Datagram(datagram)) {
                        unread += 1;
                    }
                }
                // Silence: the time to look what the last burst cost.
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    let lost = unread + dropped_by_kernel(self.address.port());
                    if lost != reported && arrived.try_send(Arrival::Lost(lost)).is_ok() {
                        reported = lost;
                    }
                }
                // A failed receive concerns an earlier send (ICMP), and this socket never sends.
                Err(_) => {}
            }
        }
    }
}

/// What found no room in the buffer of the socket on `port`; 0 where the kernel does not report it.
fn dropped_by_kernel(port: u16) -> u64 {
    let table = fs::read_to_string("/proc/net/udp").unwrap_or_default();
    let local = format!("0100007F:{port:04X}");
    let row = table.lines().find(|row| row.split_whitespace().nth(1) == Some(&local));
    row.and_then(|row| row.split_whitespace().last()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    const PATIENCE: Duration = Duration::from_mins(1);

    fn wait_until(what: &str, condition: impl Fn() -> bool) {
        let started = Instant::now();
        while !condition() {
            assert!(started.elapsed() < PATIENCE, "{what}");
            thread::yield_now();
        }
    }

    #[test]
    fn datagrams_are_taken_from_the_kernel_while_the_runtime_is_busy_with_something_else() {
        let datagrams = Datagrams::bind().unwrap();
        let (sender, address) = (UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap(), datagrams.address);
        let mut arrivals = datagrams.read().unwrap();

        // Together more than the kernel holds by default.
        for number in 0..20_u8 {
            sender.send_to(&vec![number; 65_000], address).unwrap();
            wait_until("a datagram should be taken", || arrivals.len() == usize::from(number) + 1);
        }

        for number in 0..20_u8 {
            assert_eq!(arrivals.try_recv().unwrap(), Arrival::Datagram(vec![number; 65_000]));
        }
    }

    #[test]
    fn what_the_kernel_drops_is_told() {
        let datagrams = Datagrams::bind().unwrap();
        SockRef::from(&datagrams.socket).set_recv_buffer_size(1).unwrap();
        let (sender, port) = (UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap(), datagrams.address.port());
        for _ in 0..20 {
            sender.send_to(&[1; 9_000], datagrams.address).unwrap();
        }
        let dropped = dropped_by_kernel(port);
        assert!(dropped > 0, "a buffer of the least size should overflow");

        let mut arrivals = datagrams.read().unwrap();

        let (mut received, mut reported) = (0, 0);
        while reported != dropped {
            wait_until("the loss should be reported", || !arrivals.is_empty());
            match arrivals.try_recv().unwrap() {
                Arrival::Datagram(_) => received += 1,
                Arrival::Lost(count) => reported = count,
            }
        }
        assert_eq!(received + dropped, 20);
    }

    #[test]
    fn the_thread_ends_when_nobody_reads() {
        let datagrams = Datagrams::bind().unwrap();
        let address = datagrams.address;
        drop(datagrams.read().unwrap());
        wait_until("the port should be free again", || UdpSocket::bind(address).is_ok());
    }
}
