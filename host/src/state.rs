//! The state of an instance of the component, and the state that all instances share.

use std::{collections::HashSet, sync::Arc};

use tokio_util::task::task_tracker::TaskTrackerToken;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::{
    allowed_hosts::AllowedHosts,
    components::Components,
    memory::Memory,
    outbound::Outbound,
    output::Output,
    sqlite::Database,
    trace::{InstanceTrace, Trace},
    variables::Variables,
};

/// The component's configuration, from the manifest and the command line.
pub(crate) struct App {
    pub(crate) component_id: String,
    pub(crate) variables: Variables,
    pub(crate) allowed_hosts: AllowedHosts,
    /// Those of the application, which the component may be allowed to call.
    pub(crate) components: Arc<Components>,
    /// The names of the databases that the component may open.
    pub(crate) databases: HashSet<String>,
    pub(crate) database: Arc<Database>,
    pub(crate) stdout: Arc<Output>,
    pub(crate) stderr: Arc<Output>,
    pub(crate) trace: Arc<Trace>,
}

/// The data of one instance's store.
pub(crate) struct State {
    pub(crate) app: Arc<App>,
    pub(crate) trace: InstanceTrace,
    pub(crate) memory: Memory,
    pub(crate) table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outbound: Outbound,
    /// Released when the instance is dropped.
    _alive: TaskTrackerToken,
}

impl State {
    /// The state of a new instance, which `alive` counts.
    pub(crate) fn new(app: Arc<App>, alive: TaskTrackerToken) -> Self {
        let mut wasi = WasiCtx::builder();
        wasi.stdout(app.stdout.writer());
        wasi.stderr(app.stderr.writer());
        let trace = app.trace.of_new_instance();
        Self {
            table: ResourceTable::new(),
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            outbound: Outbound::new(app.clone(), trace.clone()),
            memory: Memory::new(trace.clone()),
            app,
            trace,
            _alive: alive,
        }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.outbound,
        }
    }
}
