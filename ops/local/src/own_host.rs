//! Which `Host` headers are ours, on every port that `ops` serves itself; the engine's own are in `engine/doors.py`.
//!
//! A page elsewhere can let its own name point to loopback (DNS rebinding). Its requests then are of one origin with the
//! page, which reads the answers. They name that host, and so are refused.

use http::header::HOST;
use http::{HeaderMap, HeaderValue, StatusCode};

/// How a request for another host is answered.
pub(crate) const REFUSED: StatusCode = StatusCode::MISDIRECTED_REQUEST;

/// Whether a request names loopback as its host, with any port: it is the one that the client connected to, through
/// whatever forwards it, and no page can choose it.
pub(crate) fn names_loopback(headers: &HeaderMap) -> bool {
    only_host(headers).is_some_and(is_loopback)
}

fn only_host(headers: &HeaderMap) -> Option<&str> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next().map(HeaderValue::to_str)?.ok()?;
    hosts.next().is_none().then_some(host)
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|loopback| name.eq_ignore_ascii_case(loopback))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(hosts: &[&str]) -> HeaderMap {
        hosts.iter().map(|host| (HOST, HeaderValue::from_str(host).unwrap())).collect()
    }

    const OTHERS: [&str; 7] = [
        "evil.example",
        "localhost.evil.example:4580",
        "127.0.0.1.nip.io",
        "127.0.0.1@evil",
        "::1",
        "",
        ":80",
    ];

    #[test]
    fn only_names_of_loopback_are_answered() {
        for host in ["localhost", "LOCALHOST:4580", "127.0.0.1:4580", "[::1]:4580", "[::1]"] {
            assert!(names_loopback(&headers(&[host])), "{host}");
        }
        for host in OTHERS {
            assert!(!names_loopback(&headers(&[host])), "{host}");
        }
    }

    #[test]
    fn a_request_with_no_host_or_with_two_is_not_answered() {
        assert!(!names_loopback(&headers(&[])));
        assert!(!names_loopback(&headers(&["localhost", "evil.example"])));
    }
}
