//! Compares the build for WASI 0.2 with its bound: a component that only runs the statement of the
//! protected GET.

use anyhow::{Result, ensure};

use crate::host::{Component, Host};
use crate::load::{Kind, Load};
use crate::pair;
use crate::population::{first_session, user_id};
use crate::report;
use crate::route::{Route, USERS};
use crate::routes::CONNECTIONS;
use crate::scale::Scale;
use crate::world::{Lane, World};

/// The statement of the bound.
const STATEMENT: &str = include_str!("../wasi2-read/src/is_alive.sql");
/// The code that has the statement of the protected GET.
const STORE: &str = include_str!("../../src/sessions/store.rs");

/// Prints the table.
pub fn measure(scale: &Scale) -> Result<()> {
    report::heading(
        "WASI 0.2",
        "The bound is a component that only runs the statement of the protected GET, on the same \
         database. Both get a new instance for every request.",
    );
    ensure!(
        is_current(),
        "bench/wasi2-read runs another statement than src/sessions/store.rs"
    );
    let world = World::served_by(Component::Wasi2, scale.users)?;
    let bound = bound(&world)?;
    pair::head(["bound", "protected GET"]);
    for connections in CONNECTIONS {
        pair::compare("WASI 0.2", connections, scale.rounds, |turn| match turn {
            0 => load(&bound, &world).run(connections, scale.seconds),
            _ => Route::TestData.measure(&world, connections, scale.seconds),
        })?;
    }
    Ok(())
}

/// Whether the bound's statement is in the service, which spreads it over several lines.
fn is_current() -> bool {
    let words = STORE.split_whitespace().filter(|word| *word != "\\");
    words.collect::<Vec<_>>().join(" ").contains(STATEMENT)
}

/// Starts the bound on the database of the service.
fn bound(world: &World) -> Result<Host> {
    let mut host = world.start_host(Component::Wasi2Read)?;
    let ids = ids(world).swap_remove(0);
    host.wait_until(|host| {
        let request = ureq::get(host.at("/")).header("authorization", &ids);
        request.call().is_ok()
    })?;
    Ok(host)
}

fn load(host: &Host, world: &World) -> Load {
    Load {
        url: host.at("/"),
        kind: Kind::Authorization,
        status: 200,
        lines: ids(world),
    }
}

/// The users and sessions that the protected GET is measured with.
fn ids(world: &World) -> Vec<String> {
    let users = world.users_of(Lane::Read, USERS);
    users
        .map(|user| format!("{} {}", user_id(user), first_session(user)))
        .collect()
}
