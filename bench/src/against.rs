//! Compares the routes of an earlier component with the current one, interleaved so that both run on
//! the same machine under the same conditions.

use std::env;

use anyhow::Result;

use crate::host::Component;
use crate::pair;
use crate::report;
use crate::route::Route;
use crate::routes::CONNECTIONS;
use crate::scale::Scale;
use crate::world::World;

/// The routes to compare.
const ROUTES: &[Route] = &[
    Route::Home,
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
    let worlds = [&earlier, &current];
    pair::head(["earlier", "current"]);
    for connections in CONNECTIONS {
        for route in ROUTES.iter().filter(|route| is_wanted(route.name())) {
            pair::compare(route.name(), connections, scale.rounds, |turn| {
                route.measure(worlds[turn], connections, route.seconds(scale))
            })?;
        }
    }
    Ok(())
}

/// Whether `ROUTES`, names with commas between them, lists a route. Without it all are compared.
fn is_wanted(name: &str) -> bool {
    let wanted = env::var("ROUTES").ok();
    wanted.is_none_or(|names| names.split(',').any(|wanted| wanted == name))
}
