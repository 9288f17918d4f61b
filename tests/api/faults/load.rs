//! Many logins at once: all are answered, within bounds, and nobody else is kept waiting.

use std::fs;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::helpers::app::{App, Setup};
use crate::helpers::flows::{EMAIL, PASSWORD, Tokens};

const LOGINS: usize = 100;
/// What a hundred instances at once may take, each with 19 MiB for its hash, in KiB.
const MEMORY: u64 = 4 * 1024 * 1024;
/// How long any other route may take meanwhile.
const PATIENCE: Duration = Duration::from_secs(10);

/// The most memory that the server ever had, in KiB.
fn peak_memory(app: &App) -> u64 {
    let pid = app.server.pid().as_raw_nonzero();
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the server runs");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.trim().strip_suffix(" kB"));
    peak.expect("a peak").parse().expect("a number")
}

/// Asks other routes, and says how long the slowest answer took.
async fn slowest_of_others(app: &App, tokens: &Tokens) -> Duration {
    let mut slowest = Duration::ZERO;
    for _ in 0..10 {
        let start = Instant::now();
        app.get("/health/ready").await.assert_status(200);
        app.test_data(&tokens.access).await.assert_status(200);
        slowest = slowest.max(start.elapsed() / 2);
    }
    slowest
}

#[tokio::test]
async fn n22_a_hundred_logins_at_once_are_answered_while_other_routes_go_on() {
    let setup = Setup::new()
        .without("argon2_memory_kib")
        .without("argon2_passes");
    let app = setup.spawn().await;
    let tokens = app.log_tom_in().await;
    let before = peak_memory(&app);
    let logins = join_all((0..LOGINS).map(|_| app.login(EMAIL, PASSWORD)));
    let start = Instant::now();
    let (logins, slowest) = tokio::join!(logins, slowest_of_others(&app, &tokens));
    println!(
        "{LOGINS} logins in {:?}, others within {slowest:?}, memory from {before} to {} KiB",
        start.elapsed(),
        peak_memory(&app)
    );
    for login in logins {
        login.assert_status(200);
    }
    assert!(slowest < PATIENCE, "{slowest:?}");
    assert!(peak_memory(&app) < MEMORY);
}
