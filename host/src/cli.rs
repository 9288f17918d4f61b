//! The command line: the subset of Spin's flags that this host supports.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Parser;

/// A small stand-in for Spin, for development and tests. In production, use Spin.
#[derive(Debug, Parser)]
#[command(name = "gatehouse-host", version)]
pub(crate) struct Args {
    /// The application: a spin.toml, or the directory that contains one.
    #[arg(short, long, value_name = "PATH", default_value = "spin.toml")]
    pub(crate) from: PathBuf,

    /// The address and port to listen on; port 0 picks a free one.
    #[arg(
        long,
        value_name = "ADDR",
        env = "SPIN_HTTP_LISTEN_ADDR",
        default_value = "127.0.0.1:3000"
    )]
    pub(crate) listen: String,

    /// The directory of the database and the logs [default: .spin next to spin.toml].
    #[arg(long, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,

    /// Set an application variable, overriding every other source; may be repeated.
    /// KEY=@FILE reads the value from a file.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) variable: Vec<String>,

    /// Set an environment variable for the component; may be repeated.
    #[arg(short, long, value_name = "KEY=VALUE")]
    pub(crate) env: Vec<String>,

    /// The build profile to run [default: the unnamed one].
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,

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

    /// Write the names of the component's functions to /tmp/perf-<pid>.map for `perf`.
    #[arg(long)]
    pub(crate) perf_map: bool,

    /// The configuration file of Wasmtime's compilation cache.
    #[arg(long, value_name = "FILE", env = "WASMTIME_CACHE_FILE")]
    pub(crate) cache: Option<PathBuf>,

    /// Compile the component on every start.
    #[arg(long, env = "DISABLE_WASMTIME_CACHE", conflicts_with = "cache",
          value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) disable_cache: bool,
}

/// Splits the values of a repeatable flag into pairs, in order.
///
/// # Errors
/// If a value is not `KEY=VALUE`. The error does not quote it, because it may contain a secret.
pub(crate) fn split_pairs(flag: &str, given: &[String]) -> Result<Vec<(String, String)>> {
    let split = |text: &String| match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => bail!("the value of a {flag} flag is not KEY=VALUE"),
    };
    given.iter().map(split).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Result<Vec<(String, String)>> {
        split_pairs("--variable", &[text.to_owned()])
    }

    #[test]
    fn a_pair_without_a_key_or_an_equals_sign_is_rejected_without_quoting_it() {
        for text in ["", "hunter2", "=hunter2"] {
            let message = split(text).unwrap_err().to_string();
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn the_value_of_a_pair_may_be_empty_or_contain_an_equals_sign() {
        for (text, value) in [("k=", ""), ("k=a=b", "a=b")] {
            assert_eq!(split(text).unwrap(), [("k".to_owned(), value.to_owned())]);
        }
    }

    #[test]
    fn the_cache_cannot_be_both_configured_and_disabled() {
        let args = ["gatehouse-host", "--cache", "c.toml", "--disable-cache"];
        assert!(Args::try_parse_from(args).is_err());
    }
}
