//! A service on a real socket that returns the given answers, one connection an answer.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// What came in, head and body as text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Received(Arc<Mutex<Vec<String>>>);

impl Received {
    /// The value of a header in each request.
    pub(crate) fn header(&self, name: &str) -> Vec<Option<String>> {
        let requests = self.0.lock().unwrap();
        let find = |request: &String| {
            let mut fields = request.lines().filter_map(|line| line.split_once(": "));
            fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
        };
        requests.iter().map(find).collect()
    }
}

/// Serves `answers` in turn, then nobody any more; answers the endpoint and what it receives.
pub(crate) fn serve(answers: Vec<String>) -> (String, Received) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let received = Received::default();
    let log = received.clone();
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let request = read(&mut stream);
            log.0.lock().unwrap().push(request);
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (endpoint, received)
}

/// An HTTP answer.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> String {
    let headers: String =
        headers.iter().fold(String::new(), |head, (name, value)| head + &format!("{name}: {value}\r\n"));
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}")
}

fn read(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let length = stream.read(&mut chunk).unwrap();
        request.extend_from_slice(&chunk[..length]);
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let expected = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let expected: usize = expected.map_or(0, |length| length.parse().unwrap());
            if body.len() >= expected || length == 0 {
                return text.into_owned();
            }
        }
    }
}
