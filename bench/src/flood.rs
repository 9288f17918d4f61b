//! How long others wait while many log in at once.

use std::time::Duration;

use anyhow::Result;

use crate::report;
use crate::route::Route;
use crate::scale::Scale;
use crate::world::World;

/// Who is kept waiting.
const OTHERS: [Route; 3] = [Route::TestData, Route::Refresh, Route::Logout];
/// How many log in at once.
const LOGINS: usize = 64;
/// Over how many connections the others come.
const CONNECTIONS: [usize; 2] = [1, 16];

/// Prints the table.
///
/// # Errors
/// Something does not run.
pub fn measure(scale: &Scale) -> Result<()> {
    report::heading(
        "A flood of logins",
        &format!(
            "The time within which 99 of 100 are answered, without and with {LOGINS} logins at once."
        ),
    );
    let world = World::of(scale.users)?;
    report::head(&[
        "",
        "connections",
        "quiet ms",
        "flooded ms",
        "ratio",
        "errors",
    ]);
    for route in OTHERS {
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
    let seconds = scale.seconds_of_hashing;
    let quiet = route.measure(world, connections, seconds)?;
    // The flood begins before and ends after what is measured.
    let load = route.load(world, seconds)?;
    let flood = Route::Login
        .load(world, seconds)?
        .start(LOGINS, seconds + 2)?;
    std::thread::sleep(Duration::from_secs(1));
    let flooded = load.run(connections, seconds)?;
    let flood = flood.finish()?;
    world.host.rest();
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
