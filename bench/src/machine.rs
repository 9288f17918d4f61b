//! What the figures were measured on.

use std::fs;
use std::thread::available_parallelism;

use anyhow::Result;

use crate::scale::Scale;

/// Prints the machine, and how busy others keep it.
///
/// # Errors
/// The system does not say how many processors there are.
pub fn describe(scale: &Scale) -> Result<()> {
    println!(
        "Measured on {} cores, {} rounds of {} s ({} s where a request takes a hash), median.",
        available_parallelism()?,
        scale.rounds,
        scale.seconds,
        scale.seconds_of_hashing,
    );
    println!("Load of the machine before: {}.", load_average());
    Ok(())
}

/// Processes that wanted to run, on average of the last minute.
fn load_average() -> String {
    let average = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let minute = average.split_whitespace().next();
    minute.unwrap_or("unknown").to_owned()
}
