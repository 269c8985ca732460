//! Caller of a connection: which process made it, found as `ss -p` finds it.

use std::fs;
use std::net::SocketAddr;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::processes::{Processes, StrikeError};

/// Kills the process of the group that connected from `peer` to `us`; nobody else is ever touched.
pub(super) fn kill_caller(peer: SocketAddr, us: SocketAddr, of: Processes) -> Result<(), StrikeError> {
    let caller = socket_of(peer, us).and_then(|inode| holder(&inode, of));
    let caller = caller.ok_or(StrikeError::UnknownCaller(peer))?;
    kill(caller, Signal::SIGKILL).map_err(|source| StrikeError::Kill(caller, source))
}

/// The number of the socket that connects `peer` with `us`; a port may serve connections to others too.
fn socket_of(peer: SocketAddr, us: SocketAddr) -> Option<String> {
    let (peer, us) = (printed(peer)?, printed(us)?);
    let table = fs::read_to_string("/proc/net/tcp").ok()?;
    let mut rows = table.lines().map(|row| row.split_whitespace().collect::<Vec<_>>());
    let row = rows.find(|row| row.get(1) == Some(&peer.as_str()) && row.get(2) == Some(&us.as_str()))?;
    row.get(9).map(|inode| (*inode).to_owned())
}

/// An address as the kernel prints it: one number in its own byte order, and the port.
fn printed(address: SocketAddr) -> Option<String> {
    let SocketAddr::V4(address) = address else { return None };
    Some(format!("{:08X}:{:04X}", u32::from_ne_bytes(address.ip().octets()), address.port()))
}

/// The process of the group that has the socket open.
fn holder(inode: &str, of: Processes) -> Option<Pid> {
    let socket = format!("socket:[{inode}]");
    of.members().find(|id| {
        let Ok(open) = fs::read_dir(format!("/proc/{id}/fd")) else { return false };
        open.flatten()
            .any(|entry| fs::read_link(entry.path()).is_ok_and(|link| link.as_os_str() == socket.as_str()))
    })
}
