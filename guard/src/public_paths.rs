//! The paths that need no session, and the only form in which a path can be one of them.

/// Paths, and prefixes of paths.
#[derive(Debug, Default, PartialEq)]
pub struct PublicPaths(Vec<Entry>);

#[derive(Debug, PartialEq)]
enum Entry {
    Exact(String),
    /// A path without a slash at the end, and everything below it.
    Below(String),
}

impl PublicPaths {
    /// Parses a list such as `/about, /assets/...`, with commas.
    ///
    /// # Errors
    /// An entry can never match, or would make everything public.
    pub fn parse(list: &str) -> Result<Self, &'static str> {
        let entries = list.split(',').map(str::trim).map(Entry::parse);
        entries.collect::<Result<_, _>>().map(Self)
    }

    /// Whether a path needs no session. A path that is not in normal form always needs one: the
    /// application might decode or shorten it to another path.
    pub fn contain(&self, path: &str) -> bool {
        is_normal(path) && self.0.iter().any(|entry| entry.contains(path))
    }
}

impl Entry {
    fn parse(entry: &str) -> Result<Self, &'static str> {
        let (path, is_prefix) = match entry.strip_suffix("/...") {
            Some("") => return Err("would make every path public"),
            Some(prefix) => (prefix, true),
            None => (entry, false),
        };
        if !is_normal(path) || (is_prefix && path.ends_with('/')) {
            return Err("is not a list of paths such as `/about, /assets/...`");
        }
        let path = path.to_owned();
        Ok(if is_prefix {
            Self::Below(path)
        } else {
            Self::Exact(path)
        })
    }

    fn contains(&self, path: &str) -> bool {
        match self {
            Self::Exact(exact) => path == exact,
            Self::Below(prefix) => path
                .strip_prefix(prefix.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        }
    }
}

/// Whether a path means the same to every server: no empty segment but the last, no segment of dots,
/// and no character that a server may decode, drop or treat as a separator, above all `%`, `\` and `;`.
fn is_normal(path: &str) -> bool {
    let Some(path) = path.strip_prefix('/') else {
        return false;
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+=:@/".contains(&byte);
    let last = path.split('/').count() - 1;
    let mut segments = path.split('/').enumerate();
    path.bytes().all(is_plain)
        && segments.all(|(index, segment)| match segment {
            "" => index == last,
            segment => segment.bytes().any(|byte| byte != b'.'),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(list: &str) -> PublicPaths {
        PublicPaths::parse(list).expect("valid paths")
    }

    #[test]
    fn a_path_is_public_if_it_is_listed_or_below_a_listed_prefix() {
        let paths = paths("/, /about , /public/...,/a/b/...");
        for path in [
            "/",
            "/about",
            "/public",
            "/public/",
            "/public/a.css",
            "/public/a/b/",
            "/a/b/c",
        ] {
            assert!(paths.contain(path), "{path}");
        }
        for path in [
            "",
            "*",
            "about",
            "/about/",
            "/about/x",
            "/ABOUT",
            "/Public/x",
            "/publicity",
            "/public-x",
            "/a",
            "/a/bc",
            "/x",
        ] {
            assert!(!paths.contain(path), "{path}");
        }
    }

    #[test]
    fn a_path_that_a_server_may_read_in_another_way_is_never_public() {
        let paths = paths("/,/public/...");
        for path in [
            "/public/../admin",
            "/public/..",
            "/public/./x",
            "/public/.",
            "/public/.../admin",
            "/public//admin",
            "//public/x",
            "//",
            "///",
            "/public/%2e%2e/admin",
            "/public/%2E%2E/admin",
            "/public/.%2e/admin",
            "/public/%252e%252e/admin",
            "/public%2f..%2fadmin",
            "/public/..%2fadmin",
            "/public/..%5cadmin",
            "/public/%c0%ae%c0%ae/admin",
            "/public/%u002e%u002e/admin",
            "/public/..\\admin",
            "/public\\..\\admin",
            "/public/..;/admin",
            "/public;/../admin",
            "/public/x;y=z",
            "/public/%00/admin",
            "/public/x%20y",
            "/public/x\0",
            "/public/\u{ff0e}\u{ff0e}/admin",
            "/public/\r\nx",
            "/public/x y",
            "/public/x#y",
            "/public/x?y",
            "http://host/public/x",
            "public/x",
        ] {
            assert!(!paths.contain(path), "{path}");
        }
    }

    #[test]
    fn a_list_that_protects_nothing_or_never_matches_is_refused() {
        for list in [
            "",
            ",",
            "/a,",
            "/a,,/b",
            "/...",
            "about",
            "/a/../b",
            "//",
            "/a//...",
            "/a/%20",
            "/a b",
            "/public/*,/x;",
            "https://app.example/about",
        ] {
            assert!(PublicPaths::parse(list).is_err(), "{list}");
        }
    }
}
