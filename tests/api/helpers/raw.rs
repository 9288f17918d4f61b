//! Requests byte for byte, such as no HTTP library would send.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::app::App;

/// No answer takes longer, not even to nonsense.
const LIMIT: Duration = Duration::from_secs(20);
/// Between two bytes that trickle.
const PAUSE: Duration = Duration::from_millis(500);

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct RawAnswer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// What came of a request that trickled.
#[derive(Debug)]
pub(crate) struct Trickled {
    /// `None` if there was none.
    pub(crate) answer: Option<RawAnswer>,
    /// How long it was until the server closed the connection.
    pub(crate) took: Duration,
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

    /// Sends the beginning of a request, and then these bytes over and over with a pause between
    /// them, until the server closes the connection.
    pub(crate) async fn trickle(&self, beginning: &[u8], bytes: &[u8]) -> Trickled {
        let start = Instant::now();
        let mut connection = self.connect().await;
        let _ = connection.write_all(beginning).await;
        let mut answer = Vec::new();
        while start.elapsed() < LIMIT {
            match timeout(PAUSE, connection.read_buf(&mut answer)).await {
                Ok(Ok(1..)) => {}
                Ok(Ok(0) | Err(_)) => break,
                Err(_) => _ = connection.write_all(bytes).await,
            }
        }
        Trickled {
            answer: parse(&String::from_utf8_lossy(&answer)),
            took: start.elapsed(),
        }
    }
}

fn parse(answer: &str) -> Option<RawAnswer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let body = body.to_owned();
    Some(RawAnswer { status, body })
}
