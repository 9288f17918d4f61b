//! Denies middleware the capabilities that it does not inherit.

use anyhow::{Context, Result, bail};
use wac_graph::{CompositionGraph, types::Package};
use wit_component::{ComponentEncoder, DecodedWasm, StringEncoding, embed_component_metadata};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve, WorldId, WorldItem};

use crate::manifest::Inherit;

/// The keys of `inherit_configuration`, and the interfaces that each one opens, without their versions.
/// No other interface is ever denied: clocks, randomness and output are always there.
const CAPABILITIES: &[(&str, &[&str])] = &[
    ("ai_models", &["fermyon:spin/llm"]),
    (
        "allowed_outbound_hosts",
        &[
            "fermyon:spin/http",
            "fermyon:spin/mqtt",
            "fermyon:spin/mysql",
            "fermyon:spin/postgres",
            "fermyon:spin/redis",
            "spin:mqtt/mqtt",
            "spin:mysql/mysql",
            "spin:postgres/postgres",
            "spin:redis/redis",
            "wasi:http/client",
            "wasi:http/outgoing-handler",
            "wasi:sockets/ip-name-lookup",
            "wasi:sockets/tcp",
            "wasi:sockets/tcp-create-socket",
            "wasi:sockets/udp",
            "wasi:sockets/udp-create-socket",
        ],
    ),
    ("environment", &["wasi:cli/environment"]),
    ("files", &["wasi:filesystem/preopens"]),
    (
        "key_value_stores",
        &[
            "fermyon:spin/key-value",
            "spin:key-value/key-value",
            "wasi:keyvalue/store",
        ],
    ),
    (
        "sqlite_databases",
        &["fermyon:spin/sqlite", "spin:sqlite/sqlite"],
    ),
    (
        "variables",
        &[
            "fermyon:spin/config",
            "fermyon:spin/variables",
            "spin:variables/variables",
            "wasi:config/store",
        ],
    ),
];

/// Wires the imports of `component` that are not inherited to functions that trap.
///
/// # Errors
/// If it is not a component.
pub(crate) fn restrict(component: Vec<u8>, inherit: &Inherit) -> Result<Vec<u8>> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(&component)? else {
        bail!("it contains interfaces and no component");
    };
    let denied = denied_imports(&resolve, world, inherit);
    if denied.is_empty() {
        return Ok(component);
    }
    let denial = trapping(resolve, &denied)?;
    let mut graph = CompositionGraph::new();
    let component = Package::from_bytes("component", None, component, graph.types_mut())?;
    let exports: Vec<_> = graph.types()[component.ty()]
        .exports
        .keys()
        .cloned()
        .collect();
    let component = graph.register_package(component)?;
    let denial = Package::from_bytes("denial", None, denial, graph.types_mut())?;
    let denial = graph.register_package(denial)?;
    let component = graph.instantiate(component);
    let denial = graph.instantiate(denial);
    for name in &denied {
        let export = graph.alias_instance_export(denial, name)?;
        graph.set_instantiation_argument(component, name, export)?;
    }
    for name in &exports {
        let export = graph.alias_instance_export(component, name)?;
        graph.export(export, name)?;
    }
    Ok(graph.encode(Default::default())?)
}

/// The names of the interfaces to deny.
fn denied_imports(resolve: &Resolve, world: WorldId, inherit: &Inherit) -> Vec<String> {
    let imports = resolve.worlds[world].imports.values();
    let names = imports.filter_map(|import| match import {
        WorldItem::Interface { id, .. } => resolve.id_of(*id),
        _ => None,
    });
    names.filter(|name| is_denied(name, inherit)).collect()
}

fn is_denied(interface: &str, inherit: &Inherit) -> bool {
    let (name, _version) = interface.split_once('@').unwrap_or((interface, ""));
    let capability = CAPABILITIES
        .iter()
        .find(|(_, interfaces)| interfaces.contains(&name));
    capability.is_some_and(|(key, _)| match inherit {
        Inherit::All(all) => !all,
        Inherit::Keys(keys) => !keys.iter().any(|inherited| inherited == key),
    })
}

/// A component that exports these interfaces, and traps in each of their functions.
fn trapping(mut resolve: Resolve, interfaces: &[String]) -> Result<Vec<u8>> {
    const ABI: ManglingAndAbi = ManglingAndAbi::Legacy(LiftLowerAbi::Sync);
    let exports: String = interfaces
        .iter()
        .map(|interface| format!("export {interface};"))
        .collect();
    let wit = format!("package gatehouse:denial; world denial {{ {exports} }}");
    let package = resolve.push_source("denial.wit", &wit)?;
    let world = resolve.select_world(&[package], None)?;
    let mut module = wit_component::dummy_module(&resolve, world, ABI);
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    ComponentEncoder::default()
        .module(&module)?
        .encode()
        .context("cannot make the component that denies")
}
