//! The program that serves the engine: ours, around the package.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The program that serves the engine.
const SERVE: &str = include_str!("serve.py");

/// The modules that it finds beside itself.
const MODULES: &[(&str, &str)] = &[
    ("access_log.py", include_str!("access_log.py")),
    ("addresses.py", include_str!("addresses.py")),
    ("async_invocations.py", include_str!("async_invocations.py")),
    ("cloudwatch_api.py", include_str!("cloudwatch_api.py")),
    ("conditions.py", include_str!("conditions.py")),
    ("connections.py", include_str!("connections.py")),
    ("decisions.py", include_str!("decisions.py")),
    ("doors.py", include_str!("doors.py")),
    ("environments.py", include_str!("environments.py")),
    ("event_source_mappings.py", include_str!("event_source_mappings.py")),
    ("execution_role.py", include_str!("execution_role.py")),
    ("filter_patterns.py", include_str!("filter_patterns.py")),
    ("handed_on.py", include_str!("handed_on.py")),
    ("keys.py", include_str!("keys.py")),
    ("message_moves.py", include_str!("message_moves.py")),
    ("output.py", include_str!("output.py")),
    ("pinned.py", include_str!("pinned.py")),
    ("platform_events.py", include_str!("platform_events.py")),
    ("queues.py", include_str!("queues.py")),
    ("restart.py", include_str!("restart.py")),
    ("runtime_api.py", include_str!("runtime_api.py")),
    ("s3_signatures.py", include_str!("s3_signatures.py")),
    ("saved_queries.py", include_str!("saved_queries.py")),
    ("second_factor.py", include_str!("second_factor.py")),
    ("service_metrics.py", include_str!("service_metrics.py")),
    ("service_principals.py", include_str!("service_principals.py")),
    ("sign_up.py", include_str!("sign_up.py")),
    ("slow_clients.py", include_str!("slow_clients.py")),
    ("throttling.py", include_str!("throttling.py")),
    ("tokens.py", include_str!("tokens.py")),
    ("user_pools.py", include_str!("user_pools.py")),
    ("visibility.py", include_str!("visibility.py")),
    ("xray.py", include_str!("xray.py")),
    ("xray_groups.py", include_str!("xray_groups.py")),
];

/// Writes it into `directory`, and gives the file to start.
pub(super) fn write(directory: &Path) -> io::Result<PathBuf> {
    for (name, text) in MODULES {
        fs::write(directory.join(name), text)?;
    }
    let script = directory.join("serve.py");
    fs::write(&script, SERVE)?;
    Ok(script)
}
