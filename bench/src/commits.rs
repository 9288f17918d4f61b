//! Measures the cost of a durable write on this disk, without the service.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::population;
use crate::report;
use crate::scale::Scale;
use crate::world::{Lane, World};

/// The number of sessions to rotate in turn.
const SESSIONS: u32 = 250;

/// Prints the table.
pub fn measure(scale: &Scale) -> Result<()> {
    report::heading(
        "Commits",
        "A single writer rotates sessions, one transaction each, in a database with a write-ahead \
         log. FULL, the default, syncs on every commit; NORMAL syncs only at checkpoints, so a \
         power failure can lose the latest commits.",
    );
    let world = World::with_users(scale.users)?;
    report::head(&["synchronous", "commits/s", "\u{b5}s each"]);
    for synchronous in ["FULL", "NORMAL"] {
        let rate = commit_rate(&world, synchronous, Duration::from_secs(scale.seconds))?;
        let each = format!("{:.0}", 1e6 / rate);
        report::row(&[synchronous.to_owned(), report::rate(rate), each]);
    }
    Ok(())
}

fn commit_rate(world: &World, synchronous: &str, duration: Duration) -> Result<f64> {
    let database = world.database()?;
    database.pragma_update(None, "synchronous", synchronous)?;
    let mut statement = database.prepare(
        "UPDATE sessions SET counter = counter + 1, rotated_at = ?2 WHERE id = ?1 RETURNING user_id",
    )?;
    let users = world.users_of(Lane::Refresh, SESSIONS);
    let sessions: Vec<_> = users
        .map(|user| population::first_session(user).to_string())
        .collect();
    let start = Instant::now();
    let mut commits = 0_u32;
    for session in sessions.iter().cycle() {
        if start.elapsed() >= duration {
            break;
        }
        statement.query_row((session, population::now()), |_| Ok(()))?;
        commits += 1;
    }
    Ok(f64::from(commits) / start.elapsed().as_secs_f64())
}
