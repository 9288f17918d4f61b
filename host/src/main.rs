//! A small stand-in for Spin: serves an application's components for development and tests.

mod allowed_hosts;
mod bindings;
mod calls;
mod capabilities;
mod cli;
mod components;
mod composition;
mod engine;
mod instances;
mod manifest;
mod memory;
mod outbound;
mod output;
mod request;
mod routes;
mod server;
mod sqlite;
mod start;
mod state;
mod template;
mod trace;
mod variables;

use std::{process::ExitCode, time::Duration};

use anyhow::{Context, Result};
use clap::Parser;
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};

use cli::Args;
use start::Host;

/// How long requests and background tasks may continue after a stop signal.
const GRACE: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("Error: {err:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    let runtime = Runtime::new().context("cannot start the threads")?;
    let outcome = runtime.block_on(serve(args));
    // Do not wait for a component that never yields.
    runtime.shutdown_background();
    outcome
}

async fn serve(args: &Args) -> Result<()> {
    let host = Host::start(args).await?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    host.announce()?;
    let serving = async {
        host.server
            .run(host.listener, host.stopping.cancelled())
            .await;
        host.alive.close();
        host.alive.wait().await;
    };
    let stopping = async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        host.stopping.cancel();
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        () = serving => {}
        () = stopping => eprintln!("Stopped while requests or tasks were running."),
    }
    Ok(())
}
