//! Describes the machine that the benchmark runs on.

use std::fs;
use std::thread::available_parallelism;

use anyhow::Result;

use crate::host;
use crate::scale::Scale;

/// Prints the number of cores, the scale, the host, and the load average before the run.
pub fn describe(scale: &Scale) -> Result<()> {
    println!(
        "Measured on {} cores; medians of {} rounds of {} s ({} s for routes that hash).",
        available_parallelism()?,
        scale.rounds,
        scale.seconds,
        scale.hashing_seconds,
    );
    println!("Host: {}.", host::describe()?);
    println!("Load average before the run: {}.", load_average());
    Ok(())
}

/// The load average of the last minute.
fn load_average() -> String {
    let average = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let minute = average.split_whitespace().next();
    minute.unwrap_or("unknown").to_owned()
}
