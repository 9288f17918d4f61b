//! Measures how long other requests wait during a flood of logins.

use std::time::Duration;

use anyhow::Result;

use crate::report;
use crate::route::Route;
use crate::scale::Scale;
use crate::world::World;

/// The routes to measure during the flood.
const ROUTES: [Route; 3] = [Route::TestData, Route::Refresh, Route::Logout];
/// The number of concurrent logins.
const LOGINS: usize = 64;
/// The numbers of connections to measure the other routes with.
const CONNECTIONS: [usize; 2] = [1, 16];

/// Prints the table.
pub fn measure(scale: &Scale) -> Result<()> {
    report::heading(
        "A flood of logins",
        &format!(
            "The 99th percentile of the latency, without and with {LOGINS} concurrent logins."
        ),
    );
    let world = World::with_users(scale.users)?;
    report::head(&[
        "",
        "connections",
        "quiet ms",
        "flooded ms",
        "ratio",
        "errors",
    ]);
    for route in ROUTES {
        for connections in CONNECTIONS {
            compare(scale, &world, route, connections)?;
        }
    }
    if let Some(memory) = world.host.peak_memory() {
        println!("\nThe host's peak memory: {} MiB.", memory / 1024);
    }
    Ok(())
}

fn compare(scale: &Scale, world: &World, route: Route, connections: usize) -> Result<()> {
    let seconds = scale.hashing_seconds;
    let quiet = route.measure(world, connections, seconds)?;
    // The flood starts before the measurement and ends after it.
    let load = route.load(world, seconds)?;
    let flood = Route::Login
        .load(world, seconds)?
        .start(LOGINS, seconds + 2)?;
    std::thread::sleep(Duration::from_secs(1));
    let flooded = load.run(connections, seconds)?;
    let flood = flood.finish()?;
    world.host.wait_until_idle();
    report::row(&[
        route.name().to_owned(),
        connections.to_string(),
        report::milliseconds(quiet.p99),
        report::milliseconds(flooded.p99),
        report::ratio(flooded.p99 as f64, quiet.p99 as f64),
        (quiet.errors + flooded.errors + flood.errors).to_string(),
    ]);
    Ok(())
}
