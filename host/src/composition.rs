//! Composes a component with the middleware in front of it, as Spin does.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use wac_graph::{CompositionGraph, NodeId, types::Package};

use crate::{
    capabilities,
    manifest::{Middleware, Service},
};

/// What middleware exports to get requests, and imports to pass them on.
const HANDLER: &str = "wasi:http/handler@0.3.0";

/// The bytes of the service's component: as built if it has no middleware, and otherwise one that
/// contains all.
///
/// # Errors
/// If a file in `dir` is not readable, or if one of the components is not built for WASI 0.3.
pub(crate) fn compose(service: &Service, dir: &Path) -> Result<Vec<u8>> {
    let guarded = read(&dir.join(&service.component.source))?;
    if service.middleware.is_empty() {
        return Ok(guarded);
    }
    let mut graph = CompositionGraph::new();
    let mut handler = instantiate(&mut graph, &service.component.source, guarded, None)?;
    for Middleware {
        source, inherit, ..
    } in service.middleware.iter().rev()
    {
        let middleware = capabilities::restrict(read(&dir.join(source))?, inherit)?;
        handler = instantiate(&mut graph, source, middleware, Some(handler))?;
    }
    graph.export(handler, HANDLER)?;
    Ok(graph.encode(Default::default())?)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Adds a component that passes requests on to `next`, and returns its own handler.
fn instantiate(
    graph: &mut CompositionGraph,
    source: &str,
    component: Vec<u8>,
    next: Option<NodeId>,
) -> Result<NodeId> {
    let context = || format!("{source} cannot be composed with middleware");
    // Packages need distinct names, and one component may be in the chain twice.
    let name = format!("package{}", graph.packages().count());
    let package = Package::from_bytes(&name, None, component, graph.types_mut())?;
    let package = graph.register_package(package)?;
    let instance = graph.instantiate(package);
    if let Some(next) = next {
        let wired = graph.set_instantiation_argument(instance, HANDLER, next);
        wired.with_context(context)?;
    }
    let handler = graph.alias_instance_export(instance, HANDLER);
    handler.with_context(context)
}
