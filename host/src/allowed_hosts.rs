//! `allowed_outbound_hosts`: decides which outbound requests are allowed.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use http::Uri;
use url::{Host, Origin, Url};

use crate::template;

/// The parsed entries, each `scheme://host[:port]`. A request is allowed if one of them matches.
#[derive(Debug)]
pub(crate) struct AllowedHosts(Vec<Entry>);

#[derive(Debug)]
enum Entry {
    Origin(Origin),
    Pattern(Pattern),
}

/// An entry with a `*`.
#[derive(Debug)]
struct Pattern {
    /// `None` allows all.
    scheme: Option<String>,
    host: HostPattern,
    /// `None` allows all.
    port: Option<u16>,
}

#[derive(Debug)]
enum HostPattern {
    Any,
    /// The hosts whose names end with this, which starts with a dot.
    Below(String),
    Exactly(Host),
}

impl AllowedHosts {
    /// Renders and parses the entries. A template that renders without a host is skipped, so that
    /// an optional service can be left unset.
    ///
    /// # Errors
    /// If Spin would reject an entry, or if it is a port range, a network or `self`, which this host
    /// does not support.
    pub(crate) fn parse(entries: &[String], values: &HashMap<String, String>) -> Result<Self> {
        let mut parsed = Vec::new();
        for entry in entries {
            let rendered = template::render(entry, values)?;
            let empty = matches!(rendered.as_str(), "" | "http://" | "https://");
            if empty && template::is_template(entry) {
                continue;
            }
            // Shows the template, not the rendered text, which may contain a secret.
            let context = || format!("`{entry}` is not a host to allow");
            parsed.extend(parse_entry(&rendered).with_context(context)?);
        }
        Ok(Self(parsed))
    }

    /// Whether a request to this absolute URI is allowed.
    pub(crate) fn allows(&self, uri: &Uri) -> bool {
        let url = Url::parse(&uri.to_string());
        url.is_ok_and(|url| self.0.iter().any(|entry| entry.allows(&url)))
    }
}

impl Entry {
    fn allows(&self, url: &Url) -> bool {
        match self {
            Self::Origin(origin) => *origin == url.origin(),
            Self::Pattern(Pattern { scheme, host, port }) => {
                scheme.as_ref().is_none_or(|scheme| scheme == url.scheme())
                    && host.allows(url)
                    && port.is_none_or(|port| Some(port) == url.port_or_known_default())
            }
        }
    }
}

impl HostPattern {
    fn allows(&self, url: &Url) -> bool {
        match (self, url.host()) {
            (Self::Any, Some(_)) => true,
            (Self::Below(suffix), Some(Host::Domain(host))) => host.ends_with(suffix),
            (Self::Exactly(host), Some(other)) => *host == other.to_owned(),
            _ => false,
        }
    }
}

/// `None` for a scheme that is not HTTP's: Spin accepts it, and no request of a component matches it.
fn parse_entry(text: &str) -> Result<Option<Entry>> {
    if text.contains('*') {
        return parse_pattern(text.trim()).map(|pattern| Some(Entry::Pattern(pattern)));
    }
    let url = Url::parse(text.trim())?;
    if !matches!(url.scheme(), "http" | "https") {
        // `Url` leaves out a port that its scheme implies, but Spin wants to see one.
        let port = text.rsplit(':').next().unwrap_or_default();
        let has_port = port.trim().parse::<u16>().is_ok();
        ensure!(url.has_host() && has_port, "it has no host and port");
        return Ok(None);
    }
    let origin = url.origin();
    ensure!(
        url.as_str() == format!("{}/", origin.ascii_serialization()),
        "it is more than a scheme, a host and a port"
    );
    let host = url.host_str().unwrap_or_default();
    ensure!(
        !matches!(host, "self" | "self.alt"),
        "this host has no requests to itself"
    );
    Ok(Some(Entry::Origin(origin)))
}

