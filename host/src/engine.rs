//! The WebAssembly engine, configured like Spin's, and the compiled component.

use wasmtime::{
    Cache, Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, ProfilingStrategy,
    Result,
    component::{Component, HasSelf, InstancePre, Linker},
    error::Context,
};
use wasmtime_wasi::{
    cli::{WasiCli, WasiCliView},
    p2, p3,
};
use wasmtime_wasi_http::{
    handler::ProxyPre, p2::bindings::ProxyPre as IncomingHandlerPre, p3::bindings::ServicePre,
};

use crate::{
    bindings::{Spin, wasi2::SpinWasi2},
    cli::Args,
    state::State,
};

/// The maximum number of live instances.
const MAX_INSTANCES: u32 = 1_000;

/// An engine with Spin's features and limits.
///
/// # Errors
/// If this machine cannot run one.
pub(crate) fn new(args: &Args) -> Result<Engine> {
    let mut config = Config::new();
    config.wasm_component_model_async(true);
    // Nothing is ever interrupted here, but Spin pays for the epoch checks: keep them, so that
    // measurements are comparable.
    config.epoch_interruption(true);
    config.consume_fuel(args.trace_calls.is_some());
    if args.perf_map {
        config.profiler(ProfilingStrategy::PerfMap);
    }
    // Without a usable cache, every start compiles the component.
    config.cache(Cache::from_file(None).ok());
    let on_demand = config.clone();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
    // The pool reserves terabytes of address space, more than some machines allow.
    Engine::new(&config).or_else(|_| Engine::new(&on_demand))
}

/// The instance pool, with Spin's limits.
fn pool() -> PoolingAllocationConfig {
    const MIB: usize = 1 << 20;
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(MAX_INSTANCES)
        .total_core_instances(4 * MAX_INSTANCES)
        .total_memories(MAX_INSTANCES)
        .total_tables(2 * MAX_INSTANCES)
        .total_stacks(MAX_INSTANCES)
        .table_elements(100_000)
        .max_component_instance_size(10 * MIB)
        .max_core_instance_size(10 * MIB)
        .max_core_instances_per_component(200)
        .max_tables_per_component(64)
        .max_memories_per_component(32)
        .max_tables_per_module(2)
        .max_memories_per_module(2)
        .max_memory_size(4096 * MIB)
        .linear_memory_keep_resident(2 * MIB)
        .table_keep_resident(MIB / 2);
    pool
}

/// Compiles the component, or loads it from the cache, and links it.
///
/// # Errors
/// If the bytes, which are those of `source`, are not a component, or if it imports something that
/// this host does not provide, or exports neither `wasi:http/handler@0.3` nor
/// `wasi:http/incoming-handler@0.2`.
pub(crate) fn load(engine: &Engine, bytes: &[u8], source: &str) -> Result<ProxyPre<State>> {
    let component = Component::from_binary(engine, bytes)
        .with_context(|| format!("{source} is not a WebAssembly component"))?;
    let linked = linker(engine)?
        .instantiate_pre(&component)
        .and_then(by_export);
    linked.with_context(|| format!("this host cannot run {source}"))
}

/// The generation of WASI is that of the handler that the component exports.
fn by_export(component: InstancePre<State>) -> Result<ProxyPre<State>> {
    match IncomingHandlerPre::new(component.clone()) {
        Ok(component) => Ok(ProxyPre::P2(component)),
        Err(_) => ServicePre::new(component).map(ProxyPre::P3),
    }
}

/// What Spin links of these interfaces. An instance finds no files, and may open no sockets.
fn linker(engine: &Engine) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    p2::add_to_linker_async(&mut linker)?;
    p3::bindings::cli::stdin::add_to_linker::<_, WasiCli>(&mut linker, State::cli)?;
    p3::clocks::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    Spin::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    SpinWasi2::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
    Ok(linker)
}
