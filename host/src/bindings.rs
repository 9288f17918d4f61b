//! The host's side of Spin's interfaces, generated from `wit/`.

wasmtime::component::bindgen!({
    path: "wit",
    world: "spin",
    imports: { default: async | trappable },
    with: { "spin:sqlite/sqlite.connection": crate::sqlite::Connection },
});
