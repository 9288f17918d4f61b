//! Shortens scripts and styles by what only their readers need. What is inside a line stays.

/// Leaves out comments that take whole lines, but no licence (`/*!`), and white space around lines.
///
/// # Panics
/// A text of the script takes several lines, in which nothing must change.
pub fn script(source: &str) -> String {
    let mut short = String::new();
    for line in lines(source) {
        let marks = line.matches('`').count();
        assert!(marks % 2 == 0, "a text over several lines: {line}");
        short.push_str(line);
        if !line.ends_with(['{', ';', ',']) || has_comment(line) {
            short.push('\n');
        }
    }
    short
}

/// Whether the line may be or have a comment, which its end must end.
fn has_comment(line: &str) -> bool {
    line.starts_with(['*', '/']) || line.contains("//")
}

/// Leaves out comments that take whole lines, and white space that separates nothing.
pub fn style(source: &str) -> String {
    let mut short = String::new();
    for line in lines(source) {
        let ends_alone = short.ends_with(['{', '}', ';', ',']);
        if !short.is_empty() && !ends_alone {
            short.push(' ');
        }
        short.push_str(line);
    }
    let separators = [
        (": ", ":"),
        (" {", "{"),
        ("{ ", "{"),
        (", ", ","),
        ("; }", "}"),
        (";}", "}"),
    ];
    separators
        .iter()
        .fold(short, |short, (long, brief)| short.replace(long, brief))
}

/// The lines without comments, indentation and empty lines.
fn lines(source: &str) -> impl Iterator<Item = &str> {
    let mut is_in_comment = false;
    source.lines().map(str::trim).filter(move |line| {
        let is_comment = is_in_comment || (line.starts_with("/*") && !line.starts_with("/*!"));
        is_in_comment = is_comment && !line.ends_with("*/");
        !is_comment && !line.starts_with("//") && !line.is_empty()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_has_no_comments_and_no_indentation() {
        let source = "// What it does.\n\nimport { a } from \"./a.js\";\n\n/** Says\n * hello. */\n\
                      function hello() {\n  // Why.\n  return `a // ${b}`; // stays;\n}\n\
                      /* one line */\nhello();\n";
        let short = "import { a } from \"./a.js\";function hello() {return `a // ${b}`; // stays;\n\
                     }\nhello();";
        assert_eq!(script(source), short);
    }

    #[test]
    fn a_licence_stays() {
        let source = "/*! altcha, MIT;\n * as is, */\n/** Solves. */\nsolve();\n";
        assert_eq!(script(source), "/*! altcha, MIT;\n* as is, */\nsolve();");
    }

    #[test]
    #[should_panic(expected = "several lines")]
    fn a_text_over_several_lines_is_refused() {
        script("const text = `a\n  // b\n`;\n");
    }

    #[test]
    fn a_style_keeps_the_white_space_that_separates() {
        let source = "/* Styles of\n   pages. */\na,\n.b :is(c, d) {\n  margin: 0 1px;\n  \
                      background: x\n    y;\n}\n\n@media (min-width: 36rem) {\n  e { top: 0; }\n}\n";
        let short = "a,.b :is(c,d){margin:0 1px;background:x y}@media (min-width:36rem){e{top:0}}";
        assert_eq!(style(source), short);
    }
}
