//! The assets of the pages: served from this origin and cached with ETags.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;

use crate::helpers::api_error::NOT_FOUND;
use crate::helpers::app::{App, spawn_app};
use crate::helpers::page::{PAGES, attributes};
use crate::helpers::response::Response;

/// Everything that the pages load, including the imports of their scripts.
async fn assets(app: &App) -> BTreeMap<String, Response> {
    assets_of(app, &PAGES).await
}

/// Everything that these pages load.
async fn assets_of(app: &App, pages: &[&str]) -> BTreeMap<String, Response> {
    let mut wanted = BTreeSet::new();
    for page in pages {
        let html = app.get(page).await.text;
        wanted.extend(attributes(&html, "src"));
        let links = attributes(&html, "href").into_iter();
        wanted.extend(links.filter(|path| path.contains("/assets/")));
    }
    let mut assets = BTreeMap::new();
    while let Some(path) = wanted.pop_first() {
        let response = app.get(&path).await;
        let quoted = response
            .text
            .split('"')
            .filter(|text| text.ends_with(".js"));
        let names = quoted.filter_map(|path| path.rsplit('/').next());
        let named = names.map(|name| format!("/auth/assets/{name}"));
        wanted.extend(named.filter(|path| !assets.contains_key(path)));
        assets.insert(path, response);
    }
    assets
}

#[tokio::test]
async fn every_asset_is_served_from_this_origin() {
    let app = spawn_app().await;
    let assets = assets(&app).await;
    assert!(assets.len() >= 14, "{:?}", assets.keys());
    for (path, asset) in &assets {
        assert!(path.starts_with("/auth/assets/"), "{path}");
        asset.assert_status(200);
        let content_type = match path.rsplit('.').next() {
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            _ => "image/svg+xml",
        };
        assert_eq!(asset.header("content-type"), Some(content_type), "{path}");
        for elsewhere in ["http:", "https:", "@import", "url("] {
            let text = asset.text.replace("http://www.w3.org/2000/svg", "");
            assert!(!text.contains(elsewhere), "{path}: {elsewhere}");
        }
    }
}

#[tokio::test]
async fn a_page_with_everything_that_it_loads_has_at_most_60_kb() {
    let app = spawn_app().await;
    for page in PAGES {
        let html = app.get(page).await.text.len();
        let assets = assets_of(&app, &[page]).await;
        let total = html + assets.values().map(|asset| asset.text.len()).sum::<usize>();
        println!("{page}: {total} bytes");
        assert!(total <= 60 * 1024, "{page}: {total} bytes");
    }
}

#[tokio::test]
async fn no_script_turns_text_into_markup_or_code() {
    let app = spawn_app().await;
    for (path, asset) in assets(&app).await {
        for sink in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "Function(",
        ] {
            assert!(!asset.text.contains(sink), "{path}: {sink}");
        }
    }
}

#[tokio::test]
async fn an_asset_is_sent_again_only_when_it_has_changed() {
    let app = spawn_app().await;
    for (path, asset) in assets(&app).await {
        assert_eq!(asset.header("cache-control"), Some("no-cache"), "{path}");
        let etag = asset.header("etag").expect("an ETag");
        let ask = |tag: &str| app.request(Method::GET, &path).header("if-none-match", tag);
        let unchanged = Response::to(ask(etag)).await;
        assert_eq!((unchanged.status, unchanged.text.as_str()), (304, ""));
        assert_eq!(unchanged.header("etag"), Some(etag), "{path}");
        let changed = Response::to(ask("\"of an older version\"")).await;
        assert_eq!((changed.status, &changed.text), (200, &asset.text));
    }
}

#[tokio::test]
async fn an_unknown_asset_is_not_found() {
    let app = spawn_app().await;
    for path in [
        "/auth/assets",
        "/auth/assets/",
        "/auth/assets/nope.js",
        "/auth/assets/PAGE.JS",
        "/auth/assets/page.js/",
        "/auth/assets/vendor/altcha-pbkdf2-worker.js",
        "/auth/assets/..%2Fbase.html",
        "/auth/assets/%2e%2e/login.html",
        "/auth",
        "/auth/nope",
        "/auth/login/",
        "/account/",
    ] {
        app.get(path).await.assert_error(&NOT_FOUND);
    }
}
