//! The brand: colours, logo and legal links on the pages and in mails.

use reqwest::Method;
use serde_json::Value;

use crate::helpers::api_error::NOT_FOUND;
use crate::helpers::app::{App, Setup, spawn_app, spawn_app_with};
use crate::helpers::flows::EMAIL;
use crate::helpers::page::{PAGES, attributes, strings, unescape};
use crate::helpers::response::Response;
use crate::helpers::time::{SOON, eventually};

const STYLESHEET: &str = "/auth/assets/brand.css";
const LOGO: &str = "https://cdn.example.com:8443/\"logo'.png?v=<2>&x=1";
/// The logo, as browsers normalize it.
const NORMALIZED_LOGO: &str = "https://cdn.example.com:8443/%22logo'.png?v=%3C2%3E&x=1";

/// The value of a custom property in a scheme: 0 is light, 1 is dark.
fn property(css: &str, name: &str, scheme: usize) -> String {
    let declaration = format!("{name}: ");
    let values = css.split(&declaration).skip(1);
    let mut values = values.map(|rest| rest.split(';').next().unwrap_or_default());
    values.nth(scheme).expect("a value").to_owned()
}

fn text(language: &str, section: &str, name: &str) -> String {
    let strings = strings(language);
    strings[section][name].as_str().expect("a text").to_owned()
}

/// Sources of images that a page's policy allows.
fn image_sources(page: &Response) -> String {
    let policy = page.header("content-security-policy").expect("a policy");
    let mut directives = policy.split("; ");
    let images = directives.find_map(|directive| directive.strip_prefix("img-src "));
    images.expect("a directive for images").to_owned()
}

/// Requests a reset link for Tom, and returns the mail.
async fn mail_to_tom(app: &App) -> Value {
    app.register_tom().await;
    app.forgot_password(EMAIL).await.assert_status(202);
    app.mail(1).await.json()
}

#[tokio::test]
async fn a_readable_colour_is_used_and_a_light_one_is_darkened_on_light_grounds() {
    for (color, light, is_darkened) in [
        ("", "#0b6170", false),
        ("#B3005E", "#b3005e", false),
        ("#06c", "#0066cc", false),
        ("#fd0", "", true),
    ] {
        let app = spawn_app_with("brand_color", color).await;
        let css = app.get(STYLESHEET).await.assert_status(200).text.clone();
        let accent = property(&css, "--accent", 0);
        if is_darkened {
            assert_ne!(accent, "#ffdd00", "{css}");
            assert_eq!(property(&css, "--accent", 1), "#ffdd00", "{css}");
        } else {
            assert_eq!(accent, light, "{css}");
        }
        let html = mail_to_tom(&app).await["html"].to_string();
        assert!(
            html.contains(&format!("background-color:{accent}")),
            "{html}"
        );
    }
}

#[tokio::test]
async fn every_page_loads_the_stylesheet_which_is_sent_again_only_when_the_colour_changes() {
    let mut app = spawn_app_with("brand_color", "#06c").await;
    for path in PAGES {
        let styles = attributes(&app.get(path).await.text, "href");
        let pages_css = styles.iter().position(|it| it.ends_with("/pages.css"));
        let brand_css = styles.iter().position(|it| it == STYLESHEET);
        assert!(
            pages_css.is_some() && pages_css < brand_css,
            "{path}: {styles:?}"
        );
    }
    let first = app.get(STYLESHEET).await;
    assert_eq!(
        first.header("content-type"),
        Some("text/css; charset=utf-8")
    );
    let etag = first.header("etag").expect("an ETag").to_owned();
    let ask = |app: &App| {
        app.request(Method::GET, STYLESHEET)
            .header("if-none-match", etag.clone())
    };
    assert_eq!(Response::to(ask(&app)).await.status, 304);
    app.set("brand_color", "#b3005e");
    app.restart().await;
    assert_eq!(Response::to(ask(&app)).await.status, 200);
}

#[tokio::test]
async fn the_log_tells_once_that_the_colour_was_darkened() {
    let setup = Setup::new().with("brand_color", "#ff0");
    let app = setup.spawn().await;
    app.register_tom().await;
    let is_it = |line: &&str| line.contains("brand_color") && line.contains("used with a change");
    let count = || app.server.output().lines().filter(is_it).count();
    eventually("a warning", SOON, async || (count() == 1).then_some(())).await;
    app.tokens_of_tom().await;
    app.get("/health/ready").await.assert_status(200);
    assert_eq!(count(), 1);
    assert_eq!(app.count("warnings WHERE variable = 'brand_color'"), 1);
}

