//! The address of an image or a document: a path on the pages' origin, or an HTTPS URL.

use url::{Host, Url};

/// Stands in for the pages' origin while a path is parsed. `.invalid` is reserved (RFC 6761).
const PAGES: &str = "https://pages.invalid";

/// An address, normalized as browsers do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// An absolute path, with its query and fragment.
    Path(String),
    Url(Url),
}

impl Address {
    /// `None` if the address is neither a path nor an HTTPS URL with a plain host.
    pub fn parse(text: &str) -> Option<Self> {
        if !text.starts_with('/') {
            let url = Url::parse(text).ok()?;
            return is_plain(&url).then_some(Self::Url(url));
        }
        let pages = Url::parse(PAGES).ok()?;
        // Two slashes or backslashes at the start lead to another origin.
        let url = pages.join(text).ok()?;
        let path = &url[url::Position::BeforePath..];
        let is_own = url.origin() == pages.origin() && !path.starts_with("//");
        is_own.then(|| Self::Path(path.to_owned()))
    }

    /// The address for a page.
    pub fn as_written(&self) -> &str {
        match self {
            Self::Path(path) => path,
            Self::Url(url) => url.as_str(),
        }
    }

    /// The URL, with a path resolved against `base`.
    pub fn absolute(&self, base: &str) -> Option<String> {
        let url = Url::parse(base).ok()?.join(self.as_written()).ok()?;
        Some(url.into())
    }

    /// The origin of a URL. It is safe in a Content-Security-Policy.
    pub fn origin(&self) -> Option<String> {
        match self {
            Self::Path(_) => None,
            Self::Url(url) => Some(url.origin().ascii_serialization()),
        }
    }
}

/// Whether this is an HTTPS URL without credentials. URLs allow hosts with `*`, `;` or quotes, which
/// mean something in a Content-Security-Policy.
fn is_plain(url: &Url) -> bool {
    let has_plain_host = match url.host() {
        Some(Host::Domain(domain)) => {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
            domain.chars().all(is_plain)
        }
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        None => false,
    };
    let has_credentials = !url.username().is_empty() || url.password().is_some();
    url.scheme() == "https" && has_plain_host && !has_credentials
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_or_an_https_url_is_normalized() {
        for (text, expected) in [
            ("/logo.svg", "/logo.svg"),
            (
                "/a b/\"logo\".svg?v=<2>#top",
                "/a%20b/%22logo%22.svg?v=%3C2%3E#top",
            ),
            ("/up/../logo.svg", "/logo.svg"),
            ("/line\nbreak", "/linebreak"),
            ("https://CDN.example.com", "https://cdn.example.com/"),
            (
                "https://cdn.example.com:8443/l.png?v=2",
                "https://cdn.example.com:8443/l.png?v=2",
            ),
            (
                "https://żółw.pl/\"l\".png",
                "https://xn--w-uga1v8h.pl/%22l%22.png",
            ),
        ] {
            let address = Address::parse(text).expect(text);
            assert_eq!(address.as_written(), expected);
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "logo.svg",
            "//evil.example/logo.svg",
            "/\\evil.example/logo.svg",
            "/\t/evil.example/logo.svg",
            "/.//evil.example/logo.svg",
            "/..//evil.example/logo.svg",
            "http://cdn.example.com/logo.svg",
            "javascript:alert(1)",
            "data:image/svg+xml,<svg/>",
            "https:",
            "https://",
            "https://user@cdn.example.com/",
            "https://:password@cdn.example.com/",
            "https://*.example.com/",
            "https://cdn.example.com;sandbox/",
            "https://cdn'.example.com/",
            "https://cdn.example.com,evil.example/",
        ] {
            assert_eq!(Address::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_origin_has_only_the_scheme_the_host_and_the_port() {
        for (text, expected) in [
            ("/logo.svg", None),
            (
                "https://cdn.example.com/logo.svg?v=2",
                Some("https://cdn.example.com"),
            ),
            (
                "https://cdn.example.com:443/",
                Some("https://cdn.example.com"),
            ),
            (
                "https://cdn.example.com:8443/",
                Some("https://cdn.example.com:8443"),
            ),
            ("https://[::1]/", Some("https://[::1]")),
        ] {
            let origin = Address::parse(text).expect(text).origin();
            assert_eq!(origin.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_path_becomes_a_url_on_the_origin_of_the_base() {
        for (text, expected) in [
            ("/logo.png", "https://app.example.com/logo.png"),
            (
                "https://cdn.example.com/logo.png",
                "https://cdn.example.com/logo.png",
            ),
        ] {
            let address = Address::parse(text).expect(text);
            let url = address.absolute("https://app.example.com/base");
            assert_eq!(url.as_deref(), Some(expected));
        }
    }
}
