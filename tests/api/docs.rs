//! The API documentation page: complete without its script, and closed to foreign scripts.

use reqwest::Method;
use reqwest::header::IF_NONE_MATCH;
use serde_json::Value;

use crate::helpers::app::{App, spawn_app};
use crate::helpers::description::{document, operations};
use crate::helpers::response::Response;

const PAGE: &str = "/docs";
/// The files that the page loads, with their media types.
const ASSETS: [(&str, &str); 3] = [
    ("/docs/docs.css", "text/css; charset=utf-8"),
    ("/docs/docs.js", "text/javascript; charset=utf-8"),
    ("/docs/captcha.js", "text/javascript; charset=utf-8"),
];
/// The paths whose content never changes while the service runs.
const FILES: [&str; 6] = [
    PAGE,
    "/docs/docs.css",
    "/docs/docs.js",
    "/docs/captcha.js",
    "/openapi.json",
    "/docs.yaml",
];

/// The page as text, with unescaped slashes.
async fn page(app: &App) -> String {
    let response = app.get(PAGE).await;
    response.assert_status(200);
    let content_type = response.header("content-type");
    assert_eq!(content_type, Some("text/html; charset=utf-8"));
    response.text.replace("&#x2f;", "/")
}

/// The values of an attribute in the page.
fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    let start = format!(" {attribute}=\"");
    let rest = page.split(&start).skip(1);
    rest.filter_map(|rest| rest.split('"').next()).collect()
}

async fn get_if_changed(app: &App, path: &str, etag: &str) -> Response {
    let request = app.request(Method::GET, path).header(IF_NONE_MATCH, etag);
    Response::to(request).await
}

#[tokio::test]
async fn it_shows_every_operation_response_schema_and_error_code_without_its_script() {
    let page = page(&spawn_app().await).await;
    for (method, path, operation) in operations().await {
        let name = operation["operationId"].as_str().expect("a name");
        let article = format!("id=\"{name}\" data-method=\"{method}\" data-path=\"{path}\"");
        let (_, article) = page
            .split_once(&article)
            .unwrap_or_else(|| panic!("{article}"));
        let (article, _) = article
            .split_once("</article>")
            .expect("the end of the article");
        let responses = operation["responses"].as_object().expect("responses");
        for (status, response) in responses {
            assert!(
                article.contains(&format!("<b>{status}</b>")),
                "{name} {status}"
            );
            let examples = &response["content"]["application/json"]["examples"];
            for code in examples
                .as_object()
                .into_iter()
                .flat_map(|codes| codes.keys())
            {
                assert!(article.contains(code), "{name} {code}");
            }
        }
    }
    let schemas = document().await["components"]["schemas"].as_object();
    for name in schemas.expect("schemas").keys() {
        assert!(page.contains(&format!("id=\"schema-{name}\"")), "{name}");
    }
}

/// The names of the fields of a schema, and of those that it includes.
fn fields(schemas: &Value, schema: &Value) -> Vec<String> {
    let own = schema["properties"].as_object().into_iter();
    let own = own.flat_map(|fields| fields.keys().cloned());
    let parts = schema["allOf"].as_array().into_iter().flatten();
    let included = parts.flat_map(|part| match part["$ref"].as_str() {
        Some(reference) => {
            let name = reference.rsplit('/').next().expect("a name");
            fields(schemas, &schemas[name])
        }
        None => fields(schemas, part),
    });
    own.chain(included).collect()
}

#[tokio::test]
async fn every_schema_shows_its_fields_and_those_of_the_schemas_that_it_includes() {
    let page = page(&spawn_app().await).await;
    let schemas = &document().await["components"]["schemas"];
    for (name, schema) in schemas.as_object().expect("schemas") {
        let start = format!("id=\"schema-{name}\"");
        let (_, article) = page.split_once(&start).expect(name);
        let (article, _) = article.split_once("</article>").expect("an end");
        for field in fields(schemas, schema) {
            assert!(
                article.contains(&format!("<dt><code>{field}</code>")),
                "{name} {field}"
            );
        }
    }
    let account = fields(schemas, &schemas["Account"]);
    assert!(
        account.contains(&"email".into()) && account.contains(&"mfa".into()),
        "{account:?}"
    );
}

#[tokio::test]
async fn every_internal_link_has_a_target() {
    let page = page(&spawn_app().await).await;
    let ids = values(&page, "id");
    let links = values(&page, "href");
    let anchors: Vec<_> = links
        .iter()
        .filter_map(|link| link.strip_prefix('#'))
        .collect();
    assert!(anchors.len() > ids.len(), "{anchors:?}");
    for anchor in anchors {
        assert!(ids.contains(&anchor), "#{anchor}");
    }
}

