//! Every route of an earlier component against today's, in turn, so that both have the same machine.

use anyhow::Result;

use crate::host::Component;
use crate::load::Outcome;
use crate::report;
use crate::route::Route;
use crate::routes::CONNECTIONS;
use crate::scale::Scale;
use crate::world::World;

/// What is compared.
const ROUTES: &[Route] = &[
    Route::TestData,
    Route::Refresh,
    Route::Logout,
    Route::ForgotPassword,
    Route::Login,
    Route::Register,
    Route::ResetPassword,
];

/// Prints the table.
///
/// # Errors
/// Something does not run.
pub fn measure(scale: &Scale) -> Result<()> {
    report::heading(
        "Today against earlier",
        "The ratio is the median of those of each round.",
    );
    let earlier = World::served_by(Component::Earlier, scale.users)?;
    let today = World::of(scale.users)?;
    report::head(&[
        "",
        "connections",
        "earlier requests/s",
        "today",
        "today of earlier",
        "p99 ms earlier",
        "today",
        "errors",
    ]);
    for connections in CONNECTIONS {
        for route in ROUTES {
            let mut rounds = [Vec::new(), Vec::new()];
            for round in 0..scale.rounds {
                // Each goes first every other time.
                for turn in [round % 2, (round + 1) % 2] {
                    let world = [&earlier, &today][turn];
                    let outcome = route.measure(world, connections, route.seconds(scale))?;
                    rounds[turn].push(outcome);
                }
            }
            print(route.name(), connections, &rounds);
        }
    }
    Ok(())
}

fn print(name: &str, connections: usize, [earlier, today]: &[Vec<Outcome>; 2]) {
    let [before, after] = [report::median(earlier), report::median(today)];
    report::row(&[
        name.to_owned(),
        connections.to_string(),
        report::rate(before.rate()),
        report::rate(after.rate()),
        report::ratio_of_rates(today, earlier),
        report::milliseconds(before.p99),
        report::milliseconds(after.p99),
        (before.errors + after.errors).to_string(),
    ]);
}
