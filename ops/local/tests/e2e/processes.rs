//! Processes that functions run in, as the system lists them.

use std::collections::HashMap;
use std::fs;

/// A process that runs a function.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) id: i32,
    environment: HashMap<String, String>,
}

impl Process {
    /// A variable of its environment.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str)
    }

    /// The function that it runs.
    pub(crate) fn function(&self) -> &str {
        self.variable("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default()
    }

    /// Its resident memory in KiB; `None` once it has ended.
    pub(crate) fn resident_kib(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id)).ok()?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        resident.trim().strip_suffix(" kB")?.parse().ok()
    }
}

/// The processes of a group that run functions.
pub(crate) fn functions(group: i32) -> Vec<Process> {
    let all = fs::read_dir("/proc").unwrap().flatten();
    let ids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    // Processes come and go while their directory is read.
    ids.filter_map(|id| function(id, group)).collect()
}

/// The environments of all processes of a group.
pub(crate) fn environments(group: i32) -> Vec<String> {
    let all = fs::read_dir("/proc").unwrap().flatten();
    let ids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let of_group = ids.filter(|id| is_of(*id, group) == Some(true));
    of_group.filter_map(|id| String::from_utf8(fs::read(format!("/proc/{id}/environ")).ok()?).ok()).collect()
}

fn is_of(id: i32, group: i32) -> Option<bool> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    Some(stat.rsplit_once(')')?.1.split_whitespace().nth(2)?.parse() == Ok(group))
}

fn function(id: i32, group: i32) -> Option<Process> {
    let directory = format!("/proc/{id}");
    if !is_of(id, group)? || fs::read_link(format!("{directory}/exe")).ok()?.file_name()? != "bootstrap" {
        return None;
    }
    let environment = String::from_utf8(fs::read(format!("{directory}/environ")).ok()?).ok()?;
    let pairs = environment.split('\0').filter_map(|pair| pair.split_once('='));
    let environment = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Some(Process { id, environment })
}

/// The resident memory of the engine itself, in KiB: of the group's processes that runs no function and holds most.
pub(crate) fn engine_kib(group: i32) -> u64 {
    let all = fs::read_dir("/proc").unwrap().flatten();
    let ids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let of_group = ids.filter(|id| is_of(*id, group) == Some(true) && function(*id, group).is_none());
    let resident = of_group.filter_map(|id| Process { id, environment: HashMap::new() }.resident_kib());
    resident.max().unwrap_or_default()
}