#[tokio::test]
async fn its_policy_allows_only_its_own_script_and_style_and_calls_to_this_service() {
    let response = spawn_app().await.get(PAGE).await;
    let policy = response
        .header("content-security-policy")
        .expect("a policy");
    let directives: Vec<_> = policy.split(';').map(str::trim).collect();
    for directive in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    ] {
        assert!(directives.contains(&directive), "{directive}: {policy}");
    }
    for unsafe_source in [
        "unsafe", "http:", "https:", "data:", "blob:", "*", "sha256-", "nonce-",
    ] {
        assert!(!policy.contains(unsafe_source), "{unsafe_source}: {policy}");
    }
}

#[tokio::test]
async fn it_has_nothing_inline_and_loads_nothing_from_elsewhere() {
    let page = page(&spawn_app().await).await;
    let (elements, _) = page.split_once("<body>").expect("a head");
    assert_eq!(values(elements, "src"), ["/docs/docs.js"]);
    assert_eq!(values(elements, "href"), ["/docs/docs.css"]);
    assert_eq!(values(&page, "src").len(), 1, "{:?}", values(&page, "src"));
    for inline in [
        "<style",
        " style=",
        "javascript:",
        " onclick=",
        " onload=",
        " onerror=",
    ] {
        assert!(!page.contains(inline), "{inline}");
    }
    assert_eq!(page.matches("<script").count(), 1);
    for link in values(&page, "href") {
        assert!(
            link.starts_with(['/', '#']) && !link.starts_with("//"),
            "{link}"
        );
    }
}

#[tokio::test]
async fn everything_that_it_loads_and_imports_is_served() {
    let app = spawn_app().await;
    for (path, content_type) in ASSETS {
        let response = app.get(path).await;
        response.assert_status(200);
        assert_eq!(
            response.header("content-type"),
            Some(content_type),
            "{path}"
        );
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
        let imports = response.text.split(" from \"").skip(1);
        for import in imports.filter_map(|import| import.split('"').next()) {
            assert!(ASSETS.iter().any(|(path, _)| *path == import), "{import}");
        }
    }
}

#[tokio::test]
async fn its_scripts_store_nothing_and_insert_no_html() {
    let app = spawn_app().await;
    for (path, _) in ASSETS {
        let script = app.get(path).await.text;
        for forbidden in [
            "localStorage",
            "sessionStorage",
            "indexedDB",
            "cookie",
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "://",
        ] {
            assert!(!script.contains(forbidden), "{path}: {forbidden}");
        }
    }
}

#[tokio::test]
async fn a_matching_etag_gets_a_304() {
    let app = spawn_app().await;
    for path in FILES {
        let response = app.get(path).await;
        assert_eq!(response.header("cache-control"), Some("no-cache"), "{path}");
        let etag = response.header("etag").expect("an ETag");
        for held in [
            etag.to_owned(),
            format!("W/{etag}"),
            format!("\"x\", {etag}"),
        ] {
            let again = get_if_changed(&app, path, &held).await;
            again.assert_status(304);
            assert_eq!(again.text, "", "{path}");
            assert_eq!(again.header("etag"), Some(etag), "{path}");
        }
    }
}

#[tokio::test]
async fn an_outdated_etag_gets_the_current_version() {
    let app = spawn_app().await;
    let other = app.get("/docs/docs.css").await;
    let other = other.header("etag").expect("an ETag");
    for held in ["\"x\"", "", "x", "\"\"", "W/\"\""] {
        for path in FILES {
            get_if_changed(&app, path, held).await.assert_status(200);
        }
    }
    get_if_changed(&app, "/docs/docs.js", other)
        .await
        .assert_status(200);
}

#[tokio::test]
async fn nothing_else_is_served_below_it() {
    let app = spawn_app().await;
    for path in [
        "/docs/",
        "/docs/nope.js",
        "/docs/docs.html",
        "/docs/docs.css/",
        "/docs/%2e%2e/Cargo.toml",
        "/docs/docs.js%00",
        "/docs.css",
    ] {
        app.get(path).await.assert_status(404);
    }
    for (path, _) in ASSETS {
        let response = Response::to(app.request(Method::POST, path)).await;
        response.assert_status(405);
        assert_eq!(response.header("allow"), Some("GET,HEAD"), "{path}");
    }
}
