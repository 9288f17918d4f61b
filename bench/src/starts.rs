//! Measures the latency of the first request to a new process and to a new instance.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use ureq::Agent;

use crate::host::{Component, Host};
use crate::report;
use crate::route;
use crate::scale::Scale;
use crate::world::{World, directory_on_disk};

/// Idle instances are dropped after one second.
const UNTIL_DROPPED: Duration = Duration::from_millis(1500);
/// The number of warm requests to measure for each cold one.
const WARM_REQUESTS: usize = 20;
const TEST_DATA: &str = "/api/v1/data/test-data";

/// Prints the table.
pub fn measure(scale: &Scale) -> Result<()> {
    report::heading(
        "Starts",
        "From the start of a process to its first response, with the component already compiled, \
         and the latency of a request to a new instance and to a warm one. The service is asked for \
         the protected GET.",
    );
    report::head(&[
        "",
        "cold process ms",
        "new instance ms",
        "warm instance ms",
        "difference ms",
    ]);
    let directory = directory_on_disk()?;
    let start = || Host::start(Component::Empty, directory.path());
    compare(scale, "empty component", "/", "none", start)?;
    let world = World::with_users(scale.users)?;
    let authorization = route::authorizations(&world).swap_remove(0);
    let start = || world.start_host(Component::Gatehouse);
    compare(scale, "service", TEST_DATA, &authorization, start)
}

fn compare(
    scale: &Scale,
    name: &str,
    path: &str,
    authorization: &str,
    start: impl Fn() -> Result<Host>,
) -> Result<()> {
    let agent = Agent::new_with_defaults();
    let ask = |host: &Host| {
        agent
            .get(host.at(path))
            .header("authorization", authorization)
            .call()
    };
    let time = |host: &Host| {
        let start = Instant::now();
        let body = ask(host)?.into_body().read_to_string()?;
        ensure!(!body.is_empty(), "an empty response");
        Ok(microseconds(start))
    };
    let (mut cold, mut new, mut warm) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..scale.starts {
        let began = Instant::now();
        let mut host = start()?;
        host.wait_until(|host| ask(host).is_ok())?;
        cold.push(microseconds(began));
        sleep(UNTIL_DROPPED);
        new.push(time(&host)?);
        for _ in 0..WARM_REQUESTS {
            warm.push(time(&host)?);
        }
    }
    let [cold, new, warm] = [cold, new, warm].map(|times| report::median_of(times.into_iter()));
    report::row(&[
        name.to_owned(),
        report::milliseconds(cold),
        report::milliseconds(new),
        report::milliseconds(warm),
        report::milliseconds(new.saturating_sub(warm)),
    ]);
    Ok(())
}

fn microseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}
