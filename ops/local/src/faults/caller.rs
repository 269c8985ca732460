//! Which process made a connection, found the way `ss -p` does it.

use std::fs;
use std::net::SocketAddr;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpgid};

/// The caller could not be killed.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallerError {
    /// The system does not list connections, or the connection is gone.
    #[error(
        "no process of the engine's group holds the connection from {0}; processes are found on Linux only"
    )]
    Unknown(SocketAddr),
    /// The system refused.
    #[error("process {0} could not be killed")]
    Kill(Pid, #[source] nix::Error),
}

/// Kills the process of `group` that connected from `peer`; nobody else is ever touched.
pub(super) fn kill_caller(peer: SocketAddr, group: Pid) -> Result<(), CallerError> {
    let caller = socket_of(peer).and_then(|inode| holder(&inode, group)).ok_or(CallerError::Unknown(peer))?;
    kill(caller, Signal::SIGKILL).map_err(|source| CallerError::Kill(caller, source))
}

/// The number of the socket whose local address is `peer`.
fn socket_of(peer: SocketAddr) -> Option<String> {
    let SocketAddr::V4(peer) = peer else { return None };
    // The kernel prints the address as one number in its own byte order.
    let address = format!("{:08X}:{:04X}", u32::from_ne_bytes(peer.ip().octets()), peer.port());
    let table = fs::read_to_string("/proc/net/tcp").ok()?;
    let mut rows = table.lines().map(|row| row.split_whitespace().collect::<Vec<_>>());
    let row = rows.find(|row| row.get(1) == Some(&address.as_str()))?;
    row.get(9).map(|inode| (*inode).to_owned())
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
