//! Startup: finds every configuration error before the first request.

use std::{
    collections::HashMap,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use tokio::net::{TcpListener, lookup_host};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use wasmtime::Engine;
use wasmtime_wasi_http::handler::ProxyHandler;

use crate::{
    allowed_hosts::AllowedHosts,
    cli::Args,
    components::Components,
    composition, engine,
    instances::Instances,
    manifest::{Build, Component, Manifest, Service},
    output,
    routes::Routes,
    server::Server,
    sqlite::{Backend, Database, Libsql},
    state::App,
    trace::Trace,
    variables::{self, Sources},
};

/// A host that is ready to serve.
pub(crate) struct Host {
    pub(crate) server: Arc<Server>,
    database: Arc<Database>,
    pub(crate) listener: TcpListener,
    /// Cancel this to end idle instances.
    pub(crate) stopping: CancellationToken,
    /// Counts the live instances.
    pub(crate) alive: TaskTracker,
}

impl Host {
    /// Reads the manifest, validates it, binds the address and compiles the components.
    ///
    /// # Errors
    /// Every error is one sentence that says what is wrong and how to fix it.
    pub(crate) async fn start(args: &Args) -> Result<Self> {
        let manifest = Manifest::read(&args.from)?;
        let values = Sources::of_process()?.resolve(&manifest.variables)?;
        let routes = manifest.triggers.iter().filter_map(|trigger| {
            let route = trigger.route.as_deref()?;
            Some((route, trigger.service.as_str()))
        });
        let routes = Routes::parse(routes)?;
        for service in manifest.services.values() {
            ensure_built(service, &manifest.dir)?;
        }
        let listener = bind(&args.listen).await?;
        let state_dir = state_dir(args, &manifest)?;
        let trace = Trace::to(args.trace_calls.as_deref())?;
        let loading = Loading {
            args,
            values: &values,
            dir: &manifest.dir,
            engine: engine::new(args)?,
            database: Arc::new(Database::in_dir(&state_dir, backend(args))?),
            trace,
            state_dir,
            components: Arc::default(),
            stopping: CancellationToken::new(),
            alive: TaskTracker::new(),
        };
        let mut handlers = HashMap::new();
        for (id, service) in manifest.services {
            let instances = loading.instances(id.clone(), service)?;
            handlers.insert(id, ProxyHandler::new(instances));
        }
        let components = loading.components;
        components.add(handlers);
        Ok(Self {
            server: Arc::new(Server { components, routes }),
            database: loading.database,
            listener,
            stopping: loading.stopping,
            alive: loading.alive,
        })
    }

    /// Prints what this is and where it serves, in Spin's words where Spin prints the same.
    pub(crate) fn announce(&self) -> Result<()> {
        eprintln!(
            "gatehouse-host: a stand-in for Spin, for development and tests, not for production."
        );
        eprintln!("Storing default SQLite data to {:?}.", self.database.path());
        let address = format!("http://{}", self.listener.local_addr()?);
        println!("\nServing {address}\nAvailable Routes:");
        for line in self.server.routes.describe(&address) {
            println!("  {line}");
        }
        Ok(())
    }
}

fn backend(args: &Args) -> Backend {
    match args.libsql_latency.map(Duration::from_millis) {
        Some(latency) => Backend::Libsql(Libsql { latency }),
        None if args.no_wal => Backend::SqliteWithoutWal,
        None => Backend::Sqlite,
    }
}

/// The directory of the database and the logs; created if it is missing.
fn state_dir(args: &Args, manifest: &Manifest) -> Result<PathBuf> {
    let given = args.state_dir.clone();
    let dir = given.unwrap_or_else(|| manifest.dir.join(".spin"));
    fs::create_dir_all(&dir).with_context(|| {
        format!(
            "cannot write to {} (choose another directory with --state-dir)",
            dir.display()
        )
    })?;
    Ok(dir)
}

/// The context that all components are loaded with.
struct Loading<'a> {
    args: &'a Args,
    /// The values of the application's variables.
    values: &'a HashMap<String, String>,
    /// The directory of the manifest.
    dir: &'a Path,
    state_dir: PathBuf,
    engine: Engine,
    database: Arc<Database>,
    trace: Arc<Trace>,
    components: Arc<Components>,
    stopping: CancellationToken,
    alive: TaskTracker,
}

impl Loading<'_> {
    fn instances(&self, id: String, service: Service) -> Result<Instances> {
        let bytes = composition::compose(&service, self.dir)?;
        let component = engine::load(&self.engine, &bytes, &service.component.source)?;
        Ok(Instances {
            app: Arc::new(self.app(id, service.component)?),
            engine: self.engine.clone(),
            component,
            stopping: self.stopping.clone(),
            alive: self.alive.clone(),
        })
    }

    fn app(&self, component_id: String, component: Component) -> Result<App> {
        let echo = !self.args.quiet;
        let (stdout, stderr) = output::open_logs(&self.state_dir, &component_id, echo)?;
        let allowed_hosts = AllowedHosts::parse(&component.allowed_outbound_hosts, self.values)?;
        Ok(App {
            variables: variables::of_component(&component.variables, self.values)?,
            allowed_hosts,
            components: self.components.clone(),
            databases: component.sqlite_databases.into_iter().collect(),
            database: self.database.clone(),
            stdout,
            stderr,
            trace: self.trace.clone(),
            component_id,
        })
    }
}

fn ensure_built(service: &Service, dir: &Path) -> Result<()> {
    let component = &service.component;
    ensure_file(&dir.join(&component.source), component.build.as_ref())?;
    for middleware in &service.middleware {
        ensure_file(&dir.join(&middleware.source), middleware.build.as_ref())?;
    }
    Ok(())
}

fn ensure_file(path: &Path, build: Option<&Build>) -> Result<()> {
    let command = build.map(|build| build.command.to_line());
    let command = command.as_deref().unwrap_or("spin build");
    ensure!(
        path.is_file(),
        "the component is not built, {} is missing: run `{command}`",
        path.display()
    );
    Ok(())
}

async fn bind(address: &str) -> Result<TcpListener> {
    let resolved: Vec<SocketAddr> = lookup_host(address)
        .await
        .map(Iterator::collect)
        .with_context(|| {
            format!("`{address}` is not an address to listen on (pass --listen HOST:PORT)")
        })?;
    // A name like localhost may have two addresses; Spin prefers IPv4.
    let ipv4 = resolved.iter().find(|address| address.is_ipv4());
    let chosen = ipv4
        .or(resolved.first())
        .context("the name to listen on does not resolve to an address")?;
    TcpListener::bind(chosen).await.with_context(|| {
        format!("cannot listen on {chosen} (stop the process that uses it, or choose another with --listen)")
    })
}
