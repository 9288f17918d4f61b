//! Bindings generated from the world in `wit/wasi2`.

wit_bindgen::generate!({
    world: "service",
    path: "wit/wasi2",
    generate_all,
    with: {
        "wasi:clocks/monotonic-clock@0.2.12": wasip2::clocks::monotonic_clock,
        "wasi:http/outgoing-handler@0.2.12": wasip2::http::outgoing_handler,
        "wasi:http/types@0.2.12": wasip2::http::types,
        "wasi:io/error@0.2.12": wasip2::io::error,
        "wasi:io/poll@0.2.12": wasip2::io::poll,
        "wasi:io/streams@0.2.12": wasip2::io::streams,
    },
    pub_export_macro: true,
    default_bindings_module: "crate::platform::wasi2::bindings",
});