fn parse_pattern(text: &str) -> Result<Pattern> {
    let (scheme, rest) = text.split_once("://").context("it has no scheme")?;
    ensure!(
        matches!(scheme, "http" | "https" | "*"),
        "only HTTP can have wildcards"
    );
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = rest.rsplit_once(':').unwrap_or((rest, ""));
    let port = match (port, scheme) {
        ("*", _) => None,
        ("", "http") => Some(80),
        ("", "https") => Some(443),
        _ => Some(port.parse().context("it has no port")?),
    };
    let domain = host.strip_prefix("*.");
    ensure!(
        host == "*" || !domain.unwrap_or(host).contains('*'),
        "a wildcard can only replace the host, or its beginning before a dot"
    );
    let host = match domain {
        _ if host == "*" => HostPattern::Any,
        Some(domain) => HostPattern::Below(format!(".{}", Host::parse(domain)?)),
        None => HostPattern::Exactly(Host::parse(host)?),
    };
    let scheme = (scheme != "*").then(|| scheme.to_owned());
    Ok(Pattern { scheme, host, port })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(entry: &str) -> Result<AllowedHosts> {
        let values = HashMap::from([
            ("host".to_owned(), "http://127.0.0.1:8001".to_owned()),
            ("none".to_owned(), String::new()),
            ("wrong".to_owned(), "hunter2".to_owned()),
        ]);
        AllowedHosts::parse(&[entry.to_owned()], &values)
    }

    fn allows(entry: &str, uri: &'static str) -> bool {
        parse(entry).unwrap().allows(&Uri::from_static(uri))
    }

    #[test]
    fn an_entry_other_than_scheme_host_and_port_is_rejected() {
        for entry in [
            "",
            "*",
            "example.com",
            "http://",
            "h1://example.com",
            "ftp://example.com",
            "http://example.com/path",
            "http://example.com:80/path",
            "http://example.com:http",
            "http://example.com:65536",
            "http://example.com:80..82",
            "*://localhost",
            "http://*.*.example.com",
            "http://a.*.example.com",
            "http://*example.com",
            "http://*.example.com/path",
            "http://*:http",
            "redis://*:6379",
            "http://10.0.0.0/8",
            "http://self",
            "{{ unknown }}",
            "{{ host",
        ] {
            assert!(parse(entry).is_err(), "{entry:?}");
        }
    }

    #[test]
    fn an_error_does_not_show_the_value_of_a_variable() {
        let message = format!("{:#}", parse("{{ wrong }}").unwrap_err());
        assert!(!message.contains("hunter2"), "{message}");
    }

    #[test]
    fn a_template_that_renders_empty_allows_nothing() {
        for entry in ["{{ none }}", "http://{{ none }}", "https://{{ none }}"] {
            assert!(!allows(entry, "http://example.com/"), "{entry}");
        }
    }

    #[test]
    fn a_uri_that_no_entry_matches_is_denied() {
        for (entry, uri) in [
            ("http://example.com", "https://example.com/"),
            ("http://example.com", "http://example.com:8080/"),
            ("http://example.com", "http://example.com.evil.test/"),
            ("http://example.com", "http://sub.example.com/"),
            ("http://example.com:8080", "http://example.com/"),
            ("http://localhost", "http://127.0.0.1/"),
            ("http://*.spin.internal", "http://spin.internal/"),
            ("http://*.spin.internal", "http://app.spin.internal:8080/"),
            ("http://*.spin.internal", "https://app.spin.internal/"),
            (
                "http://*.spin.internal",
                "http://app.spin.internal.evil.test/",
            ),
            ("http://*.1", "http://127.0.0.1/"),
            ("http://*", "http://example.com:8080/"),
            ("*://localhost:*", "http://127.0.0.1/"),
            ("*://*:80", "https://example.com/"),
            ("http://example.com", "/relative"),
            ("{{ host }}", "http://127.0.0.1:8002/"),
        ] {
            assert!(!allows(entry, uri), "{entry} {uri}");
        }
    }

    #[test]
    fn a_uri_that_an_entry_matches_is_allowed() {
        for (entry, uri) in [
            ("http://example.com", "http://example.com/path?query"),
            ("http://example.com", "http://EXAMPLE.com:80/"),
            ("http://example.com/", "http://example.com/"),
            ("https://example.com:8443/", "https://example.com:8443/"),
            ("http://[::1]:8080", "http://[::1]:8080/"),
            ("http://[::1]", "http://[::1]/"),
            ("http://app.spin.internal", "http://app.spin.internal/path"),
            ("http://*.spin.internal", "http://app.spin.internal/path"),
            (
                "http://*.spin.internal:*/",
                "http://app.spin.internal:8080/",
            ),
            ("https://*", "https://example.com/"),
            ("*://localhost:*", "https://localhost:8443/"),
            ("*://*:*", "http://[::1]:8080/"),
            ("{{ host }}", "http://127.0.0.1:8001/api"),
        ] {
            assert!(allows(entry, uri), "{entry} {uri}");
        }
    }
}
