//! The command line: the subset of Spin's flags that this host supports.

use std::path::PathBuf;

use clap::Parser;

/// A small stand-in for Spin, for development and tests. In production, use Spin.
#[derive(Debug, Parser)]
#[command(name = "gatehouse-host", version)]
pub(crate) struct Args {
    /// The application: a spin.toml, or the directory that contains one.
    #[arg(short, long, value_name = "PATH", default_value = "spin.toml")]
    pub(crate) from: PathBuf,

    /// The address and port to listen on; port 0 picks a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:3000")]
    pub(crate) listen: String,

    /// The directory of the database and the logs [default: .spin next to spin.toml].
    #[arg(long, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,

    /// Write the component's output only to its log files.
    #[arg(short, long)]
    pub(crate) quiet: bool,

    /// Write a line of JSON to this file for each host call and each growth of memory. This
    /// also counts instructions, which slows the component down.
    #[arg(long, value_name = "FILE")]
    pub(crate) trace_calls: Option<PathBuf>,

    /// Ignore requests for a write-ahead log, as on file systems that do not support one.
    #[arg(long)]
    pub(crate) no_wal: bool,

    /// Behave like Spin with a libSQL server, and delay each statement by this many milliseconds.
    #[arg(long, value_name = "MS", conflicts_with = "no_wal")]
    pub(crate) libsql_latency: Option<u64>,

    /// Write the names of the component's functions to /tmp/perf-<pid>.map for `perf`.
    #[arg(long)]
    pub(crate) perf_map: bool,
}
