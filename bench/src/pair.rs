//! Compares two subjects, measured in turn so that both meet the same conditions on a shared machine.

use anyhow::Result;

use crate::load::Outcome;
use crate::report;

/// Prints the header of a table that compares two subjects.
pub fn head([first, second]: [&str; 2]) {
    report::head(&[
        "",
        "connections",
        &format!("{first} requests/s"),
        second,
        &format!("{second}/{first}"),
        &format!("p99 ms {first}"),
        second,
        "errors",
    ]);
}

/// Prints the row of a comparison. `measure` gets 0 for the first subject and 1 for the second.
pub fn compare(
    name: &str,
    connections: usize,
    rounds: usize,
    measure: impl Fn(usize) -> Result<Outcome>,
) -> Result<()> {
    let mut outcomes = [Vec::new(), Vec::new()];
    for round in 0..rounds {
        // They take turns in going first.
        for turn in [round % 2, (round + 1) % 2] {
            outcomes[turn].push(measure(turn)?);
        }
    }
    print(name, connections, &outcomes);
    Ok(())
}

fn print(name: &str, connections: usize, [first, second]: &[Vec<Outcome>; 2]) {
    let [one, other] = [report::median(first), report::median(second)];
    report::row(&[
        name.to_owned(),
        connections.to_string(),
        report::rate(one.rate()),
        report::rate(other.rate()),
        report::ratio_of_rates(second, first),
        report::milliseconds(one.p99),
        report::milliseconds(other.p99),
        (one.errors + other.errors).to_string(),
    ]);
}
