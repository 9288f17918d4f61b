//! Whether more users make anything slower.

use anyhow::Result;

use crate::report;
use crate::route::Route;
use crate::scale::Scale;
use crate::world::World;

/// What could become slower.
const ROUTES: [Route; 5] = [
    Route::TestData,
    Route::Refresh,
    Route::Suggestion,
    Route::Login,
    Route::Register,
];
/// Over how many connections it is asked for.
const CONNECTIONS: usize = 16;

/// Prints the table.
///
/// # Errors
/// Something does not run.
pub fn measure(scale: &Scale) -> Result<()> {
    let [few, some, many] = scale.growth;
    report::heading(
        "Growth",
        &format!(
            "Requests/s over {CONNECTIONS} connections, by the number of users; each has a session, one in ten a mail that waits."
        ),
    );
    let worlds = [World::of(few)?, World::of(some)?, World::of(many)?];
    let columns = scale.growth.map(|users| format!("{users} users"));
    let [few, some, many] = &columns;
    report::head(&["", few, some, many, "times slower with the most", "errors"]);
    for route in ROUTES {
        compare(scale, &worlds, route)?;
    }
    Ok(())
}

/// One size after the other, round after round.
fn compare(scale: &Scale, worlds: &[World; 3], route: Route) -> Result<()> {
    let mut rounds = [const { Vec::new() }; 3];
    for _ in 0..scale.rounds {
        for (world, outcomes) in worlds.iter().zip(&mut rounds) {
            outcomes.push(route.measure(world, CONNECTIONS, route.seconds(scale))?);
        }
    }
    let slower = report::ratio_of_rates(&rounds[0], &rounds[2]);
    let medians = rounds.map(|outcomes| report::median(&outcomes));
    let [few, some, many] = medians.map(|outcome| report::rate(outcome.rate()));
    report::row(&[
        route.name().to_owned(),
        few,
        some,
        many,
        slower,
        medians
            .iter()
            .map(|outcome| outcome.errors)
            .sum::<u64>()
            .to_string(),
    ]);
    Ok(())
}