#[tokio::test]
async fn a_logo_takes_the_place_of_the_name_and_only_its_origin_may_serve_images() {
    let app = Setup::new()
        .with("brand_logo", LOGO)
        .with("emails_from_name", "The <App> & \"Co\"")
        .spawn()
        .await;
    for path in PAGES {
        let page = app.get(path).await;
        let images = page.text.split("<img").nth(1).expect("an image");
        assert_eq!(attributes(images, "src")[0], NORMALIZED_LOGO, "{path}");
        assert_eq!(attributes(images, "alt")[0], "The <App> & \"Co\"", "{path}");
        let sources = image_sources(&page);
        assert_eq!(sources, "'self' https://cdn.example.com:8443", "{path}");
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    }
    let html = mail_to_tom(&app).await["html"].clone();
    let html = html.as_str().expect("HTML");
    let image = html.split("<img").nth(1).expect("an image");
    assert_eq!(attributes(image, "src")[0], NORMALIZED_LOGO);
    assert_eq!(attributes(image, "alt")[0], "The <App> & \"Co\"");
}

#[tokio::test]
async fn a_logo_on_the_own_origin_extends_no_policy_and_is_in_mails_only_with_https() {
    for (frontend_url, in_mail) in [
        ("http://localhost:3000", None),
        (
            "https://app.example.com/base",
            Some("https://app.example.com/logo.png"),
        ),
    ] {
        let app = Setup::new()
            .with("brand_logo", "/logo.png")
            .with("frontend_url", frontend_url)
            .spawn()
            .await;
        let page = app.get("/auth/login").await;
        assert!(page.text.contains("<img"), "{}", page.text);
        assert_eq!(image_sources(&page), "'self'");
        let html = mail_to_tom(&app).await["html"].clone();
        let html = html.as_str().expect("HTML");
        let image = html.split("<img").nth(1);
        let source = image.map(|image| attributes(image, "src")[0].clone());
        assert_eq!(source.as_deref(), in_mail, "{frontend_url}");
    }
}

#[tokio::test]
async fn legal_texts_are_linked_in_both_languages_only_if_configured() {
    let app = spawn_app().await;
    for path in PAGES {
        let html = app.get(path).await.text;
        assert!(!html.contains("<footer"), "{path}: {html}");
    }
    let mail = mail_to_tom(&app).await;
    let (terms, privacy) = (
        text("en", "common", "terms"),
        text("en", "common", "privacy"),
    );
    for part in ["html", "text"] {
        let body = mail[part].to_string();
        assert!(!body.contains(&terms) && !body.contains(&privacy), "{body}");
    }

    let app = Setup::new()
        .with("captcha_provider", "off")
        .with("terms_url", "/terms?a=1&b=\"2\"")
        .with("privacy_url", "https://example.com/privacy")
        .spawn()
        .await;
    let addresses = ["/terms?a=1&b=%222%22", "https://example.com/privacy"];
    for language in ["en", "pl"] {
        for path in PAGES {
            let html = app.page_in(path, language).await.text;
            let footer = html.split("<footer>").nth(1).expect("a footer");
            assert_eq!(attributes(footer, "href"), addresses, "{path}");
            for name in ["terms", "privacy"] {
                assert!(footer.contains(&text(language, "common", name)), "{footer}");
            }
        }
        let html = app.page_in("/auth/register", language).await.text;
        let notice = html.split("class=\"legal\"").nth(1).expect("a notice");
        let notice = notice.split("</p>").next().expect("a paragraph");
        assert_eq!(attributes(notice, "href"), addresses, "{notice}");
        let accept = text(language, "register", "accept_terms");
        let (before, _) = accept.split_once('[').expect("a link");
        assert!(unescape(notice).contains(before), "{notice}");
    }
}

#[tokio::test]
async fn mails_link_the_legal_texts_by_their_full_urls() {
    let app = Setup::new()
        .with("terms_url", "/terms")
        .with("privacy_url", "https://example.com/privacy")
        .with("frontend_url", "https://app.example.com/base")
        .spawn()
        .await;
    let mail = mail_to_tom(&app).await;
    let (html, plain) = (mail["html"].as_str(), mail["text"].as_str());
    let links = attributes(html.expect("HTML"), "href");
    for url in [
        "https://app.example.com/terms",
        "https://example.com/privacy",
    ] {
        assert!(links.iter().any(|link| link == url), "{links:?}");
        assert!(
            plain.expect("a text").contains(&format!(": {url}\n")),
            "{plain:?}"
        );
    }
}

#[tokio::test]
async fn with_pages_off_mails_keep_the_brand_and_no_stylesheet_is_served() {
    let setup = Setup::new().with("pages", "off");
    let app = setup.with("brand_color", "#b3005e").spawn().await;
    app.get(STYLESHEET).await.assert_error(&NOT_FOUND);
    let html = mail_to_tom(&app).await["html"].to_string();
    assert!(html.contains("#b3005e"), "{html}");
}
