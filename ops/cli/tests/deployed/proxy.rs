//! A proxy in front of the stack that changes one answer, as a stack would answer on which something is wrong, or that
//! records which calls are made.

use std::io;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Which answers are changed: those to requests that hold `request`; `from` becomes `to`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    pub(crate) request: &'static str,
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
}

/// Calls that were made: method and path, or the API operation of the JSON protocol.
pub(crate) type Calls = Arc<Mutex<Vec<String>>>;

/// Starts one that changes nothing; its address, and the calls that it has seen.
pub(crate) async fn recording(behind: &str) -> (String, Calls) {
    let calls = Calls::default();
    let nothing = Change { request: "no request holds this", from: "", to: "" };
    (listen(behind, nothing, Some(Arc::clone(&calls))).await, calls)
}

/// Starts one; its address.
pub(crate) async fn start(behind: &str, change: Change) -> String {
    listen(behind, change, None).await
}

async fn listen(behind: &str, change: Change, calls: Option<Calls>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let behind = behind.trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (behind, calls) = (behind.clone(), calls.clone());
            tokio::spawn(async move { forward(client, &behind, change, calls).await.ok() });
        }
    });
    address
}

async fn forward(
    mut client: TcpStream,
    behind: &str,
    change: Change,
    calls: Option<Calls>,
) -> io::Result<()> {
    let request = message(&mut client, false).await?;
    if let Some(calls) = calls {
        calls.lock().unwrap().push(call(&request));
    }
    let mut server = TcpStream::connect(behind).await?;
    server.write_all(&request).await?;
    let answer = message(&mut server, String::from_utf8_lossy(&request).starts_with("HEAD ")).await?;
    let answer = if String::from_utf8_lossy(&request).contains(change.request) {
        changed(&answer, change)
    } else {
        answer
    };
    client.write_all(&answer).await?;
    client.shutdown().await
}

/// What a request asks for.
fn call(request: &[u8]) -> String {
    let text = String::from_utf8_lossy(request);
    let target = text.lines().find_map(|line| line.strip_prefix("x-amz-target: "));
    let action = text.split("Action=").nth(1).and_then(|rest| rest.split('&').next());
    target.or(action).unwrap_or_else(|| text.split(" HTTP/").next().unwrap_or_default()).to_owned()
}

/// One message of HTTP/1.1, its chunks joined.
async fn message(from: &mut TcpStream, is_head: bool) -> io::Result<Vec<u8>> {
    let mut read = Vec::new();
    let end = loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if from.read_buf(&mut read).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
    let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    if is_head {
        return Ok(read);
    }
    if field("transfer-encoding:") == Some("chunked") {
        while !read.ends_with(b"0\r\n\r\n") {
            from.read_buf(&mut read).await?;
        }
        let body = unchunked(&read[end..]);
        return Ok(joined(&read[..end], &body));
    }
    let length = field("content-length:").and_then(|length| length.parse().ok()).unwrap_or(0);
    while read.len() < end + length {
        from.read_buf(&mut read).await?;
    }
    Ok(read)
}

fn unchunked(mut chunks: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = chunks.windows(2).position(|two| two == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&chunks[..end]).unwrap(), 16).unwrap();
        if length == 0 {
            break;
        }
        body.extend_from_slice(&chunks[end + 2..end + 2 + length]);
        chunks = &chunks[end + 4 + length..];
    }
    body
}

fn changed(answer: &[u8], change: Change) -> Vec<u8> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let (head, body) = answer.split_at(end);
    let head = String::from_utf8_lossy(head).replace(change.from, change.to);
    let Ok(body) = std::str::from_utf8(body) else { return answer.to_vec() };
    joined(head.as_bytes(), body.replace(change.from, change.to).as_bytes())
}

/// A message with the length of its body, and without the fields that described another.
fn joined(head: &[u8], body: &[u8]) -> Vec<u8> {
    let head = String::from_utf8_lossy(head);
    let described = ["content-length:", "transfer-encoding:"];
    let kept = head.trim_end().lines().filter(|line| {
        let line = line.to_ascii_lowercase();
        described.iter().all(|name| !line.starts_with(name))
    });
    let head = kept.collect::<Vec<_>>().join("\r\n");
    [format!("{head}\r\ncontent-length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()
}
