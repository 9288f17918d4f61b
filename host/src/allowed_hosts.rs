//! `allowed_outbound_hosts`: decides which outbound requests are allowed.

use std::{collections::HashMap, ops::Range};

use anyhow::{Context, Result, bail, ensure};
use http::Uri;
use url::Host;

use crate::template;

/// The parsed entries; a request is allowed if any of them matches.
#[derive(Debug)]
pub(crate) struct AllowedHosts(Vec<Entry>);

/// One `scheme://host[:port]`.
#[derive(Debug, PartialEq)]
struct Entry {
    /// `None` is `*`.
    scheme: Option<String>,
    host: HostPattern,
    /// `None` is `*`.
    ports: Option<Range<u32>>,
}

#[derive(Debug, PartialEq)]
enum HostPattern {
    Any,
    /// With the leading dot: the domain itself does not match.
    Subdomain(String),
    Exact(Host),
}

impl AllowedHosts {
    /// Renders and parses the entries. A template that renders without a host is skipped, so that
    /// an optional service can be left unset.
    ///
    /// # Errors
    /// If Spin would reject an entry, or if it is a CIDR block or `self`, which this host does not
    /// support.
    pub(crate) fn parse(entries: &[String], values: &HashMap<String, String>) -> Result<Self> {
        let mut parsed = Vec::new();
        for entry in entries {
            let rendered = template::render(entry, values)?;
            let empty = matches!(rendered.as_str(), "" | "http://" | "https://");
            if empty && template::is_template(entry) {
                continue;
            }
            // Shows the template, not the rendered text, which may contain a secret.
            let context = || format!("`{entry}` is not a valid allowed host");
            parsed.push(Entry::parse(&rendered).with_context(context)?);
        }
        Ok(Self(parsed))
    }

    /// Whether a request to this absolute URI is allowed.
    pub(crate) fn allows(&self, uri: &Uri) -> bool {
        let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else {
            return false;
        };
        let (Ok(host), Some(port)) = (
            Host::parse(host),
            uri.port_u16().or_else(|| default_port(scheme)),
        ) else {
            return false;
        };
        self.0
            .iter()
            .any(|entry| entry.matches(scheme, &host, port))
    }
}

impl Entry {
    fn parse(text: &str) -> Result<Self> {
        let (scheme, rest) = text.trim().split_once("://").context("it has no scheme")?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        ensure!(!rest.contains('/'), "it has a path");
        let (host, port) = split_port(rest);
        Ok(Self {
            scheme: parse_scheme(scheme)?,
            host: parse_host(host)?,
            ports: parse_ports(port, scheme)?,
        })
    }

    fn matches(&self, scheme: &str, host: &Host, port: u16) -> bool {
        self.scheme.as_deref().is_none_or(|own| own == scheme)
            && self.host.matches(host)
            && self
                .ports
                .as_ref()
                .is_none_or(|own| own.contains(&u32::from(port)))
    }
}

impl HostPattern {
    fn matches(&self, host: &Host) -> bool {
        match (self, host) {
            (Self::Any, _) => true,
            (Self::Subdomain(suffix), Host::Domain(domain)) => domain.ends_with(suffix),
            (Self::Subdomain(_), _) => false,
            (Self::Exact(own), host) => own == host,
        }
    }
}

/// Splits at the last colon that is not inside an IPv6 address.
fn split_port(text: &str) -> (&str, &str) {
    match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (text, ""),
    }
}

fn parse_scheme(scheme: &str) -> Result<Option<String>> {
    if scheme == "*" {
        return Ok(None);
    }
    ensure!(
        scheme.chars().all(char::is_alphabetic),
        "its scheme may contain only letters"
    );
    Ok(Some(scheme.to_owned()))
}

fn parse_host(host: &str) -> Result<HostPattern> {
    if host == "*" {
        return Ok(HostPattern::Any);
    }
    if matches!(host, "self" | "self.alt") {
        bail!("this host does not support requests to itself");
    }
    if let Some(domain) = host.strip_prefix("*.") {
        ensure!(
            !domain.contains('*'),
            "a wildcard is allowed only at the beginning"
        );
        let Ok(Host::Domain(domain)) = Host::parse(domain) else {
            bail!("its wildcard is not followed by a domain");
        };
        return Ok(HostPattern::Subdomain(format!(".{domain}")));
    }
    ensure!(
        !host.contains('*'),
        "a wildcard must replace whole subdomains"
    );
    let host = Host::parse(host)
        .ok()
        .context("its host is neither a name nor an address")?;
    Ok(HostPattern::Exact(host))
}

fn parse_ports(port: &str, scheme: &str) -> Result<Option<Range<u32>>> {
    let number = |text: &str| {
        let parsed = text.parse::<u16>();
        parsed
            .map(u32::from)
            .ok()
            .context("its port is not a number")
    };
    if port == "*" {
        return Ok(None);
    }
    if let Some((start, end)) = port.split_once("..") {
        return Ok(Some(number(start)?..number(end)?));
    }
    let port = if port.is_empty() {
        u32::from(default_port(scheme).context("it has no port, and its scheme has no default")?)
    } else {
        number(port)?
    };
    Ok(Some(port..port + 1))
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
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
            "http://*example.com",
            "http://a.*.com",
            "http://*.*.com",
            "http://*.127.0.0.1",
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
            ("http://example.com:80..82", "http://example.com:82/"),
            ("https://*.example.com", "https://example.com/"),
            ("https://*.example.com", "https://badexample.com/"),
            ("https://*", "https://example.com:444/"),
            ("*://localhost:*", "http://127.0.0.1/"),
            ("*://*:*", "/relative"),
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
            ("http://example.com:80..82", "http://example.com:81/"),
            ("https://*.example.com", "https://a.b.example.com/"),
            ("https://*", "https://example.com/"),
            ("*://localhost:*", "http://localhost:1234/"),
            ("http://[::1]:8080", "http://[::1]:8080/"),
            ("http://[::1]", "http://[::1]/"),
            ("{{ host }}", "http://127.0.0.1:8001/api"),
            ("*://*:*", "https://example.com:1/"),
        ] {
            assert!(allows(entry, uri), "{entry} {uri}");
        }
    }
}
