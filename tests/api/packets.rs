//! Each response leaves in one packet.
//!
//! Spin does not set TCP_NODELAY. A second packet waits until the client acknowledges the first, and
//! many clients wait 40 ms before they do.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use futures_util::future::try_join_all;
use tokio::task::spawn_blocking;

use crate::helpers::app::{App, spawn_app};
use crate::helpers::flows::TEST_DATA;

/// Requests of a connection: enough for dozens of instances, of which each starts with a response that
/// takes longer.
const REQUESTS: usize = 5_000;

/// How many responses over this many connections may be split. Under load, the system may interrupt the
/// host between a head and its body; without the measures against it, Spin splits a hundred.
const LIMITS: [(usize, usize); 2] = [(1, 0), (16, 5)];

/// Sends a request over each of several connections again and again, and returns how many responses
/// did not arrive with the first read.
async fn split_responses(app: &App, connections: usize, path: &str, headers: &str) -> usize {
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: {}\r\n{headers}\r\n",
        app.authority()
    );
    let request: Arc<str> = request.into();
    let clients = (0..connections).map(|_| {
        let authority = app.authority().to_owned();
        let request = Arc::clone(&request);
        spawn_blocking(move || {
            let connection = TcpStream::connect(authority);
            let mut connection = connection.expect("the server accepts connections");
            let is_split = |_: &usize| reads_of_response(&mut connection, &request) > 1;
            (0..REQUESTS / connections).filter(is_split).count()
        })
    });
    let split = try_join_all(clients).await.expect("no panic");
    split.into_iter().sum()
}

fn reads_of_response(connection: &mut TcpStream, request: &str) -> usize {
    let sent = connection.write_all(request.as_bytes());
    sent.expect("the server reads");
    let mut response = Vec::new();
    let mut reads = 0;
    while !is_complete(&response) {
        let mut part = [0; 16_384];
        let length = connection.read(&mut part).expect("the server answers");
        assert_ne!(length, 0, "the server closed the connection");
        response.extend_from_slice(&part[..length]);
        reads += 1;
    }
    assert!(response.starts_with(b"HTTP/1.1 200 "), "not successful");
    reads
}

fn is_complete(response: &[u8]) -> bool {
    let response = String::from_utf8_lossy(response);
    let Some((head, body)) = response.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length
        .and_then(|value| value.parse().ok())
        .expect("a length");
    body.len() >= length
}

#[tokio::test]
async fn responses_without_work_leave_in_one_packet() {
    let app = spawn_app().await;
    for (connections, limit) in LIMITS {
        let split = split_responses(&app, connections, "/", "").await;
        assert!(split <= limit, "{connections}: {split}");
    }
}

#[tokio::test]
async fn responses_of_the_protected_route_leave_in_one_packet() {
    let app = spawn_app().await;
    let tokens = app.log_tom_in().await;
    let header = format!("authorization: Bearer {}\r\n", tokens.access);
    for (connections, limit) in LIMITS {
        let split = split_responses(&app, connections, TEST_DATA, &header).await;
        assert!(split <= limit, "{connections}: {split}");
    }
}
