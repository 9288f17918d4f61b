//! Prints Markdown tables, and computes medians.

use std::cmp::Ordering;
use std::fmt::Display;

use crate::load::Outcome;

/// The cell for a missing value.
const NOTHING: &str = "-";

/// Prints a heading and an introduction to the table below it.
pub fn heading(title: &str, text: &str) {
    eprintln!("{title} ...");
    println!("\n## {title}\n\n{text}\n");
}

/// Prints the header of a table.
pub fn head(columns: &[&str]) {
    row(columns);
    let rule = |(number, _): (usize, &&str)| if number == 0 { "---" } else { "--:" };
    row(&columns.iter().enumerate().map(rule).collect::<Vec<_>>());
}

/// Prints a row of a table.
pub fn row(cells: &[impl Display]) {
    let cells: Vec<_> = cells.iter().map(ToString::to_string).collect();
    println!("| {} |", cells.join(" | "));
}

/// Formats microseconds as milliseconds; zero means that there was no response.
pub fn milliseconds(microseconds: u64) -> String {
    if microseconds == 0 {
        NOTHING.to_owned()
    } else {
        format!("{:.2}", microseconds as f64 / 1000.0)
    }
}

/// Formats a rate, with a fraction only if it is small.
pub fn rate(rate: f64) -> String {
    if rate < 100.0 {
        format!("{rate:.1}")
    } else {
        format!("{rate:.0}")
    }
}

/// Formats a ratio, if both values were measured.
pub fn ratio(dividend: f64, divisor: f64) -> String {
    let ratio = dividend / divisor;
    if ratio.is_normal() {
        format!("{ratio:.2}")
    } else {
        NOTHING.to_owned()
    }
}

/// The ratio of two rates: the median of the ratios of all rounds, because the speed of a shared
/// machine differs between rounds.
pub fn ratio_of_rates(dividends: &[Outcome], divisors: &[Outcome]) -> String {
    let rounds = dividends.iter().zip(divisors);
    let ratios = rounds.map(|(one, other)| one.rate() / other.rate());
    ratio(median_by(ratios, f64::total_cmp), 1.0)
}

/// The median of each figure, and the sum of the errors.
pub fn median(rounds: &[Outcome]) -> Outcome {
    let by_rate = |one: &Outcome, other: &Outcome| one.rate().total_cmp(&other.rate());
    let middle = median_by(rounds.iter().copied(), by_rate);
    Outcome {
        p50: median_of(rounds.iter().map(|outcome| outcome.p50)),
        p99: median_of(rounds.iter().map(|outcome| outcome.p99)),
        errors: rounds.iter().map(|outcome| outcome.errors).sum(),
        ..middle
    }
}

pub fn median_of(values: impl Iterator<Item = u64>) -> u64 {
    median_by(values, u64::cmp)
}

fn median_by<T>(values: impl Iterator<Item = T>, compare: impl Fn(&T, &T) -> Ordering) -> T {
    let mut values: Vec<_> = values.collect();
    values.sort_by(compare);
    values.swap_remove(values.len() / 2)
}
