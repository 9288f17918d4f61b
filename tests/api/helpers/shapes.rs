//! Invalid 1 MiB bodies for each route that takes a body, in shapes whose cost may exceed their size.

use super::flows::{
    CAPTCHA_ID, EMAIL, FORGOT_PASSWORD, LOGIN, LOGOUT, PASSWORD, REFRESH, REGISTER, RESET_PASSWORD,
    USERNAME,
};

/// The largest body that the service reads, in bytes.
pub(crate) const MAX_BODY: usize = 1024 * 1024;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// A route that takes a body.
pub(crate) struct Route {
    pub(crate) path: &'static str,
    pub(crate) content_type: &'static str,
    /// The number of attempts that one address may make at once.
    pub(crate) burst: usize,
    /// Seconds until the next allowed attempt.
    pub(crate) seconds_per_attempt: u64,
    /// The required fields, with a valid value each.
    fields: &'static [(&'static str, &'static str)],
}

/// A kind of body and its description.
pub(crate) struct Shape {
    pub(crate) what: String,
    make: Box<dyn Fn() -> Vec<u8>>,
}

/// The description of a shape, then its beginning, its repeated part, and its end.
type Repeated = (&'static str, &'static str, &'static str, &'static str);

const fn json(
    path: &'static str,
    burst: usize,
    seconds_per_attempt: u64,
    fields: &'static [(&'static str, &'static str)],
) -> Route {
    Route {
        path,
        content_type: JSON,
        burst,
        seconds_per_attempt,
        fields,
    }
}

pub(crate) const ROUTES: [Route; 6] = [
    json(
        REGISTER,
        10,
        60,
        &[
            ("email", EMAIL),
            ("username", USERNAME),
            ("password", PASSWORD),
            ("captcha_id", CAPTCHA_ID),
            ("captcha_answer", "7XK2P"),
        ],
    ),
    json(REFRESH, 30, 2, &[("refresh_token", "none")]),
    json(LOGOUT, 30, 2, &[("refresh_token", "none")]),
    json(FORGOT_PASSWORD, 10, 60, &[("email", EMAIL)]),
    json(
        RESET_PASSWORD,
        10,
        6,
        &[("token", "none"), ("new_password", PASSWORD)],
    ),
    Route {
        path: LOGIN,
        content_type: FORM,
        burst: 20,
        seconds_per_attempt: 3,
        fields: &[("username", EMAIL), ("password", PASSWORD)],
    },
];

/// JSON without any route's fields.
const REPEATED: [Repeated; 24] = [
    ("objects in a list", "{\"x\":[0", ",{\"\":0}", "]}"),
    ("lists in a list", "{\"x\":[0", ",[]", "]}"),
    ("numbers in a list", "{\"x\":[0", ",1e15", "]}"),
    ("strings in a list", "{\"x\":[0", ",\"\"", "]}"),
    ("objects in a top-level list", "[0", ",{\"\":0}", "]"),
    ("one repeated name", "{\"x\":0", ",\"x\":0", "}"),
    ("a name", "{\"", "x", "\":0}"),
    ("a name of escapes", "{\"", "\\u0000", "\":0}"),
    ("an unknown string", "{\"x\":\"", "x", "\"}"),
    (
        "an unknown string of escapes",
        "{\"x\":\"",
        "\\u0000",
        "\"}",
    ),
    (
        "an unknown string of emoji",
        "{\"x\":\"",
        "\u{1F980}",
        "\"}",
    ),
    (
        "half a surrogate at the end",
        "{\"x\":\"",
        "x",
        "\\ud800\"}",
    ),
    ("an unknown number", "{\"x\":", "9", "}"),
    ("an unknown fraction", "{\"x\":0.", "0", "1}"),
    ("a top-level string", "\"", "x", "\""),
    ("a top-level number", "", "9", ""),
    ("unterminated lists", "", "[", ""),
    ("unterminated objects", "", "{\"\":", ""),
    ("an unterminated string", "\"", "x", ""),
    ("letters", "", "x", ""),
    ("spaces", "", " ", ""),
    ("lines", "", "\n", ""),
    (
        "a list followed by garbage",
        "{\"x\":[0",
        ",{\"\":0}",
        "]} no",
    ),
    (
        "emoji followed by garbage",
        "{\"x\":\"",
        "\u{1F980}",
        "\" no",
    ),
];

/// Values of a JSON field.
const VALUES: [Repeated; 9] = [
    ("letters", "\"", "x", "\""),
    ("escapes", "\"", "\\u0000", "\""),
    ("emoji", "\"", "\u{1F980}", "\""),
    ("an address of many parts", "\"", "a@", "a.test\""),
    ("an international domain", "\"a@", "\u{fc}", ".test\""),
    ("a domain of many labels", "\"a@", "\u{fc}.", "test\""),
    ("a list of objects", "[0", ",{\"\":0}", "]"),
    ("an object", "{\"\":[0", ",{\"\":0}", "]}"),
    ("a number", "", "9", ""),
];

