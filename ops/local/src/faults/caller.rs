//! Caller of a connection: which process made it, found as `ss -p` finds it.

use std::fs;
use std::net::SocketAddr;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpgid};

/// The caller could not be killed.
#[derive(Debug, thiserror::Error)]
pub enum CallerError {
    /// The system does not list connections, or the connection is gone.
    #[error(
        "no process of the engine's group holds the connection from {0}; processes are found on Linux only"
    )]
    Unknown(SocketAddr),
    /// The system refused.
    #[error("process {0} could not be killed")]
    Kill(Pid, #[source] nix::Error),
}

/// Kills the process of `group` that connected from `peer` to `us`; nobody else is ever touched.
pub(super) fn kill_caller(peer: SocketAddr, us: SocketAddr, group: Pid) -> Result<(), CallerError> {
    let caller =
        socket_of(peer, us).and_then(|inode| holder(&inode, group)).ok_or(CallerError::Unknown(peer))?;
    kill(caller, Signal::SIGKILL).map_err(|source| CallerError::Kill(caller, source))
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

/// The process of `group` that has the socket open.
fn holder(inode: &str, group: Pid) -> Option<Pid> {
    let socket = format!("socket:[{inode}]");
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok().map(Pid::from_raw));
    let mut members = ids.filter(|id| getpgid(Some(*id)) == Ok(group));
    members.find(|id| {
        let Ok(open) = fs::read_dir(format!("/proc/{id}/fd")) else { return false };
        open.flatten()
            .any(|entry| fs::read_link(entry.path()).is_ok_and(|link| link.as_os_str() == socket.as_str()))
    })
}
