//! The command line: Spin's flags, as far as this host has them.

use std::path::PathBuf;

use clap::Parser;

/// A small stand-in for Spin, for development and tests. In production, use Spin.
#[derive(Debug, Parser)]
#[command(name = "gatehouse-host", version)]
pub(crate) struct Args {
    /// The application: a spin.toml, or the directory that holds one.
    #[arg(short, long, value_name = "PATH", default_value = "spin.toml")]
    pub(crate) from: PathBuf,

    /// The address and port to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:3000")]
    pub(crate) listen: String,

    /// Where the database and the logs lie [default: .spin beside spin.toml].
    #[arg(long, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,

    /// Write what the component prints to its log files only.
    #[arg(short, long)]
    pub(crate) quiet: bool,

    /// Write a line of JSON to this file for each call that the component makes, and for its
    /// memory as it grows; counting its instructions slows it down.
    #[arg(long, value_name = "FILE")]
    pub(crate) trace_calls: Option<PathBuf>,

    /// Ignore the wish for a write-ahead log, as file systems do that cannot have one.
    #[arg(long)]
    pub(crate) no_wal: bool,

    /// Tell `perf` the names of the component's functions, in /tmp/perf-<pid>.map.
    #[arg(long)]
    pub(crate) perf_map: bool,
}