const FORMS: [Repeated; 17] = [
    ("names", "", "a&", ""),
    ("pairs", "", "a=b&", ""),
    ("only separators", "", "&", ""),
    ("only equals signs", "", "=&", ""),
    ("broken escapes", "", "%&", ""),
    ("spaces", "", "+=+&", ""),
    ("user names", "", "username=x&", ""),
    ("passwords", "", "password=x&", ""),
    ("escapes", "", "%00", ""),
    ("bytes that are not UTF-8", "", "%FF", ""),
    ("a user name", "password=abcde1&username=", "x", ""),
    (
        "a user name of escapes",
        "password=abcde1&username=",
        "%00",
        "",
    ),
    (
        "an address",
        "password=abcde1&username=a@",
        "%C3%BC",
        ".test",
    ),
    (
        "an address of many labels",
        "password=abcde1&username=a@",
        "%C3%BC.",
        "test",
    ),
    ("a password", "username=tom&password=", "x", ""),
    ("a password of escapes", "username=tom&password=", "%00", ""),
    (
        "a grant",
        "username=tom&password=abcde1&grant_type=",
        "x",
        "",
    ),
];

impl Route {
    /// Every shape for this route.
    pub(crate) fn shapes(&self) -> Vec<Shape> {
        if self.content_type == FORM {
            let mut shapes: Vec<_> = FORMS.map(Shape::repeated).into();
            shapes.push(Shape::new("distinct names", || names("", "=&", "")));
            return shapes;
        }
        let mut shapes = shapes_without_fields();
        for (field, _) in self.fields {
            shapes.extend(self.shapes_of(field));
        }
        shapes
    }

    /// The shapes in which only `field` is invalid.
    fn shapes_of(&self, field: &str) -> Vec<Shape> {
        let others = self.fields.iter().filter(|(name, _)| *name != field);
        let others: String = others
            .map(|(name, value)| format!("\"{name}\":\"{value}\","))
            .collect();
        let mut shapes = Vec::new();
        for (what, before, unit, after) in VALUES {
            for (what, name) in [
                (format!("{field}: {what}"), field),
                (format!("no {field}, but {what}"), "x"),
            ] {
                let before = format!("{{{others}\"{name}\":{before}");
                let after = format!("{after}}}");
                shapes.push(Shape::new(what, move || filled(&before, unit, &after)));
            }
        }
        shapes
    }
}

/// The JSON shapes without any route's fields.
pub(crate) fn shapes_without_fields() -> Vec<Shape> {
    let mut shapes: Vec<_> = REPEATED.map(Shape::repeated).into();
    shapes.extend([
        Shape::new("lists in lists", || nested("{\"x\":", "[", "0", "]", "}")),
        Shape::new("objects in objects", || nested("", "{\"\":", "0", "}", "")),
        Shape::new("distinct names", || names("{\"\":0", "\":0", "}")),
        Shape::new("a name of escapes that errors quote", || {
            let before = format!("{{\"{}\":0", "\\u0000".repeat(500));
            names(&before, "\":0", "}")
        }),
        Shape::new("bytes that are not UTF-8", || {
            filled("{\"x\":\"", b"\xff", "\"}")
        }),
        Shape::new("bytes that are not JSON", || filled("", b"\xff", "")),
    ]);
    shapes
}

impl Shape {
    fn new(what: impl Into<String>, make: impl Fn() -> Vec<u8> + 'static) -> Self {
        Self {
            what: what.into(),
            make: Box::new(make),
        }
    }

    fn repeated((what, before, unit, after): Repeated) -> Self {
        Self::new(what, move || filled(before, unit, after))
    }

    /// Builds the body.
    pub(crate) fn body(&self) -> Vec<u8> {
        let body = (self.make)();
        assert!(body.len() <= MAX_BODY, "{} is too large", self.what);
        body
    }
}

/// Repeats `unit` as often as fits in a body.
fn filled(before: impl AsRef<[u8]>, unit: impl AsRef<[u8]>, after: impl AsRef<[u8]>) -> Vec<u8> {
    let (before, unit, after) = (before.as_ref(), unit.as_ref(), after.as_ref());
    let count = (MAX_BODY - before.len() - after.len()) / unit.len();
    [before, &unit.repeat(count), after].concat()
}

/// Nests as many levels as fit in a body.
fn nested(before: &str, open: &str, inside: &str, close: &str, after: &str) -> Vec<u8> {
    let room = MAX_BODY - before.len() - inside.len() - after.len();
    let depth = room / (open.len() + close.len());
    let (open, close) = (open.repeat(depth), close.repeat(depth));
    [before, &open, inside, &close, after].concat().into_bytes()
}

/// Generates as many distinct names as fit in a body. JSON names start with `,"`.
fn names(before: &str, after_name: &str, after: &str) -> Vec<u8> {
    let before_name = if before.is_empty() { "" } else { ",\"" };
    let mut text = before.to_owned();
    for number in 0_u32.. {
        let name = format!("{before_name}{number:x}{after_name}");
        if text.len() + name.len() + after.len() > MAX_BODY {
            break;
        }
        text.push_str(&name);
    }
    text.push_str(after);
    text.into_bytes()
}
