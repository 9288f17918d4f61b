//! Middleware: what passes it, and what it may do.

use crate::host::{Host, refusal, values};

/// A component at `/app`, with middleware that inherits `inherit`.
fn guarded(inherit: &str) -> Host {
    Host::start(&format!(
        "[variables]\nanswer = {{ default = \"42\" }}\n\
         [[trigger.http]]\nroute = \"/app/...\"\ncomponent = \"app\"\n\
         dependencies.middleware = [{{ component = \"guard\", inherit_configuration = {inherit} }}]\n\
         [[trigger.http]]\nroute = {{ private = true }}\ncomponent = \"other\"\n\
         [component.app]\nsource = \"app\".wasm\n\
         allowed_outbound_hosts = [\"http://other.spin.internal\"]\n\
         variables = {{ value = \"{{{{ answer }}}}\" }}\n\
         [component.other]\nsource = \"app\".wasm\n\
         [component.guard]\nsource = \"middleware\".wasm\n"
    ))
}

const CAPABILITIES: [(&str, &str); 3] = [
    (
        "allowed_outbound_hosts",
        "outbound http://other.spin.internal/",
    ),
    ("environment", "environment"),
    ("variables", "variable value"),
];

#[tokio::test]
async fn a_request_and_its_response_pass_the_middleware_once() {
    let host = guarded("false");
    let response = host.get("/app/path?query", &[("x-passed", "client")]).await;
    assert_eq!(response.status(), 200);
    assert_eq!(values(&response, "echo-x-passed"), ["client", "in"]);
    assert_eq!(values(&response, "x-passed"), ["out"]);
    assert_eq!(values(&response, "echo-spin-path-info"), ["/path"]);
}

#[tokio::test]
async fn a_capability_that_is_not_inherited_ends_the_request_and_not_the_next() {
    for (inherited, _) in CAPABILITIES {
        let host = guarded(&format!("[{inherited:?}, \"unknown\"]"));
        for (capability, used) in CAPABILITIES {
            let expected = if capability == inherited { 200 } else { 500 };
            let response = host.get("/app", &[("x-use", used)]).await;
            assert_eq!(response.status(), expected, "{used}, with {inherited}");
            assert_eq!(host.get("/app", &[]).await.status(), 200);
        }
    }
}

#[tokio::test]
async fn what_is_inherited_is_the_configuration_of_the_guarded_component() {
    let host = guarded("true");
    for (used, expected) in [
        ("variable value", "42"),
        ("outbound http://other.spin.internal/", "200 OK"),
        ("environment", "0"),
    ] {
        let response = host.get("/app", &[("x-use", used)]).await;
        assert_eq!(values(&response, "x-used"), [expected], "{used}");
    }
    let denied = host
        .get("/app", &[("x-use", "outbound http://app.spin.internal/")])
        .await;
    assert_eq!(denied.status(), 500);
}

#[tokio::test]
async fn clocks_need_no_inheritance() {
    let host = guarded("false");
    let response = host.get("/app", &[("x-use", "clock")]).await;
    assert_eq!(values(&response, "x-used"), ["true"]);
}

#[tokio::test]
async fn each_trigger_of_a_component_has_its_own_middleware() {
    let host = Host::start(
        "[[trigger.http]]\nroute = \"/none\"\ncomponent = \"app\"\n\
         [[trigger.http]]\nroute = \"/one\"\ncomponent = \"app\"\n\
         dependencies.middleware = [{ path = \"middleware\".wasm }]\n\
         [[trigger.http]]\nroute = \"/two\"\ncomponent = \"app\"\n\
         dependencies.middleware = [{ path = \"middleware\".wasm }, { component = \"guard\" }]\n\
         [component.app]\nsource = \"app\".wasm\n\
         [component.guard]\nsource = \"middleware\".wasm\n",
    );
    for (path, marks) in [("/none", 0), ("/one", 1), ("/two", 2)] {
        let response = host.get(path, &[]).await;
        assert_eq!(values(&response, "echo-x-passed").len(), marks, "{path}");
        assert_eq!(values(&response, "x-passed").len(), marks, "{path}");
    }
}

#[test]
fn only_components_for_wasi_0_3_are_composed() {
    for (middleware, component) in [("middleware", "app-wasi2"), ("app", "app")] {
        let message = refusal(&format!(
            "[[trigger.http]]\nroute = \"/...\"\ncomponent = \"app\"\n\
             dependencies.middleware = [{{ path = {middleware:?}.wasm }}]\n\
             [component.app]\nsource = {component:?}.wasm\n"
        ));
        assert!(
            message.contains("cannot be composed with middleware"),
            "{message}"
        );
    }
}
