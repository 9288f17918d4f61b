//! Compares the protected GET of both builds with its bound: a component that only runs its statement.

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

/// The statement of the bounds.
const STATEMENT: &str = include_str!("../is_alive.sql");
/// The code that has the statement of the protected GET.
const STORE: &str = include_str!("../../src/sessions/store.rs");

/// Prints the tables.
pub fn measure(scale: &Scale) -> Result<()> {
    report::heading(
        "The bound of the protected GET",
        "The bound is a component that only runs the statement of the protected GET, on the same \
         database. With WASI 0.2, every request gets a new instance.",
    );
    ensure!(
        is_current(),
        "bench/is_alive.sql is another statement than that of src/sessions/store.rs"
    );
    let world = World::with_users(scale.users)?;
    let empty = empty(&world)?;
    let bound = bound(&world, Component::Read)?;
    pair::head(["empty component", "bound"]);
    for connections in CONNECTIONS {
        pair::compare("WASI 0.3", connections, scale.rounds, |turn| {
            let host = if turn == 0 { &empty } else { &bound };
            load(host, &world).run(connections, scale.seconds)
        })?;
    }
    drop(empty);
    pair::head(["bound", "protected GET"]);
    compare("WASI 0.3", &bound, &world, scale)?;
    let world = World::served_by(Component::Wasi2, scale.users)?;
    let bound = self::bound(&world, Component::Wasi2Read)?;
    compare("WASI 0.2", &bound, &world, scale)
}

fn compare(name: &str, bound: &Host, world: &World, scale: &Scale) -> Result<()> {
    for connections in CONNECTIONS {
        pair::compare(name, connections, scale.rounds, |turn| match turn {
            0 => load(bound, world).run(connections, scale.seconds),
            _ => Route::TestData.measure(world, connections, scale.seconds),
        })?;
    }
    Ok(())
}

/// Whether the bound's statement is in the service, which spreads it over several lines.
fn is_current() -> bool {
    let words = STORE.split_whitespace().filter(|word| *word != "\\");
    words.collect::<Vec<_>>().join(" ").contains(STATEMENT)
}

fn empty(world: &World) -> Result<Host> {
    let mut host = world.start_host(Component::Empty)?;
    host.wait_until(|host| ureq::get(host.at("/")).call().is_ok())?;
    Ok(host)
}

/// Starts the bound on the database of the service.
fn bound(world: &World, component: Component) -> Result<Host> {
    let mut host = world.start_host(component)?;
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
