//! The benchmark: one run measures everything and prints Markdown.
//!
//! QUICK=1       a smoke test of about a minute; its figures mean little
//! AGAINST=FILE  only compares the routes of the component in FILE with the current one
//! BOUND=1       only compares the protected GET of both builds with its bound
//! MIGRATION=1   only measures migrations of databases with a million users
//! PEERS=1       only compares the service with PocketBase
//! SPIN=1        serves with `spin` from the PATH instead of the host in host/; SPIN_FLAGS adds flags

#![allow(
    clippy::disallowed_methods,
    reason = "a benchmark needs the clock and the environment"
)]

mod against;
mod bound;
mod commits;
mod flood;
mod growth;
mod hashing;
mod host;
mod load;
mod machine;
mod migration;
mod pair;
mod peers;
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

use scale::{Scale, is_on};

fn main() -> Result<()> {
    let scale = Scale::from_environment();
    machine::describe(&scale)?;
    if host::earlier().is_some() {
        return against::measure(&scale);
    }
    if is_on("BOUND") {
        return bound::measure(&scale);
    }
    if is_on("MIGRATION") {
        return migration::measure(&scale);
    }
    if is_on("PEERS") {
        return peers::measure(&scale);
    }
    routes::measure(&scale)?;
    flood::measure(&scale)?;
    growth::measure(&scale)?;
    starts::measure(&scale)?;
    size::measure(&scale)?;
    commits::measure(&scale)
}
