//! Tables in Markdown, and the median of what was measured.

use std::cmp::Ordering;
use std::fmt::Display;

use crate::load::Outcome;

/// What stands in a table where nothing was measured.
const NOTHING: &str = "-";

/// Prints a heading with what is to be known of the table below it.
pub fn heading(title: &str, text: &str) {
    eprintln!("{title} ...");
    println!("\n## {title}\n\n{text}\n");
}

/// Prints the first two lines of a table.
pub fn head(columns: &[&str]) {
    row(columns);
    let rule = |(number, _): (usize, &&str)| if number == 0 { "---" } else { "--:" };
    row(&columns.iter().enumerate().map(rule).collect::<Vec<_>>());
}

/// Prints a line of a table.
pub fn row(cells: &[impl Display]) {
    let cells: Vec<_> = cells.iter().map(ToString::to_string).collect();
    println!("| {} |", cells.join(" | "));
}

/// Microseconds, as milliseconds; what has no time because nothing was answered is no number.
pub fn milliseconds(microseconds: u64) -> String {
    match microseconds {
        0 => NOTHING.to_owned(),
        _ => format!("{:.2}", microseconds as f64 / 1000.0),
    }
}

/// A number that is large enough to be read without its fraction.
pub fn rate(rate: f64) -> String {
    match rate < 100.0 {
        true => format!("{rate:.1}"),
        false => format!("{rate:.0}"),
    }
}

/// A ratio, if both of its figures were measured.
pub fn ratio(dividend: f64, divisor: f64) -> String {
    let ratio = dividend / divisor;
    match ratio.is_normal() {
        true => format!("{ratio:.2}"),
        false => NOTHING.to_owned(),
    }
}

/// The ratio of two rates: the median of those of each round, as a machine that others use, too, is
/// faster in one round than in the next.
pub fn ratio_of_rates(dividends: &[Outcome], divisors: &[Outcome]) -> String {
    let rounds = dividends.iter().zip(divisors);
    let ratios = rounds.map(|(one, other)| one.rate() / other.rate());
    ratio(middle_by(ratios, f64::total_cmp), 1.0)
}

/// The median round of each figure; all errors.
pub fn median(rounds: &[Outcome]) -> Outcome {
    let by_rate = |one: &Outcome, other: &Outcome| one.rate().total_cmp(&other.rate());
    let middle = middle_by(rounds.iter().copied(), by_rate);
    Outcome {
        p50: middle_of(rounds.iter().map(|outcome| outcome.p50)),
        p99: middle_of(rounds.iter().map(|outcome| outcome.p99)),
        errors: rounds.iter().map(|outcome| outcome.errors).sum(),
        ..middle
    }
}

/// The median.
pub fn middle_of(values: impl Iterator<Item = u64>) -> u64 {
    middle_by(values, u64::cmp)
}

fn middle_by<T>(values: impl Iterator<Item = T>, compare: impl Fn(&T, &T) -> Ordering) -> T {
    let mut values: Vec<_> = values.collect();
    values.sort_by(compare);
    values.swap_remove(values.len() / 2)
}
