//! Bodies of a megabyte in every shape that may cost more than its length, for each route that
//! takes a body. None of them is what the route asks for.

use super::flows::{
    CAPTCHA_ID, EMAIL, FORGOT_PASSWORD, LOGIN, LOGOUT, PASSWORD, REFRESH, REGISTER, RESET_PASSWORD,
    USERNAME,
};

/// The largest body that the service reads, in bytes.
pub(crate) const LARGEST: usize = 1024 * 1024;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// A route that takes a body.
pub(crate) struct Route {
    pub(crate) path: &'static str,
    pub(crate) content_type: &'static str,
    /// How many attempts from one address are allowed at once.
    pub(crate) burst: usize,
    /// After how many seconds one more is allowed.
    pub(crate) seconds_per_attempt: u64,
    /// What it asks for, and a value that is right.
    fields: &'static [(&'static str, &'static str)],
}

/// What makes a body, and words for it.
pub(crate) struct Shape {
    pub(crate) what: String,
    make: Box<dyn Fn() -> Vec<u8>>,
}

/// Words for a shape; what stands in it before, over and over, and behind.
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

/// All of them.
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

/// JSON, whatever the fields.
const REPEATED: [Repeated; 24] = [
    ("objects in a list", "{\"x\":[0", ",{\"\":0}", "]}"),
    ("lists in a list", "{\"x\":[0", ",[]", "]}"),
    ("numbers in a list", "{\"x\":[0", ",1e15", "]}"),
    ("texts in a list", "{\"x\":[0", ",\"\"", "]}"),
    ("objects in a list that is all", "[0", ",{\"\":0}", "]"),
    ("one name over and over", "{\"x\":0", ",\"x\":0", "}"),
    ("a name", "{\"", "x", "\":0}"),
    ("a name of escapes", "{\"", "\\u0000", "\":0}"),
    ("an unknown text", "{\"x\":\"", "x", "\"}"),
    ("an unknown text of escapes", "{\"x\":\"", "\\u0000", "\"}"),
    ("an unknown text of emoji", "{\"x\":\"", "\u{1F980}", "\"}"),
    (
        "half a surrogate at the end",
        "{\"x\":\"",
        "x",
        "\\ud800\"}",
    ),
    ("an unknown number", "{\"x\":", "9", "}"),
    ("an unknown fraction", "{\"x\":0.", "0", "1}"),
    ("a text that is all", "\"", "x", "\""),
    ("a number that is all", "", "9", ""),
    ("lists that do not end", "", "[", ""),
    ("objects that do not end", "", "{\"\":", ""),
    ("a text that does not end", "\"", "x", ""),
    ("letters", "", "x", ""),
    ("spaces", "", " ", ""),
    ("lines", "", "\n", ""),
    (
        "a list and then nonsense",
        "{\"x\":[0",
        ",{\"\":0}",
        "]} no",
    ),
    ("emoji and then nonsense", "{\"x\":\"", "\u{1F980}", "\" no"),
];

/// Values of a field in JSON.
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

/// Forms.
const FORMS: [Repeated; 17] = [
    ("names", "", "a&", ""),
    ("pairs", "", "a=b&", ""),
    ("nothing but separators", "", "&", ""),
    ("nothing but equals signs", "", "=&", ""),
    ("broken escapes", "", "%&", ""),
    ("spaces", "", "+=+&", ""),
    ("user names", "", "username=x&", ""),
    ("passwords", "", "password=x&", ""),
    ("escapes", "", "%00", ""),
    ("bytes that are no text", "", "%FF", ""),
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
            shapes.push(Shape::new("different names", || names("", "=&", "")));
            return shapes;
        }
        let mut shapes = shapes_without_fields();
        for (field, _) in self.fields {
            shapes.extend(self.shapes_of(field));
        }
        shapes
    }

    /// The shapes with something wrong in this field, and with the others right.
    fn shapes_of(&self, field: &str) -> Vec<Shape> {
        let others = self.fields.iter().filter(|(name, _)| *name != field);
        let others: String = others
            .map(|(name, value)| format!("\"{name}\":\"{value}\","))
            .collect();
        let mut shapes = Vec::new();
        for (what, before, unit, behind) in VALUES {
            for (what, name) in [
                (format!("{field}: {what}"), field),
                (format!("no {field} but {what}"), "x"),
            ] {
                let before = format!("{{{others}\"{name}\":{before}");
                let behind = format!("{behind}}}");
                shapes.push(Shape::new(what, move || filled(&before, unit, &behind)));
            }
        }
        shapes
    }
}

/// The shapes of JSON that have no field of any route.
pub(crate) fn shapes_without_fields() -> Vec<Shape> {
    let mut shapes: Vec<_> = REPEATED.map(Shape::repeated).into();
    shapes.extend([
        Shape::new("lists in lists", || nested("{\"x\":", "[", "0", "]", "}")),
        Shape::new("objects in objects", || nested("", "{\"\":", "0", "}", "")),
        Shape::new("different names", || names("{\"\":0", "\":0", "}")),
        Shape::new("a name of escapes that errors repeat", || {
            let before = format!("{{\"{}\":0", "\\u0000".repeat(500));
            names(&before, "\":0", "}")
        }),
        Shape::new("bytes that are no text", || {
            filled("{\"x\":\"", b"\xff", "\"}")
        }),
        Shape::new("bytes that are no JSON", || filled("", b"\xff", "")),
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

    fn repeated((what, before, unit, behind): Repeated) -> Self {
        Self::new(what, move || filled(before, unit, behind))
    }

    /// The body itself.
    pub(crate) fn body(&self) -> Vec<u8> {
        let body = (self.make)();
        assert!(body.len() <= LARGEST, "{} is too large", self.what);
        body
    }
}

/// As many units as fit in a body.
fn filled(before: impl AsRef<[u8]>, unit: impl AsRef<[u8]>, behind: impl AsRef<[u8]>) -> Vec<u8> {
    let (before, unit, behind) = (before.as_ref(), unit.as_ref(), behind.as_ref());
    let count = (LARGEST - before.len() - behind.len()) / unit.len();
    [before, &unit.repeat(count), behind].concat()
}

/// As many levels as fit in a body.
fn nested(before: &str, open: &str, inside: &str, close: &str, behind: &str) -> Vec<u8> {
    let room = LARGEST - before.len() - inside.len() - behind.len();
    let depth = room / (open.len() + close.len());
    let (open, close) = (open.repeat(depth), close.repeat(depth));
    [before, &open, inside, &close, behind]
        .concat()
        .into_bytes()
}

/// As many different names as fit in a body: those of JSON are numbers behind `,"`.
fn names(before: &str, after_name: &str, behind: &str) -> Vec<u8> {
    let before_name = if before.is_empty() { "" } else { ",\"" };
    let mut text = before.to_owned();
    for number in 0_u32.. {
        let name = format!("{before_name}{number:x}{after_name}");
        if text.len() + name.len() + behind.len() > LARGEST {
            break;
        }
        text.push_str(&name);
    }
    text.push_str(behind);
    text.into_bytes()
}
