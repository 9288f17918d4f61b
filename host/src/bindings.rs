//! The host's side of Spin's interfaces, generated from `wit/`.

wasmtime::component::bindgen!({
    path: "wit",
    world: "spin",
    imports: { default: async | trappable },
    with: { "spin:sqlite/sqlite.connection": crate::sqlite::Connection },
});

/// The interfaces for components for WASI 0.2.
pub(crate) mod wasi2 {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "spin-wasi2",
        imports: { default: async | trappable },
        with: { "fermyon:spin/sqlite.connection": crate::sqlite::Connection },
    });
}
