//! Calls between components, for both generations of WASI.

use crate::host::{Host, values};

/// A `caller` that may call `allowed`, the private `callee`, and `guarded` with middleware.
fn host(caller: &str, callee: &str, allowed: &str) -> Host {
    Host::start(&format!(
        "[[trigger.http]]\nroute = \"/...\"\ncomponent = \"caller\"\n\
         [[trigger.http]]\nroute = {{ private = true }}\ncomponent = \"callee\"\n\
         [[trigger.http]]\nroute = \"/guarded/...\"\ncomponent = \"guarded\"\n\
         dependencies.middleware = [{{ component = \"guard\" }}]\n\
         [component.caller]\nsource = {caller:?}.wasm\nallowed_outbound_hosts = [{allowed:?}]\n\
         [component.callee]\nsource = {callee:?}.wasm\n\
         [component.guarded]\nsource = \"app\".wasm\n\
         [component.guard]\nsource = \"middleware\".wasm\n"
    ))
}

const PAIRS: [(&str, &str); 4] = [
    ("app", "app"),
    ("app", "app-wasi2"),
    ("app-wasi2", "app"),
    ("app-wasi2", "app-wasi2"),
];

#[tokio::test]
async fn a_call_reaches_a_private_component_with_spins_headers() {
    for (caller, callee) in PAIRS {
        let host = host(caller, callee, "http://callee.spin.internal");
        let call = ("x-call", "http://callee.spin.internal/a/b?c");
        let response = host.post("/", &[call, ("x-own", "1")], "body").await;
        assert_eq!(response.status(), 200, "{caller} {callee}");
        for (name, expected) in [
            ("echo-uri", "http://callee.spin.internal/a/b?c"),
            ("echo-x-own", "1"),
            ("echo-spin-matched-route", "/..."),
            ("echo-spin-raw-component-route", "/..."),
            ("echo-spin-component-route", ""),
        ] {
            let last = values(&response, name).pop();
            assert_eq!(last, Some(expected), "{caller} {callee} {name}");
        }
        let path_info = values(&response, "echo-spin-path-info").pop();
        assert_eq!(path_info, Some("/a/b"));
        let full_url = values(&response, "echo-spin-full-url").pop();
        assert_eq!(full_url, Some("http://localhost/a/b?c"));
        assert!(values(&response, "echo-host").is_empty());
        assert_eq!(response.text().await.unwrap(), "body");
    }
}

#[tokio::test]
async fn neither_a_client_nor_a_caller_chooses_the_address_that_the_called_component_sees() {
    let host = host("app", "app", "http://*.spin.internal");
    let forged = ("spin-client-addr", "192.0.2.1:1");
    let call = ("x-call", "http://callee.spin.internal/");
    let response = host.get("/", &[call, forged]).await;
    let addresses = values(&response, "echo-spin-client-addr");
    assert_eq!(addresses.first(), Some(&forged.1));
    assert_eq!(addresses.last(), Some(&"0.0.0.0:0"));
    let direct = host.get("/", &[("spin-client-addr", "0.0.0.0:0")]).await;
    let last = values(&direct, "echo-spin-client-addr").pop();
    assert!(last.unwrap().starts_with("127.0.0.1:"));
}

#[tokio::test]
async fn a_call_that_is_not_allowed_is_refused() {
    for caller in ["app", "app-wasi2"] {
        for allowed in [
            "http://guarded.spin.internal",
            "https://callee.spin.internal",
            "http://callee.spin.internal:8080",
            "http://*.callee.spin.internal",
        ] {
            let host = host(caller, "app", allowed);
            let call = ("x-call", "http://callee.spin.internal/");
            let response = host.get("/", &[call]).await;
            assert_eq!(response.status(), 500, "{caller} {allowed}");
        }
    }
}

#[tokio::test]
async fn a_wildcard_allows_calls() {
    for allowed in ["http://*.spin.internal", "http://*", "*://*:*"] {
        let host = host("app", "app", allowed);
        let call = ("x-call", "http://callee.spin.internal/");
        assert_eq!(host.get("/", &[call]).await.status(), 200, "{allowed}");
    }
}

#[tokio::test]
async fn a_private_component_has_no_path() {
    let host = Host::start(
        "[[trigger.http]]\nroute = \"/public\"\ncomponent = \"public\"\n\
         [[trigger.http]]\nroute = { private = true }\ncomponent = \"hidden\"\n\
         [component.public]\nsource = \"app\".wasm\n\
         [component.hidden]\nsource = \"app\".wasm\n",
    );
    assert_eq!(host.get("/public", &[]).await.status(), 200);
    for path in ["/", "/hidden", "/...", "/private"] {
        let headers = [("host", "hidden.spin.internal")];
        assert_eq!(host.get(path, &headers).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn a_call_passes_the_middleware_of_the_called_component() {
    let host = host("app", "app", "http://*.spin.internal");
    let call = ("x-call", "http://guarded.spin.internal/");
    let response = host.get("/", &[call]).await;
    assert_eq!(values(&response, "echo-x-passed"), ["in"]);
    assert_eq!(values(&response, "x-passed"), ["out"]);
}

#[tokio::test]
async fn a_call_passes_no_middleware_of_a_component_with_several_triggers() {
    let host = Host::start(
        "[[trigger.http]]\nroute = \"/...\"\ncomponent = \"caller\"\n\
         [[trigger.http]]\nroute = \"/app\"\ncomponent = \"app\"\n\
         dependencies.middleware = [{ path = \"middleware\".wasm }]\n\
         [[trigger.http]]\nroute = { private = true }\ncomponent = \"app\"\n\
         [component.caller]\nsource = \"app\".wasm\n\
         allowed_outbound_hosts = [\"http://*.spin.internal\"]\n\
         [component.app]\nsource = \"app\".wasm\n",
    );
    assert_eq!(values(&host.get("/app", &[]).await, "x-passed"), ["out"]);
    for (callee, marks) in [("app", 0), ("app-for-app-http-trigger", 1)] {
        let call = format!("http://{callee}.spin.internal/");
        let response = host.get("/", &[("x-call", call.as_str())]).await;
        assert_eq!(response.status(), 200, "{callee}");
        assert_eq!(values(&response, "x-passed").len(), marks, "{callee}");
    }
}

#[tokio::test]
async fn a_call_to_a_component_without_a_trigger_is_not_answered() {
    let host = host("app", "app", "http://*.spin.internal");
    for callee in ["guard", "unknown", "CALLEE"] {
        let call = format!("http://{callee}.spin.internal/");
        let response = host.get("/", &[("x-call", call.as_str())]).await;
        assert_eq!(response.status(), 500, "{callee}");
    }
    assert_eq!(host.get("/", &[]).await.status(), 200);
}

#[tokio::test]
async fn a_component_can_call_itself() {
    let host = host("app", "app", "http://*.spin.internal");
    let call = ("x-call", "http://caller.spin.internal/again");
    let response = host.get("/", &[call]).await;
    assert_eq!(
        values(&response, "echo-spin-path-info").pop(),
        Some("/again")
    );
}
