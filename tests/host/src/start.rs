//! The start: everything that can be wrong is found here, before the first request.

use std::{collections::HashMap, net::SocketAddr, path::Path, sync::Arc};

use anyhow::{Context, Result, ensure};
use tokio::net::{TcpListener, lookup_host};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use wasmtime_wasi_http::handler::ProxyHandler;

use crate::{
    allowed_hosts::AllowedHosts,
    cli::{Args, split_pairs},
    engine,
    instances::Instances,
    manifest::Manifest,
    output,
    routes::Routes,
    server::Server,
    sqlite::Database,
    state::App,
    trace::Trace,
    variables::{self, Sources},
};

/// A host that is ready to serve.
pub(crate) struct Host {
    pub(crate) server: Arc<Server>,
    pub(crate) listener: TcpListener,
    /// Cancel it to let idle instances end.
    pub(crate) stopping: CancellationToken,
    /// Counts the instances that live.
    pub(crate) alive: TaskTracker,
}

impl Host {
    /// Reads, checks, binds, compiles.
    ///
    /// # Errors
    /// With one sentence that says what is wrong and what to do.
    pub(crate) async fn start(args: &Args) -> Result<Self> {
        let manifest = Manifest::read(&args.from, args.profile.as_deref())?;
        let flags = split_pairs("--variable", &args.variable)?;
        let values = Sources::of_process(flags)?.resolve(&manifest.variables)?;
        let routes = Routes::parse(&manifest.routes)?;
        let path = manifest.dir.join(&manifest.component.source);
        ensure_built(&path, &manifest)?;
        let listener = bind(&args.listen).await?;
        let app = Arc::new(app(args, manifest, &values)?);
        let component = engine::load(&engine::new(args)?, &path)?;
        let (stopping, alive) = (CancellationToken::new(), TaskTracker::new());
        let instances = Instances {
            app,
            component,
            stopping: stopping.clone(),
            alive: alive.clone(),
        };
        let server = Arc::new(Server {
            handler: ProxyHandler::new(instances),
            routes,
        });
        Ok(Self {
            server,
            listener,
            stopping,
            alive,
        })
    }

    /// Says what this is and where it serves, in Spin's words where Spin has them.
    pub(crate) fn announce(&self) -> Result<()> {
        let app = &self.server.handler.state().app;
        eprintln!(
            "gatehouse-host: a stand-in for Spin, for development and tests, not for production."
        );
        eprintln!("Storing default SQLite data to {:?}.", app.database.path());
        let address = self.listener.local_addr()?;
        println!("\nServing http://{address}\nAvailable Routes:");
        for route in self.server.routes.describe() {
            println!("  {}: http://{address}{route}", app.component_id);
        }
        Ok(())
    }
}

fn app(args: &Args, manifest: Manifest, values: &HashMap<String, String>) -> Result<App> {
    let Manifest {
        component_id,
        component,
        ..
    } = manifest;
    let state_dir = args
        .state_dir
        .clone()
        .unwrap_or_else(|| manifest.dir.join(".spin"));
    let (stdout, stderr) = output::open_logs(&state_dir, &component_id, !args.quiet)?;
    let trace = Trace::to(args.trace_calls.as_deref())?;
    let mut environment = component.environment;
    environment.extend(split_pairs("--env", &args.env)?);
    Ok(App {
        variables: variables::of_component(&component.variables, values)?,
        environment,
        allowed_hosts: Arc::new(AllowedHosts::parse(
            &component.allowed_outbound_hosts,
            values,
        )?),
        databases: component.sqlite_databases.into_iter().collect(),
        database: Database::in_dir(&state_dir, trace.clone())?,
        stdout,
        stderr,
        trace,
        component_id,
    })
}

fn ensure_built(path: &Path, manifest: &Manifest) -> Result<()> {
    let command = manifest
        .component
        .build
        .as_ref()
        .map(|build| build.command.to_line());
    let command = command.as_deref().unwrap_or("spin build");
    ensure!(
        path.is_file(),
        "the component is not built, there is no {}: run `{command}`",
        path.display()
    );
    Ok(())
}

async fn bind(address: &str) -> Result<TcpListener> {
    let resolved: Vec<SocketAddr> = lookup_host(address)
        .await
        .map(Iterator::collect)
        .with_context(|| {
            format!("`{address}` is not an address to listen on (write --listen HOST:PORT)")
        })?;
    // A name like localhost has two addresses; Spin takes this one.
    let ipv4 = resolved.iter().find(|address| address.is_ipv4());
    let chosen = ipv4
        .or(resolved.first())
        .context("the name to listen on has no address")?;
    TcpListener::bind(chosen).await.with_context(|| {
        format!("cannot listen on {chosen} (end what uses it, or choose another with --listen)")
    })
}
