//! Raw requests that no HTTP library would send.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::app::App;

/// The server must close the connection within this time, even after malformed requests.
const LIMIT: Duration = Duration::from_secs(20);
/// The interval between trickled chunks.
const PAUSE: Duration = Duration::from_millis(500);

/// A parsed response.
#[derive(Debug)]
pub(crate) struct RawResponse {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// The outcome of a trickled request.
#[derive(Debug)]
pub(crate) struct Trickled {
    /// `None` if the connection was closed without a response.
    pub(crate) response: Option<RawResponse>,
    /// The time until the server closed the connection.
    pub(crate) took: Duration,
}

impl App {
    async fn connect(&self) -> TcpStream {
        let connection = TcpStream::connect(self.authority()).await;
        connection.expect("the server accepts connections")
    }

    /// Sends `request` and hangs up without waiting for a response.
    pub(crate) async fn send_half(&self, request: &[u8]) {
        let mut connection = self.connect().await;
        let sent = connection.write_all(request).await;
        sent.expect("the server reads");
    }

    /// Sends `request` over a new connection, and reads until the server closes it. `None` if there
    /// was no response.
    pub(crate) async fn send_raw(&self, request: &[u8]) -> Option<RawResponse> {
        let mut connection = self.connect().await;
        // The write fails if the server rejects the request early.
        let _ = connection.write_all(request).await;
        let mut response = Vec::new();
        // The read may then fail with a connection reset.
        let _ = timeout(LIMIT, connection.read_to_end(&mut response))
            .await
            .expect("the connection is closed in time");
        parse(&String::from_utf8_lossy(&response))
    }

    /// Sends the beginning of a request, then repeats `bytes` at an interval until the server closes
    /// the connection.
    pub(crate) async fn trickle(&self, beginning: &[u8], bytes: &[u8]) -> Trickled {
        let start = Instant::now();
        let mut connection = self.connect().await;
        let _ = connection.write_all(beginning).await;
        let mut response = Vec::new();
        while start.elapsed() < LIMIT {
            match timeout(PAUSE, connection.read_buf(&mut response)).await {
                Ok(Ok(1..)) => {}
                Ok(Ok(0) | Err(_)) => break,
                Err(_) => _ = connection.write_all(bytes).await,
            }
        }
        Trickled {
            response: parse(&String::from_utf8_lossy(&response)),
            took: start.elapsed(),
        }
    }
}

fn parse(response: &str) -> Option<RawResponse> {
    let (head, body) = response.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let body = body.to_owned();
    Some(RawResponse { status, body })
}
