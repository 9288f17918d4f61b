//! Requests byte for byte, such as no HTTP library would send.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::app::App;

/// No answer takes longer, not even to nonsense.
const LIMIT: Duration = Duration::from_secs(20);

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct RawAnswer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl App {
    async fn connect(&self) -> TcpStream {
        let connection = TcpStream::connect(self.authority()).await;
        connection.expect("the server takes connections")
    }

    /// Sends these bytes and hangs up without waiting for an answer.
    pub(crate) async fn send_half(&self, request: &[u8]) {
        let mut connection = self.connect().await;
        let sent = connection.write_all(request).await;
        sent.expect("the server reads");
    }

    /// Sends these bytes over a connection of their own, and reads until it is closed.
    /// `None` if it is closed without an answer.
    pub(crate) async fn send_raw(&self, request: &[u8]) -> Option<RawAnswer> {
        let mut connection = self.connect().await;
        // Whoever is refused early cannot send the rest.
        let _ = connection.write_all(request).await;
        let mut answer = Vec::new();
        // Nor does every refusal end in good order.
        let _ = timeout(LIMIT, connection.read_to_end(&mut answer))
            .await
            .expect("the connection is closed in time");
        parse(&String::from_utf8_lossy(&answer))
    }
}

fn parse(answer: &str) -> Option<RawAnswer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let body = body.to_owned();
    Some(RawAnswer { status, body })
}
