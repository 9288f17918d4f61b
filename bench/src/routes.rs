//! Compares each route with its upper bound: the empty component, or bare hashing.

use std::thread::available_parallelism;

use anyhow::Result;

use crate::hashing;
use crate::host::{Component, Host};
use crate::load::{Kind, Load, Outcome};
use crate::report;
use crate::route::{self, Route};
use crate::scale::Scale;
use crate::world::{World, directory_on_disk};

/// The numbers of connections to measure with.
pub const CONNECTIONS: [usize; 3] = [1, 16, 64];

/// The subjects in order; each bound precedes the routes that it applies to.
const SUBJECTS: [Subject; 10] = [
    Subject::Bound(Component::Empty),
    Subject::Route(Route::Home),
    Subject::Route(Route::TestData),
    Subject::Route(Route::Refresh),
    Subject::Route(Route::Logout),
    Subject::Route(Route::ForgotPassword),
    Subject::Bound(Component::Hash),
    Subject::Route(Route::Login),
    Subject::Route(Route::Register),
    Subject::Route(Route::ResetPassword),
];

#[derive(Clone, Copy)]
enum Subject {
    Bound(Component),
    Route(Route),
}

/// The running hosts of all subjects, so that their measurements can be interleaved.
struct Bench<'a> {
    scale: &'a Scale,
    world: World,
    empty: Host,
    hash: Host,
}

/// Prints the table.
pub fn measure(scale: &Scale) -> Result<()> {
    report::heading(
        "Routes",
        "\"Of bound\" is the rate divided by that of the preceding bold line in the same round: the \
         empty component, or the component that only hashes.",
    );
    let directory = directory_on_disk()?;
    let bench = Bench {
        scale,
        world: World::with_users(scale.users)?,
        empty: started(Component::Empty, &directory)?,
        hash: started(Component::Hash, &directory)?,
    };
    report::head(&[
        "",
        "connections",
        "requests/s",
        "p50 ms",
        "p99 ms",
        "p99/p50",
        "errors",
        "of bound",
    ]);
    for connections in CONNECTIONS {
        bench.compare(connections)?;
    }
    bench.compare_hashing()
}

fn started(component: Component, directory: &tempfile::TempDir) -> Result<Host> {
    let mut host = Host::start(component, directory.path())?;
    host.wait()?;
    Ok(host)
}

impl Bench<'_> {
    /// Measures all subjects in each round.
    fn compare(&self, connections: usize) -> Result<()> {
        let mut rounds = SUBJECTS.map(|_| Vec::new());
        for _ in 0..self.scale.rounds {
            for (subject, outcomes) in SUBJECTS.iter().zip(&mut rounds) {
                outcomes.push(self.measure(*subject, connections)?);
            }
        }
        let mut bounds = &rounds[0];
        for (subject, outcomes) in SUBJECTS.iter().zip(&rounds) {
            if matches!(subject, Subject::Bound(_)) {
                bounds = outcomes;
            }
            print(subject.name(), connections, outcomes, bounds);
        }
        Ok(())
    }

    fn measure(&self, subject: Subject, connections: usize) -> Result<Outcome> {
        let scale = self.scale;
        match subject {
            Subject::Route(route) => route.measure(&self.world, connections, route.seconds(scale)),
            Subject::Bound(Component::Hash) => {
                let load = self.load(&self.hash);
                let outcome = load.run(connections, scale.hashing_seconds);
                self.hash.wait_until_idle();
                outcome
            }
            Subject::Bound(_) => self.load(&self.empty).run(connections, scale.seconds),
        }
    }

    /// The requests of the protected GET.
    fn load(&self, host: &Host) -> Load {
        Load {
            url: host.at("/"),
            kind: Kind::Authorization,
            status: 200,
            lines: route::authorizations(&self.world),
        }
    }

    /// Compares hashing in a component with native hashing.
    fn compare_hashing(&self) -> Result<()> {
        let cores = available_parallelism()?.get();
        let native = hashing::native_rate(cores, self.scale.hashing_duration())?;
        let component = self.load(&self.hash);
        let component = component.run(CONNECTIONS[1], self.scale.hashing_seconds)?;
        println!(
            "\nBare hashing on all {cores} cores: {} hashes/s natively, {} in a component.",
            report::rate(native),
            report::rate(component.rate()),
        );
        Ok(())
    }
}

impl Subject {
    fn name(self) -> &'static str {
        match self {
            Self::Route(route) => route.name(),
            Self::Bound(Component::Hash) => "**bare hash**",
            Self::Bound(_) => "**empty component**",
        }
    }
}

fn print(name: &str, connections: usize, outcomes: &[Outcome], bounds: &[Outcome]) {
    let outcome = report::median(outcomes);
    report::row(&[
        name.to_owned(),
        connections.to_string(),
        report::rate(outcome.rate()),
        report::milliseconds(outcome.p50),
        report::milliseconds(outcome.p99),
        report::ratio(outcome.p99 as f64, outcome.p50 as f64),
        outcome.errors.to_string(),
        report::ratio_of_rates(outcomes, bounds),
    ]);
}
