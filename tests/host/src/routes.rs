//! Routes: which paths reach the component, and what part of a path a route leaves over.

use anyhow::{Result, ensure};
use http::HeaderValue;

/// The routes of the manifest, the best match first.
#[derive(Debug)]
pub(crate) struct Routes(Vec<Route>);

/// One route: a path, or with `/...` at its end all paths below it.
#[derive(Debug)]
pub(crate) struct Route {
    prefix: String,
    wildcard: bool,
    /// The values of the headers that only depend on the route.
    pub(crate) raw: HeaderValue,
    pub(crate) matched: HeaderValue,
    pub(crate) component: HeaderValue,
}

impl Routes {
    /// Parses the routes as written in the manifest.
    ///
    /// # Errors
    /// When one has a parameter: Spin knows those, this host does not.
    pub(crate) fn parse(routes: &[String]) -> Result<Self> {
        let mut parsed = routes
            .iter()
            .map(|route| Route::parse(route))
            .collect::<Result<Vec<_>>>()?;
        parsed.sort_by_key(|route| (route.wildcard, usize::MAX - route.prefix.len()));
        Ok(Self(parsed))
    }

    /// The best route for `path`: the exact one, or the longest wildcard.
    pub(crate) fn find(&self, path: &str) -> Option<&Route> {
        self.0.iter().find(|route| route.matches(path))
    }

    /// The routes as they are printed at the start.
    pub(crate) fn describe(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|route| {
            let wildcard = if route.wildcard { " (wildcard)" } else { "" };
            format!("{}{wildcard}", route.prefix)
        })
    }
}

impl Route {
    fn parse(raw: &str) -> Result<Self> {
        ensure!(
            !raw.contains([':', '*']),
            "the route `{raw}` has a parameter, which this host does not know"
        );
        let slash = if raw.starts_with('/') { "" } else { "/" };
        let absolute = format!("{slash}{raw}");
        let matched = absolute.strip_suffix('/').unwrap_or(&absolute);
        let prefix = matched.strip_suffix("/...");
        Ok(Self {
            prefix: prefix.unwrap_or(matched).to_owned(),
            wildcard: prefix.is_some(),
            raw: raw.try_into()?,
            matched: matched.try_into()?,
            component: raw.strip_suffix("/...").unwrap_or(raw).try_into()?,
        })
    }

    fn matches(&self, path: &str) -> bool {
        let Some(rest) = path.strip_prefix(&self.prefix) else {
            return false;
        };
        matches!(rest, "" | "/") || (self.wildcard && rest.starts_with('/'))
    }

    /// What a wildcard stands for in `path`, with its leading slash.
    pub(crate) fn path_info<'a>(&self, path: &'a str) -> &'a str {
        if self.wildcard {
            path.strip_prefix(&self.prefix).unwrap_or(path)
        } else {
            ""
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(routes: &[&str], path: &str) -> Option<String> {
        let routes: Vec<_> = routes.iter().map(|route| (*route).to_owned()).collect();
        let routes = Routes::parse(&routes).unwrap();
        routes
            .find(path)
            .map(|route| route.raw.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_path_outside_every_route_is_not_found() {
        for (route, path) in [
            ("/a", "/"),
            ("/a", "/ab"),
            ("/a", "/a/b"),
            ("/a/...", "/"),
            ("/a/...", "/ab"),
            ("/", "/a"),
        ] {
            assert_eq!(found(&[route], path), None, "{route} {path}");
        }
    }

    #[test]
    fn a_route_with_a_parameter_is_refused() {
        for route in ["/users/:id", "/a/*"] {
            assert!(Routes::parse(&[route.to_owned()]).is_err(), "{route}");
        }
    }

    #[test]
    fn an_exact_route_goes_before_the_longest_wildcard() {
        let routes = ["/...", "/a/b", "/a/..."];
        for (path, expected) in [
            ("/", "/..."),
            ("/x/y", "/..."),
            ("/a", "/a/..."),
            ("/a/c", "/a/..."),
            ("/a/b", "/a/b"),
        ] {
            assert_eq!(found(&routes, path).as_deref(), Some(expected), "{path}");
        }
    }

    #[test]
    fn the_path_info_is_what_the_wildcard_stands_for() {
        for (route, path, expected) in [
            ("/...", "/", "/"),
            ("/...", "/a/b/", "/a/b/"),
            ("/a/...", "/a", ""),
            ("/a/...", "/a/", "/"),
            ("/a/...", "/a/b", "/b"),
            ("/a", "/a", ""),
        ] {
            assert_eq!(
                Route::parse(route).unwrap().path_info(path),
                expected,
                "{route} {path}"
            );
        }
    }
}
