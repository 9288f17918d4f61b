//! Measures whether more users make any route slower.

use anyhow::Result;

use crate::report;
use crate::route::Route;
use crate::scale::Scale;
use crate::world::World;

/// The routes whose cost might depend on the number of users.
const ROUTES: [Route; 5] = [
    Route::TestData,
    Route::Refresh,
    Route::Suggestion,
    Route::Login,
    Route::Register,
];
/// The number of connections.
const CONNECTIONS: usize = 16;

/// Prints the table.
pub fn measure(scale: &Scale) -> Result<()> {
    let [few, some, many] = scale.growth;
    report::heading(
        "Growth",
        &format!(
            "Requests/s over {CONNECTIONS} connections, by the number of users. Every user has a session, every tenth a pending mail."
        ),
    );
    let worlds = [
        World::with_users(few)?,
        World::with_users(some)?,
        World::with_users(many)?,
    ];
    let columns = scale.growth.map(|users| format!("{users} users"));
    let [few, some, many] = &columns;
    report::head(&["", few, some, many, "slowdown", "errors"]);
    for route in ROUTES {
        compare(scale, &worlds, route)?;
    }
    Ok(())
}

/// Measures all sizes in each round.
fn compare(scale: &Scale, worlds: &[World; 3], route: Route) -> Result<()> {
    let mut rounds = [const { Vec::new() }; 3];
    for _ in 0..scale.rounds {
        for (world, outcomes) in worlds.iter().zip(&mut rounds) {
            outcomes.push(route.measure(world, CONNECTIONS, route.seconds(scale))?);
        }
    }
    let slowdown = report::ratio_of_rates(&rounds[0], &rounds[2]);
    let medians = rounds.map(|outcomes| report::median(&outcomes));
    let [few, some, many] = medians.map(|outcome| report::rate(outcome.rate()));
    report::row(&[
        route.name().to_owned(),
        few,
        some,
        many,
        slowdown,
        medians
            .iter()
            .map(|outcome| outcome.errors)
            .sum::<u64>()
            .to_string(),
    ]);
    Ok(())
}
