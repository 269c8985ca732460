//! What servers of tests have in common.

use std::io::BufRead;

/// Reads one request: its first line, the operation of the API, its body.
pub(crate) fn request(from: &mut impl BufRead) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        from.read_line(&mut head).unwrap();
    }
    let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    let mut body = vec![0; field("content-length: ").parse().unwrap_or(0)];
    from.read_exact(&mut body).unwrap();
    let line = head.lines().next().unwrap();
    format!("{line} {} {}", field("x-amz-target: "), String::from_utf8(body).unwrap())
}
