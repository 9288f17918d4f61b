//! Compares the routes of an earlier component with the current one, interleaved so that both run on
//! the same machine under the same conditions.

use std::env;

use anyhow::Result;

use crate::host::Component;
use crate::load::Outcome;
use crate::report;
use crate::route::Route;
use crate::routes::CONNECTIONS;
use crate::scale::Scale;
use crate::world::World;

/// The routes to compare.
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
pub fn measure(scale: &Scale) -> Result<()> {
    report::heading(
        "Current against earlier",
        "The ratio is the median of the ratios of all rounds.",
    );
    let earlier = World::served_by(Component::Earlier, scale.users)?;
    let current = World::with_users(scale.users)?;
    report::head(&[
        "",
        "connections",
        "earlier requests/s",
        "current",
        "current/earlier",
        "p99 ms earlier",
        "current",
        "errors",
    ]);
    for connections in CONNECTIONS {
        for route in ROUTES.iter().filter(|route| is_wanted(route.name())) {
            let mut rounds = [Vec::new(), Vec::new()];
            for round in 0..scale.rounds {
                // They take turns in going first.
                for turn in [round % 2, (round + 1) % 2] {
                    let world = [&earlier, &current][turn];
                    let outcome = route.measure(world, connections, route.seconds(scale))?;
                    rounds[turn].push(outcome);
                }
            }
            print(route.name(), connections, &rounds);
        }
    }
    Ok(())
}

/// Whether `ROUTES`, names with commas between them, lists a route. Without it all are compared.
fn is_wanted(name: &str) -> bool {
    let wanted = env::var("ROUTES").ok();
    wanted.is_none_or(|names| names.split(',').any(|wanted| wanted == name))
}

fn print(name: &str, connections: usize, [earlier, current]: &[Vec<Outcome>; 2]) {
    let [before, after] = [report::median(earlier), report::median(current)];
    report::row(&[
        name.to_owned(),
        connections.to_string(),
        report::rate(before.rate()),
        report::rate(after.rate()),
        report::ratio_of_rates(current, earlier),
        report::milliseconds(before.p99),
        report::milliseconds(after.p99),
        (before.errors + after.errors).to_string(),
    ]);
}
