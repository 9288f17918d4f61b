//! The benchmark: everything in one go, on one machine, printed as Markdown.
//!
//! QUICK=1       a look at whether it works, in a minute; its figures are worth little
//! AGAINST=FILE  instead of all that: each route of the component in FILE, and of today's
//! SPIN=1        served by `spin` from the path instead of the host in host/

#![allow(
    clippy::disallowed_methods,
    reason = "a benchmark is the world outside: it has a clock"
)]

mod against;
mod commits;
mod flood;
mod growth;
mod hashing;
mod host;
mod load;
mod machine;
mod population;
mod report;
mod route;
mod routes;
mod scale;
mod size;
mod starts;
mod tokens;
mod world;

use anyhow::Result;

use scale::Scale;

fn main() -> Result<()> {
    let scale = Scale::of_environment();
    machine::describe(&scale)?;
    if host::earlier().is_some() {
        return against::measure(&scale);
    }
    routes::measure(&scale)?;
    flood::measure(&scale)?;
    growth::measure(&scale)?;
    starts::measure(&scale)?;
    size::measure(&scale)?;
    commits::measure(&scale)
}
